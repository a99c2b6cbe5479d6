# SPDX-License-Identifier: Apache-2.0
"""That PostgreSQL may die, be replaced, be full or have no connection left."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from harness import LONG, Case, Cluster, eventually, micros, say
from load import Account, Followers, Load, figures


class DatabaseTests(Case):
    def load(self, servers, rate, seconds, users=30, **options):
        followers = Followers(servers, [f"user {number}" for number in range(users)])
        self.addCleanup(followers.close)
        load = Load(servers, rate, seconds, users, **options)
        self.addCleanup(load.cancel)
        return load, followers

    def test_postgresql_is_killed_and_restarted(self):
        rate, seconds, rounds = (500, 90, 8) if LONG else (60, 7, 2)
        cluster = self.cluster()
        servers = self.engines(cluster.url, 2)
        cluster.wait_for_owners(2)
        load, followers = self.load(servers, rate, seconds)
        for number in range(rounds):
            time.sleep(seconds / (rounds + 1))
            if number % 2 == 0:
                cluster.kill()
            else:
                cluster.stop(signal.SIGQUIT)
            cluster.start()
        load.finish()
        account = Account(load, cluster, followers)
        say(f"{rounds} crashes of PostgreSQL: {account.text()}")
        say(figures(account.lateness()))
        account.check(self)
        self.assertTrue(all(server.is_alive() for server in servers))

    def test_failover_to_a_synchronous_standby(self):
        rate, seconds = (500, 60) if LONG else (60, 8)
        primary = self.cluster("primary", wal_level="replica", max_wal_senders="4")
        standby = Cluster(self.folder / "standby", max_wal_senders="4")
        self.addCleanup(standby.destroy)
        standby.follow(primary)
        standby.start()
        primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.query("SELECT pg_reload_conf()")
        eventually("the standby is synchronous", lambda: primary.query(
            "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
        ))
        url = Cluster.url_at(
            f"{primary.port},{standby.port}", "127.0.0.1,127.0.0.1", target_session_attrs="read-write"
        )
        servers = self.engines(url, 2)
        primary.wait_for_owners(2)
        load, followers = self.load(servers, rate, seconds)
        time.sleep(seconds / 2)
        began = micros()
        primary.kill()
        standby.run("pg_ctl", "promote", "-D", standby.data, "-w")
        eventually("requests are answered again", lambda: any(
            offer.promised_at and offer.promised_at > began + 500_000 for offer in load.offers.values()
        ), 30)
        say(f"failover: writes again after {(micros() - began) / 1e6:.1f} s")
        load.finish()
        account = Account(load, standby, followers)
        say(f"failover: {account.text()}")
        say(figures(account.lateness()))
        account.check(self)
        eventually("both are ready", lambda: all(server.readiness()[0] == 200 for server in servers))

    def test_the_disk_is_full(self):
        """Runs in a mount namespace of its own, with PostgreSQL on a small file system in memory."""
        if os.environ.get("PUNCTUAL_FAULTS_NAMESPACE") != "1":
            if os.geteuid() != 0 or not shutil.which("unshare"):
                self.skipTest("only root may mount a small file system")
            tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
                                   capture_output=True, text=True)
            if tried.returncode != 0:
                self.skipTest(f"a small file system cannot be mounted here: {tried.stderr.strip()}")
            outcome = subprocess.run(
                ["unshare", "--mount", sys.executable, "-m", "unittest", "-v", self.id()],
                env={**os.environ, "PUNCTUAL_FAULTS_NAMESPACE": "1"}, capture_output=True, text=True,
                cwd=pathlib.Path(__file__).parent, timeout=120,
            )
            say(outcome.stdout.strip())
            self.assertEqual(outcome.returncode, 0, outcome.stderr)
            return
        place = self.folder / "small"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m", "none", place], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", place], check=True)
        # The log is kept small, so that it does not grow when there is no room.
        cluster = Cluster(place / "primary", min_wal_size="32MB", max_wal_size="48MB")
        self.addCleanup(cluster.destroy)
        cluster.create()
        cluster.start()
        server = self.server(cluster.url)
        load = Load([server], 50, 2, 10, ahead=6)
        load.finish()
        self.assertEqual(len(load.promised()), 100)
        filler = place / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass  # This is what is wanted.
        refused = self.refusal(server)
        self.assertIn("database", refused["detail"])
        say(f"disk full: {refused['detail']}")
        time.sleep(2)
        filler.unlink()
        if cluster.process.poll() is not None:
            say("PostgreSQL had ended for want of room for its log")
            cluster.start()
        eventually("creations succeed again", lambda: server.ask(
            "POST", "/api/tasks", {"title": "after"}, "user 0"
        )[0] == 201, 30, 0.2)
        account = Account(load, cluster)
        say(f"disk full: {account.text()}")
        account.check(self)

    def refusal(self, server):
        """What a creation is answered when there is no room left, which takes some."""
        large = {"title": "large", "description": "x" * 9_000}
        for number in range(2_000):
            status, answer = server.ask("POST", "/api/tasks/batch", [large] * 100, f"user {number % 10}")
            if status != 201:
                self.assertEqual(status, 503, answer)
                return answer
        self.fail("creations succeed on a full disk")

    def test_no_connection_is_left(self):
        """With a few connections it does what it can, with none it says so, and then goes on."""
        cluster = self.cluster()
        server = self.server(cluster.url)
        load = Load([server], 50, 6, 10, ahead=5)
        self.addCleanup(load.cancel)
        for limit, is_ready in ((6, True), (0, False), (-1, True)):
            cluster.query(f"ALTER ROLE app CONNECTION LIMIT {limit}")
            cluster.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
            if not is_ready:
                eventually("it is not ready", lambda: server.readiness()[0] == 503, 10)
                began = time.monotonic()
                status, answer = server.ask("POST", "/api/tasks", {"title": "no"}, "user 0")
                self.assertEqual((status, answer["status"]), (503, 503), answer)
                self.assertLess(time.monotonic() - began, 8)
            time.sleep(1)
        load.finish()
        eventually("it is ready again", lambda: server.readiness()[0] == 200, 30)
        account = Account(load, cluster)
        say(f"no connection left: {account.text()}")
        account.check(self)


if __name__ == "__main__":
    unittest.main()
