# SPDX-License-Identifier: Apache-2.0
"""Signing in and out on a server that asks who somebody is."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from playwright.sync_api import expect

from browser import PageTestCase

SECRET = "a secret of the tests, long enough for HS256"


def token(user, seconds=3600):
    """A JSON Web Token signed by HMAC with SHA-256 (RFC 7515, RFC 7519)."""

    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    now = int(time.time())
    claims = {"sub": user, "iat": now, "exp": now + seconds}
    parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = ".".join(parts)
    signature = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encoded(signature)}"


class SessionTests(PageTestCase):
    server_environment = {"PUNCTUAL_JWT_SECRET": SECRET}

    @classmethod
    def setUpClass(cls):
        try:
            super().setUpClass()
        except subprocess.CalledProcessError as failure:
            if b"has no authentication" in failure.stderr:
                raise unittest.SkipTest("this version has no authentication") from failure
            raise
        try:
            urllib.request.urlopen(f"{cls.url}/api/tasks").close()
            raise unittest.SkipTest("this server does not ask who somebody is")
        except urllib.error.HTTPError as refusal:
            refusal.close()

    def forget_tasks(self):
        """Each user begins without any."""

    def sign_in(self, page, text):
        page.get_by_label("Access token").fill(text)
        page.get_by_role("button", name="Sign in").click()

    def test_signs_in_adds_a_task_and_signs_out(self):
        self.expected_statuses = {401}
        page = self.open()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        self.shoot(page, "sign-in")
        self.sign_in(page, token("ana", seconds=-60))
        expect(page.get_by_role("alert")).to_contain_text("not accepted")
        self.sign_in(page, token("ana"))
        page.get_by_label("New task").fill("Only mine")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".task", has_text="Only mine")).to_be_visible()
        self.assertNotIn("eyJ", page.evaluate("document.cookie"))
        page.get_by_role("button", name="Sign out").click()
        self.sign_in(page, token("ben"))
        expect(page.get_by_text("Nothing to do.")).to_be_visible()
        expect(page.locator(".task")).to_have_count(0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
