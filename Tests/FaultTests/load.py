# SPDX-License-Identifier: Apache-2.0
"""Reminders for many users, what was promised of them, and what became of them."""

import http.client
import json
import selectors
import socket
import threading
import time
import uuid

from harness import eventually, from_rfc3339, micros, rfc3339, token


class Offer:
    """One reminder that a client wants to have."""

    __slots__ = ("due", "user", "promised_at", "tries", "task", "reminder")

    def __init__(self, due, user):
        self.due, self.user = due, user
        self.promised_at = None
        self.tries = 0
        self.task = None


class Load:
    """Clients who create reminders at a steady rate, each request for one user.

    A request without an answer, or with a 5xx, is repeated on another server under the same
    idempotency key, as a client would. `offers` has all of them by their titles; one counts as
    promised from its first 2xx.
    """

    def __init__(self, servers, rate, seconds, users=40, ahead=3.0, batch=10, threads=6, prefix="r",
                 give_up=30.0, repeats=True):
        self.servers, self.give_up, self.repeats = servers, give_up, repeats
        self.users = [f"user {number}" for number in range(users)]
        self._tokens = {user: token(user) for user in self.users}
        self.offers = {}
        self.refusals = {}
        self._lock = threading.Lock()
        start = micros() + 200_000
        self._requests = []
        count = int(rate * seconds)
        for first in range(0, count, batch):
            user = self.users[first // batch % users]
            titles = []
            for index in range(first, min(first + batch, count)):
                due = start + int(index * 1e6 / rate) + int(ahead * 1e6)
                self.offers[f"{prefix}{index}"] = Offer(due, user)
                titles.append(f"{prefix}{index}")
            self._requests.append((start + int(first * 1e6 / rate), user, titles))
        self._requests.reverse()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(threads)]
        self._is_over = False
        for thread in self._threads:
            thread.start()

    def finish(self):
        """Waits until every request is answered or given up."""
        for thread in self._threads:
            thread.join()
        return self

    def cancel(self):
        self._is_over = True
        return self.finish()

    def _work(self, number):
        connection = None
        while not self._is_over:
            with self._lock:
                if not self._requests:
                    break
                at, user, titles = self._requests.pop()
            time.sleep(max(0.0, (at - micros()) / 1e6))
            key, give_up, server = str(uuid.uuid4()), time.monotonic() + self.give_up, number
            while time.monotonic() < give_up and not self._is_over:
                connection, answered = self._send(connection, server, key, user, titles)
                if answered or not self.repeats:
                    break
                server += 1
                time.sleep(0.02)
        if connection:
            connection.close()

    def _send(self, connection, server, key, user, titles):
        body = json.dumps([
            {"title": title, "reminders": [{"at": rfc3339(self.offers[title].due)}]} for title in titles
        ])
        for title in titles:
            self.offers[title].tries += 1
        port = self.servers[server % len(self.servers)].port
        if connection is None or connection.port != port:
            if connection:
                connection.close()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/api/tasks/batch", body, {
                "Content-Type": "application/json", "Authorization": f"Bearer {self._tokens[user]}",
                "Idempotency-Key": key,
            })
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None, False
        if answer.status == 201:
            now = micros()
            for title, task in zip(titles, json.loads(data)):
                offer = self.offers[title]
                offer.promised_at, offer.task = now, task["id"]
            return connection, True
        with self._lock:
            known = self.refusals.setdefault(answer.status, [0, data.decode()[:300]])
            known[0] += 1
        return connection, answer.status < 500

    def promised(self):
        """Title and offer of all that was answered 2xx; not while it runs."""
        return {title: offer for title, offer in self.offers.items() if offer.promised_at}


class Follower:
    """One stream of Server-Sent Events, followed from server to server by its cursor."""

    def __init__(self, user, place):
        self.user, self.place = user, place
        self.header = f"Authorization: Bearer {token(user)}\r\n"
        # From now on, so that the first events are not missed if the first stream breaks.
        self.cursor = f"{micros()}-00000000-0000-0000-0000-000000000000"
        self.socket = None
        self.retry_at = 0.0
        self.begin()

    def begin(self):
        self.raw, self.text, self.has_head = b"", b"", False

    def feed(self, data):
        """Yields (cursor, type, data) of each message that is complete now."""
        self.raw += data
        if not self.has_head:
            head, found, rest = self.raw.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise ConnectionError(head[:80])
            self.raw, self.has_head = rest, True
        while (line := self.raw.find(b"\r\n")) >= 0:
            size = int(self.raw[:line], 16)
            if len(self.raw) < line + size + 4:
                break
            self.text += self.raw[line + 2:line + 2 + size]
            self.raw = self.raw[line + size + 4:]
        *messages, self.text = self.text.split(b"\n\n")
        for message in messages:
            fields = dict(
                part.split(b": ", 1) for part in message.split(b"\n") if b": " in part and part[0] != 58
            )
            if b"data" in fields and b"id" in fields:
                yield fields[b"id"].decode(), fields.get(b"event", b"").decode(), fields[b"data"]


