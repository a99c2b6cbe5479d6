# SPDX-License-Identifier: Apache-2.0
"""That with every engine gone the cron binding of a sidecar fires what is overdue, once."""

import unittest

import yaml

from desk import COMPONENTS, LOCAL, Sidecar, SidecarCase, rfc3339, wait

REMINDERS = 300


class SweepTests(SidecarCase):
    def overdue(self, server):
        """Reminders whose time has come, in many shards, which nobody fires."""
        for number in range(20):
            status, answer = server.ask("/api/tasks/batch", [
                {"title": "overdue", "reminders": [{"at": rfc3339(-1)}]}
                for _ in range(REMINDERS // 20)], user=f"user {number}")
            self.assertEqual(status, 201, answer)

    def fired(self):
        return self.query("SELECT count(*), count(DISTINCT task_id) FROM event_log "
                          "WHERE event_type = 'reminder.due'")

    def test_a_tick_fires_everything_once_and_so_do_two_hundred(self):
        # With the probe by OPTIONS, which the project's own component leaves out.
        component = yaml.safe_load((LOCAL / "reminder-check.yaml").read_text())
        component["spec"]["metadata"] = [
            entry for entry in component["spec"]["metadata"] if entry["name"] != "direction"]
        path = self.folder / "reminder-check.yaml"
        path.write_text(yaml.safe_dump(component))
        sidecar = Sidecar(self, "punctual", resources=[*COMPONENTS, path])
        server, sidecar = self.pair("punctual", sidecar=sidecar, PUNCTUAL_ROLES="api")
        wait("it was asked", lambda: sidecar.notes("asked") == [["reminder-check", "200"]])

        self.overdue(server)
        self.assertEqual(self.fired(), "0|0")
        (status, report), = sidecar.tick()
        self.assertEqual((status, report["fired"], report["complete"]), (200, REMINDERS, True))
        wait("all are logged", lambda: self.fired() == f"{REMINDERS}|{REMINDERS}")

        self.overdue(server)
        answers = sidecar.tick(200)
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual(sum(report["fired"] for _, report in answers), REMINDERS)
        wait("all are logged", lambda: self.fired() == f"{2 * REMINDERS}|{2 * REMINDERS}")
        wait("all are published", lambda: len(set(sidecar.published("reminders"))) == 2 * REMINDERS)

    def test_the_projects_own_component_ticks_without_being_asked_for(self):
        sidecar = Sidecar(
            self, "punctual", resources=[*COMPONENTS, LOCAL / "reminder-check.yaml"])
        server, sidecar = self.pair("punctual", sidecar=sidecar, PUNCTUAL_ROLES="api")
        self.overdue(server)
        (status, report), = sidecar.tick()
        self.assertEqual((status, report["fired"]), (200, REMINDERS))
        self.assertEqual(sidecar.notes("asked"), [])


if __name__ == "__main__":
    unittest.main()
