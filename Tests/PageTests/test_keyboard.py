# SPDX-License-Identifier: Apache-2.0
"""The page without a mouse and without eyes: keys, focus, names, and what is said."""

import datetime
import unittest

from playwright.sync_api import expect

from browser import PageTestCase
from test_tasks import LISBON, last_working_days

# Whether it can be seen where the focus is: by a ring around it, or around what stands for it.
HAS_RING = """() => {
  const at = document.activeElement;
  return [at, at.nextElementSibling, at.closest(".composer")].some((element) => {
    const { outlineStyle, outlineWidth } = element ? getComputedStyle(element) : {};
    return outlineStyle !== undefined && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
}"""
# Roles of Chromium's accessibility tree that somebody uses, and so must know apart.
CONTROLS = {
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton", "listbox",
    "option", "Date", "DateTime", "InputTime", "ColorWell", "DisclosureTriangle", "dialog", "region",
    "navigation", "columnheader",
}


class KeyboardTests(PageTestCase):
    def open(self, **options):
        page = super().open(timezone_id="Europe/Lisbon", **options)
        expect(page.locator("#live")).to_have_text("Live")
        self.tree = page.context.new_cdp_session(page)
        return page

    def nodes(self):
        """What a screen reader is told: role, name and whether it has the focus."""
        for node in self.tree.send("Accessibility.getFullAXTree")["nodes"]:
            if not node["ignored"]:
                properties = {one["name"]: one["value"].get("value") for one in node["properties"]}
                yield (node["role"]["value"], node.get("name", {}).get("value", "").strip(),
                       properties.get("focused", False))

    def focus(self):
        """The name of what has the focus."""
        return [name for _, name, is_focused in self.nodes() if is_focused][-1]

    def expect_focus(self, page, name):
        end = datetime.datetime.now() + datetime.timedelta(seconds=8)
        while self.focus() != name:
            self.assertLess(datetime.datetime.now(), end, f"{self.focus()} instead of {name}")
            page.wait_for_timeout(20)

    def tab_to(self, page, name, key="Tab"):
        """Goes from control to control; wherever it comes, that can be seen."""
        passed = []
        while (at := self.focus()) != name:
            passed.append(at)
            self.assertLess(len(passed), 60, passed)
            page.keyboard.press(key)
            self.assertTrue(page.evaluate(HAS_RING), self.focus())

    def hear(self, page, *texts):
        for text in texts:
            expect(page.locator("#announcer")).to_contain_text(text)

    def test_pays_rent_without_a_mouse(self):
        page = self.open()
        expected = last_working_days(7, datetime.datetime.now(LISBON))
        page.keyboard.press("n")
        page.keyboard.type("Pay rent")
        self.tab_to(page, "Hours Hours")
        page.keyboard.type("0900AM")
        self.tab_to(page, "Time zone")
        page.keyboard.press("Control+a")
        page.keyboard.type("Europe/Lisbon")
        self.tab_to(page, "Repeat")
        for name, steps in (("Repeat", 3), ("On", 2)):
            self.tab_to(page, name)
            for _ in range(steps):
                page.keyboard.press("ArrowDown")
        dates = page.locator(".composer .dates time")
        local = [f"{at:%Y-%m-%dT%H:%M:%S}" for at in expected]
        expect(dates.first).to_have_attribute("datetime", local[0])
        self.assertEqual(
            dates.evaluate_all("(times) => times.map((time) => time.dateTime)"), local[:6])
        self.hear(page, f"First on {expected[0]:%a}, {expected[0].day} {expected[0]:%B}")
        self.tab_to(page, "Add")
        page.keyboard.press("Enter")
        self.hear(page, "Added: Pay rent")
        self.expect_focus(page, "Pay rent")

        due = page.locator(".task .due time")
        instants = [f"{at.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}" for at in expected]
        expect(due).to_have_attribute("datetime", instants[0])
        self.tab_to(page, "Complete: Pay rent", "Shift+Tab")
        page.keyboard.press("Space")
        expect(due).to_have_attribute("datetime", instants[1])
        self.hear(page, "Done: Pay rent. Next: ")
        self.expect_focus(page, "Complete: Pay rent")
        self.tab_to(page, "Undo")
        page.keyboard.press("Enter")
        expect(due).to_have_attribute("datetime", instants[0])
        self.hear(page, "Open again: Pay rent")
        self.expect_focus(page, "Pay rent")
        self.snoozes(page)

        page.keyboard.press("Enter")
        self.expect_focus(page, "Edit the task")
        self.tab_to(page, "Title")
        page.keyboard.press("End")
        page.keyboard.type(" to Ana")
        self.tab_to(page, "Save")
        page.keyboard.press("Enter")
        self.hear(page, "Saved: Pay rent to Ana")
        self.expect_focus(page, "Pay rent to Ana")
        page.keyboard.press("Enter")
        self.expect_focus(page, "Edit the task")
        page.keyboard.press("Escape")
        self.expect_focus(page, "Pay rent to Ana")

        page.keyboard.press("Delete")
        self.hear(page, "Deleted: Pay rent to Ana")
        # There is no other task that it could go to.
        self.expect_focus(page, "Tasks")
        page.keyboard.press("u")
        self.hear(page, "Kept: Pay rent to Ana")
        self.expect_focus(page, "Pay rent to Ana")

    def snoozes(self, page):
        """A reminder fires while the focus is on its task, is snoozed, and it goes on there."""
        task = page.locator(".task").get_attribute("data-id")
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.5)
        page.request.post(f"/api/tasks/{task}/reminders", data={"at": soon.isoformat()})
        alert = page.get_by_role("alert").filter(has_text="Pay rent")
        expect(alert).to_be_visible()
        self.expect_focus(page, "Pay rent")
        page.keyboard.press("m")
        self.expect_focus(page, "Done")
        self.tab_to(page, "10 min")
        page.keyboard.press("Enter")
        expect(alert).to_have_count(0)
        self.hear(page, "Snoozed: Pay rent. You will be reminded again in 10 minutes.")
        self.expect_focus(page, "Pay rent")

    def check_names(self, where):
        nodes = list(self.nodes())
        self.assertEqual([role for role, name, _ in nodes if role in CONTROLS and not name], [], where)
        self.assertGreater(sum(role in CONTROLS for role, _, _ in nodes), 2, where)

    def test_every_control_has_a_name(self):
        page = self.open()
        for body in (
            {"title": "Pay rent", "due_date": "2030-01-31T09:00:00Z", "rrule": "FREQ=MONTHLY",
             "tags": ["home"], "reminders": [{"at": "2020-01-01T00:00:00Z"}, {"offset": "-PT1H"}]},
            {"title": "Tea", "priority": "urgent"},
        ):
            self.assertEqual(page.request.post("/api/tasks", data=body).status, 201)
        expect(page.locator(".task")).to_have_count(2)
        expect(page.get_by_role("alert").filter(has_text="Pay rent")).to_be_visible()
        page.get_by_role("button", name="Filter").click()
        self.check_names("the list")
        form = page.get_by_role("form", name="Add a task")
        form.get_by_label("New task").fill("x")
        for unit in ("daily", "weekly", "monthly", "yearly", "rule"):
            form.get_by_label("Repeat").select_option(unit)
            expect(form.locator(".dates li")).to_have_count(6)
            if unit == "daily":
                form.get_by_label("Ends").select_option("date")
                form.get_by_label("Add a reminder", exact=True).select_option("at")
            elif unit == "weekly":
                form.get_by_label("Ends").select_option("count")
            elif unit == "monthly":
                form.get_by_label("On", exact=True).select_option("nth")
            self.check_names(unit)
        form.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Pay rent", exact=True).click()
        page.get_by_text("History").click()
        expect(page.locator("dialog tbody tr").first).to_be_visible()
        self.check_names("a task")
        page.keyboard.press("Escape")
        for name in ("Tags", "Settings", "Fired reminders"):
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("dialog", name=name)).to_be_visible()
            self.check_names(name)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Operator").click()
        expect(page.locator(".chart")).to_be_visible()
        self.check_names("the operator's view")


if __name__ == "__main__":
    unittest.main(verbosity=2)