class Followers:
    """A stream of fired reminders for each user, all on one thread, each wherever it is answered.

    `arrivals` has, by title, the (event_id, instant of arrival, instant of release, place) of each.
    """

    def __init__(self, servers, users, spread=True):
        self.servers = servers
        self.arrivals = {}
        self.bytes = 0
        self._selector = selectors.DefaultSelector()
        self._followers = [
            Follower(user, number if spread else 0) for number, user in enumerate(users)
        ]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        eventually(
            "every stream is open", lambda: all(one.has_head for one in self._followers), 30
        )

    def close(self):
        self._is_over.set()
        self._thread.join()
        return self

    def _run(self):
        while not self._is_over.is_set():
            now = time.monotonic()
            for follower in self._followers:
                if follower.socket is None and follower.retry_at <= now:
                    self._open(follower)
            for key, _ in self._selector.select(0.05):
                self._read(key.data)
        for follower in self._followers:
            self._drop(follower)

    def _open(self, follower):
        port = self.servers[follower.place % len(self.servers)].port
        resume = f"Last-Event-ID: {follower.cursor}\r\n"
        follower.begin()
        try:
            follower.socket = socket.create_connection(("127.0.0.1", port), timeout=2)
            follower.socket.sendall(
                f"GET /api/updates?topics=reminders HTTP/1.1\r\nHost: x\r\n{follower.header}{resume}\r\n".encode()
            )
            follower.socket.setblocking(False)
            self._selector.register(follower.socket, selectors.EVENT_READ, follower)
        except OSError:
            self._drop(follower)

    def _read(self, follower):
        try:
            data = follower.socket.recv(1 << 18)
            if not data:
                raise ConnectionError
            arrived = micros()
            for cursor, _, text in follower.feed(data):
                follower.cursor = cursor
                event = json.loads(text)
                self.arrivals.setdefault(event["title"], []).append((
                    event["event_id"], arrived, from_rfc3339(event["timestamp"]),
                    follower.place % len(self.servers),
                ))
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._drop(follower)

    def _drop(self, follower):
        """Ends a stream; it goes on at the next server."""
        if follower.socket:
            try:
                self._selector.unregister(follower.socket)
            except KeyError:
                pass  # It never got so far as to be registered.
            follower.socket.close()
        follower.socket = None
        follower.place += 1
        follower.retry_at = time.monotonic() + 0.1


class Account:
    """What was promised against `event_log` and what arrived at the followers."""

    def __init__(self, load, cluster, followers=None, seconds=30):
        self.load, self.followers = load, followers
        self.promised = load.promised()
        self.logged = {}
        wanted = set(self.promised)
        end = time.monotonic() + seconds
        while True:
            self._read(cluster)
            missing = wanted - self.logged.keys()
            unseen = wanted - followers.arrivals.keys() if followers else ()
            if (not missing and not unseen) or time.monotonic() > end:
                break
            time.sleep(0.3)
        self.lost = sorted(wanted - self.logged.keys())
        self.unseen = sorted(wanted - followers.arrivals.keys()) if followers else []
        self._compare()

    def _read(self, cluster):
        rows = cluster.query(
            "SELECT payload->>'title', event_id, (extract(epoch FROM \"timestamp\") * 1000000)::bigint, shard "
            "FROM event_log WHERE event_type = 'reminder.due'"
        )
        self.logged = {}
        for title, event, released, shard in rows:
            self.logged.setdefault(title, []).append((event, int(released), int(shard)))

    def _compare(self):
        offers, arrivals = self.load.offers, self.followers.arrivals if self.followers else {}
        self.early, self.other_id, self.same_id = [], [], 0
        for title in (self.logged.keys() | arrivals.keys()) & offers.keys():
            ids = {event for event, _, _ in self.logged.get(title, ())}
            ids |= {event for event, _, _, _ in arrivals.get(title, ())}
            instants = [released for _, released, _ in self.logged.get(title, ())]
            instants += [min(seen, released) for _, seen, released, _ in arrivals.get(title, ())]
            if len(ids) > 1:
                self.other_id.append(title)
            if min(instants) < offers[title].due:
                self.early.append(title)
            self.same_id += max(0, len(arrivals.get(title, ())) - 1)

    def lateness(self, chosen=lambda title, offer, shard: True):
        """Release minus due in ms, sorted, of what was promised at the first try half a second before."""
        found = []
        for title, offer in self.promised.items():
            if offer.promised_at > offer.due - 500_000 or title not in self.logged:
                continue
            _, released, shard = self.logged[title][0]
            if chosen(title, offer, shard):
                found.append((released - offer.due) / 1_000)
        return sorted(found)

    def text(self):
        return (
            f"promised {len(self.promised)} of {len(self.load.offers)}, lost {len(self.lost)}, unseen "
            f"{len(self.unseen)}, early {len(self.early)}, repeated {self.same_id} under the same id, "
            f"{len(self.other_id)} under another; refusals {self.load.refusals}"
        )

    def check(self, test):
        """None lost, none early, none under two ids; what may repeat is up to the test."""
        told = self.text()
        test.assertGreater(len(self.promised), 0, told)
        test.assertEqual(self.lost[:5], [], told)
        test.assertEqual(self.unseen[:5], [], told)
        test.assertEqual(self.early[:5], [], told)
        test.assertEqual(self.other_id[:5], [], told)


def percentile(values, share):
    """The value below which that share of a sorted list lies."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def figures(values):
    return (
        f"{len(values)} reminders: p50 {percentile(values, 0.5):.1f}, p99 {percentile(values, 0.99):.1f}, "
        f"p99.9 {percentile(values, 0.999):.1f}, max {values[-1] if values else 0:.1f} ms"
    )
