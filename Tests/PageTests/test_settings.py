# SPDX-License-Identifier: Apache-2.0
"""What somebody chooses for themselves."""

import json
import unittest
import urllib.request

from playwright.sync_api import expect

from browser import PageTestCase


class SettingsTests(PageTestCase):
    def me(self):
        with urllib.request.urlopen(f"{self.url}/api/me") as answer:
            return json.load(answer)

    def settings(self, page):
        page.get_by_role("button", name="Settings").click()
        return page.get_by_role("dialog", name="Settings")

    def test_keeps_what_is_chosen_and_uses_it_at_once(self):
        page = self.open()
        dialog = self.settings(page)
        dialog.get_by_label("Time zone").fill("Asia/Tokyo")
        dialog.get_by_label("E-mail", exact=True).first.fill("ana@example.org")
        dialog.get_by_label("Remove the reminder: 1 day before").click()
        dialog.get_by_label("Add a reminder").select_option("-PT30M")
        expect(dialog.get_by_label("Add a reminder").locator("option[value=at]")).to_have_count(0)
        dialog.get_by_label("Quiet hours").check()
        dialog.get_by_label("Quiet from").fill("23:00")
        dialog.get_by_label("Webhook").uncheck()
        self.shoot(page, "settings")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        me = self.me()
        self.assertEqual(me["timezone"], "Asia/Tokyo")
        self.assertEqual(me["email"], "ana@example.org")
        self.assertEqual([r["offset"] for r in me["default_reminders"]], ["-PT1H", "-PT30M"])
        self.assertEqual(me["quiet_hours"], {"start": "23:00", "end": "07:00"})
        self.assertEqual(me["channels"]["webhook"], False)
        self.assertEqual(me["channels"]["email"], True)
        # The form that adds a task has them already.
        page.get_by_label("New task").click()
        expect(page.locator(".composer").get_by_label("Time zone")).to_have_value("Asia/Tokyo")
        expect(page.locator(".composer .chip", has_text="30 minutes before")).to_be_visible()

    def test_says_what_is_wrong_beside_the_field(self):
        self.expected_statuses = {422}
        page = self.open()
        dialog = self.settings(page)
        dialog.get_by_label("Time zone").fill("Atlantis/Capital")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert").filter(has_text="IANA")).to_be_visible()
        expect(dialog.get_by_label("Time zone")).to_be_focused()

    def test_makes_renews_and_ends_the_feed(self):
        page = self.open()
        dialog = self.settings(page)
        address = dialog.get_by_label("Address of the calendar feed")
        expect(address).to_be_hidden()
        dialog.get_by_role("button", name="Make an address").click()
        expect(address).to_be_visible()
        first = address.input_value()
        with urllib.request.urlopen(first) as answer:
            self.assertTrue(answer.read().startswith(b"BEGIN:VCALENDAR"))
        dialog.get_by_role("button", name="New address").click()
        expect(address).not_to_have_value(first)
        dialog.get_by_role("button", name="End the feed").click()
        expect(address).to_be_hidden()
        self.assertIsNone(self.me()["feed_url"])

    def test_is_used_without_a_mouse(self):
        page = self.open()
        button = page.get_by_role("button", name="Settings")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Settings")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(button).to_be_focused()


if __name__ == "__main__":
    unittest.main(verbosity=2)
