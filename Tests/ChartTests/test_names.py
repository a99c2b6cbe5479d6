# SPDX-License-Identifier: Apache-2.0
"""That names in the chart and the components are those of the program, of deploy/ and of each other."""

import re
import unittest

import yaml

from chart import CHART, DAPR, MINIMUM, ROLES, ROOT, chart, merged, of_kind, render, value
from test_rendering import DAPR as WITH_DAPR
from test_rendering import HPA, KAFKA, KEDA, SPLIT

SOURCES = ROOT / "Sources"
MONITORING = ROOT / "deploy" / "monitoring"
TOPICS = {"task-events": 3, "reminders": 1, "task-updates": 3, "reminders-dlq": 1}
# Variables of the design that Setting.swift need not have yet, or that are not its own.
DESIGNED = {
    "PUNCTUAL_KAFKA_BROKERS", "PUNCTUAL_KAFKA_PROPERTIES", "PUNCTUAL_KAFKA_FORMAT",
    "PUNCTUAL_DAPR_PUBSUB", "PUNCTUAL_SMTP_FROM",
    "PUNCTUAL_JOBS_CALLBACK_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "APP_API_TOKEN_FILE",
}
FILLED = {"config": {
    "lead": "PT1S", "rateLimit": "100", "corsOrigins": ["https://a.example"],
    "jwksUrl": "https://a.example/jwks", "jwtAudience": "a", "jwtIssuer": "b",
    "webhookUrl": "https://a.example/hook", "webhookAllow": ["10.0.0.0/8"], "smtpFrom": "a@b.example",
    "jobsCallbackUrl": "http://a.example", "otlpEndpoint": "http://otel:4318"}}


def program_variables():
    text = (SOURCES / "Punctual" / "Setting.swift").read_text()
    cases = text[: text.index("var isSecret")]
    keys = re.findall(r'^    case \w+ = "(\w+)"$', cases, re.MULTILINE)
    keys += re.findall(r"^    case (\w+)$", cases, re.MULTILINE)
    # Some names are Dapr's own.
    return {key.upper() if key in ("app_api_token", "dapr_api_token") or key.startswith("dapr_http")
            else "PUNCTUAL_" + key.upper() for key in keys}


