# SPDX-License-Identifier: Apache-2.0
"""What the tests of the deployment share: the files, programs, databases and servers of their own."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MONITORING = DEPLOY / "monitoring"
EXECUTABLE = os.environ.get("PUNCTUAL_EXECUTABLE", str(ROOT / ".build" / "debug" / "punctual"))
SECONDS_TO_START = 30


def tool(name):
    """A program of this Python environment, or of the machine; None if there is neither."""
    ours = pathlib.Path(sys.executable).parent / name
    return str(ours) if ours.exists() else shutil.which(name)


def scripts():
    """Every shell script of the project."""
    candidates = [*DEPLOY.iterdir(), *(ROOT / ".ci").iterdir()]
    return sorted(
        path for path in candidates
        if path.is_file() and (path.suffix == ".sh" or path.read_bytes()[:20] == b"#!/usr/bin/env bash\n")
    )


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Case(unittest.TestCase):
    maxDiff = None

    def run_program(self, *command, status=0, **options):
        """Runs a program to its end and returns what it said; another status fails the test."""
        outcome = subprocess.run(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, cwd=options.pop("cwd", ROOT), **options,
        )
        self.assertEqual(outcome.returncode, status, f"{command}\n{outcome.stdout}")
        return outcome.stdout

    def need(self, name):
        """A program that the test needs, or else the test is skipped."""
        found = tool(name)
        if not found:
            self.skipTest(f"{name} is not at hand")
        return found


class Database:
    """A database of the test's own in the cluster of the tests."""

    def __init__(self, purpose):
        self.cluster = os.environ["PUNCTUAL_TEST_DATABASE_URL"]
        self.name = f"punctual_{purpose}_{os.getpid()}_{time.monotonic_ns()}"
        self.url = f"{self.cluster} dbname={self.name}"
        self.environment = {**os.environ, "PUNCTUAL_DATABASE_URL": self.url}
        self._administer(f'CREATE DATABASE "{self.name}"')

    def query(self, statement):
        return self._psql(self.url, statement)

    def drop(self):
        self._administer(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _administer(self, statement):
        return self._psql(self.cluster, statement)

    @staticmethod
    def _psql(url, statement):
        return subprocess.run(
            ["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement],
            check=True, capture_output=True, text=True,
        ).stdout.strip()


class Server:
    """A running `punctual serve`; its log is at `log`."""

    def __init__(self, database, folder, **variables):
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.log = pathlib.Path(folder) / f"serve-{port}.log"
        environment = {
            **database.environment, "PUNCTUAL_HTTP_PORT": str(port), **variables,
        }
        subprocess.run([EXECUTABLE, "migrate"], env=environment, check=True, capture_output=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "serve"], env=environment, stdout=log, stderr=log
            )
        self._wait_until_ready()

    def ask(self, path, body=None, headers=None):
        """The status and the JSON of an answer."""
        request = urllib.request.Request(
            self.url + path, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def metrics(self):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def stop(self, kill=False):
        if self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _wait_until_ready(self):
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.stop(kill=True)
        raise RuntimeError(f"the server did not become ready:\n{self.log.read_text()[-2000:]}")


def metric_names(exposition):
    """The series that an exposition shows, those of histograms as their three kinds."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.MULTILINE):
        names |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names
