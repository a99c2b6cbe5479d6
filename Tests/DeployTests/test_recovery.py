# SPDX-License-Identifier: Apache-2.0
"""That what was backed up comes back, whatever became of the rest; and that the operator's scripts tell the truth."""

import datetime
import http.server
import json
import os
import pathlib
import re
import tempfile
import threading
import time
import unittest
import urllib.request

from harness import DEPLOY, EXECUTABLE, Case, Database, Server

SECONDS_TO_FIRE = 20


def rfc3339(instant):
    return instant.isoformat().replace("+00:00", "Z")


def from_now(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


class RecoveryTests(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def database(self, purpose):
        database = Database(purpose)
        self.addCleanup(database.drop)
        return database

    def server(self, database, **variables):
        server = Server(database, self.folder.name, **variables)
        self.addCleanup(server.stop)
        return server

    def backup(self, database):
        file = pathlib.Path(self.folder.name) / f"{database.name}.dump"
        said = self.run_program(DEPLOY / "backup", file, env=database.environment)
        self.assertIn(f"Wrote {file}", said)
        self.assertEqual(file.stat().st_mode & 0o077, 0, "others may read it")
        return file

    def fired(self, database):
        """The event ids of everything that fired, by task."""
        rows = database.query(
            "SELECT task_id, event_id FROM event_log WHERE topic = 'reminders'"
        )
        return {tuple(row.split("|")) for row in rows.splitlines()}

    def wait_until_fired(self, database, count):
        end = time.monotonic() + SECONDS_TO_FIRE
        while len(self.fired(database)) < count:
            self.assertLess(time.monotonic(), end, f"{len(self.fired(database))} of {count} fired")
            time.sleep(0.1)
        return self.fired(database)

    def test_every_reminder_of_a_backup_fires_under_the_same_event_id(self):
        first = self.database("before")
        server = self.server(first)
        plain = [
            {"title": f"Reminder {number}", "reminders": [{"at": rfc3339(from_now(4 + number / 100))}]}
            for number in range(100)
        ]
        # Due now, so that it has fired before the backup.
        _, early = server.ask("/api/tasks", {"title": "Past", "reminders": [{"at": rfc3339(from_now(0))}]})
        recurring = {
            "title": "Every minute", "due_date": rfc3339(from_now(5).replace(microsecond=0)),
            "rollover": "on_schedule", "reminders": [{"offset": "PT0S"}],
            "recurrence_pattern": {"frequency": "minutely"},
        }
        status, answers = server.ask("/api/tasks/batch", [*plain, recurring])
        self.assertEqual(status, 201, answers)
        self.wait_until_fired(first, 1)

        # The load goes on while the backup is written.
        stop = threading.Event()

        def load():
            while not stop.is_set():
                server.ask("/api/tasks", {"title": "Load", "due_date": rfc3339(from_now(86_400 * 9))})

        loading = threading.Thread(target=load)
        loading.start()
        file = self.backup(first)
        stop.set()
        loading.join()

        # What should be: the first server lives to see it.
        expected = self.wait_until_fired(first, 102)
        server.stop(kill=True)
        first.drop()

        second = self.database("after")
        said = self.run_program(DEPLOY / "restore", file, env=second.environment)
        self.assertRegex(said, r"Restored \d+ tasks and \d+ reminders and changes that wait")
        self.server(second)
        fired = self.wait_until_fired(second, 102)
        self.assertEqual({pair for pair in fired if pair not in expected}, set())
        self.assertIn(str(early["id"]), {task for task, _ in fired})
        # Ids that the first gave out after the backup are not given out again.
        highest = max(int(task) for task, _ in expected)
        self.assertGreater(int(second.query("SELECT last_value FROM ids")), highest + 1_000_000)

    def test_readers_of_the_log_go_on_where_they_were(self):
        first = self.database("before")
        server = self.server(first)
        server.ask("/api/tasks", {"title": "Seen", "reminders": [{"at": rfc3339(from_now(0))}]})
        self.wait_until_fired(first, 1)
        first.query(
            "INSERT INTO log_positions (reader, snapshot) VALUES ('other', pg_current_snapshot())"
        )
        server.ask("/api/tasks", {"title": "Unseen", "reminders": [{"at": rfc3339(from_now(0))}]})
        self.wait_until_fired(first, 2)
        server.stop()
        # The server that is lost had counted far more transactions than the new one will.
        first.query("""
            UPDATE event_log SET logged = (logged::text::bigint + 1000000000)::text::xid8;
            DELETE FROM log_positions WHERE reader <> 'other';
            UPDATE log_positions SET snapshot = (
                (pg_snapshot_xmin(snapshot)::text::bigint + 1000000000) || ':'
                || (pg_snapshot_xmax(snapshot)::text::bigint + 1000000000) || ':')::pg_snapshot
        """)
        second = self.database("after")
        self.run_program(DEPLOY / "restore", self.backup(first), env=second.environment)
        unread = """
            SELECT payload->>'title' FROM event_log, log_positions
            WHERE reader = 'other' AND topic = 'reminders' AND NOT pg_visible_in_snapshot(logged, snapshot)
                AND pg_visible_in_snapshot(logged, pg_current_snapshot())
        """
        self.assertEqual(second.query(unread), "Unseen")
        server = self.server(second)
        server.ask("/api/tasks", {"title": "New", "reminders": [{"at": rfc3339(from_now(0))}]})
        self.wait_until_fired(second, 3)
        self.assertEqual(set(second.query(unread).splitlines()), {"Unseen", "New"})

    def test_restore_refuses_a_database_that_holds_something(self):
        database = self.database("full")
        self.server(database).stop()
        file = self.backup(database)
        said = self.run_program(DEPLOY / "restore", file, env=database.environment, status=1)
        self.assertIn("tables already", said)

    def test_backup_refuses_a_database_that_is_not_punctuals(self):
        database = self.database("empty")
        said = self.run_program(
            DEPLOY / "backup", self.folder.name, env=database.environment, status=1
        )
        self.assertIn("no reminders table", said)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_backups_beyond_the_newest_are_deleted(self):
        database = self.database("keep")
        self.run_program(
            DEPLOY / "migrate", env={**database.environment, "PUNCTUAL_EXECUTABLE": EXECUTABLE}
        )
        for day in (1, 2):
            (pathlib.Path(self.folder.name) / f"punctual-2020010{day}T000000Z.dump").touch()
        self.run_program(
            DEPLOY / "backup", "--keep", "2", self.folder.name, env=database.environment
        )
        kept = sorted(os.listdir(self.folder.name))
        self.assertEqual(len(kept), 2, kept)
        self.assertEqual(kept[0], "punctual-20200102T000000Z.dump")

    def test_smoke_and_health_say_how_it_is(self):
        server = self.server(self.database("smoke"))
        self.assertIn("ok    engine", self.run_program(DEPLOY / "healthcheck", server.url))
        said = self.run_program(DEPLOY / "smoke", "--ahead", "1", server.url)
        self.assertRegex(said, r"was released \+\d+\.\d{3} ms")
        with urllib.request.urlopen(f"{server.url}/api/tasks") as answer:
            self.assertEqual(json.load(answer)["items"], [], "the task of the test is still there")
        server.stop()
        self.assertIn("error: ", self.run_program(DEPLOY / "smoke", server.url, status=1))
        self.assertIn("error: ", self.run_program(DEPLOY / "healthcheck", server.url, status=1))

    def test_smoke_fails_where_nothing_fires(self):
        server = self.server(self.database("silent"), PUNCTUAL_ROLES="api")
        said = self.run_program(
            DEPLOY / "smoke", "--ahead", "1", "--patience", "2", server.url, status=1
        )
        self.assertIn("no reminder came within", said)

    def test_logs_are_json_that_knows_the_trace(self):
        database = self.database("logs")
        server = self.server(database)
        database.drop()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        status, _ = server.ask(
            "/api/tasks", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        )
        self.assertEqual(status, 503)
        server.stop()
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
            self.assertTrue({"level", "logger", "source", "message"} <= set(line), line)
        traced = [line for line in lines if line.get("trace_id") == trace]
        self.assertEqual([line["message"] for line in traced], ["request failed"])
        self.assertRegex(traced[0]["span_id"], r"^[0-9a-f]{16}$")

    def test_spans_of_requests_reach_a_collector(self):
        received = []

        class Collector(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        self.addCleanup(collector.server_close)
        self.addCleanup(collector.shutdown)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        server = self.server(
            self.database("traces"),
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}/",
        )
        trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        before = time.time_ns()
        server.ask("/api/tasks/987654321", headers={"traceparent": f"00-{trace}-{caller}-01"})
        server.ask("/api/tasks", headers={"traceparent": f"00-{'a' * 32}-{caller}-00"})
        server.stop()  # which sends what waits
        self.assertEqual({path for path, _ in received}, {"/v1/traces"})
        spans = [
            span for _, body in received for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"] for span in scope["spans"]
        ]
        self.assertEqual([span for span in spans if span["traceId"] == "a" * 32], [], "not sampled")
        [span] = [span for span in spans if span["traceId"] == trace]
        self.assertEqual((span["parentSpanId"], span["kind"]), (caller, 2))
        self.assertRegex(span["spanId"], "^[0-9a-f]{16}$")
        self.assertNotIn("987654321", json.dumps(span))
        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        self.assertLessEqual(abs(start - before), 5e9)
        self.assertTrue(0 <= end - start < 5e9)
        attributes = {attribute["key"]: attribute["value"] for attribute in span["attributes"]}
        self.assertEqual(attributes["http.response.status_code"], {"intValue": "404"})

    def test_logs_are_text_when_asked_for(self):
        server = self.server(self.database("text"), PUNCTUAL_LOG_FORMAT="text")
        server.stop()
        self.assertTrue(re.search(r"^\S+ info punctual: ", server.log.read_text(), re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