class NameTests(unittest.TestCase):
    maxDiff = None

    def test_variables_are_those_of_the_program(self):
        variables = program_variables()
        self.assertIn("PUNCTUAL_HTTP_PORT", variables)
        used = set()
        for values in (merged(KAFKA, FILLED), merged(SPLIT, WITH_DAPR, FILLED, value("dapr.invocation", True))):
            documents = render(MINIMUM, values)
            for document in of_kind(documents, "ConfigMap"):
                used |= {key for key in document["data"] if not key.endswith(".json")}
            for deployment in of_kind(documents, "Deployment"):
                container = deployment["spec"]["template"]["spec"]["containers"][0]
                used |= {entry["name"] for entry in container["env"]}
        files = {name + "_FILE" for name in variables}
        self.assertEqual(used - variables - files - DESIGNED, set())
        # What the program can be told, the chart can tell it.
        everything = used | {name.removesuffix("_FILE") for name in used} | DESIGNED
        self.assertEqual(
            # Keys of the Secret, what a sidecar's injector sets, and what extraEnv is for.
            variables - everything - {"PUNCTUAL_WEBHOOK_SECRET", "PUNCTUAL_SMTP_URL",
                                      "PUNCTUAL_VAPID_KEY", "PUNCTUAL_SMTP_CA", "PUNCTUAL_WEBHOOK_CA", "DAPR_HTTP_ENDPOINT",
                                      "DAPR_HTTP_PORT", "DAPR_API_TOKEN"}, set())

    def test_keys_of_secrets_are_those_of_the_program(self):
        text = (SOURCES / "Punctual" / "Setting.swift").read_text()
        cases = dict(re.findall(r'case (\w+) = "(\w+)"', text))
        secret = re.search(r"isSecret: Bool \{\s*\[([^\]]*)\]", text).group(1)
        keys = {cases[name] for name in re.findall(r"\.(\w+)", secret)}
        described = set(chart().schema["properties"]["secrets"]["properties"]["values"]["properties"])
        self.assertLessEqual(keys - {"app_api_token", "dapr_api_token"}, described)

    def test_roles_are_those_of_the_program(self):
        text = (SOURCES / "Punctual" / "ServeConfiguration.swift").read_text()
        named = re.search(r"case ([a-z, ]+)\n", text[text.index("enum Role"):]).group(1)
        self.assertEqual(tuple(named.split(", ")), ROLES)
        self.assertEqual(set(chart().values["components"]), {"all", *ROLES})

    def test_a_stop_takes_as_long_as_the_program_says(self):
        text = (SOURCES / "Punctual" / "Composition.swift").read_text()
        seconds = int(re.search(r"stopTimeout = Duration\.seconds\((\d+)\)", text).group(1))
        for values in (SPLIT, merged(SPLIT, WITH_DAPR)):
            for deployment in of_kind(render(MINIMUM, values), "Deployment"):
                spec = deployment["spec"]["template"]["spec"]
                sleep = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
                self.assertGreater(spec["terminationGracePeriodSeconds"], sleep + seconds)

    def test_probes_are_routes_of_the_program(self):
        routes = (SOURCES / "PunctualHTTP" / "HealthRoutes.swift").read_text()
        container = of_kind(render(MINIMUM), "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
        paths = {container[f"{kind}Probe"]["httpGet"]["path"]
                 for kind in ("startup", "readiness", "liveness")}
        self.assertEqual(paths, {"/healthz", "/readyz"})
        for path in paths:
            self.assertIn(path.lstrip("/"), routes)

    def test_topics_are_the_same_everywhere(self):
        self.assertEqual(chart().values["strimzi"]["topics"], TOPICS)
        csv = ROOT / "deploy" / "topics.csv"
        if csv.exists():
            rows = [line.split(",") for line in csv.read_text().split()]
            self.assertEqual({name: int(partitions) for name, partitions, _ in rows}, TOPICS)
            self.assertEqual({int(retention) for _, _, retention in rows},
                             {chart().values["strimzi"]["retentionMs"]})
        topics = of_kind(render(MINIMUM, KAFKA), "KafkaTopic")
        self.assertEqual({t["metadata"]["name"]: t["spec"]["partitions"] for t in topics}, TOPICS)

    def test_lag_is_that_of_groups_and_topics_that_there_are(self):
        consumer = (SOURCES / "PunctualKafka" / "KafkaConsumer.swift").read_text()
        self.assertIn('group: "punctual-\\(handler.name)"', consumer)
        for values in (HPA, KEDA):
            found = set()
            for scaler in of_kind(render(MINIMUM, SPLIT, KAFKA, values),
                                  "HorizontalPodAutoscaler", "ScaledObject"):
                for metric in scaler["spec"].get("metrics", []):
                    if metric["type"] == "External":
                        labels = metric["external"]["metric"]["selector"]["matchLabels"]
                        found.add((labels["consumergroup"], labels["topic"]))
                for trigger in scaler["spec"].get("triggers", []):
                    if trigger["type"] == "kafka":
                        found.add((trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"]))
            self.assertEqual(found, {("punctual-recurring", "task-events"), ("punctual-notify", "reminders"),
                                     ("punctual-audit", "task-events")})

    def test_alerts_and_dashboards_are_those_of_deploy(self):
        ours = {path.relative_to(CHART / "files"): path.read_bytes()
                for path in (CHART / "files").rglob("*") if path.is_file()}
        self.assertIn(b"PunctualLate", ours[min(ours)])
        if MONITORING.exists():
            theirs = {path.relative_to(MONITORING): path.read_bytes() for path in
                      [MONITORING / "alerts.yaml", *(MONITORING / "dashboards").glob("*.json")]}
            self.assertEqual(
                {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)},
                set(), "deploy/check-chart --update copies them into the chart")

    def test_rules_and_dashboards_arrive_unchanged(self):
        documents = render(MINIMUM, {"monitoring": {
            "prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}}})
        rule = of_kind(documents, "PrometheusRule")[0]
        self.assertEqual(rule["spec"], yaml.safe_load((CHART / "files" / "alerts.yaml").read_text()))
        boards = [document for document in of_kind(documents, "ConfigMap")
                  if "grafana_dashboard" in document["metadata"]["labels"]]
        texts = {text.strip() for board in boards for text in board["data"].values()}
        self.assertEqual(texts, {path.read_text().strip()
                                 for path in (CHART / "files" / "dashboards").glob("*.json")})

    def test_the_readme_lists_every_value(self):
        readme = (CHART / "README.md").read_text()
        listed = set(re.findall(r"^\| `([\w.]+)`", readme, re.MULTILINE))
        values = chart().values
        known = {f"{top}.{key}" if isinstance(values[top], dict) and values[top] else top
                 for top in values for key in (values[top] if isinstance(values[top], dict) and values[top] else [""])}
        self.assertEqual(listed, known)


if __name__ == "__main__":
    unittest.main()
