# SPDX-License-Identifier: Apache-2.0
"""That engines may die, hang and be replaced, and nothing is lost, early or fired twice."""

import json
import signal
import threading
import time

from harness import LONG, Case, eventually, micros, rfc3339, say
from load import Account, Followers, Load, figures, percentile


class EngineTests(Case):
    def test_engines_are_killed_one_after_the_other(self):
        """A dead engine's reminders are at most 2 s late, and nobody else's are."""
        rate, seconds, users, pause = (1_000, 120, 200, 10) if LONG else (100, 9, 40, 5)
        cluster = self.cluster()
        front = self.server(cluster.url, "api,realtime,recurring,notify,audit")
        victims = [self.server(cluster.url, "engine") for _ in range(3)]
        cluster.wait_for_owners(3)
        followers = Followers([front], [f"user {number}" for number in range(users)])
        self.addCleanup(followers.close)
        load = Load([front], rate, seconds, users)
        self.addCleanup(load.cancel)
        kills, number = [], 0
        end = time.monotonic() + seconds
        time.sleep(3)
        while time.monotonic() + 2 < end:
            victim = victims[number % 3]
            number += 1
            owners = cluster.owners()
            engines = self.engine_of(cluster, victim)
            struck = micros()
            victim.kill()
            kills.append((struck, {shard for shard, owner in owners.items() if owner == engines}))
            time.sleep(pause / 2)
            victim.start(wait=False)
            time.sleep(pause / 2)
        load.finish()
        account = Account(load, cluster, followers)

        def is_victims(_, offer, shard):
            return any(struck <= offer.due < struck + 5_000_000 and shard in owned for struck, owned in kills)

        hit = account.lateness(is_victims)
        others = account.lateness(lambda *offer: not is_victims(*offer))
        say(f"kill -9: {len(kills)} kills, {account.text()}")
        say(f"of the dead, {figures(hit)}")
        say(f"of the others, {figures(others)}")
        account.check(self)
        self.assertTrue(hit, "no reminder was due when its engine died")
        self.assertLess(hit[-1], 2_000 if LONG else 3_000)
        if LONG:
            self.assertLess(percentile(others, 0.99), 10)

    @staticmethod
    def engine_of(cluster, server):
        """The number of a process's engine, by the sessions that it has."""
        ports = local_ports(server.process.pid)
        rows = cluster.query(
            "SELECT l.objid, a.client_port FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.classid = 1347768899"
        )
        return next((int(engine) for engine, port in rows if int(port) in ports), None)


def local_ports(process):
    """The local ports of the TCP connections of a process."""
    import os
    import re
    inodes = set()
    for name in os.listdir(f"/proc/{process}/fd"):
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{process}/fd/{name}"))
        except OSError:
            continue
        if found:
            inodes.add(found[1])
    lines = open(f"/proc/{process}/net/tcp", encoding="ascii").read().splitlines()[1:]
    return {int(line.split()[1].split(":")[1], 16) for line in lines if line.split()[9] in inodes}
