# SPDX-License-Identifier: Apache-2.0
"""That every event reaches readers of Kafka, whatever befalls the brokers."""

import collections
import concurrent.futures
import datetime
import itertools
import json
import random
import subprocess
import threading
import time
import unittest

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from backbone import IS_LONG, KafkaCase, MockCluster, authorization, event, properties
from harness import ROOT

USERS = [f"user-{number}" for number in range(200)]
TASKS_OF_EACH = 100 if IS_LONG else 10
SECONDS_OF_REMINDERS = 60 if IS_LONG else 6
SEED = 20261121

# Answers to a Produce request, by the numbers of Kafka's protocol ("Error Codes").
RETRIED = [[19, 20, 7], [6, 6], [5], [-195, -195, -195]]
FATAL = [[45], [59], [47]]
REFUSED = [[29], [3], [72]]


def schema(name):
    return json.loads((ROOT / "deploy/kafka/schemas" / name.rsplit("/", 1)[-1]).read_text())


ENVELOPE = Draft202012Validator(schema("cloudevent.schema.json"), registry=Registry(
    retrieve=lambda name: DRAFT202012.create_resource(schema(name))))


def instant(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.isoformat().replace("+00:00", "Z")


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Disturbance(threading.Thread):
    """Does one thing after another to a cluster until it is told to stop, and then mends it."""

    def __init__(self, cluster):
        super().__init__()
        self.cluster, self.pause, self.random = cluster, 0.15, random.Random(SEED)
        self.counts = collections.Counter()
        self.refuses = threading.Event()
        self.ends = threading.Event()

    def run(self):
        steps = [
            self.retry, self.move_leaders, self.end_producer, self.lose_broker, self.retry,
            self.lose_all, self.leave_leaderless, self.end_producer, self.refuse_producer,
            self.slow_down, self.trouble_groups, self.refuse,
        ]
        for step in itertools.cycle(steps):
            if self.ends.is_set():
                break
            step()
            self.counts[step.__name__] += 1
            self.ends.wait(self.pause)
        self.mend()

    def mend(self):
        for broker in MockCluster.BROKERS:
            self.cluster.tell("up", broker)
            self.cluster.tell("latency", broker, 0)
        self.cluster.move_leaders(1)
        for key in (MockCluster.PRODUCE, MockCluster.FETCH, MockCluster.INIT_PRODUCER,
                    MockCluster.JOIN, MockCluster.HEARTBEAT):
            self.cluster.tell("clear", key)

    def fail(self, key, codes):
        self.cluster.tell("errors", key, *codes)

    def retry(self):
        self.fail(MockCluster.PRODUCE, self.random.choice(RETRIED))

    def end_producer(self):
        self.fail(MockCluster.PRODUCE, self.random.choice(FATAL))

    def refuse_producer(self):
        # The next producer is not let in at first: CLUSTER_AUTHORIZATION_FAILED.
        self.fail(MockCluster.INIT_PRODUCER, [31])
        self.end_producer()

    def refuse(self):
        # What is refused by itself may come after what was behind it.
        if self.refuses.is_set():
            self.fail(MockCluster.PRODUCE, self.random.choice(REFUSED))

    def move_leaders(self):
        self.cluster.move_leaders(self.random.choice(MockCluster.BROKERS))

    def lose_broker(self):
        lost, other = self.random.sample(MockCluster.BROKERS, 2)
        self.cluster.tell("down", lost)
        self.cluster.move_leaders(other)
        self.ends.wait(0.3)
        self.cluster.tell("up", lost)

    def lose_all(self):
        for broker in MockCluster.BROKERS:
            self.cluster.tell("down", broker)
        self.ends.wait(0.6)
        for broker in MockCluster.BROKERS:
            self.cluster.tell("up", broker)

    def leave_leaderless(self):
        self.cluster.move_leaders(-1)
        self.ends.wait(0.3)
        self.cluster.move_leaders(self.random.choice(MockCluster.BROKERS))

    def slow_down(self):
        broker = self.random.choice(MockCluster.BROKERS)
        self.cluster.tell("latency", broker, 150)
        self.ends.wait(0.3)
        self.cluster.tell("latency", broker, 0)

    def trouble_groups(self):
        for group in ("recurring", "notify", "audit"):
            self.cluster.tell("coordinator", f"punctual-{group}", self.random.choice(MockCluster.BROKERS))
        self.fail(MockCluster.HEARTBEAT, [25])
        self.fail(MockCluster.JOIN, [27, 14])
        self.fail(MockCluster.FETCH, [6, -195])


class TransportTests(KafkaCase):
    def create(self, server, user, first_due):
        """Creates a user's tasks and changes two that have no reminder; answers whose they are, by id."""
        # Spread over the whole time, so that every disturbance meets some.
        step = SECONDS_OF_REMINDERS / TASKS_OF_EACH
        shift = USERS.index(user) / len(USERS) * step
        tasks = [{"title": "Changed"}] * 2 + [
            {"title": f"Task {number}", "reminders": [{"at": instant(first_due + shift + number * step)}]}
            for number in range(TASKS_OF_EACH)
        ]
        status, created = server.ask("/api/tasks/batch", tasks, authorization(user))
        self.assertEqual(status, 201, created)
        for task in created[:2]:
            status, answer = server.ask(
                f"/api/tasks/{task['id']}/complete", {}, authorization(user))
            self.assertEqual(status, 200, answer)
            status, answer = server.ask(
                f"/api/tasks/{task['id']}/reopen", {}, authorization(user))
            self.assertEqual(status, 200, answer)
        return {task["id"]: user for task in created}

    def test_every_event_arrives_whatever_befalls_the_brokers(self):
        self.disturb()

    def test_events_keep_their_order_whatever_befalls_the_brokers(self):
        # The mock takes a batch whose forerunner it has not got, which a broker refuses; so that this
        # is of no matter, none is sent before its forerunner is answered.
        self.check_order(self.disturb(max_in_flight=1))

    def disturb(self, **more):
        """Sends events while the cluster is disturbed; answers the reader of every one."""
        database = self.database("transport")
        server = self.server(
            database,
            # So few that it is full again and again.
            PUNCTUAL_KAFKA_PROPERTIES=properties(
                queue_buffering_max_messages=50, statistics_interval_ms=500, **more),
        )
        reader = self.reader()
        disturbance = Disturbance(self.cluster)
        disturbance.start()
        self.addCleanup(disturbance.join)
        self.addCleanup(disturbance.ends.set)
        first_due = time.time() + (20 if IS_LONG else 6)
        owners = {}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for created in pool.map(lambda user: self.create(server, user, first_due), USERS):
                owners |= created
        disturbance.refuses.set()
        time.sleep(max(0, first_due + SECONDS_OF_REMINDERS - time.time()))
        disturbance.ends.set()
        disturbance.join()

        def fired():
            return {json.loads(message.value)["subject"] for message in reader.of("reminders")}

        self.eventually("all reminders", lambda: len(fired()) >= len(USERS) * TASKS_OF_EACH, 60,
                        left=lambda: self.whereabouts(database, reader, fired(), server))
        self.eventually("the outbox is empty", lambda: database.query(
            "SELECT count(*) FROM outbox") == "0", 30)
        logged = {tuple(row.split("|")) for row in database.query(
            "SELECT topic, event_id FROM event_log WHERE topic IN ('reminders', 'task-events')"
        ).splitlines()}

        def missing():
            return logged - {
                (message.topic, json.loads(message.value)["id"]) for message in list(reader.messages)}

        self.eventually("all events", lambda: not missing(), left=missing)
        self.check_events(reader, owners, logged)
        self.check_metrics(server, len(logged))
        self.check_kcat(reader)
        print(f"{len(reader.messages)} messages of {len(logged)} events; {dict(disturbance.counts)}")
        return reader

    def whereabouts(self, database, reader, fired, server):
        """How far the reminders that the reader has not seen have come."""
        logged = set(database.query(
            "SELECT task_id FROM event_log WHERE topic = 'reminders'").splitlines())
        queued = set(database.query(
            "SELECT task_id FROM outbox WHERE event_type = 'reminder.due'").splitlines())
        return {
            "seen": len(fired), "renewals": reader.renewals, "unseen": sorted(logged - fired)[:20],
            "in the log": len(logged), "in the outbox": len(queued), "the server said": server.log.read_text()[-3000:],
        }

    def check_events(self, reader, owners, logged):
        """Every message is a CloudEvent of its user's, and nothing is in a topic that should not."""
        for message in self.samples(reader):
            ENVELOPE.validate(json.loads(message.value))
        partitions, events = collections.defaultdict(set), collections.defaultdict(set)
        for message in reader.messages:
            envelope, data = event(message)
            self.assertEqual(dict(message.headers)["content-type"], b"application/cloudevents+json")
            self.assertEqual(envelope.get_specversion(), "1.0")
            self.assertEqual(envelope.get_id(), data["event_id"])
            self.assertEqual(envelope.get_type(), f"punctual.{data['event_type']}")
            self.assertEqual(envelope.get_subject(), str(data["task_id"]))
            self.assertEqual(envelope.get_time().timestamp(), seconds(data["timestamp"]))
            self.assertEqual(message.key.decode(), data["user_id"])
            self.assertEqual(owners[data["task_id"]], data["user_id"])
            if message.topic == "reminders":
                self.assertGreaterEqual(seconds(data["timestamp"]), seconds(data["remind_at"]))
                self.assertGreaterEqual(message.arrival, seconds(data["remind_at"]))
            partitions[message.topic, message.key].add(message.partition)
            events[message.topic].add(("reminders" if message.topic == "reminders" else "task-events",
                                       data["event_id"]))
        self.assertEqual({key for key, found in partitions.items() if len(found) > 1}, set())
        self.assertEqual(events["reminders"] | events["task-events"], logged)
        self.assertEqual(events["task-events"], events["task-updates"])
        self.assertEqual(events["reminders-dlq"], set())
        # Each reminder has one id, however often it was sent.
        self.assertEqual(len(events["reminders"]), len(USERS) * TASKS_OF_EACH)

    def samples(self, reader):
        """Some messages of each type of event."""
        found = collections.defaultdict(list)
        for message in reader.messages:
            found[json.loads(message.value)["type"]].append(message)
        self.assertEqual(set(found), {f"punctual.{name}" for name in (
            "created", "completed", "updated", "reminder.due")})
        return [message for messages in found.values() for message in messages[:20]]

    def check_order(self, reader):
        """Each event of a task first comes after those that came before it."""
        for topic in ("task-events", "task-updates"):
            seen, versions = set(), collections.defaultdict(list)
            for message in sorted(reader.of(topic), key=lambda m: (m.partition, m.offset)):
                data = json.loads(message.value)["data"]
                if data["event_id"] not in seen:
                    seen.add(data["event_id"])
                    versions[data["task_id"]].append(data["task_version"])
            self.assertTrue(any(len(list_) == 3 for list_ in versions.values()), versions)
            for task, found in versions.items():
                self.assertEqual(found, sorted(found), f"task {task} in {topic}")

    def check_metrics(self, server, events):
        """What librdkafka counts is at /metrics, of a server that was really disturbed."""
        found = {}

        def read():
            lines = [line for line in server.metrics().splitlines() if not line.startswith("#")]
            found.update((line.rsplit(" ", 1)[0], float(line.rsplit(" ", 1)[1])) for line in lines)
            # A producer that is new connects to the brokers that it needs.
            return (found.get("punctual_kafka_brokers_connected", 0) >= 1
                    and found["punctual_kafka_queue_messages"] == 0)

        self.eventually("the statistics show a broker", read)
        self.assertGreaterEqual(found['punctual_kafka_messages_total{result="delivered"}'], events)
        self.assertGreater(found['punctual_kafka_messages_total{result="repeated"}'], 0)
        self.assertGreater(found["punctual_kafka_producers_recreated_total"], 0)
        self.assertEqual(found["punctual_kafka_brokers_away"], 0)
        self.assertGreater(found["punctual_kafka_round_trip_seconds"], 0)
        self.assertEqual(found.get('punctual_dead_letters_total{channel="kafka"}', 0), 0)
        for consumer in ("recurring", "notify", "audit", "realtime"):
            self.assertIn(f'punctual_kafka_consumer_lag_messages{{consumer="{consumer}"}}', found)
            self.assertIn(f'punctual_consumer_lag_seconds{{consumer="{consumer}"}}', found)

    def check_kcat(self, reader):
        """Another foreign client reads the same: key, headers and value of each message."""
        lines = subprocess.run(
            [self.need("kcat"), "-b", self.cluster.brokers, "-C", "-t", "reminders", "-o", "beginning",
             "-e", "-q", "-f", "%o %k %h %s\n"],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout.splitlines()
        ours = {message.offset: message for message in reader.of("reminders")}
        # The mock keeps 5 MiB of a partition.
        self.assertTrue(IS_LONG or len(lines) == len(ours), (len(lines), len(ours)))
        for line in lines:
            offset, key, headers, value = line.split(" ", 3)
            message = ours[int(offset)]
            self.assertEqual((key, value), (message.key.decode(), message.value.decode()))
            self.assertEqual(headers, "content-type=application/cloudevents+json")

    def test_carries_the_trace_of_a_request_in_either_format(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        database, reader = self.database("formats"), self.reader()
        for form in ("plain", "cloudevents"):
            server = self.server(database, PUNCTUAL_KAFKA_FORMAT=form, PUNCTUAL_ROLES="api,engine")
            status, task = server.ask(
                "/api/tasks", {"title": f"{form} ✓", "reminders": [{"at": instant(time.time())}]},
                {**authorization("ada"), "traceparent": f"00-{trace}-b7ad6b7169203331-01"})
            self.assertEqual(status, 201, task)

            def ours():
                return [message for message in list(reader.messages)
                        if event(message)[1]["task_id"] == task["id"]]

            self.eventually("one in each topic", lambda: len(ours()) == 3)
            self.assertEqual({message.topic for message in ours()},
                             {"task-events", "task-updates", "reminders"})
            for message in ours():
                self.check_traced(message, form, trace)
            server.stop()

    def check_traced(self, message, form, trace):
        envelope, data = event(message)
        headers = {name: value.decode() for name, value in message.headers}
        self.assertEqual(message.key, b"ada")
        self.assertEqual(envelope.get_id(), data["event_id"])
        self.assertEqual(envelope.get_type(), f"punctual.{data['event_type']}")
        self.assertEqual(envelope.get_subject(), str(data["task_id"]))
        self.assertEqual(envelope.get_datacontenttype(), "application/json")
        self.assertEqual(envelope.get_time().timestamp(), seconds(data["timestamp"]))
        self.assertRegex(headers["traceparent"], f"^00-{trace}-[0-9a-f]{{16}}-01$")
        if form == "plain":
            self.assertEqual(json.loads(message.value), data)
            self.assertEqual(headers["ce_id"], data["event_id"])
        else:
            self.assertEqual(json.loads(message.value)["traceparent"], headers["traceparent"])


if __name__ == "__main__":
    unittest.main()
