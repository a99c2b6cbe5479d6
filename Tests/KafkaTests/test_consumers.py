# SPDX-License-Identifier: Apache-2.0
"""That each consumer, alone in a process that is killed, does everything once, and is held up by nothing."""

import collections
import json
import threading
import unittest
import urllib.request

from backbone import IS_LONG, KafkaCase, authorization, publish
from foreign_events import completed, fired, message

EVENTS = 3_000 if IS_LONG else 200
KILLS = 3 if IS_LONG else 1
USERS = [f"user-{number}" for number in range(10)]
# A port that nobody listens at, so that deliveries stay where they can be counted.
NOWHERE = "http://127.0.0.1:1/hook"


class Follower(threading.Thread):
    """A client of /api/updates that comes back with its last cursor whenever it is cut off."""

    def __init__(self, user):
        super().__init__(daemon=True)
        self.user, self.events, self.cursor = user, collections.Counter(), None
        self.url, self.ends = None, threading.Event()

    def run(self):
        while not self.ends.is_set():
            headers = {**authorization(self.user), **({"Last-Event-ID": self.cursor} if self.cursor else {})}
            try:
                with urllib.request.urlopen(urllib.request.Request(
                        f"{self.url}/api/updates?topics=reminders", headers=headers), timeout=20) as stream:
                    for line in stream:
                        if line.startswith(b"id: "):
                            self.cursor = line[4:].decode().strip()
                        elif line.startswith(b"data: "):
                            self.events[json.loads(line[6:])["event_id"]] += 1
            except (OSError, ValueError):
                self.ends.wait(0.05)


