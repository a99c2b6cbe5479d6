# SPDX-License-Identifier: Apache-2.0
"""How the page looks, in the light and in the dark, on a desk and on a phone; and the operator's view."""

import datetime
import json
import re
import subprocess
import unittest

from playwright.sync_api import expect

from browser import PageTestCase

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# What the tests of contrast ask of normal text (WCAG 2.2, 1.4.3).
LEAST_CONTRAST = 4.5

# And of what shows where a control is (WCAG 2.2, 1.4.11).
LEAST_CONTRAST_OF_CONTROLS = 3

# The contrast of the text of each element that has some, against what lies behind it; and of the
# border of each control that has one.
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, index) => sum + c * [.2126, .7152, .0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color[3] > 250) return color;
    }
    return channels(getComputedStyle(document.body).backgroundColor);
  };
  const contrast = (color, back) => {
    const [one, other] = [channels(color), behind(back)].map(luminance);
    return Math.round((Math.max(one, other) + .05) / (Math.min(one, other) + .05) * 100) / 100;
  };
  const visible = [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility({ opacityProperty: true }) && !element.disabled
    && !element.closest(".visually-hidden, .skip-link, svg"));
  const texts = visible.filter(({ childNodes }) =>
    [...childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const controls = visible.filter((element) => element.matches("input, select, textarea, .check, .weekdays span")
    && getComputedStyle(element).borderTopStyle === "solid");
  return [
    texts.map((element) => [element.textContent.trim().slice(0, 40),
      contrast(getComputedStyle(element).color, element)]),
    controls.map((element) => [element.outerHTML.slice(0, 80),
      contrast(getComputedStyle(element).borderTopColor, element.parentElement)]),
  ];
}"""

# Controls without a name, which a screen reader could not tell apart.
NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, a[href]")]
  .filter((element) => element.checkVisibility())
  .filter((element) => !(element.ariaLabel || element.textContent.trim()
    || [...element.labels ?? []].some((label) => label.textContent.trim())))
  .map((element) => element.outerHTML)"""


def last_working_day(now):
    """The last day of the month after the next that is none of a weekend."""
    month = now.month + 3
    day = datetime.date(now.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    day -= datetime.timedelta(days=1)
    while day.weekday() > 4:
        day -= datetime.timedelta(days=1)
    return f"{day}T09:00:00"


class LookTests(PageTestCase):
    def seed(self, page):
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        zone = "Europe/Lisbon"

        def due(days, clock):
            return f"{(now + datetime.timedelta(days=days)):%Y-%m-%d}T{clock}"

        tasks = [
            {"title": "Send the offer to Marta", "due_date": due(-1, "16:00:00"), "priority": "urgent", "tags": ["work"]},
            {"title": "Call the dentist", "due_date": due(0, "23:30:00"), "tags": ["health"]},
            {"title": "Stand-up", "due_date": due(1, "09:30:00"), "tags": ["work"],
             "recurrence_pattern": {"frequency": "weekly", "by_day": ["MO", "TU", "WE", "TH", "FR"]}},
            {"title": "Pay rent", "due_date": last_working_day(now), "priority": "high", "tags": ["home", "money"],
             "recurrence_pattern": {"frequency": "monthly", "by_set_pos": [-1],
                                    "by_day": ["MO", "TU", "WE", "TH", "FR"]}},
            {"title": "Renew the passport before the summer, and ask whether the photographs may still be the old ones",
             "due_date": due(70, "10:00:00"), "timezone": "America/New_York", "priority": "low"},
            {"title": "Read the book that Ana gave me"},
        ]
        for task in tasks:
            if "due_date" in task:
                task.setdefault("timezone", zone)
        response = page.request.post(
            "/api/tasks/batch", data=json.dumps(tasks), headers={"Content-Type": "application/json"}
        )
        self.assertEqual(response.status, 201)
        expect(page.locator(".task")).to_have_count(len(tasks))

    def check(self, page):
        texts, controls = page.evaluate(CONTRASTS)
        self.assertGreater(len(texts), 3)
        for found, least in ((texts, LEAST_CONTRAST), (controls, LEAST_CONTRAST_OF_CONTROLS)):
            self.assertEqual([(what, ratio) for what, ratio in found if ratio < least], [])
        self.assertEqual(page.evaluate(NAMELESS), [])
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertLessEqual(page.evaluate(overflow), 0)

    def look(self, scheme, device, **options):
        page = self.open(color_scheme=scheme, timezone_id="Europe/Lisbon", permissions=(), **options)
        expect(page.locator("#live")).to_have_text("Live")
        self.seed(page)
        self.check(page)
        self.shoot(page, f"tasks-{scheme}-{device}", full=True)
        page.get_by_label("New task").click()
        page.get_by_label("Repeat").select_option("weekly")
        expect(page.locator(".dates li")).to_have_count(6)
        expect(page.get_by_text("After these it ends.")).to_have_count(0)
        self.check(page)
        self.shoot(page, f"adding-{scheme}-{device}", full=True)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("button", name="Pay rent", exact=True).click()
        expect(page.locator("dialog .dates li")).to_have_count(6)
        self.check(page)
        self.shoot(page, f"editing-{scheme}-{device}")

    def test_looks_well_in_the_light(self):
        self.look("light", "desk")

    def test_looks_well_in_the_dark(self):
        self.look("dark", "desk")

    def test_looks_well_on_a_phone(self):
        self.look("light", "phone", **PHONE)

    def test_looks_well_on_a_phone_in_the_dark(self):
        self.look("dark", "phone", **PHONE)

    def test_shows_what_is_still_to_come_of_a_series_from_long_ago(self):
        page = self.open()
        form = page.get_by_role("form", name="Add a task")
        form.get_by_label("New task").fill("Since last month")
        past = datetime.date.today() - datetime.timedelta(days=30)
        form.get_by_label("Due", exact=True).fill(past.isoformat())
        form.get_by_label("Repeat").select_option("daily")
        expect(page.locator(".dates li")).to_have_count(6)
        form.get_by_label("Due", exact=True).fill("2020-01-01")
        expect(form.get_by_text("The first 100 dates are past.")).to_be_visible()

    def test_shows_clock_changes_beside_the_dates(self):
        page = self.open()
        form = page.get_by_role("form", name="Add a task")
        form.get_by_label("New task").fill("At the gap")
        form.get_by_label("Due", exact=True).fill("2027-03-27")
        form.get_by_label("Time", exact=True).fill("01:30")
        form.get_by_label("Time zone").fill("Europe/Lisbon")
        form.get_by_label("Repeat").select_option("daily")
        expect(page.locator(".dates li").nth(1)).to_contain_text("Clocks skip this local time")
        self.shoot(page, "clock-change")

    def test_shows_the_operator_how_the_engine_does(self):
        # After a moment in which this machine stood still, the engine has its leases confirmed first.
        self.expected_statuses = {503}
        for scheme, options in (("light", {}), ("dark", PHONE)):
            page = self.open(color_scheme=scheme, **options)
            # Something must have fired for there to be a lateness.
            soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.5)
            page.request.post(
                "/api/tasks", headers={"Content-Type": "application/json"},
                data=json.dumps({"title": "Soon", "reminders": [{"at": soon.isoformat()}]}),
            )
            page.get_by_role("link", name="Operator").click()
            expect(page.get_by_label("Readiness")).to_contain_text("Ready")
            expect(page.locator(".tiles dt", has_text="In the outbox")).to_be_visible()
            expect(page.locator(".chart .bar[height]:not([height='0'])").first).to_be_visible()
            expect(page.get_by_text(re.compile("fired: half within"))).to_be_visible()
            self.check(page)
            self.shoot(page, f"operator-{scheme}", full=True)
            page.get_by_role("link", name="Tasks", exact=True).click()
            expect(page.get_by_label("New task")).to_be_visible()

    def test_delivers_again_what_could_not_be_delivered(self):
        if not self.server:
            self.skipTest("this server is not the test's own")
        page = self.open()
        task = page.request.post("/api/tasks", data={"title": "Pay rent"}).json()
        # As a webhook would leave it that has refused for a day.
        command = ["psql", "-d", f"{self.server.cluster} dbname={self.server.database}", "-c", f"""
            INSERT INTO dead_letters (shard, id, event_id, channel, target, user_id, attempts,
                last_error, payload)
            SELECT shard, nextval('ids'), event_id, 'webhook', 'https://example.org/hook', user_id,
                12, 'It answered 410.', '{{"title": "Pay rent"}}'
            FROM event_log WHERE task_id = {task["id"]}"""]
        # The event is in the log a moment later.
        while subprocess.check_output(command) != b"INSERT 0 1\n":
            page.wait_for_timeout(20)
        page.get_by_role("link", name="Operator").click()
        letter = page.get_by_role("listitem").filter(has_text="12 attempts")
        expect(letter).to_contain_text("It answered 410.")
        self.check(page)
        self.shoot(page, "dead-letters", full=True)
        letter.get_by_role("button", name="Redrive: Pay rent").click()
        expect(page.get_by_text("None. Everything has been delivered.")).to_be_visible()


class DeliveryTests(PageTestCase):
    """How the files of the page are sent."""

    def test_lets_nothing_in_and_is_asked_for_again_only_when_it_changed(self):
        page = self.open()
        names = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        files = {"/"} | {name.removeprefix(self.url) for name in names if "/page/" in name}
        self.assertGreater(len(files), 15)
        for file in files:
            answer = page.request.get(file)
            policy = answer.headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
            self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
            self.assertEqual(answer.headers["cache-control"], "no-cache")
            tag = answer.headers["etag"]
            self.assertRegex(tag, '^"[0-9a-f]{32}"$')
            again = page.request.get(file, headers={"If-None-Match": tag})
            self.assertEqual((again.status, again.body()), (304, b""))
        self.assertEqual(page.request.get("/page/nothing.js").status, 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
