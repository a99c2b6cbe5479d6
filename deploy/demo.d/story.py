# SPDX-License-Identifier: Apache-2.0
"""The story that deploy/demo plays; each scene fails if it does not go as told."""

import datetime
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import expect, sync_playwright

from recorder import Recorder

FOLDER = pathlib.Path(sys.argv[1])
EXECUTABLE = sys.argv[2]
LONGEST = 90  # seconds
# Chromium's sandbox refuses to run as root.
ARGUMENTS = ["--no-sandbox"] if os.geteuid() == 0 else []

CAPTION = """(text) => {
  const old = document.getElementById("caption");
  const caption = old ?? document.body.appendChild(document.createElement("div"));
  caption.id = "caption";
  caption.setAttribute("aria-hidden", "true");
  caption.textContent = text;
  for (const [name, value] of Object.entries({
    position: "fixed", left: "20px", top: "72px", width: "236px", boxSizing: "border-box",
    padding: "18px", borderRadius: "12px", background: "#15171a", color: "#fff",
    font: "600 20px/1.4 system-ui, sans-serif", zIndex: "99999", pointerEvents: "none",
  })) caption.style[name] = value;
}"""


class Process:
    """A `punctual serve` on a port of its own."""

    def __init__(self, name, **variables):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with open(FOLDER / f"{name}.log", "wb") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "serve"], stdout=log, stderr=log,
                env={**os.environ, "PUNCTUAL_HTTP_PORT": str(port), **variables},
            )
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"error: {name} did not become ready; see {FOLDER}/{name}.log")
                time.sleep(0.05)

    def metric(self, name):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.split()[1])
        return 0.0

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


class Story:
    def __init__(self, page, engine, second):
        self.page, self.engine, self.second = page, engine, second
        self.scene = 0

    def tell(self, text, seconds):
        self.page.evaluate(CAPTION, text)
        self.page.wait_for_timeout(seconds * 1000)

    def shoot(self):
        self.scene += 1
        self.page.screenshot(path=FOLDER / f"scene-{self.scene}.png")

    def remind(self, title, seconds):
        """Creates a task whose reminder is due in so many seconds."""
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        answer = self.page.request.post(
            "/api/tasks", headers={"Content-Type": "application/json"},
            data=json.dumps({"title": title, "reminders": [{"at": at.isoformat()}]}),
        )
        assert answer.status == 201, answer.text()

    def see_reminder(self, title):
        toast = self.page.get_by_role("alert").filter(has_text=title)
        expect(toast).to_be_visible()
        return toast

    def recurring(self):
        page = self.page
        self.tell("Punctual: never lost, never early, on time.", 3)
        self.tell("Rent is due on the last working day of every month.", 1.5)
        form = page.get_by_role("form", name="Add a task")
        form.get_by_label("New task").press_sequentially("Pay rent", delay=60)
        form.get_by_label("Time", exact=True).fill("09:00")
        form.get_by_label("Time zone").fill("Europe/Lisbon")
        form.get_by_label("Repeat").select_option("monthly")
        form.get_by_label("On", exact=True).select_option("last-working")
        expect(form.locator(".dates time").first).to_be_visible()
        self.tell("The server says when that will be, before anything is saved.", 4)
        self.shoot()
        form.get_by_role("button", name="Add", exact=True).click()
        self.row = page.locator(".task", has_text="Pay rent")
        expect(self.row).to_contain_text("Monthly on the last working day")
        page.wait_for_timeout(1500)

    def reminder(self):
        self.tell("A reminder, three seconds from now.", 0.2)
        self.remind("Take the tea out", 3)
        toast = self.see_reminder("Take the tea out")
        self.tell("It fires to the millisecond, in the page, by webhook, on Kafka.", 3)
        self.shoot()
        toast.get_by_role("button", name="Done").click()
        self.page.wait_for_timeout(800)

    def completion(self):
        due = self.row.locator(".due time")
        before = due.get_attribute("datetime")
        self.tell("Completed: the next occurrence is there at once.", 1)
        self.row.get_by_role("checkbox").click()
        expect(due).not_to_have_attribute("datetime", before)
        expect(self.page.locator("#toasts")).to_contain_text("Next:")
        # A pointer over its box would show the next one as done.
        self.page.mouse.move(1240, 400)
        self.page.wait_for_timeout(3000)
        self.shoot()

    def killed_engine(self):
        assert self.engine.metric("punctual_shards_owned") > 0, "the engine owns nothing"
        self.tell("A reminder in five seconds. Its engine is about to be killed.", 0.5)
        self.remind("Survive a crash", 5)
        self.page.wait_for_timeout(1500)
        self.engine.process.kill()
        self.engine.process.wait()
        self.tell("kill -9. Everything that waits is in PostgreSQL …", 0.5)
        self.see_reminder("Survive a crash")
        assert self.second.metric("punctual_shards_owned") > 0, "nobody took over"
        self.tell("… and another engine took over: on time, and once.", 3.5)
        self.shoot()

    def operator(self):
        page = self.page
        for number in range(40):
            self.remind(f"Reminder {number}", 2 + number / 20)
        page.evaluate("document.getElementById('toasts').style.display = 'none'")
        page.get_by_role("link", name="Operator").click()
        expect(page.get_by_label("Readiness")).to_contain_text("Ready")
        self.tell("What an operator sees: ready, nothing overdue, and how late it was.", 2)
        expect(page.locator(".chart .bar[height]:not([height='0'])").first).to_be_visible()
        page.wait_for_timeout(5000)
        self.shoot()
        self.tell("Alerts, dashboards and a runbook come with it.", 2.5)


def main(show):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    # There is one shard, which the first owns; the second serves the page and stands by.
    engine = Process("engine", PUNCTUAL_ROLES="engine")
    second = Process("second")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS, headless=not show
            )
            context = browser.new_context(
                base_url=second.url, viewport={"width": 1280, "height": 800}, locale="en-GB",
                timezone_id="Europe/Lisbon",
            )
            context.grant_permissions(["notifications"], origin=second.url)
            page = context.new_page()
            expect.set_options(timeout=10_000)
            page.goto("/")
            expect(page.locator("#live")).to_have_text("Live")
            recorder = Recorder(page)
            story = Story(page, engine, second)
            for scene in (story.recurring, story.reminder, story.completion,
                          story.killed_engine, story.operator):
                scene()
            length = recorder.save(FOLDER / "demo.webm")
            browser.close()
    finally:
        engine.end()
        second.end()
    print(f"Recorded {length:.0f} s in {FOLDER / 'demo.webm'}, {story.scene} scenes beside it")
    if length > LONGEST:
        raise SystemExit(f"error: the story took longer than {LONGEST} s")


if __name__ == "__main__":
    main(sys.argv[3:] == ["--show"])
