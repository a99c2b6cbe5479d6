# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: a database, engines and clients of their own, all of which may be hurt."""

import base64
import calendar
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = os.environ.get("PUNCTUAL_TEST_SERVER", str(ROOT / ".build" / "debug" / "punctual"))
LONG = os.environ.get("PUNCTUAL_FAULTS_LONG") == "1"
SECRET = "a secret that only this test knows, 32 bytes"
SECONDS_TO_START = 30


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def micros():
    return time.time_ns() // 1_000


def eventually(what, condition, seconds=20.0, pause=0.05):
    """Waits until the condition holds and returns what it answered."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def say(text):
    """A figure of a run, for its log."""
    print(f"  {text}", flush=True)


def _part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def token(user):
    """The bearer token of a user."""
    head = _part(b'{"alg":"HS256","typ":"JWT"}')
    body = _part(json.dumps({"sub": user, "exp": int(time.time()) + 86_400}).encode())
    mark = hmac.new(SECRET.encode(), head + b"." + body, hashlib.sha256).digest()
    return (head + b"." + body + b"." + _part(mark)).decode()


class Case(unittest.TestCase):
    """A test with a folder, whose processes end with it."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="faults-")
        os.chmod(folder, 0o755)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.folder = pathlib.Path(folder)

    def cluster(self, name="primary", **options):
        cluster = Cluster(self.folder / name, **options)
        self.addCleanup(cluster.destroy)
        cluster.create()
        cluster.start()
        return cluster

    def server(self, url, roles="api,engine,recurring,notify,audit,realtime", **variables):
        server = Server(url, self.folder, roles, variables)
        self.addCleanup(server.kill)
        return server.start()

    def engines(self, url, count):
        """So many processes with all roles that share the shards."""
        return [self.server(url) for _ in range(count)]


class Cluster:
    """A PostgreSQL of the test's own on a port of the loopback, run by its postmaster's own process."""

    settings = {
        "fsync": "off", "full_page_writes": "off", "max_connections": "150", "shared_buffers": "64MB",
        "log_min_messages": "fatal", "checkpoint_timeout": "30min",
    }

    def __init__(self, folder, **settings):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = {**self.settings, **settings}
        self.process = None

    @property
    def url(self):
        return self.url_at(self.port)

    @staticmethod
    def url_at(port, hosts="127.0.0.1", **more):
        pairs = {"host": hosts, "port": port, "user": "app", "dbname": "punctual", **more}
        return " ".join(f"{name}={value}" for name, value in pairs.items())

    def create(self):
        """Makes the files, and in them the database with its schema; from a template if there is one."""
        self.prepare_folder()
        template = os.environ.get("PUNCTUAL_FAULTS_TEMPLATE")
        if template and pathlib.Path(template) != self.folder:
            subprocess.run(["cp", "-a", f"{template}/data", str(self.data)], check=True)
            return
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale", "C.UTF-8", "--no-sync")
        self.start()
        self.administer("CREATE ROLE app LOGIN")
        self.administer("CREATE DATABASE punctual OWNER app")
        environment = {**os.environ, "PUNCTUAL_DATABASE_URL": self.url}
        subprocess.run([EXECUTABLE, "migrate"], env=environment, check=True, capture_output=True)
        self.stop()

    def prepare_folder(self):
        self.folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")

    def follow(self, primary):
        """Makes the files of a standby of another cluster."""
        self.prepare_folder()
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                 "-d", f"host=127.0.0.1 port={primary.port} user=postgres")

    def start(self, **settings):
        """Starts it and waits until it answers; again while the last one's children still linger."""
        options = {
            **self.settings, **settings, "listen_addresses": "127.0.0.1", "port": self.port,
            "unix_socket_directories": "",
        }
        command = [self.program("postgres"), "-D", self.data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        end = time.monotonic() + SECONDS_TO_START
        while True:
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    [str(part) for part in command], stdout=log, stderr=log, cwd="/", **self.identity()
                )
            if self._answers(end):
                return self
            if time.monotonic() > end:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def _answers(self, end):
        while self.process.poll() is None and time.monotonic() < end:
            ready = subprocess.run(
                [self.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            )
            if ready.returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def send(self, number):
        self.process.send_signal(number)

    def everybody(self, number):
        """Sends a signal to the postmaster and all its children, as when the machine hangs."""
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        ).stdout.split()
        for process in [self.process.pid, *map(int, children)]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass  # It ended by itself meanwhile.

    def kill(self):
        """Kills the postmaster with -9; its children end when they notice."""
        self.process.kill()
        self.process.wait()

    def stop(self, how=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)

    def destroy(self):
        if self.process and self.process.poll() is None:
            self.everybody(signal.SIGCONT)
            self.stop(signal.SIGQUIT)

    def query(self, statement, dbname="punctual"):
        """The rows of an answer, each a list of texts."""
        url = f"host=127.0.0.1 port={self.port} user=postgres dbname={dbname}"
        output = subprocess.run(
            ["psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url,
             "-c", statement],
            check=True, capture_output=True, text=True,
        ).stdout
        return [line.split("\t") for line in output.splitlines() if line]

    def administer(self, statement):
        return self.query(statement, "postgres")

    def value(self, statement):
        return self.query(statement)[0][0]

    def owners(self):
        """The engine of each shard that has one."""
        rows = self.query("SELECT shard, engine_id FROM shards WHERE expires > clock_timestamp()")
        return {int(shard): int(engine) for shard, engine in rows}

    def engine_of(self, server):
        """The number of a process's engine, by the sessions that it has; None without one."""
        rows = self.query(
            "SELECT l.objid, a.client_port FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.classid = 1347768899"
        )
        ports = local_ports(server.process.pid)
        return next((int(engine) for engine, port in rows if int(port) in ports), None)

    def wait_for_owners(self, count, seconds=30):
        """Waits until so many engines own all shards in equal parts."""
        def settled():
            owned = list(self.owners().values())
            sizes = [owned.count(engine) for engine in set(owned)]
            return len(owned) == 64 and len(sizes) == count and max(sizes) - min(sizes) <= count
        eventually(f"{count} engines own 64 shards", settled, seconds, 0.1)

    @staticmethod
    def program(name):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1]) if found else shutil.which(name)

    def run(self, name, *arguments):
        subprocess.run(
            [self.program(name), *map(str, arguments)], check=True, capture_output=True, cwd="/",
            **self.identity(),
        )

    @staticmethod
    def identity():
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        return {"user": "postgres", "group": "postgres", "extra_groups": [],
                "env": {**os.environ, "HOME": pwd.getpwnam("postgres").pw_dir}}


