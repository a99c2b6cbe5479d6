# SPDX-License-Identifier: Apache-2.0
"""E-mail, taken by a real SMTP server that wants TLS and a password."""

import datetime
import email
import email.policy
import os
import queue
import ssl
import time
from urllib.parse import unquote, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from client import add, request

TITLE = "Zahnärztin ✓ <b>\r\nBcc: eve@example.org"


class Server:
    """Takes mail, but not always at once."""

    def __init__(self):
        self.received, self.refused, self.isOpen = queue.Queue(), queue.Queue(), False

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        title = message["Subject"]
        if "later" in title and self.refused.empty():
            self.refused.put(message)
            return "451 4.3.0 come again"
        if "never" in title and not self.isOpen:
            return "550 5.7.1 not wanted"
        assert session.ssl and session.authenticated
        self.received.put((envelope, message))
        return "250 OK"


def remind(title):
    """Adds a task whose reminder fires at once."""
    now = datetime.datetime.now(datetime.timezone.utc)
    due = (now + datetime.timedelta(hours=1)).isoformat()
    at = (now + datetime.timedelta(milliseconds=300)).isoformat()
    return add({"title": title, "due_date": due, "reminders": [{"at": at}],
                "description": "Bring the card.", "timezone": "Europe/Lisbon"})


def main():
    url = urlsplit(os.environ["PUNCTUAL_SMTP_URL"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(os.environ["PUNCTUAL_SMTP_CA"], os.environ["SMTP_KEY"])

    def authenticate(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (
            url.username.encode(), unquote(url.password).encode())
        return AuthResult(success=good, handled=good)

    server = Server()
    controller = Controller(server, hostname=url.hostname, port=url.port, tls_context=tls,
                            require_starttls=True, authenticator=authenticate, auth_required=True)
    controller.start()
    try:
        check(server)
    finally:
        controller.stop()
        request("PUT", "/api/me", {"email": None})


def check(server):
    assert request("PUT", "/api/me", {"email": "ana@example.org"}).status == 200
    remind(TITLE)
    envelope, message = server.received.get(timeout=20)
    assert envelope.rcpt_tos == ["ana@example.org"], envelope.rcpt_tos
    assert envelope.mail_from == "reminders@example.org", envelope.mail_from
    assert str(message["To"]) == "ana@example.org" and message["Bcc"] is None
    assert "Zahnärztin ✓" in message["Subject"] and not message.defects, message.defects
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated" and message["List-Id"] and message["Date"]
    assert message.get_content_type() == "multipart/alternative"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "Bring the card." in text and "Europe/Lisbon" in text, text
    assert "<b>" not in html and "&lt;b&gt;" in html, html

    remind("later")
    _, message = server.received.get(timeout=20)
    assert message["Message-ID"] == server.refused.get(timeout=1)["Message-ID"]

    remind("never")
    letter = wait_for_letter()
    assert letter["channel"] == "email" and letter["target"] == "ana@example.org", letter
    assert letter["last_error"].startswith("SMTP 550") and letter["attempts"] == 1, letter
    server.isOpen = True
    assert request("POST", f"/api/dead-letters/{letter['id']}/redrive").status == 204
    _, message = server.received.get(timeout=20)
    assert message["Subject"] == "never" and letter["event_id"] in message["Message-ID"]

    assert request("PUT", "/api/me", {"channels": {"email": False}}).status == 200
    remind("muted")
    notices = wait_until(lambda: [n for n in request("GET", "/api/notifications").json["items"]
                                  if n["event"]["title"] == "muted"])
    assert server.received.empty()
    assert request("PUT", "/api/me", {"channels": {"email": True}}).status == 200
    assert request("POST", f"/api/notifications/{notices[0]['id']}/read").status == 204
    print("mail: well")


def wait_for_letter():
    return wait_until(lambda: request("GET", "/api/dead-letters").json["items"])[0]


def wait_until(condition):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


if __name__ == "__main__":
    main()
