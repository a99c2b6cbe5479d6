# SPDX-License-Identifier: Apache-2.0
"""Every route of the description, tried with what should not open it."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import client

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = os.environ.get("PUNCTUAL_EXECUTABLE", str(ROOT / ".build" / "debug" / "punctual"))
SECRET = "a secret of the tests, of more than 32 bytes"
MARK = "Nobody else's business"
# What belongs to nobody; everything else that asks for no user asks for the sidecar's token.
OPEN = {
    "GET /", "GET /page/{file}", "GET /openapi.json", "GET /healthz", "GET /readyz", "GET /metrics",
    "POST /api/session", "DELETE /api/session", "GET /feeds/{name}",
}
STREAMS = {"GET /api/updates", "GET /ws"}
# Each user has names of their own for them: to whoever writes one it is new. Tried last.
OWN_NAMES = {"PUT /api/conversations/{id}"}


class Issuer(http.server.BaseHTTPRequestHandler):
    """Publishes the keys that tokens are signed with, and counts who asks for them."""

    keys = {
        "RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    requests = 0

    def do_GET(self):
        Issuer.requests += 1
        body = json.dumps({"keys": [
            {**jwt.get_algorithm_by_name(name).to_jwk(key.public_key(), as_dict=True),
             "kid": name, "alg": name, "use": "sig"} for name, key in self.keys.items()]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def guarded_server():
    """A second server over the same database, which asks who somebody is."""
    issuer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=issuer.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "PUNCTUAL_HTTP_PORT": str(port), "PUNCTUAL_ROLES": "api,realtime",
        "PUNCTUAL_JWT_SECRET": SECRET, "APP_API_TOKEN": "of the application",
        "PUNCTUAL_JWKS_URL": f"http://127.0.0.1:{issuer.server_port}/keys",
    }
    process = subprocess.Popen([EXECUTABLE, "serve"], env=environment, stderr=subprocess.DEVNULL)
    client.URL = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: client.request("GET", "/readyz").status == 200)
        yield
    finally:
        process.terminate()
        process.wait(20)
        issuer.shutdown()


def wait(condition):
    end = time.monotonic() + 20
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if found := condition():
                return found
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def bearer(user, seconds=600, key=SECRET, algorithm="HS256"):
    claims = {"sub": user, "exp": int(time.time()) + seconds}
    text = jwt.encode(claims, key, algorithm, headers={"kid": algorithm})
    return {"Authorization": f"Bearer {text}"}


def tokens(user):
    """One by each way of signing that is believed."""
    return [bearer(user)] + [bearer(user, key=key, algorithm=name) for name, key in Issuer.keys.items()]


# Nobody has been here before.
ANA_ID, EVE_ID = f"ana-{uuid.uuid4()}", f"eve-{uuid.uuid4()}"
ANA, EVES = tokens(ANA_ID)[0], tokens(EVE_ID)
EVE = EVES[0]
REFUSED = [
    {}, bearer(ANA_ID, seconds=-60), bearer(ANA_ID, key="x" * 40),
    bearer(ANA_ID, key=None, algorithm="none"),
    bearer(ANA_ID, key=rsa.generate_private_key(65537, 2048), algorithm="RS256"),
    bearer(ANA_ID, -60, Issuer.keys["ES256"], "ES256"), {"Authorization": "Bearer x"},
    {"Authorization": f"Bearer punctual_1_{'0' * 64}"}, {"Cookie": "punctual_session=x"},
    {"dapr-api-token": "x"},
]


class Route:
    def __init__(self, description, method, path, operation):
        self.name, self.method, self.path = f"{method.upper()} {path}", method.upper(), path
        self.is_guarded = operation.get("security") != []
        self.is_of_the_sidecar = "dapr-api-token" in json.dumps(operation)
        self.type, content = next(
            iter(operation.get("requestBody", {}).get("content", {}).items()), (None, None))
        self.body = content and self.example(description, content)

    @staticmethod
    def example(description, content):
        if "example" in content:
            return content["example"]
        schema = content["schema"]
        while "$ref" in schema:
            for part in schema["$ref"].split("/")[1:]:
                description = description[part]
            schema = description
        return schema["examples"][0]

    def send(self, ids, headers):
        path = self.path
        for key, value in ids.items():
            if path.startswith(key):
                path = path.replace("{id}", urllib.parse.quote(str(value)))
        path = path.replace("{reminder_id}", str(ids["reminder"])).replace("{id}", "1")
        for name in ("name", "topic", "file"):
            path = path.replace(f"{{{name}}}", "app.js")
        body = self.body.encode() if isinstance(self.body, str) else self.body
        kind = {"Content-Type": self.type} if self.type else {}
        return client.request(self.method, path, body, {**kind, **headers})


def send(method, path, body=None, headers=ANA):
    answer = client.request(method, path, body, headers)
    assert answer.status < 300, (method, path, answer.status, answer.body)
    return answer.json


def make_what_is_anas():
    """One of everything that a user can have; its ids, by the start of their paths."""
    task = send("POST", "/api/tasks", {
        "title": MARK, "description": MARK, "tags": [MARK], "due_date": "2031-01-31T09:00:00Z",
        "rrule": "FREQ=MONTHLY",
        "reminders": [{"offset": "-PT1H"}, {"at": "2020-01-01T00:00:00Z"}],
    })
    send("PUT", "/api/conversations/talk", {"messages": [{"role": "user", "content": MARK}]})
    send("PUT", "/api/me", {"email": "ana@example.org"})
    send("POST", "/api/me/feed")
    token = send("POST", "/api/tokens", {"name": MARK})
    notice = wait(lambda: send("GET", "/api/notifications")["items"])[0]
    # As a webhook that refuses would leave it.
    dead = subprocess.check_output(["psql", "-qtA", "-d", os.environ["PUNCTUAL_DATABASE_URL"], "-c", f"""
        INSERT INTO dead_letters (shard, id, event_id, channel, target, user_id, attempts,
            last_error, payload)
        SELECT shard, nextval('ids'), event_id, 'webhook', 'https://example.org', user_id, 9, 'gone',
            payload
        FROM event_log WHERE task_id = {task["id"]} AND event_type = 'reminder.due' RETURNING id"""])
    waiting = next(r for r in task["reminders"] if r["offset"])
    return {
        "/api/tasks/": task["id"], "/api/conversations/": "talk", "/api/tokens/": token["id"],
        "/api/dead-letters/": int(dead), "/api/notifications/": notice["id"],
        "/api/tags/": send("GET", "/api/tags")["items"][0]["id"], "reminder": waiting["id"],
    }


def shown(routes, ids):
    """Everything that Ana sees."""
    answers = {}
    for route in routes:
        if route.method == "GET" and route.is_guarded and route.name not in STREAMS:
            answer = route.send(ids, ANA)
            assert answer.status == 200 or route.name in (
                "GET /api/tasks/search", "GET /api/push/key"), (route.name, answer.status)
            answers[route.name] = answer.body
    return answers


def follows_only_her_own(task):
    address = urllib.parse.urlsplit(client.URL)
    stream = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    stream.request("GET", "/api/updates", headers=EVE)
    answer = stream.getresponse()
    assert answer.status == 200
    send("PATCH", f"/api/tasks/{task}", {"priority": "high"})
    mine = send("POST", "/api/tasks", {"title": "Mine"}, EVE)
    line = b""
    while not line.startswith(b"data:"):
        line = answer.readline()
        assert line, "the stream ended"
    assert json.loads(line[5:])["task_id"] == mine["id"], line
    stream.close()


def main():
    start = time.monotonic()
    with guarded_server():
        description = client.request("GET", "/openapi.json").json
        routes = [
            Route(description, method, path, operation)
            for path, item in description["paths"].items()
            for method, operation in item.items() if method != "parameters"
        ]
        unguarded = {r.name for r in routes if not r.is_guarded and not r.is_of_the_sidecar}
        assert unguarded == OPEN, unguarded ^ OPEN
        ids = make_what_is_anas()
        follows_only_her_own(ids["/api/tasks/"])
        before = shown(routes, ids)
        assert sum(MARK.encode() in body for body in before.values()) >= 9, before
        for route in sorted(routes, key=lambda route: route.name in OWN_NAMES):
            for headers in REFUSED:
                answer = route.send(ids, headers)
                assert MARK.encode() not in answer.body, (route.name, headers)
                if route.name not in OPEN:
                    allowed = (401, 403) if route.is_guarded else (401, 403, 404)
                    assert answer.status in allowed, (route.name, headers, answer.status)
            if route.name in STREAMS:
                continue
            # Whom a JWT speaks for it says itself, and no header beside it.
            for headers in (*EVES, {**EVE, "X-Punctual-User": ANA_ID}):
                answer = route.send(ids, headers)
                assert MARK.encode() not in answer.body, (route.name, answer.body)
                if route.is_of_the_sidecar or "{id}" in route.path and route.name not in OWN_NAMES:
                    assert answer.status in (401, 403, 404), (route.name, answer.status)
                elif route.is_guarded:
                    # The examples are good requests, so that nothing else is in their way.
                    assert answer.status < 500 and answer.status != 401, (route.name, answer.status)
        after = shown(routes, ids)
        assert after == before, [name for name in before if before[name] != after[name]]
        for headers in tokens(ANA_ID):
            assert send("GET", "/api/tasks", headers=headers)["items"], headers
        # However many tokens fit none of the keys.
        assert 1 <= Issuer.requests <= 1 + (time.monotonic() - start) / 10, Issuer.requests
        client.request("DELETE", f"/api/tasks/{ids['/api/tasks/']}", headers=ANA)
        return len(routes)


print("isolation of", main(), "routes")