class ConsumerTests(KafkaCase):
    def setUp(self):
        super().setUp()
        self.databases = {}
        self.killed = {role: threading.Event() for role in ("recurring", "notify", "audit", "realtime")}

    def consumer(self, role, **variables):
        """A process of one role over a database of its own."""
        if role not in self.databases:
            self.databases[role] = self.database(role)
        return self.server(self.databases[role], PUNCTUAL_ROLES=role, **variables)

    def tasks_completed_in_the_table(self):
        """Recurring tasks that somebody completed past the API, and one that nobody can read."""
        database = self.databases.setdefault("recurring", self.database("recurring"))
        api = self.server(database, PUNCTUAL_ROLES="api", PUNCTUAL_TRANSPORT="local")
        every = {"due_date": "2030-01-01T09:00:00Z", "rrule": "FREQ=DAILY"}
        tasks = {}
        for user in USERS:
            wanted = [{"title": "t", **every}] * (EVENTS // len(USERS) + 1)
            status, created = api.ask("/api/tasks/batch", wanted, authorization(user))
            self.assertEqual(status, 201, created)
            tasks |= {task["id"]: user for task in created[1:]}
        api.stop()
        chosen = ",".join(map(str, tasks))
        database.query("UPDATE tasks SET status = 'completed', completed_at = now(), "
                       f"version = version + 1 WHERE id IN ({chosen})")
        # The first of each user is still to be done.
        active = dict(row.split("|") for row in database.query(
            "SELECT id, user_id FROM tasks WHERE status = 'active'").splitlines())
        return tasks, {int(task): user for task, user in active.items()}

    def count(self, role):
        """How many effects a consumer has had."""
        return int(self.databases[role].query({
            "recurring": "SELECT count(*) FROM tasks WHERE predecessor_id IS NOT NULL",
            "notify": "SELECT count(*) FROM deliveries",
            "audit": "SELECT count(*) FROM event_log WHERE event_type = 'reminder.due'",
            "realtime": "SELECT count(*) FROM event_log WHERE event_type = 'reminder.due'",
        }[role]))

    def kill_and_start_again(self, role, follower, settings, failures):
        """Kills a consumer again and again while it works, and sees it to the end."""
        try:
            server = self.consumer(role, **settings)
            for kill in range(KILLS + 1):
                if role == "realtime":
                    follower.url = server.url
                    if not follower.is_alive():
                        follower.start()
                if kill == KILLS:
                    break
                target = EVENTS * (kill + 1) // (KILLS + 2)
                self.eventually(f"{role} works", lambda: self.count(role) >= target, 60)
                server.stop(kill=True)
                if kill == KILLS - 1:
                    self.killed[role].set()
                server = self.consumer(role, **settings)
            self.eventually(f"{role} is through", lambda: self.count(role) >= EVENTS, 60)
            if role == "realtime":
                mine = self.reminders_of(follower.user)
                self.eventually("the client has all", lambda: mine <= set(follower.events), 20)
        except Exception as error:  # pylint: disable=broad-except
            self.killed[role].set()
            failures.append((role, error))

    def reminders_of(self, user):
        return {event["event_id"] for event in self.reminders if event["user_id"] == user}

    def messages(self, tasks, active):
        """Each event twice, in order, and in the middle what nobody can handle or believe."""
        found = []
        for number, (task, user) in enumerate(tasks.items()):
            # Two programs say so, each twice.
            for data in (completed(task, user), completed(task, user)):
                found += [message("task-events", data)] * 2
            found += [message("reminders", self.reminders[number])] * 2
            if number == EVENTS // 2:
                found += self.poison(user) + self.forged(active, tasks)
        return found

    def held_back(self, messages):
        """The messages, of which the last ones wait until every consumer has been killed."""
        for number, found in enumerate(messages):
            if number == len(messages) * (KILLS + 1) // (KILLS + 2):
                for killed in self.killed.values():
                    killed.wait(120)
            yield found

    def poison(self, user):
        nul = fired(0, user) | {"title": "a\0b"}
        return [
            ("task-events", user, "not JSON"), ("task-events", user, "{}"), ("reminders", user, "[1"),
            ("reminders", user, json.dumps(nul)), ("reminders", user, None),
            ("reminders", user, json.dumps(fired(0, user) | {"event_type": "no.such"})),
        ]

    def forged(self, active, tasks):
        task, user = next(iter(tasks.items()))
        stranger = "stranger"
        return [message("task-events", data) for data in (
            *(completed(task, user) for task, user in active.items()),  # nobody has done them
            completed(task, stranger), completed(9_999_999_999, user), completed(None, user),
        )]

    def test_effects_come_once_though_each_consumer_is_killed(self):
        tasks, active = self.tasks_completed_in_the_table()
        self.reminders = [fired(number, USERS[number % len(USERS)]) for number in range(EVENTS)]
        # In the table of the recurring ones one has a rule that this program cannot read.
        corrupt = max(tasks)
        self.databases["recurring"].query(f"UPDATE tasks SET rrule = 'FREQ=NEVER' WHERE id = {corrupt}")
        spare, = self.databases["recurring"].query(
            "INSERT INTO tasks SELECT (jsonb_populate_record(t, jsonb_build_object('id', t.id + 1000000)))"
            f".* FROM tasks AS t WHERE id = {min(tasks)} RETURNING id").splitlines()
        del tasks[corrupt]
        tasks[int(spare)] = tasks[min(tasks)]
        follower = Follower(USERS[0])
        self.addCleanup(follower.ends.set)
        settings = {"PUNCTUAL_WEBHOOK_URL": NOWHERE, "PUNCTUAL_WEBHOOK_ALLOW": "127.0.0.0/8"}
        failures = []
        running = [threading.Thread(
            target=self.kill_and_start_again, args=(role, follower, settings, failures))
            for role in self.killed]
        for thread in running:
            thread.start()
        publish(self.cluster, [message("task-events", completed(corrupt, USERS[-1]))])
        messages = self.messages(tasks, active)
        publish(self.cluster, self.held_back(messages), rate=len(messages) / (30 if IS_LONG else 5))
        for thread in running:
            thread.join()
        self.assertEqual(failures, [])
        self.check_recurring(tasks)
        self.check_rows()
        self.check_dead_letters(corrupt)

    def check_recurring(self, tasks):
        made = self.databases["recurring"].query(
            "SELECT predecessor_id FROM tasks WHERE predecessor_id IS NOT NULL").splitlines()
        self.assertEqual(collections.Counter(map(int, made)), collections.Counter(list(tasks)))

    def check_rows(self):
        ids = collections.Counter(event["event_id"] for event in self.reminders)
        notify = self.databases["notify"]
        self.assertEqual(collections.Counter(notify.query(
            "SELECT event_id FROM deliveries").split()), ids)
        self.assertEqual(collections.Counter(notify.query(
            "SELECT event_id FROM consumed WHERE consumer = 'notify'").split()), ids)
        for role in ("audit", "realtime"):
            self.assertEqual(collections.Counter(self.databases[role].query(
                "SELECT event_id FROM event_log WHERE event_type = 'reminder.due'").split()), ids)

    def check_dead_letters(self, corrupt):
        """Each consumer put aside what it could not handle, and said why and where it was."""
        reader = self.reader("reminders-dlq")
        found = collections.defaultdict(set)

        def letters():
            for letter in list(reader.messages):
                headers = {name: value.decode() for name, value in letter.headers}
                self.assertGreaterEqual(int(headers["attempts"]), 1)
                self.assertGreaterEqual(int(headers["origin-offset"]), 0)
                self.assertIn(headers["origin-partition"], ("0", "1", "2"))
                found[headers["origin-topic"], letter.value].add(headers["reason"])
            return len(found) >= 7

        self.eventually("the dead letters", letters)
        reasons = {(topic, value[:8] if value else None): " ".join(texts)
                   for (topic, value), texts in found.items()}
        self.assertIn("not JSON", reasons["task-events", b"not JSON"])
        self.assertIn("event_id", reasons["task-events", b"{}"])
        self.assertIn("not JSON", reasons["reminders", b"[1"])
        self.assertIn("no value", reasons["reminders", None])
        texts = {value: " ".join(texts) for (_, value), texts in found.items() if value}
        (nul,) = (reason for value, reason in texts.items() if b"a\\u0000b" in value)
        self.assertRegex(nul, "22P05|Unicode")
        (unknown,) = (reason for value, reason in texts.items() if b"no.such" in value)
        self.assertIn("event_type", unknown)
        (task,) = (reason for value, reason in texts.items() if str(corrupt).encode() in value)
        self.assertTrue(task)


if __name__ == "__main__":
    unittest.main()
