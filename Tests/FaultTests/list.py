# SPDX-License-Identifier: Apache-2.0
"""Prints the names of all tests that the arguments name, those that take longest first."""

import sys
import unittest


def flat(suite):
    for one in suite:
        yield from flat(one) if isinstance(one, unittest.TestSuite) else [one]


SLOW = ("suspended", "swallows", "get_on", "killed_one_after", "session_mode", "stop_while", "rolling")
found = [test.id() for test in flat(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]))]
for name in sorted(found, key=lambda name: next((i for i, slow in enumerate(SLOW) if slow in name), len(SLOW))):
    print(name)
