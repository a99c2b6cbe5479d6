# SPDX-License-Identifier: Apache-2.0
"""That the network to PostgreSQL may break, swallow and slow down, and poolers may stand in it."""

import os
import pwd
import shutil
import signal
import subprocess
import time

from harness import EXECUTABLE, LONG, Case, Cluster, eventually, free_port, micros, rfc3339, say
from load import Account, Followers, Load, figures, percentile
from proxy import Proxy


class NetworkTests(Case):
    def proxied(self, **options):
        """A cluster, a proxy before it, and a server that knows only the proxy."""
        cluster = self.cluster()
        proxy = Proxy(cluster.port)
        self.addCleanup(proxy.close)
        return cluster, proxy, self.server(Cluster.url_at(proxy.port), **options)

    def test_connections_are_cut_in_mid_commit(self):
        """Whether a commit took effect nobody knows, but whoever asks again is told the truth."""
        rate, seconds = (300, 60) if LONG else (80, 8)
        cluster, proxy, server = self.proxied()
        followers = Followers([server], [f"user {number}" for number in range(20)])
        self.addCleanup(followers.close)
        load = Load([server], rate, seconds, 20)
        self.addCleanup(load.cancel)
        for number in range(int(seconds * 4)):
            time.sleep(0.22)
            if number % 8 == 7:
                proxy.cut_everything()
            else:
                proxy.cut_after_commits(1)
        load.finish()
        account = Account(load, cluster, followers)
        say(f"cut {proxy.cuts} commits: {account.text()}")
        say(figures(account.lateness()))
        account.check(self)
        self.assertGreater(proxy.cuts, seconds, "commits are cut")
        tasks = int(cluster.value("SELECT count(*) FROM tasks"))
        self.assertEqual(tasks, len(load.offers), "each request made its tasks once")

    def test_the_network_swallows_everything(self):
        """A black hole: readiness tells within 2 s, what is staged is released, a stop ends in time."""
        cluster, proxy, server = self.proxied()
        load = Load([server], 50, 4, 10, ahead=1)
        self.addCleanup(load.cancel)
        time.sleep(2)
        proxy.stall()
        began = time.monotonic()
        status, checks = server.readiness()
        took = time.monotonic() - began
        self.assertEqual(status, 503)
        self.assertIn("not answered", checks["database"]["problem"])
        self.assertLess(took, 2)
        began = time.monotonic()
        server.ask("GET", "/healthz")
        self.assertLess(time.monotonic() - began, 1)
        time.sleep(12 if LONG else 1)
        proxy.resume()
        load.finish()
        eventually("it is ready again", lambda: server.readiness()[0] == 200, 40)
        account = Account(load, cluster)
        say(f"black hole: not ready after {took:.2f} s; {account.text()}")
        account.check(self)
        proxy.stall()
        began = time.monotonic()
        server.stop()
        say(f"a stop into the black hole took {time.monotonic() - began:.1f} s")
        self.assertLess(time.monotonic() - began, 28)

    def test_a_stop_while_postgresql_is_down(self):
        cluster = self.cluster()
        server = self.server(cluster.url)
        server.ask("POST", "/api/tasks", {
            "title": "later", "reminders": [{"at": rfc3339(micros() + 60_000_000)}],
        }, "user 0")
        cluster.kill()
        began = time.monotonic()
        server.stop()
        say(f"a stop without PostgreSQL took {time.monotonic() - began:.1f} s")
        self.assertLess(time.monotonic() - began, 28)

    def test_a_slow_network(self):
        """50 ms each way: reminders are staged long before, and are on time all the same."""
        cluster, proxy, server = self.proxied()
        proxy.delay = 0.05
        load = Load([server], 30, 20 if LONG else 4, 10, batch=5)
        load.finish()
        account = Account(load, cluster)
        late = account.lateness()
        say(f"50 ms each way: {account.text()}")
        say(figures(late))
        account.check(self)
        self.assertLess(percentile(late, 0.9), 100 if LONG else 400)

    def test_changes_in_another_process_reach_the_owner(self):
        """A reminder created elsewhere, due at once, waits for no renewal; withdrawals tell the truth."""
        cluster = self.cluster()
        self.server(cluster.url, "engine")
        cluster.wait_for_owners(1)
        api = self.server(cluster.url, "api,realtime")
        load = Load([api], 40, 6, 20, ahead=0.1, batch=1)
        tasks = []
        for number in range(40):
            title, due = f"doomed {number}", micros() + 600_000
            status, task = api.ask("POST", "/api/tasks", {
                "title": title, "reminders": [{"at": rfc3339(due)}],
            }, "user 0")
            self.assertEqual(status, 201, task)
            time.sleep(0.02 + number % 10 * 0.055)
            status, headers = api.ask("DELETE", f"/api/tasks/{task['id']}", user="user 0")
            tasks.append((title, {name.lower(): value for name, value in headers.items()}["may-have-fired"]))
        load.finish()
        account = Account(load, cluster)
        # From when the owner could know of it: creating may take its time on a busy machine.
        late = sorted(
            (account.logged[title][0][1] - max(offer.due, offer.promised_at)) / 1_000
            for title, offer in account.promised.items()
        )
        say(f"changes in another process: {account.text()}")
        say(figures(late))
        account.check(self)
        self.assertLess(percentile(late, 0.5), 200, "nothing waits for a renewal")
        fired = {title for (title,) in cluster.query(
            "SELECT payload->>'title' FROM event_log WHERE event_type = 'reminder.due'"
        )}
        lies = [title for title, may in tasks if may == "false" and title in fired]
        self.assertEqual(lies, [])
        self.assertIn("false", dict(tasks).values())

    def test_a_reminder_that_does_not_get_on_makes_it_unready(self):
        """Somebody's session holds a row: the process lives, and what is due in it grows old."""
        cluster = self.cluster()
        server = self.server(cluster.url)
        due = micros() + 4_000_000
        status, _ = server.ask("POST", "/api/tasks", {
            "title": "held", "reminders": [{"at": rfc3339(due)}],
        }, "user 0")
        self.assertEqual(status, 201)
        holder = subprocess.Popen(
            ["psql", "-X", "-q", "-d", f"host=127.0.0.1 port={cluster.port} user=postgres dbname=punctual",
             "-c", "BEGIN; SELECT FROM reminders FOR UPDATE", "-c", "SELECT pg_sleep(60)"],
            stdout=subprocess.DEVNULL,
        )
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        checks = eventually("it is unready", lambda: self.unready(server), 30, 0.5)
        self.assertIn("overdue", checks["engine"]["problem"])
        shards = subprocess.run(
            [EXECUTABLE, "shards"], env={**os.environ, "PUNCTUAL_DATABASE_URL": cluster.url},
            capture_output=True, text=True, check=True,
        ).stdout
        overdue = [line for line in shards.splitlines() if line.rstrip().endswith(" s")]
        self.assertEqual(len(overdue), 1, shards)
        holder.kill()
        cluster.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()"
        )
        eventually("it is ready again", lambda: server.readiness()[0] == 200, 10)
        eventually("it has fired", lambda: cluster.value(
            "SELECT count(*) FROM event_log WHERE topic = 'reminders'"
        ) == "1")

    @staticmethod
    def unready(server):
        status, checks = server.readiness()
        return checks if status == 503 else None


