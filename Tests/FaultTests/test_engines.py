# SPDX-License-Identifier: Apache-2.0
"""That engines may die, hang and be replaced, and nothing is lost, early or fired twice."""

import signal
import threading
import time

from harness import LONG, Case, micros, rfc3339, say
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
            engine = cluster.engine_of(victim)
            struck = micros()
            victim.kill()
            kills.append((struck, {shard for shard, owner in owners.items() if owner == engine}))
            time.sleep(pause / 2)
            victim.start(wait=False)
            time.sleep(pause / 2)
        load.finish()
        account = Account(load, cluster, followers)

        def is_victims(_, offer, shard):
            return any(struck - 100_000 <= offer.due < struck + 5_000_000 and shard in owned for struck, owned in kills)

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

    def test_a_suspended_engine_writes_and_says_nothing(self):
        """SIGSTOP for longer than the lease, then SIGCONT: whatever it says then, it owns nothing."""
        stopped = 30 if LONG else 11.5
        rate = 200 if LONG else 40
        cluster = self.cluster()
        # Its sessions have a name of their own, by which its writes are told from the others'. With
        # so long a lead it has in memory what is due after it wakes up.
        zombie = self.server(cluster.url + " application_name=zombie", PUNCTUAL_LEAD="PT30S")
        cluster.wait_for_owners(1)
        cluster.query(WATCH)
        other = self.server(cluster.url, PUNCTUAL_LEAD="PT30S")
        cluster.wait_for_owners(2)
        number = cluster.engine_of(zombie)
        users = [f"user {number}" for number in range(20)]
        # One stream of each user at each process, so that what each releases is seen.
        heard = {server: Followers([server], users, spread=False) for server in (zombie, other)}
        for followers in heard.values():
            self.addCleanup(followers.close)
        load = Load([other], rate, stopped + 6, 20)
        self.addCleanup(load.cancel)
        # Tasks that will be due soon after it wakes up, to be deleted by its own API just then.
        doomed = self.doomed(other, users, micros() + int((stopped + 4.5) * 1e6))
        time.sleep(4)
        zombie.send(signal.SIGSTOP)
        deletions = Deletions(zombie, doomed, stopped)
        time.sleep(stopped)
        woken = micros()
        zombie.send(signal.SIGCONT)
        answers = deletions.finish()
        load.finish()
        account = Account(load, cluster, heard[other])
        again = [
            title for title, arrivals in heard[zombie].arrivals.items()
            for event, _, released, _ in arrivals
            if released >= woken and title in account.logged and account.logged[title][0][1] < woken
        ]
        stolen = cluster.query(f"SELECT kind, shard, owner FROM writes WHERE owner IS DISTINCT FROM {number}")
        say(f"SIGSTOP of {stopped} s: {account.text()}")
        say(f"released again by the zombie: {len(again)}; writes in others' shards: {len(stolen)}")
        account.check(self)
        self.assertEqual(stolen, [])
        self.assertLessEqual(len(again), 256, "at most the batch that was in flight")
        fired = {title for (title,) in cluster.query(
            "SELECT payload->>'title' FROM event_log WHERE event_type = 'reminder.due'"
        )} | heard[zombie].arrivals.keys() | heard[other].arrivals.keys()
        self.assertTrue(answers, "no deletion was answered")
        self.assertEqual([title for title, may in answers.items() if may == "false" and title in fired], [])

    @staticmethod
    def doomed(server, users, due):
        """Tasks, one for each user, a few milliseconds apart: title, user, id."""
        tasks = []
        for number, user in enumerate(users):
            title = f"doomed {number}"
            status, task = server.ask("POST", "/api/tasks", {
                "title": title, "reminders": [{"at": rfc3339(due + number * 20_000)}],
            }, user)
            if status != 201:
                raise AssertionError(task)
            tasks.append((title, user, task["id"]))
        return tasks

    def test_a_rolling_restart_under_load(self):
        """Every process is replaced, one after the other: nothing is lost, nothing 250 ms late."""
        rate, seconds, users = (500, 60, 100) if LONG else (50, 10, 30)
        cluster = self.cluster()
        servers = [self.server(cluster.url) for _ in range(3 if LONG else 2)]
        cluster.wait_for_owners(len(servers))
        followers = Followers(servers, [f"user {number}" for number in range(users)])
        self.addCleanup(followers.close)
        load = Load(servers, rate, seconds, users)
        self.addCleanup(load.cancel)
        time.sleep(3)
        for server in servers:
            self.assertEqual(server.stop(), 0, server.said()[-2000:])
            server.start()
            time.sleep(10 if LONG else 1)
        load.finish()
        account = Account(load, cluster, followers)
        late = account.lateness()
        say(f"rolling restart: {account.text()}")
        say(figures(late))
        account.check(self)
        self.assertLess(late[-1], 250 if LONG else 1_000)


# Notes what the sessions named zombie stage and acknowledge, and who owns the shard at that moment.
WATCH = """
CREATE TABLE writes (kind text, shard smallint, owner integer, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('application_name') = 'zombie' THEN
        INSERT INTO writes SELECT TG_TABLE_NAME, s.shard, s.engine_id FROM shards AS s WHERE s.shard = NEW.shard;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER INSERT ON outbox FOR EACH ROW
    WHEN (NEW.event_type = 'reminder.due') EXECUTE FUNCTION watch();
CREATE TRIGGER watch AFTER INSERT ON event_log FOR EACH ROW
    WHEN (NEW.event_type = 'reminder.due') EXECUTE FUNCTION watch();
"""


class Deletions:
    """Requests that wait at a suspended server, and are answered when it wakes up."""

    def __init__(self, server, tasks, patience):
        self.answers = {}
        self._threads = [
            threading.Thread(target=self._delete, args=(server, patience + 20, *task)) for task in tasks
        ]
        for thread in self._threads:
            thread.start()

    def finish(self):
        """By title, whether the answer says that the reminder may have fired."""
        for thread in self._threads:
            thread.join()
        return self.answers

    def _delete(self, server, timeout, title, user, task):
        status, headers = server.ask("DELETE", f"/api/tasks/{task}", user=user, timeout=timeout)
        if status == 204:
            self.answers[title] = {name.lower(): value for name, value in headers.items()}["may-have-fired"]
