# SPDX-License-Identifier: Apache-2.0
"""That alerts fire when they should, and that nothing is asked for that the program does not show."""

import datetime
import http.server
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

import yaml

from harness import MONITORING, ROOT, Case, Database, Server, free_port, metric_names

ALERTS = MONITORING / "alerts.yaml"
SECONDS_TO_SEE = 45
# What documents name beside metrics.
NO_METRICS = set()


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def in_seconds(text):
    """The rules with minutes as seconds and at once instead of a while, so that a test can wait."""
    text = re.sub(r"for: \d+m", "for: 1s", text)
    return re.sub(r"\[(\d+)m\]", "[10s]", text)


class RuleTests(Case):
    def test_load_and_do_what_their_tests_say(self):
        promtool = self.need("promtool")
        self.run_program(promtool, "check", "config", MONITORING / "prometheus.yaml")
        self.run_program(promtool, "test", "rules", MONITORING / "alerts_test.yaml")

    def test_each_is_tested(self):
        tests = (MONITORING / "alerts_test.yaml").read_text()
        self.assertEqual([rule["alert"] for rule in rules() if rule["alert"] not in tests], [])

    def test_each_has_a_section_in_the_runbook(self):
        headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/OPERATIONS.md").read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        for rule in rules():
            self.assertIn(rule["annotations"]["runbook_url"].split("#")[1], anchors, rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))

    def test_routes_load(self):
        self.run_program(self.need("amtool"), "check-config", MONITORING / "alertmanager.yaml")


class Sink(http.server.BaseHTTPRequestHandler):
    """A webhook that refuses, so that deliveries are counted."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(410)
        self.end_headers()

    def log_message(self, *_):
        pass


class LiveTests(Case):
    """Against a server that runs, and a Prometheus that scrapes it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        cls.addClassCleanup(sink.server_close)
        cls.addClassCleanup(sink.shutdown)
        cls.database = Database("monitoring")
        cls.addClassCleanup(cls.database.drop)
        cls.server = Server(
            cls.database, cls.folder.name, PUNCTUAL_WEBHOOK_ALLOW="127.0.0.1",
            PUNCTUAL_WEBHOOK_URL=f"http://127.0.0.1:{sink.server_port}/",
        )
        cls.addClassCleanup(cls.server.stop)

    def create_overdue(self, count, seconds):
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
        tasks = [{"title": "Late", "reminders": [{"at": at.isoformat()}]} for _ in range(count)]
        self.assertEqual(self.server.ask("/api/tasks/batch", tasks)[0], 201)

    def test_metrics_are_in_the_form_of_prometheus(self):
        promtool = self.need("promtool")
        outcome = subprocess.run(
            [promtool, "check", "metrics"], input=self.server.metrics(), text=True,
            capture_output=True, timeout=30,
        )
        complaints = [
            line for line in (outcome.stdout + outcome.stderr).splitlines()
            if "no help text" not in line
        ]
        self.assertEqual(complaints, [])

    def shown(self):
        """Every series that a process shows: one by itself, one with Kafka and a sidecar, both away."""
        self.create_overdue(1, 1)
        database = Database("brokers")
        self.addCleanup(database.drop)
        server = Server(
            database, self.folder.name, PUNCTUAL_TRANSPORT="kafka",
            PUNCTUAL_KAFKA_BROKERS="127.0.0.1:1", PUNCTUAL_DAPR_STATESTORE="statestore",
            DAPR_HTTP_PORT="1",
        )
        self.addCleanup(server.stop)
        return metric_names(self.server.metrics()) | metric_names(server.metrics())

    def test_documents_name_metrics_that_there_are(self):
        shown = self.shown()
        known = shown | {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
        documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/*/README.md")]
        named = {
            (file.name, name) for file in documents
            for name in re.findall(r"`(punctual_[a-z_]+)(?:\{[^`]*)?`", file.read_text())
        }
        self.assertGreater(len(named), 3)
        self.assertEqual({one for one in named if one[1] not in known}, NO_METRICS)

    def test_dashboards_and_alerts_ask_for_what_there_is(self):
        shown = self.shown()
        dashboards = sorted((MONITORING / "dashboards").glob("*.json"))
        self.assertGreaterEqual(len(dashboards), 3)
        asked = {rule["alert"]: rule["expr"] for rule in rules()}
        identifiers = set()
        for file in dashboards:
            dashboard = json.loads(file.read_text())
            identifiers.add(dashboard["uid"])
            numbers = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(numbers), len(set(numbers)), file.name)
            for panel in dashboard["panels"]:
                for target in panel["targets"]:
                    asked[f"{file.name}: {panel['title']}"] = target["expr"]
        self.assertEqual(len(identifiers), len(dashboards))
        for who, expression in asked.items():
            names = set(re.findall(r"\bpunctual_\w+", expression))
            self.assertTrue(names or "up{" in expression, who)
            self.assertEqual(names - shown, set(), who)

    def test_expressions_of_dashboards_are_valid(self):
        promtool = self.need("promtool")
        expressions = []
        for file in sorted((MONITORING / "dashboards").glob("*.json")):
            for panel in json.loads(file.read_text())["panels"]:
                expressions += [target["expr"] for target in panel["targets"]]
        rules = [
            {"record": f"panel:{number}", "expr": text.replace("$__rate_interval", "1m")
             .replace("$instance", ".*")}
            for number, text in enumerate(expressions)
        ]
        file = pathlib.Path(self.folder.name) / "panels.yaml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
        self.run_program(promtool, "check", "rules", "--lint=none", file)

    def test_late_fires_when_reminders_are_late_and_clears_after(self):
        prometheus = self.need("prometheus")
        folder = pathlib.Path(self.folder.name) / "prometheus"
        folder.mkdir()
        (folder / "alerts.yaml").write_text(in_seconds(ALERTS.read_text()))
        configuration = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
        configuration["global"].update(scrape_interval="1s", evaluation_interval="1s")
        configuration["scrape_configs"][0]["static_configs"][0]["targets"] = [
            self.server.url.removeprefix("http://")
        ]
        del configuration["alerting"]
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
        address = f"127.0.0.1:{free_port()}"
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [prometheus, f"--config.file={folder / 'prometheus.yaml'}",
                 f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"],
                stdout=log, stderr=log,
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def alerts():
            try:
                with urllib.request.urlopen(f"http://{address}/api/v1/alerts", timeout=5) as answer:
                    return {
                        alert["labels"]["alertname"] for alert in json.load(answer)["data"]["alerts"]
                        if alert["state"] == "firing"
                    }
            except OSError:
                return None

        def wait(condition, what):
            end = time.monotonic() + SECONDS_TO_SEE
            while not condition():
                self.assertLess(time.monotonic(), end, f"{what}; firing: {alerts()}")
                time.sleep(0.2)

        def scraped():
            with urllib.request.urlopen(
                f"http://{address}/api/v1/query?query=count_over_time(up[1m])", timeout=5
            ) as answer:
                result = json.load(answer)["data"]["result"]
            return result and int(result[0]["value"][1]) >= 3

        wait(lambda: alerts() is not None, "Prometheus did not start")
        wait(scraped, "nothing was scraped")
        self.assertNotIn("PunctualLate", alerts())
        self.create_overdue(50, 20)
        wait(lambda: "PunctualLate" in alerts(), "it did not fire")
        wait(lambda: "PunctualLate" not in alerts(), "it did not clear")


if __name__ == "__main__":
    unittest.main()
