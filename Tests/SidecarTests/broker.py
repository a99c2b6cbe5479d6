# SPDX-License-Identifier: Apache-2.0
"""A broker in a folder: topics, partitions, records and committed offsets, shared by processes.

What was appended survives the kill of whoever wrote it, as it would with Kafka. A record is one line
of JSON; a group's offset is the number of records that it is done with.
"""

import csv
import fcntl
import json
import os
import pathlib
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def topics():
    """Every topic that there is, with the number of its partitions."""
    with open(ROOT / "deploy" / "topics.csv", newline="") as file:
        return {row[0]: int(row[1]) for row in csv.reader(file) if row}


class Broker:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.topics = topics()

    def path(self, topic, partition):
        return self.folder / f"{topic}-{partition}.log"

    def partition(self, topic, key):
        """FNV-1a, so that all records of a key keep their order."""
        value = 0x811C9DC5
        for byte in (key or "").encode():
            value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
        return value % self.topics[topic]

    def append(self, topic, records):
        """Appends (key, value, headers) to a topic; durable when it returns."""
        lines = {}
        for key, value, headers in records:
            record = {"key": key, "value": value, "headers": headers,
                      "timestamp": int(time.time() * 1000)}
            lines.setdefault(self.partition(topic, key), []).append(json.dumps(record) + "\n")
        for partition, texts in lines.items():
            handle = os.open(self.path(topic, partition), os.O_CREAT | os.O_RDWR | os.O_APPEND)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                self._cut(handle)
                os.write(handle, "".join(texts).encode())
            finally:
                os.close(handle)

    @staticmethod
    def _cut(handle):
        """Cuts off the line in whose middle a writer was killed: nobody was told that it is there."""
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            os.ftruncate(handle, os.pread(handle, size, 0).rfind(b"\n") + 1)

    def records(self, topic):
        """Every record of a topic."""
        found = []
        for partition in range(self.topics[topic]):
            reader = Reader(self, topic, partition, 0)
            found += reader.read(1 << 30)
        return found

    def committed(self, group, topic, partition):
        path = self._offset(group, topic, partition)
        return int(path.read_text() or 0) if path.exists() else 0

    def commit(self, group, topic, partition, offset):
        path = self._offset(group, topic, partition)
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_text(str(offset))
        os.replace(temporary, path)

    def _offset(self, group, topic, partition):
        return self.folder / f"group-{group}" / f"{topic}-{partition}"


class Reader:
    """One partition from an offset on."""

    def __init__(self, broker, topic, partition, offset):
        self.path = broker.path(topic, partition)
        self.offset, self.place, self.rest = 0, 0, b""
        self.skip = offset

    def read(self, limit):
        """The next records, at most so many; none when there is nothing new."""
        if not self.path.exists():
            return []
        found = []
        with open(self.path, "rb") as file:
            file.seek(self.place)
            for line in file:
                # What is being written just now is read the next time.
                if not line.endswith(b"\n") or len(found) == limit:
                    break
                self.place += len(line)
                self.offset += 1
                if self.offset > self.skip:
                    found.append({**json.loads(line), "offset": self.offset - 1})
        return found
