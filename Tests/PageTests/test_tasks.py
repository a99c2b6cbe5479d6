# SPDX-License-Identifier: Apache-2.0
"""The page as somebody uses it who has read nothing about it."""

import calendar
import datetime
import json
import unittest
import zoneinfo

from playwright.sync_api import expect

from browser import PageTestCase

LISBON = zoneinfo.ZoneInfo("Europe/Lisbon")


def last_working_days(count, after):
    """The last days of months that are none of a weekend: counted here without the server."""
    year, month, found = after.year, after.month, []
    while len(found) < count:
        day = datetime.date(year, month, calendar.monthrange(year, month)[1])
        while day.weekday() > 4:
            day -= datetime.timedelta(days=1)
        at = datetime.datetime.combine(day, datetime.time(9), LISBON)
        if at > after:
            found.append(at)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


class TaskTests(PageTestCase):
    def add(self, page, title):
        page.get_by_label("New task").fill(title)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name=title, exact=True)).to_be_visible()

    def composer(self, page):
        return page.get_by_role("form", name="Add a task")

    def remind_soon(self, page):
        """Adds a reminder that fires in two seconds to the task that is being written."""
        form = self.composer(page)
        form.get_by_label("Add a reminder", exact=True).select_option("at")
        form.get_by_label("Remind me at").fill(
            page.evaluate(
                "() => { const at = new Date(Date.now() + 2000);"
                " const two = (number) => String(number).padStart(2, '0');"
                " return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T`"
                " + `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`; }"
            )
        )
        form.get_by_role("button", name="Add the reminder").click()

    def wait_for_notification(self, page, title):
        """Waits until the browser itself shows a notification."""
        self.wait_until(
            page,
            "navigator.serviceWorker.ready.then((worker) => worker.getNotifications())"
            f".then((shown) => shown.some((one) => one.title === '{title}'))"
        )

    def test_pays_rent_on_the_last_working_day_of_every_month(self):
        page = self.open(timezone_id="Europe/Lisbon")
        expect(page.locator("#live")).to_have_text("Live")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        form = self.composer(page)
        form.get_by_label("New task").fill("Pay rent")
        form.get_by_label("Time", exact=True).fill("09:00")
        form.get_by_label("Time zone").fill("Europe/Lisbon")
        form.get_by_label("Repeat").select_option("monthly")
        form.get_by_label("On", exact=True).select_option("last-working")
        dates = form.locator(".dates time")
        expected = last_working_days(7, datetime.datetime.now(LISBON))
        local = [f"{at:%Y-%m-%dT%H:%M:%S}" for at in expected]
        expect(dates.first).to_have_attribute("datetime", local[0])
        self.assertEqual(
            dates.evaluate_all("(times) => times.map((time) => time.dateTime)"), local[:6]
        )
        form.get_by_label("Tags").fill("home, money")
        form.get_by_label("Priority").select_option("high")
        self.shoot(page, "adding-a-series", full=True)
        self.remind_soon(page)
        form.get_by_role("button", name="Add", exact=True).click()

        row = page.locator(".task", has_text="Pay rent")
        due = row.locator(".due time")
        expect(row).to_contain_text("Monthly on the last working day")
        expect(due).to_have_attribute("datetime", self.utc(expected[0]))
        toast = page.get_by_role("alert").filter(has_text="Pay rent")
        expect(toast).to_be_visible()
        self.wait_for_notification(page, "Pay rent")
        self.shoot(page, "rent-is-due")
        toast.get_by_role("button", name="Done").click()
        expect(due).to_have_attribute("datetime", self.utc(expected[1]))
        expect(page.locator("#toasts")).to_contain_text("Done: Pay rent")
        expect(page.locator("#toasts")).to_contain_text("Next:")
        self.shoot(page, "completed-with-the-next")

        page.locator("#toasts").get_by_role("button", name="Undo").click()
        expect(due).to_have_attribute("datetime", self.utc(expected[0]))
        row.get_by_role("button", name="Pay rent", exact=True).click()
        page.get_by_text("History").click()
        expect(page.locator("dialog table tbody tr").first).to_be_visible()
        self.shoot(page, "editing")

    def utc(self, at):
        return f"{at.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"

    def test_notifies_when_a_reminder_fires(self):
        page = self.open()
        expect(page.locator("#live")).to_have_text("Live")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        form = self.composer(page)
        form.get_by_label("New task").fill("Water the plants")
        soon = datetime.datetime.now() + datetime.timedelta(seconds=2)
        self.remind_soon(page)
        form.get_by_role("button", name="Add", exact=True).click()
        toast = page.get_by_role("alert").filter(has_text="Water the plants")
        expect(toast).to_be_visible()
        self.wait_for_notification(page, "Water the plants")
        self.shoot(page, "reminder-fired")
        self.assertGreaterEqual(datetime.datetime.now(), soon - datetime.timedelta(seconds=1))
        toast.get_by_role("button", name="Done").click()
        expect(page.locator(".task", has_text="Water the plants")).to_have_count(0)

    def test_adds_and_completes_by_keyboard_alone(self):
        page = self.open()
        expect(page.locator("#live")).to_have_text("Live")
        page.keyboard.press("n")
        page.keyboard.type("Call the dentist")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Call the dentist", exact=True)).to_be_visible()
        page.keyboard.press("j")
        focused = page.evaluate("document.activeElement.textContent")
        self.assertTrue(focused)
        while focused != "Call the dentist":
            page.keyboard.press("j")
            following = page.evaluate("document.activeElement.textContent")
            self.assertNotEqual(following, focused)
            focused = following
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("x")
        expect(page.locator(".task", has_text="Call the dentist")).to_have_count(0)

    def test_deletes_with_a_way_back(self):
        page = self.open()
        self.add(page, "Buy a lamp")
        page.get_by_role("button", name="Delete: Buy a lamp").click()
        expect(page.locator(".task", has_text="Buy a lamp")).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".task", has_text="Buy a lamp")).to_be_visible()
        page.get_by_role("button", name="Delete: Buy a lamp").click()
        # Leaving the page carries it out.
        page.goto("about:blank")
        other = self.open()
        expect(other.locator("#live")).to_have_text("Live")
        expect(other.get_by_text("Nothing to do.")).to_be_visible()

    def test_shows_at_once_what_another_page_does(self):
        one, other = self.open(), self.open()
        expect(other.locator("#live")).to_have_text("Live")
        self.add(one, "Book the train")
        expect(other.locator(".task", has_text="Book the train")).to_be_visible()
        one.locator(".task", has_text="Book the train").get_by_role("checkbox").click()
        expect(other.locator(".task", has_text="Book the train")).to_have_count(0)

    def test_misses_nothing_while_the_server_is_away(self):
        if not self.server:
            self.skipTest("this server is not the test's own")
        self.expects_broken_connections = True
        page = self.open()
        expect(page.locator("#live")).to_have_text("Live")
        self.add(page, "Before")
        self.addCleanup(self.server.start_again)
        self.server.halt()
        expect(page.locator("#live")).to_have_text("Reconnecting")
        page.locator(".task", has_text="Before").get_by_role("checkbox").click()
        expect(page.locator("#toasts")).to_contain_text("Punctual cannot be reached")
        expect(page.locator(".task").get_by_role("checkbox")).to_have_attribute(
            "aria-checked", "false"
        )
        self.server.start()
        # Somebody else adds one before the page is back.
        page.request.post("/api/tasks", data={"title": "Meanwhile"})
        expect(page.locator(".task", has_text="Meanwhile")).to_be_visible()
        expect(page.locator("#live")).to_have_text("Live")

    def test_goes_through_many_tasks_page_by_page(self):
        page = self.open()
        due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)
        body = [
            {"title": f"Number {index:03}", "due_date": f"{due:%Y-%m-%dT%H:%M:%SZ}", "tags": ["many"],
             "reminders": []}
            for index in range(120)
        ]
        response = page.request.post(
            "/api/tasks/batch", data=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        self.assertEqual(response.status, 201)
        page.goto("/#/?tag=many")
        page.reload()
        rows = page.locator(".task")
        expect(rows).to_have_count(50)
        page.get_by_role("button", name="Show more").click()
        expect(rows).to_have_count(100)
        page.get_by_role("button", name="Show more").click()
        expect(rows).to_have_count(120)
        expect(page.get_by_role("button", name="Show more")).to_be_hidden()
        page.get_by_label("Sort").select_option("created_at desc")
        expect(rows.first).to_contain_text("Number 119")
        page.get_by_role("button", name="Done", exact=True).click()
        expect(rows).to_have_count(0)

    def test_finds_by_a_word(self):
        self.need("/api/tasks/search?q=a")
        page = self.open()
        self.add(page, "Buy oat milk")
        self.add(page, "Buy a lamp")
        page.keyboard.press("/")
        page.keyboard.type("milk")
        expect(page.locator(".task")).to_have_count(1)
        expect(page.locator(".task")).to_contain_text("Buy oat milk")

    def test_gives_a_tag_a_colour(self):
        self.need("/api/tags")
        page = self.open()
        page.get_by_label("New task").fill("Weed the garden")
        self.composer(page).get_by_label("Tags").fill("outside")
        page.get_by_role("button", name="Add", exact=True).click()
        row = page.locator(".task", has_text="Weed the garden")
        expect(row.locator(".tag")).to_have_text("outside")
        page.get_by_role("button", name="Tags").click()
        self.shoot(page, "tags")
        page.get_by_label("Colour of outside").fill("#336699")
        page.keyboard.press("Escape")
        expect(row.locator(".tag")).to_have_css("--tag", "#336699")

    def test_skips_the_next_and_takes_it_back(self):
        self.need("/api/tags")
        page = self.open(timezone_id="Europe/Lisbon")
        form = self.composer(page)
        form.get_by_label("New task").fill("Back up")
        form.get_by_label("Due", exact=True).fill("2030-01-04")
        form.get_by_label("Repeat").select_option("weekly")
        form.get_by_role("button", name="Add", exact=True).click()
        dates = page.locator("dialog .dates time")
        for action, date in (("Skip next", "2030-01-18"), ("Undo", "2030-01-11")):
            if action == "Skip next":
                page.get_by_role("button", name="Back up", exact=True).click()
                page.get_by_role("button", name=action).click()
                expect(page.locator("#toasts")).to_contain_text("The next one is left out")
            else:
                page.get_by_role("button", name=action).click()
                expect(page.locator("#toasts")).to_contain_text("comes after all")
            page.get_by_role("button", name="Back up", exact=True).click()
            expect(dates.nth(1)).to_have_attribute("datetime", f"{date}T09:00:00")
            page.keyboard.press("Escape")

    def test_snoozes_a_reminder_that_fired(self):
        self.need("/api/tags")
        page = self.open()
        expect(page.locator("#live")).to_have_text("Live")
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.5)
        page.request.post(
            "/api/tasks", headers={"Content-Type": "application/json"},
            data=json.dumps({"title": "Tea", "reminders": [{"at": soon.isoformat()}]}),
        )
        toast = page.get_by_role("alert").filter(has_text="Tea")
        toast.get_by_role("button", name="10 min").click()
        expect(page.locator("#toasts")).to_contain_text("Snoozed: Tea")
        row = page.locator(".task", has_text="Tea")
        expect(row.locator("[title]")).to_contain_text("Today")

    def test_says_beside_the_field_what_is_wrong(self):
        page = self.open()
        self.expected_statuses = {422}
        form = self.composer(page)
        form.get_by_label("New task").fill("Somewhere")
        form.get_by_label("Due", exact=True).fill("2030-01-01")
        form.get_by_label("Time zone").fill("Europe/Nowhere")
        form.get_by_role("button", name="Add", exact=True).click()
        expect(form.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
        expect(form.get_by_label("Time zone")).to_be_focused()


if __name__ == "__main__":
    unittest.main(verbosity=2)
