# SPDX-License-Identifier: Apache-2.0
"""That each consumer, killed in the middle of what its sidecar brings, does all of it exactly once."""

import http.client
import threading
import unittest

from desk import IS_LONG, SidecarCase, bearer, event, rfc3339, wait

EVENTS = 5_000 if IS_LONG else 300


class ConsumerTests(SidecarCase):
    def publish_and_kill(self, server, sidecar, topic, events):
        """Publishes events, every tenth of them twice, and kills the consumer twice meanwhile."""
        ids = {one["id"] for one in events}
        self.publish(sidecar, topic, events + events[::10])
        for share in (0.2, 0.6):
            wait(f"{share} of the events were brought",
                 lambda: len(sidecar.brought()) > share * len(ids), 120)
            server.kill()
            server.start()
        wait("every event was brought", lambda: ids <= sidecar.brought(), 300)
        wait("the sidecar has nothing left", lambda: all(
            self.broker.committed(sidecar.app_id, topic, partition)
            == len(self.broker.path(topic, partition).read_bytes().splitlines())
            for partition in range(self.broker.topics[topic])
            if self.broker.path(topic, partition).exists()), 60)
        self.assertEqual(self.broker.records("reminders-dlq"), [])

    def completed_tasks(self, count):
        """Tasks of a series that somebody has completed who writes to the tables: no successors."""
        api, _ = self.pair("punctual", PUNCTUAL_ROLES="api")
        for start in range(0, count, 1000):
            status, answer = api.ask("/api/tasks/batch", [
                {"title": "Water the plants", "due_date": rfc3339(86400),
                 "recurrence_pattern": {"frequency": "daily"}}
                for _ in range(start, min(count, start + 1000))])
            self.assertEqual(status, 201, answer)
        self.query("UPDATE tasks SET status = 'completed', completed_at = now(), "
                   "version = version + 1")
        return [int(id) for id in self.query("SELECT id FROM tasks ORDER BY id").split()]

    def test_recurring_makes_one_next_occurrence(self):
        # The API makes nothing here: its process is another one, and changes nothing.
        tasks = self.completed_tasks(EVENTS)
        server, sidecar = self.pair("punctual-recurring", PUNCTUAL_ROLES="recurring")
        self.publish_and_kill(server, sidecar, "task-events",
                              [event("completed", "ana", task) for task in tasks])
        made = self.query("SELECT count(*), count(DISTINCT predecessor_id) FROM tasks "
                          "WHERE predecessor_id IS NOT NULL")
        self.assertEqual(made, f"{EVENTS}|{EVENTS}")

    def test_a_forged_completion_does_nothing(self):
        tasks = self.completed_tasks(20)
        open_tasks = tasks[:10]
        self.query("UPDATE tasks SET status = 'active', completed_at = NULL "
                   f"WHERE id IN ({','.join(map(str, open_tasks))})")
        server, sidecar = self.pair("punctual-recurring", PUNCTUAL_ROLES="recurring")
        forged = [event("completed", "ana", task) for task in open_tasks]
        forged += [event("completed", "mallory", task) for task in tasks]
        forged += [event("completed", "ana", task) for task in (0, -1, 2**62)]
        self.publish(sidecar, "task-events", forged)
        wait("all were brought", lambda: {one["id"] for one in forged} <= sidecar.brought())
        self.assertEqual(self.count("tasks WHERE predecessor_id IS NOT NULL"), 0)
        self.publish(sidecar, "task-events", [event("completed", "ana", task) for task in tasks])
        wait("those that are completed go on",
             lambda: self.count("tasks WHERE predecessor_id IS NOT NULL") == 10)

    def test_audit_makes_one_row(self):
        server, sidecar = self.pair("punctual-audit", PUNCTUAL_ROLES="audit")
        events = [event("reminder.due", "ana", number, title="x") for number in range(EVENTS)]
        self.publish_and_kill(server, sidecar, "reminders", events)
        rows = self.query("SELECT event_id FROM event_log ORDER BY 1").split()
        self.assertEqual(rows, sorted(one["id"] for one in events))

    def test_notify_makes_one_notification(self):
        # Nobody listens there: what is to be delivered stays, and can be counted.
        server, sidecar = self.pair(
            "punctual-notify", PUNCTUAL_ROLES="notify", PUNCTUAL_WEBHOOK_URL="http://127.0.0.1:9/",
            PUNCTUAL_WEBHOOK_ALLOW="127.0.0.0/8")
        events = [event("reminder.due", "ana", number, title="x") for number in range(EVENTS)]
        self.publish_and_kill(server, sidecar, "reminders", events)
        ids = sorted(one["id"] for one in events)
        self.assertEqual(self.query("SELECT event_id FROM deliveries ORDER BY 1").split(), ids)
        self.assertEqual(self.query("SELECT event_id FROM consumed WHERE consumer = 'notify' "
                                    "ORDER BY 1").split(), ids)
        api, _ = self.pair("punctual", PUNCTUAL_ROLES="api")
        shown, cursor = [], ""
        while cursor is not None:
            status, page = api.ask(f"/api/notifications?limit=100{cursor}")
            self.assertEqual(status, 200, page)
            shown += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        self.assertEqual(sorted(shown), ids)

    def test_realtime_leaves_no_gap(self):
        api, _ = self.pair("punctual", PUNCTUAL_ROLES="api,engine")
        server, sidecar = self.pair("punctual-realtime", PUNCTUAL_ROLES="realtime")
        follower = Follower(server)
        wait("it follows", lambda: follower.is_connected)
        for part in range(10):
            status, answer = api.ask("/api/tasks/batch", [
                {"title": f"{part} {number}", "reminders": [{"at": rfc3339(1)}]}
                for number in range(EVENTS // 10)])
            self.assertEqual(status, 201, answer)
            if part in (2, 6):
                server.kill()
                server.start()
        expected = 2 * (EVENTS // 10) * 10
        wait("every event was logged", lambda: self.count("event_log") == expected, 120)
        ids = set(self.query("SELECT event_id FROM event_log").split())
        wait("every event was received", lambda: ids <= set(follower.ids), 60)
        follower.stop()
        self.assertEqual(set(follower.ids), ids)


class Follower:
    """A client of the updates that goes on where it was, as browsers do."""

    def __init__(self, server):
        self.server, self.ids, self.cursor = server, [], None
        self.is_connected, self.is_stopped = False, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_stopped:
            try:
                self.follow()
            except (OSError, http.client.HTTPException):
                # It is away just now; the next attempt is made as soon as it answers.
                self.is_connected = False

    def follow(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {**bearer("ana"), "Accept": "text/event-stream"}
        if self.cursor:
            headers["Last-Event-ID"] = self.cursor
        connection.request("GET", "/api/updates", headers=headers)
        answer = connection.getresponse()
        self.is_connected = True
        while line := answer.readline().decode():
            if self.is_stopped:
                break
            if line.startswith("id: "):
                self.cursor = line[4:].strip()
                self.ids.append(self.cursor.split("-", 1)[1])
        connection.close()

    def stop(self):
        self.is_stopped = True


if __name__ == "__main__":
    unittest.main()
