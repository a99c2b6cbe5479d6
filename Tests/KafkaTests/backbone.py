# SPDX-License-Identifier: Apache-2.0
"""What the tests over Kafka share: a cluster that can be disturbed, a foreign client, and users."""

import base64
import collections
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import confluent_kafka
from cloudevents.core.bindings import kafka as binding

from harness import EXECUTABLE, Case, Database, Server

IS_LONG = os.environ.get("PUNCTUAL_TEST_LONG") == "1"
MOCK = os.environ.get("KAFKA_MOCK", str(pathlib.Path(EXECUTABLE).parent / "KafkaMock"))
SECRET = "the tests' own secret, which guards nothing"
# A member that is killed is missed soon (the mock lets nobody in for the first 3 s, and counts them
# as a silence), and a broker that comes back is found soon.
PROPERTIES = {
    "session.timeout.ms": 4_000, "heartbeat.interval.ms": 500, "reconnect.backoff.max.ms": 300,
    "topic.metadata.refresh.interval.ms": 1_000,
}


def properties(**more):
    """PUNCTUAL_KAFKA_PROPERTIES with those of the tests and others, whose dots are underscores."""
    wanted = {**PROPERTIES, **{name.replace("_", "."): value for name, value in more.items()}}
    return ",".join(f"{name}={value}" for name, value in wanted.items())


def topics():
    """Name and partitions of each topic, as the program itself tells."""
    lines = subprocess.run(
        [EXECUTABLE, "topics"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return {topic["name"]: topic["partitions"] for topic in map(json.loads, lines)}


def authorization(user):
    """The header of a request of a user."""
    def text(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    claims = {"sub": user, "exp": int(time.time()) + 3_600}
    signed = ".".join(text(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    code = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    return {"Authorization": f"Bearer {signed}.{text(code)}"}


class MockCluster:
    """Three brokers of librdkafka's mock cluster in a process of their own; see Tests/KafkaMock."""

    PRODUCE, FETCH, METADATA, OFFSET_COMMIT, COORDINATOR, JOIN, HEARTBEAT, INIT_PRODUCER = (
        0, 1, 3, 8, 10, 11, 12, 22)
    BROKERS = (1, 2, 3)

    def __init__(self):
        self.process = subprocess.Popen(
            [MOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._lock = threading.Lock()
        self.brokers = self.process.stdout.readline().strip()
        self.topics = topics()
        for name, partitions in self.topics.items():
            self.tell("create", name, partitions)

    def tell(self, *command):
        """Sends a command and returns when it is obeyed."""
        with self._lock:
            self.process.stdin.write(" ".join(map(str, command)) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        assert answer == "ok", (command, answer)

    def move_leaders(self, broker, topics=None):
        for name in topics or self.topics:
            for partition in range(self.topics[name]):
                self.tell("leader", name, partition, broker)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


Message = collections.namedtuple("Message", "topic partition offset key headers value arrival")


class Reader:
    """A consumer that others wrote: reads every message of all topics, from the beginning on.

    As one would in production, it is made anew, to go on where it was, when nothing has come for a while.
    """

    SILENCE = 3

    def __init__(self, cluster, *names):
        self.messages, self.renewals = [], 0
        self._brokers = cluster.brokers
        self._next = {
            (name, partition): confluent_kafka.OFFSET_BEGINNING
            for name in names or cluster.topics for partition in range(cluster.topics[name])
        }
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _consumer(self):
        consumer = confluent_kafka.Consumer({
            "bootstrap.servers": self._brokers, "group.id": "reader", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10, "reconnect.backoff.max.ms": 300,
            "topic.metadata.refresh.interval.ms": 1_000, "log_level": 0,
        })
        consumer.assign([
            confluent_kafka.TopicPartition(*partition, offset) for partition, offset in self._next.items()])
        return consumer

    def _read(self):
        consumer, heard = self._consumer(), time.monotonic()
        while not self._stop.is_set():
            for message in consumer.consume(500, timeout=0.05):
                # Errors tell of brokers that are away; the client finds its way by itself.
                if message.error() is None:
                    heard = time.monotonic()
                    self._next[message.topic(), message.partition()] = message.offset() + 1
                    self.messages.append(Message(
                        message.topic(), message.partition(), message.offset(), message.key(),
                        message.headers() or [], message.value(), time.time(),
                    ))
            if time.monotonic() - heard > self.SILENCE:
                consumer.close()
                consumer, heard = self._consumer(), time.monotonic()
                self.renewals += 1
        consumer.close()

    def of(self, topic):
        return [message for message in list(self.messages) if message.topic == topic]

    def stop(self):
        self._stop.set()
        self._thread.join()


def event(message):
    """What the CloudEvents library makes of a message: the envelope, and the bare event in it."""
    headers = {name: value for name, value in message.headers}
    assert len(headers) == len(message.headers), f"a header comes twice: {message.headers}"
    read = binding.from_kafka_event(binding.KafkaMessage(headers, message.key, message.value))
    return read, read.get_data()


def publish(cluster, messages, rate=None):
    """Writes messages (topic, key, value) as somebody else does; some a second at most."""
    producer = confluent_kafka.Producer({
        "bootstrap.servers": cluster.brokers, "partitioner": "fnv1a_random", "linger.ms": 1,
        "enable.idempotence": True, "log_level": 0,
    })
    failures = []
    began = time.monotonic()
    for number, (topic, key, value) in enumerate(messages):
        if rate:
            time.sleep(max(0, began + number / rate - time.monotonic()))
        producer.produce(
            topic, key=key, value=value, on_delivery=lambda error, _: failures.append(error))
        producer.poll(0)
    left = producer.flush(20)
    assert left == 0 and not any(failures), (left, [error for error in failures if error])


class KafkaCase(Case):
    """A test with a cluster of its own; what it starts ends with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.cluster = MockCluster()
        self.addCleanup(self.cluster.stop)

    def database(self, purpose):
        database = Database(purpose)
        self.addCleanup(database.drop)
        return database

    def server(self, database, **variables):
        server = Server(database, self.folder, **{
            "PUNCTUAL_TRANSPORT": "kafka", "PUNCTUAL_KAFKA_BROKERS": self.cluster.brokers,
            "PUNCTUAL_KAFKA_PROPERTIES": properties(), "PUNCTUAL_JWT_SECRET": SECRET, **variables,
        })
        self.addCleanup(server.stop)
        return server

    def reader(self, *names):
        reader = Reader(self.cluster, *names)
        self.addCleanup(reader.stop)
        return reader

    def eventually(self, what, condition, seconds=20, left=None):
        """Waits until a condition holds; what it answered last, or what is left, tells of a failure."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end:
                self.fail(f"{what}: {left() if left else found}")
            time.sleep(0.05)
        return found
