# SPDX-License-Identifier: Apache-2.0
"""A running server of the test's own, and pages of it in Chromium that are watched."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from playwright.sync_api import expect, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCREENSHOTS = pathlib.Path(
    os.environ.get("PUNCTUAL_PAGE_SCREENSHOTS", ROOT / ".build" / "page-screenshots")
)
EXECUTABLE = os.environ.get("PUNCTUAL_EXECUTABLE", str(ROOT / ".build" / "debug" / "punctual"))
CHROMIUM = os.environ.get("PUNCTUAL_CHROMIUM", shutil.which("chromium") or "/usr/bin/chromium")
# Chromium's sandbox refuses to run as root.
ARGUMENTS = ["--no-sandbox"] if os.geteuid() == 0 else []
SECONDS_TO_START = 30
# What a server may be without, and the page then hides.
OPTIONAL_ROUTES = (
    "/api/me", "/api/tags", "/api/tasks/search", "/api/dead-letters", "/api/notifications",
    "/api/push/key",
)


class Server:
    """Punctual on a free port, over a database of its own in the cluster of the tests."""

    def __init__(self, environment=None):
        self.cluster = os.environ["PUNCTUAL_TEST_DATABASE_URL"]
        self.database = f"punctual_page_{os.getpid()}_{time.monotonic_ns()}"
        self._sql(f'CREATE DATABASE "{self.database}"')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        variables = {
            **os.environ,
            "PUNCTUAL_DATABASE_URL": f"{self.cluster} dbname={self.database}",
            "PUNCTUAL_HTTP_PORT": str(port),
            **(environment or {}),
        }
        subprocess.run([EXECUTABLE, "migrate"], env=variables, check=True, capture_output=True)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.log = open(SCREENSHOTS / "serve.log", "ab")
        self.variables = variables
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [EXECUTABLE, "serve"], env=self.variables, stdout=self.log, stderr=self.log
        )
        self._wait_until_ready()

    def start_again(self):
        """Starts it if it is not running, so that one test that ends badly is one that fails."""
        if self.process.poll() is not None:
            self.start()

    def halt(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.halt()
        self.log.close()
        self._sql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def _sql(self, statement):
        subprocess.run(
            ["psql", "-q", "-d", self.cluster, "-c", statement], check=True, capture_output=True
        )

    def _wait_until_ready(self):
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"the server did not become ready; see {SCREENSHOTS / 'serve.log'}")


class PageTestCase(unittest.TestCase):
    """Each test has a fresh browser profile; what the browser complains of fails it."""

    server_environment = {}

    @classmethod
    def setUpClass(cls):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        cls.server = None
        # A server that runs already, for trying a test while it is written.
        cls.url = os.environ.get("PUNCTUAL_PAGE_URL")
        if not cls.url:
            cls.server = Server(cls.server_environment)
            cls.addClassCleanup(cls.server.stop)
            cls.url = cls.server.url
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        cls.addClassCleanup(cls.browser.close)
        expect.set_options(timeout=8_000)

    def setUp(self):
        self.complaints = []
        self.expected_statuses = set()
        self.expects_broken_connections = False
        self.forget_tasks()

    def tearDown(self):
        self.assertEqual(self.complaints, [])

    def open(self, path="/", permissions=("notifications",), **options):
        """A page in a context of its own, watched from its first request on."""
        options = {"locale": "en-GB", "viewport": {"width": 1000, "height": 900}, **options}
        context = self.browser.new_context(base_url=self.url, **options)
        self.addCleanup(context.close)
        context.grant_permissions(list(permissions), origin=self.url)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._see)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error("
            "`CSP: ${event.violatedDirective} ${event.blockedURI}`))"
        )
        page.goto(path)
        return page

    def forget_tasks(self):
        """Deletes what an earlier test left, so that each begins with an empty list."""
        while True:
            with urllib.request.urlopen(f"{self.url}/api/tasks?limit=500") as answer:
                tasks = json.load(answer)["items"]
            if not tasks:
                return
            for task in tasks:
                request = urllib.request.Request(
                    f"{self.url}/api/tasks/{task['id']}", method="DELETE"
                )
                urllib.request.urlopen(request).close()

    def need(self, path):
        """Skips the test on a server that lacks a route."""
        try:
            urllib.request.urlopen(self.url + path).close()
        except urllib.error.HTTPError as refusal:
            text = refusal.read().decode()
            if re.search(r'nothing at this path|Nothing has the id \\?"[^\d"]', text):
                self.skipTest(f"this server lacks {path}")

    def wait_until(self, page, expression):
        """Waits for a promise of the page to come true, from outside: the policy forbids eval."""
        end = time.monotonic() + 8
        while not page.evaluate(expression):
            self.assertLess(time.monotonic(), end, expression)
            page.wait_for_timeout(50)

    def shoot(self, page, name, full=False):
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full, animations="disabled")

    def _hear(self, message):
        if message.type not in ("error", "warning"):
            return
        # A browser reports each refused request by itself, also one that a test asks for.
        if any(f"status of {status}" in message.text for status in self.expected_statuses):
            return
        if self.expects_broken_connections and "net::ERR_" in message.text:
            return
        path = urllib.parse.urlsplit(message.location.get("url") or "").path
        if "status of 404" in message.text and path.endswith(OPTIONAL_ROUTES):
            return
        self.complaints.append(f"{message.type}: {message.text} ({path})")

    def _see(self, request):
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"request outside the origin: {request.url}")