class Server:
    """A `punctual serve`, started as often as wanted on the same port."""

    def __init__(self, url, folder, roles, variables):
        self.port = free_port()
        self.log = folder / f"serve-{self.port}.log"
        self.environment = {
            **os.environ, "PUNCTUAL_DATABASE_URL": url, "PUNCTUAL_HTTP_PORT": str(self.port),
            "PUNCTUAL_ROLES": roles, "PUNCTUAL_JWT_SECRET": SECRET, **variables,
        }
        self.process = None

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "serve"], env=self.environment, stdout=log, stderr=log
            )
        if wait:
            eventually("the server is ready", self._is_ready_or_dead, SECONDS_TO_START)
        return self

    def _is_ready_or_dead(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended:\n{self.said()[-2000:]}")
        return self.readiness()[0] == 200

    def said(self):
        return self.log.read_text()

    def is_alive(self):
        return self.process.poll() is None

    def readiness(self, timeout=30):
        """The status of /readyz and its checks by name; status 0 when nobody answers."""
        try:
            status, body = self.ask("GET", "/readyz", timeout=timeout)
            return status, {check["name"]: check for check in body["checks"]}
        except (OSError, http.client.HTTPException):
            return 0, {}

    def ask(self, method, path, body=None, user=None, headers=None, timeout=30):
        """The status and the JSON of an answer; for an empty one, its headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = {"Content-Type": "application/json", **(headers or {})}
            if user:
                sent["Authorization"] = f"Bearer {token(user)}"
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else dict(answer.getheaders())
        finally:
            connection.close()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=40):
        """Stops it gracefully and returns the status; not within the limit is an error."""
        if self.is_alive():
            self.process.terminate()
        return self.process.wait(timeout=timeout)

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait()


def rfc3339(instant):
    """Microseconds since the epoch as the API takes them."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(instant // 1_000_000))}.{instant % 1_000_000:06d}Z"


def from_rfc3339(text):
    """An instant in UTC as microseconds since the epoch."""
    day, clock, fraction = re.fullmatch(r"(.{10})[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00(?::00)?)", text).groups()
    seconds = calendar.timegm(time.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S"))
    return seconds * 1_000_000 + int(((fraction or "") + "000000")[:6])


def local_ports(process):
    """The local ports of the TCP connections of a process."""
    folder, inodes = pathlib.Path(f"/proc/{process}"), set()
    for descriptor in (folder / "fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor))
        except OSError:
            continue  # It was closed meanwhile.
        if found:
            inodes.add(found[1])
    lines = (folder / "net" / "tcp").read_text().splitlines()[1:]
    return {int(line.split()[1].split(":")[1], 16) for line in lines if line.split()[9] in inodes}
