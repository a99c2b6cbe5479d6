# SPDX-License-Identifier: Apache-2.0
"""Web Push, over TLS to a push service that checks the sender and reads what the browser would."""

import base64
import datetime
import http.server
import json
import os
import queue
import ssl
import sys
import threading
from importlib.metadata import version

import http_ece
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from client import add, request

BROWSER = ec.generate_private_key(ec.SECP256R1())
SECRET = os.urandom(16)
received = queue.Queue()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class PushService(http.server.BaseHTTPRequestHandler):
    """Takes what is pushed, but for the first, which it is too busy for."""

    is_busy = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, PushService.is_busy = (503 if PushService.is_busy else 201), False
        received.put((status, self.path, self.headers, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        """Says nothing."""


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), PushService)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(os.environ["PUNCTUAL_WEBHOOK_CA"], os.environ["SMTP_KEY"])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def check_sender(headers, origin):
    """The proof of who sends it (RFC 8292)."""
    scheme, _, parameters = headers["Authorization"].partition(" ")
    assert scheme == "vapid", headers
    proof = dict(part.strip().split("=", 1) for part in parameters.split(","))
    assert proof["k"] == request("GET", "/api/push/key").json["public_key"], proof
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(proof["k"]))
    claims = jwt.decode(proof["t"], key, algorithms=["ES256"], audience=origin)
    assert claims["sub"].startswith("mailto:"), claims
    remaining = claims["exp"] - datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert 0 < remaining <= 86_400, claims


def main():
    server = serve()
    origin = f"https://127.0.0.1:{server.server_port}"
    point = BROWSER.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    subscription = {"endpoint": f"{origin}/push/1",
                    "keys": {"p256dh": encoded(point), "auth": encoded(SECRET)}}
    # Another check may have set anything.
    wishes = {"quiet_hours": None, "channels": {"web_push": True}}
    assert request("PUT", "/api/me", wishes).status == 200
    assert request("POST", "/api/me/push-subscriptions", subscription).status == 204
    try:
        now = datetime.datetime.now(datetime.timezone.utc)
        at = (now + datetime.timedelta(milliseconds=300)).isoformat()
        task = add({"title": "Pay rent ✓", "reminders": [{"at": at}]})
        (status, *_, first), (again, path, headers, body) = (received.get(timeout=30) for _ in "12")
        assert (status, again, path) == (503, 201, "/push/1"), (status, again, path)
        assert first != body, "a repeat is encrypted anew"
        check_sender(headers, origin)
        assert headers["Content-Encoding"] == "aes128gcm" and int(headers["TTL"]) > 0, headers
        message = json.loads(http_ece.decrypt(
            body, private_key=BROWSER, auth_secret=SECRET, version="aes128gcm"))
        assert message["title"] == "Pay rent ✓" and message["task_id"] == task["id"], message
    finally:
        assert request("DELETE", "/api/me/push-subscriptions", subscription).status == 204
        server.shutdown()


main()
print("http-ece", version("http-ece"))
