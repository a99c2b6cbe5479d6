# SPDX-License-Identifier: Apache-2.0
"""What both peers share: the plan of a run, and the stamps of what was handled.

usage: PEER.py --host DIR --database NAME --offsets FILE --out FILE

FILE of --offsets has one line a job: microseconds after the first due instant. Every job is loaded
before the worker starts, which favours the peer. The result has one line a handled job: its number,
its due instant and the start of its handler, both in nanoseconds since the Unix epoch.
"""

import argparse
import sys
import time

# How long after the last due instant a job that is late is waited for.
PATIENCE_S = 60


class Run:
    def __init__(self):
        parser = argparse.ArgumentParser()
        for name in ("host", "database", "offsets", "out"):
            parser.add_argument(f"--{name}", required=True)
        self.options = parser.parse_args()
        with open(self.options.offsets, encoding="ascii") as lines:
            self.offsets_us = [int(line) for line in lines]
        self.base_us = 0
        self.stamps = []

    def begin_in(self, seconds):
        """Fixes the first due instant, on a whole second, after everything has been loaded."""
        self.base_us = (int(time.time() + seconds) + 1) * 1_000_000

    def due_us(self, number):
        return self.base_us + self.offsets_us[number]

    def handle(self, number):
        """What the handler of a job does first and only."""
        self.stamps.append((number, time.time_ns()))

    @property
    def is_over(self):
        last_s = self.due_us(len(self.offsets_us) - 1) / 1e6
        return len(self.stamps) >= len(self.offsets_us) or time.time() > last_s + PATIENCE_S

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def write(self):
        with open(self.options.out, "w", encoding="ascii") as out:
            for number, stamp in self.stamps:
                out.write(f"{number} {self.due_us(number) * 1000} {stamp}\n")
