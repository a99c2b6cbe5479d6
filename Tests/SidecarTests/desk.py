# SPDX-License-Identifier: Apache-2.0
"""What the tests share: servers, sidecars beside them, and a database, each of the test's own."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "DeployTests"))
from harness import EXECUTABLE, Database, free_port  # noqa: E402

from broker import Broker  # noqa: E402

# Many times as much, for the run that may take long.
IS_LONG = os.environ.get("PUNCTUAL_TEST_LONG") == "1"
SECRET = "a secret of the tests, of more than 32 bytes"
LOCAL = ROOT / "dapr" / "local"
COMPONENTS = [LOCAL / f"{name}.yaml" for name in ("pubsub", "statestore", "resiliency")]


def wait(reason, condition, seconds=30):
    """Waits until something is so, and returns what it was; longer in the run that may take long."""
    end = time.monotonic() + seconds * (4 if IS_LONG else 1)
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {reason}")
        time.sleep(0.05)


def bearer(user):
    """The header of a request of a user."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    text = ".".join(part(json.dumps(value).encode()) for value in (
        {"alg": "HS256", "typ": "JWT"}, {"sub": user, "exp": int(time.time()) + 3600}))
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return {"Authorization": f"Bearer {text}.{part(signature)}"}


def request(url, body=None, headers=None, method=None, timeout=30):
    """The status and the body of an answer, the body as JSON where it is."""
    call = urllib.request.Request(
        url, data=None if body is None else json.dumps(body).encode(), method=method,
        headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(call, timeout=timeout) as answer:
            status, content = answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        status, content = refusal.code, refusal.read()
    try:
        return status, json.loads(content)
    except ValueError:
        return status, content.decode()


def rfc3339(seconds_from_now):
    instant = time.time() + seconds_from_now
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant)) + f".{instant % 1:.6f}"[2:9] + "Z"


class Process:
    """A program on a port of its own, which can be killed and started again there."""

    def __init__(self, desk, name, port=None):
        self.desk, self.name = desk, name
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = desk.folder / f"{name}.log"
        self.process = None

    def run(self, command, environment):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it as its operator would; its exit status."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode if self.process else None

    def answers(self, path):
        try:
            return 200 <= request(self.url + path, timeout=2)[0] < 300
        except (urllib.error.URLError, OSError):
            return False

    def wait_for(self, path):
        def is_there():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended:\n{self.log.read_text()[-3000:]}")
            return self.answers(path)
        wait(f"{self.name} answers {path}\n", is_there)


class Server(Process):
    """A running `punctual serve` that finds its sidecar at `sidecar_port`."""

    def __init__(self, desk, name, sidecar_port, **variables):
        super().__init__(desk, name)
        self.environment = {
            **desk.database.environment, "PUNCTUAL_HTTP_PORT": str(self.port),
            "PUNCTUAL_JWT_SECRET": SECRET, "PUNCTUAL_TRANSPORT": "dapr",
            "PUNCTUAL_LOG_FORMAT": "json", "DAPR_HTTP_PORT": str(sidecar_port), **variables}

    def start(self):
        self.run([EXECUTABLE, "serve"], self.environment)
        self.wait_for("/readyz")
        return self

    def ask(self, path, body=None, user="ana", method=None, headers=None):
        return request(self.url + path, body, {**bearer(user), **(headers or {})}, method)

    def dapr_check(self):
        """What readiness says of the sidecar."""
        checks = request(f"{self.url}/readyz")[1]["checks"]
        return next(check for check in checks if check["name"] == "dapr")

    def metric(self, series):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(series)), None)


class Sidecar(Process):
    """The stand-in beside a server; what it keeps survives its kill."""

    def __init__(self, desk, app_id, port=None, resources=None, **options):
        super().__init__(desk, f"sidecar-{app_id}", port)
        self.app_id, self.options = app_id, options
        self.resources = resources or COMPONENTS
        self.tokens = {}
        self.app_port = None

    def start(self):
        command = [sys.executable, HERE / "sidecar.py", "--app-id", self.app_id, "--app-port",
                   str(self.app_port), "--http-port", str(self.port), "--folder", self.desk.folder,
                   "--retry-scale", "0.2"]
        for path in self.resources:
            command += ["--resources", path]
        for name, value in self.options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self.run([str(part) for part in command], {**os.environ, **self.tokens})
        self.wait_for("/v1.0/healthz/outbound")
        return self

    def notes(self, name):
        """The lines of a file that it keeps."""
        path = self.desk.folder / f"{self.app_id}.{name}"
        return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []

    def tick(self, count=1):
        """Lets the cron binding tick, so many times at once."""
        before = len(self.notes("ticked"))
        self.write("ticks", str(count))
        wait("the ticks are answered", lambda: len(self.notes("ticked")) >= before + count)
        return [(int(status), json.loads(body)) for status, body in self.notes("ticked")[before:]]

    def set_faults(self, **faults):
        self.write("faults", json.dumps(faults))

    def write(self, name, text):
        path = self.desk.folder / f"{self.app_id}.{name}"
        temporary = path.with_suffix(".new")
        temporary.write_text(text)
        os.replace(temporary, path)

    def published(self, topic):
        """The ids of the events of a topic, repeats among them."""
        return [json.loads(record["value"])["id"] for record in self.desk.broker.records(topic)]

    def brought(self, outcome="SUCCESS"):
        """The ids of the events that the application was brought."""
        return {id for _, id, result in self.notes("delivered") if result == outcome}


class SidecarCase(unittest.TestCase):
    """A test with a database, a folder that survives, and whatever is started; no violation."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="punctual-sidecar-"))
        self.database = Database("sidecar")
        self.broker = Broker(self.folder / "broker")
        self.running = []
        self.allowed = []
        subprocess.run([EXECUTABLE, "migrate"], env=self.database.environment, check=True,
                       capture_output=True)

    def tearDown(self):
        for process in reversed(self.running):
            process.stop()
        self.database.drop()
        violations = [path.read_text() for path in self.folder.glob("*.violations")]
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            for log in self.folder.glob("*.log"):
                print(f"-- {log.name}\n{log.read_text()[-1500:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertEqual([text for text in violations if text not in self.allowed], [])

    def pair(self, app_id, *, sidecar=None, start=True, **variables):
        """A server and its sidecar, both running."""
        sidecar = sidecar or Sidecar(self, app_id)
        server = Server(self, app_id, sidecar.port, **variables)
        sidecar.app_port = server.port
        self.running += [sidecar, server]
        if start:
            server.start()
            sidecar.start()
        return server, sidecar

    def query(self, statement):
        return self.database.query(statement)

    def count(self, statement):
        return int(self.query(f"SELECT count(*) FROM {statement}"))

    def publish(self, sidecar, topic, events):
        """Publishes events as a foreign application does, a hundred in a request."""
        for start in range(0, len(events), 100):
            status, answer = request(
                f"{sidecar.url}/v1.0/publish/bulk/kafka-pubsub/{topic}",
                [{"entryId": str(number), "event": event, "metadata": {"partitionKey": "k"},
                  "contentType": "application/cloudevents+json"}
                 for number, event in enumerate(events[start:start + 100])])
            self.assertEqual(status, 204, answer)


def event(kind, user, task=None, **data):
    """An event as somebody else would publish it."""
    identity = str(uuid.uuid4())
    return {
        "specversion": "1.0", "id": identity, "source": "elsewhere", "type": f"punctual.{kind}",
        "data": {"version": "1.0", "event_id": identity, "event_type": kind, "task_id": task,
                 "task_data": None, "user_id": user, "timestamp": rfc3339(0), **data}}