class PoolerTests(Case):
    """pgbouncer between Punctual and PostgreSQL."""

    def pooler(self, cluster, mode):
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        if not os.path.exists(program):
            self.skipTest("pgbouncer is not installed")
        port = free_port()
        settings = self.folder / f"pgbouncer-{mode}.ini"
        users = self.folder / "users.txt"
        users.write_text('"app" ""\n')
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\n"
            f"listen_port={port}\nunix_socket_dir=\nauth_type=trust\nauth_file={users}\npool_mode={mode}\n"
            "default_pool_size=60\nignore_startup_parameters=options,extra_float_digits\n"
        )
        identity = {}
        if os.geteuid() == 0:
            for file in (settings, users):
                shutil.chown(file, "postgres")
            identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        process = subprocess.Popen([program, "-q", str(settings)], stderr=subprocess.DEVNULL, **identity)
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGINT)
        eventually("the pooler listens", lambda: subprocess.run(
            [Cluster.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        ).returncode == 0)
        return Cluster.url_at(port)

    def test_session_mode_works(self):
        cluster = self.cluster()
        url = self.pooler(cluster, "session")
        victim, other = self.engines(url, 2)
        cluster.wait_for_owners(2)
        load = Load([other], 40, 6, 20)
        self.addCleanup(load.cancel)
        time.sleep(5)
        victim.kill()
        load.finish()
        account = Account(load, cluster)
        late = account.lateness()
        say(f"pgbouncer by session, and a kill -9: {account.text()}")
        say(figures(late))
        account.check(self)
        self.assertLess(late[-1], 3_000, "a death is noticed through the pooler")
        self.assertIn("lack the settings", other.said())

    def test_transaction_mode_is_refused(self):
        cluster = self.cluster()
        url = self.pooler(cluster, "transaction")
        environment = {**os.environ, "PUNCTUAL_DATABASE_URL": url, "PUNCTUAL_HTTP_PORT": str(free_port())}
        outcome = subprocess.run(
            [EXECUTABLE, "serve"], env=environment, capture_output=True, text=True, timeout=30
        )
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("pool", outcome.stderr)
        say(outcome.stderr.strip().splitlines()[-1])
