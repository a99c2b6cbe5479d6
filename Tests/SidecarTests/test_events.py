# SPDX-License-Identifier: Apache-2.0
"""That every event arrives through a sidecar that is killed, refuses and repeats."""

import concurrent.futures
import time
import unittest

from desk import IS_LONG, Sidecar, SidecarCase, rfc3339, wait

USERS = 200
# Each task makes two events: that it was created, and its reminder.
TASKS = 10_000 if IS_LONG else 1_000
BATCH = 50 if IS_LONG else 5


class EventTests(SidecarCase):
    def create(self, server, after):
        """Creates the tasks of all users, each with a reminder at one of a few seconds."""
        def batch(number):
            status, answer = server.ask("/api/tasks/batch", [
                {"title": f"task {number} {index}",
                 "reminders": [{"at": rfc3339(after + (number + index) % 7)}]}
                for index in range(BATCH)], user=f"user {number % USERS}")
            self.assertEqual(status, 201, answer)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(batch, range(TASKS // BATCH)))

    def test_every_event_arrives_while_the_sidecar_is_killed_three_times(self):
        server, sidecar = self.pair("punctual")
        sidecar.set_faults(refused=0.2)
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            created = pool.submit(self.create, server, 1)
            for share in (0.1, 0.4, 0.7):
                wait(f"{share} of the events were published", lambda: sum(
                    int(count) for (count,) in sidecar.notes("published")) > share * TASKS * 3, 120)
                sidecar.kill()
                # Away for long enough that it is seen, while the others go on.
                wait("its absence shows", lambda: not server.dapr_check()["ok"])
                self.assertEqual(server.metric("punctual_dapr_away"), 1)
                # Another process could do no better, so this one stays ready.
                wait("it is ready all the same", lambda: server.answers("/readyz"))
                sidecar.start()
            created.result()
        wait("the outbox is empty",
             lambda: self.count("reminders") == 0 and self.count("outbox") == 0, 300)
        expected = {
            topic: set(self.query(
                f"SELECT event_id FROM event_log WHERE event_type = '{kind}'").split())
            for topic, kind in (("task-events", "created"), ("task-updates", "created"),
                                ("reminders", "reminder.due"))}
        for topic, ids in expected.items():
            published = sidecar.published(topic)
            self.assertEqual(len(ids), TASKS)
            self.assertEqual(ids - set(published), set(), topic)
            self.assertEqual(set(published) - ids, set(), topic)
        wanted = expected["task-events"] | expected["reminders"]
        wait("every event was brought", lambda: wanted <= sidecar.brought(), 300)
        took = time.monotonic() - start
        self.assertEqual(sidecar.published("reminders-dlq"), [])
        # Asked once by each process of the sidecar, and each time for the same.
        asked = sorted(topic for (topic,) in sidecar.notes("subscribed"))
        self.assertEqual(asked, ["reminders"] * 4 + ["task-events"] * 4)
        wait("the sidecar is there again", lambda: server.dapr_check()["ok"])
        print(f"{2 * TASKS} events of {USERS} users in {took:.1f} s through a sidecar that was "
              f"killed three times: {2 * TASKS / took:.0f} events/s")

    @unittest.skipUnless(IS_LONG, "a figure, not a check")
    def test_the_rate_through_a_sidecar_that_is_well(self):
        server, sidecar = self.pair("punctual", sidecar=Sidecar(self, "punctual", twice=0))
        start = time.monotonic()
        self.create(server, 3600)
        created = time.monotonic() - start
        wait("every event was brought", lambda: len(sidecar.brought()) == TASKS, 300)
        took = time.monotonic() - start
        print(f"{TASKS} creations in {created:.1f} s; {TASKS} events published to two topics and "
              f"brought back from one in {took:.1f} s: {TASKS / took:.0f} events/s")

    def test_a_slow_sidecar_shows_and_holds_up_no_request(self):
        server, sidecar = self.pair("punctual")
        sidecar.set_faults(delay=3)
        start = time.monotonic()
        status, _ = server.ask("/api/tasks", {"title": "while it is slow"})
        self.assertEqual(status, 201)
        self.assertLess(time.monotonic() - start, 2)
        wait("its slowness shows", lambda: not server.dapr_check()["ok"])
        self.assertIn("does not answer within 2 s", server.dapr_check()["problem"])
        self.assertFalse(server.dapr_check()["required"])
        sidecar.set_faults()
        wait("it is well again", lambda: server.dapr_check()["ok"])
        wait("the event was brought", lambda: len(sidecar.brought()) == 1)


if __name__ == "__main__":
    unittest.main()
