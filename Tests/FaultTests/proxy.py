# SPDX-License-Identifier: Apache-2.0
"""A network between Punctual and its database that can be cut, stalled and slowed down."""

import selectors
import socket
import threading
import time


class Proxy:
    """Passes TCP connections on to a port, until it is told not to.

    `stall` keeps connections open and passes nothing on, as a network does that swallows packets;
    `cut_after_commit` cuts a connection when the server's answer to a commit comes by, so that the
    client never learns of it.
    """

    def __init__(self, target):
        self.target = target
        self.delay = 0.0
        self.cuts = 0
        self._is_stalled = False
        self._cut_after = 0
        self._pairs = {}
        self._later = []
        self._is_over = False
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stall(self):
        self._is_stalled = True

    def resume(self):
        self._is_stalled = False

    def cut_everything(self):
        with self._lock:
            for one in list(self._pairs):
                self._close(one)

    def cut_after_commits(self, count):
        """Cuts the next so many connections on which the server says that a statement is committed."""
        self._cut_after += count

    def close(self):
        self._is_over = True
        self._thread.join()
        with self._lock:
            for one in list(self._pairs):
                self._close(one)
        self._listener.close()

    def _run(self):
        while not self._is_over:
            self._flush()
            for key, _ in self._selector.select(0.002 if self._later else 0.02):
                if self._is_stalled:
                    time.sleep(0.02)
                    break
                with self._lock:
                    self._accept() if key.data is None else self._pass(key.fileobj)

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.setblocking(True)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ, one is server)

    def _pass(self, one):
        if one not in self._pairs:
            return
        is_answer = self._selector.get_key(one).data
        try:
            data = one.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            return self._close(one)
        if is_answer and self._cut_after > 0 and committed(data):
            self._cut_after -= 1
            self.cuts += 1
            return self._close(one)
        if self.delay:
            self._later.append((time.monotonic() + self.delay, self._pairs[one], data))
        else:
            self._send(self._pairs[one], data)

    def _flush(self):
        with self._lock:
            while self._later and self._later[0][0] <= time.monotonic():
                _, to, data = self._later.pop(0)
                if to in self._pairs:
                    self._send(to, data)

    def _send(self, to, data):
        try:
            to.sendall(data)
        except OSError:
            self._close(to)

    def _close(self, one):
        if one not in self._pairs:
            return
        for end in (one, self._pairs[one]):
            del self._pairs[end]
            self._selector.unregister(end)
            end.close()


def committed(data):
    """Whether the server's bytes end with the answer to a change of tasks: SELECT 1, then ReadyForQuery.

    One message: a type, its length, its content. Only whole messages are looked at, which is what
    the server sends at once unless it has much to say.
    """
    tags, at = [], 0
    while at + 5 <= len(data):
        size = int.from_bytes(data[at + 1:at + 5], "big")
        if data[at:at + 1] == b"C":
            tags.append(data[at + 5:at + size])
        is_last = data[at:at + 1] == b"Z" and at + 1 + size == len(data)
        at += 1 + size
        if is_last:
            return any(tag.startswith((b"SELECT 1\0", b"INSERT")) for tag in tags)
    return False
