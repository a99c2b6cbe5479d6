# SPDX-License-Identifier: Apache-2.0
"""Reminders that fired, kept until they are read."""

import datetime
import json
import urllib.request

from playwright.sync_api import expect

from browser import PageTestCase


class NotificationTests(PageTestCase):
    def remind(self, title):
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        body = {"title": title, "reminders": [{"at": at.isoformat()}]}
        request = urllib.request.Request(
            f"{self.url}/api/tasks",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()

    def test_keeps_what_fired_until_it_is_read(self):
        self.need("/api/notifications")
        page = self.open()
        for title in ("Water the plants", "Call the bank"):
            self.remind(title)
        inbox = page.get_by_role("button", name="Fired reminders, 2 unread")
        expect(inbox).to_be_visible()
        inbox.click()
        dialog = page.get_by_role("dialog", name="Fired reminders")
        expect(dialog.get_by_role("listitem")).to_have_count(2)
        self.shoot(page, "fired-reminders")
        dialog.get_by_role("button", name="Mark as read: Water the plants").click()
        expect(dialog.get_by_role("listitem")).to_have_count(1)
        expect(dialog.get_by_role("button", name="Mark as read: Call the bank")).to_be_focused()
        dialog.get_by_role("button", name="Mark all as read").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Fired reminders", exact=True)).to_be_visible()
