# SPDX-License-Identifier: Apache-2.0
"""That a consumer which stands still is seen, and that no single row makes one stand still."""

import unittest

from backbone import KafkaCase, authorization, properties, publish
from foreign_events import fired, message


class StandstillTests(KafkaCase):
    def test_the_lag_of_a_consumer_that_stands_still_is_shown_and_falls_again(self):
        database = self.database("lag")
        server = self.server(database, PUNCTUAL_ROLES="notify",
                             PUNCTUAL_KAFKA_PROPERTIES=properties(statistics_interval_ms=200))
        name = 'punctual_kafka_consumer_lag_messages{consumer="notify"}'

        def lag():
            return {float(line.rsplit(" ", 1)[1]) for line in server.metrics().splitlines()
                    if line.startswith(name)}

        publish(self.cluster, [message("reminders", fired(0, "ada"))])
        self.eventually("the first is handled", lambda: database.query("SELECT count(*) FROM consumed") == "1")
        database.query("ALTER TABLE consumed RENAME TO consumed_elsewhere")
        publish(self.cluster, [message("reminders", fired(number, "ada")) for number in range(700)])
        self.eventually("all lag behind", lambda: lag() == {700})
        database.query("ALTER TABLE consumed_elsewhere RENAME TO consumed")
        self.eventually("none does", lambda: lag() == {0})
        self.assertEqual(database.query("SELECT count(*) FROM consumed"), "701")

    def test_a_corrupt_row_of_the_log_holds_up_no_consumer_without_kafka(self):
        database = self.database("local")
        server = self.server(database, PUNCTUAL_TRANSPORT="local")
        wanted = {"title": "t", "due_date": "2030-01-01T09:00:00Z", "rrule": "FREQ=DAILY"}
        _, tasks = server.ask("/api/tasks/batch", [wanted] * 2, authorization("ada"))
        (corrupt, sound) = (task["id"] for task in tasks)
        row = ("INSERT INTO event_log (shard, event_id, event_type, topic, task_id, user_id, payload, "
               '"timestamp") SELECT shard, gen_random_uuid(), \'%s\', \'task-events\', id, user_id, '
               "'%s', %s FROM tasks WHERE id = %s")
        database.query(f"UPDATE tasks SET rrule = 'FREQ=NEVER' WHERE id = {corrupt}")
        database.query("UPDATE tasks SET status = 'completed', completed_at = now()")
        for values in (
            ("no.such.type", "{}", "now()", corrupt), ("completed", "{}", "'infinity'", sound),
            ("completed", "{}", "'-infinity'", sound), ("completed", "[]", "now()", corrupt),
        ):
            database.query(row % values)
        # What it completes itself wakes the reader.
        _, other = server.ask("/api/tasks", {"title": "other"}, authorization("ada"))
        server.ask(f"/api/tasks/{other['id']}/complete", {}, authorization("ada"))
        self.eventually("the corrupt ones are set aside", lambda: server.log.read_text().count(
            "can never be handled") >= 3)
        self.assertEqual(database.query("SELECT count(*) FROM tasks WHERE predecessor_id IS NOT NULL"), "0")
        database.query(row % ("completed", "{}", "now()", sound))
        server.ask(f"/api/tasks/{other['id']}/reopen", {}, authorization("ada"))
        server.ask(f"/api/tasks/{other['id']}/complete", {}, authorization("ada"))
        self.eventually("the sound one has its next occurrence", lambda: database.query(
            "SELECT predecessor_id FROM tasks WHERE predecessor_id IS NOT NULL") == str(sound))


if __name__ == "__main__":
    unittest.main()
