# SPDX-License-Identifier: Apache-2.0
"""That the components are what a sidecar of Dapr 1.18 expects, and name what the chart names."""

import re
import unittest

import yaml

from chart import DAPR, MINIMUM, ROLES, chart, of_kind, problems, render, value
from test_names import TOPICS
from test_rendering import DAPR as WITH_DAPR
from test_rendering import SPLIT, STRIMZI

KUBERNETES = sorted((DAPR / "kubernetes").glob("*.yaml"))
LOCAL = sorted((DAPR / "local").glob("*.yaml"))
APP_IDS = {"punctual", *(f"punctual-{role}" for role in ROLES if role != "api")}
# What each type of component understands and this project uses.
METADATA = {
    ("pubsub.kafka", "v1"): {
        "brokers", "authType", "caCert", "clientCert", "clientKey", "saslMechanism", "saslUsername",
        "saslPassword", "initialOffset", "version", "producerRequiredAcks", "consumeRetryEnabled",
        "escapeHeaders", "allowedTopics", "disableTls"},
    ("state.postgresql", "v2"): {
        "connectionString", "tablePrefix", "metadataTableName", "timeout", "maxConns", "keyPrefix"},
    ("bindings.cron", "v1"): {"schedule", "route", "direction"},
    ("secretstores.kubernetes", "v1"): {"defaultNamespace", "kubeconfigPath"},
}


def documents(paths):
    return [(path, document) for path in paths for document in yaml.safe_load_all(path.read_text())]


def metadata(component):
    return {entry["name"]: entry for entry in component["spec"]["metadata"]}


class ComponentTests(unittest.TestCase):
    def components(self, kind, paths=KUBERNETES):
        found = [document for _, document in documents(paths) if document["kind"] == kind]
        self.assertTrue(found)
        return found

    def test_every_resource_is_valid(self):
        for path, document in documents(KUBERNETES + LOCAL):
            with self.subTest(file=path.name):
                self.assertEqual(problems(document), [])

    def test_components_use_what_their_type_understands(self):
        for component in self.components("Component", KUBERNETES + LOCAL):
            spec = component["spec"]
            known = METADATA[spec["type"], spec["version"]]
            self.assertLessEqual(set(metadata(component)), known)
            self.assertTrue(component["scopes"])
            self.assertLessEqual(set(component["scopes"]), APP_IDS)

    def test_kafka_is_told_what_it_needs(self):
        brokers = [c for c in self.components("Component", KUBERNETES + LOCAL)
                   if c["spec"]["type"] == "pubsub.kafka"]
        self.assertEqual(len(brokers), 3)
        for component in brokers:
            entries = metadata(component)
            self.assertEqual(component["metadata"]["name"], chart().values["dapr"]["pubsub"])
            self.assertIn(entries["authType"]["value"], ("none", "password", "mtls"))
            self.assertEqual(entries["initialOffset"]["value"], "oldest")
            self.assertGreaterEqual(tuple(map(int, entries["version"]["value"].split("."))), (2, 1))
            # Each role is a group of its own, by its app id.
            self.assertNotIn("consumerGroup", entries)
            # No secret in the open.
            for name in ("saslPassword", "clientKey"):
                if name in entries:
                    self.assertIn("secretKeyRef", entries[name])
            if "allowedTopics" in entries:
                self.assertEqual(set(entries["allowedTopics"]["value"].split(",")), set(TOPICS))

    def test_names_of_strimzi_are_those_of_the_chart(self):
        cluster = chart().values["strimzi"]["clusterName"]
        user = of_kind(render(MINIMUM, STRIMZI), "KafkaUser")[0]["metadata"]["name"]
        path = DAPR / "kubernetes" / "pubsub-strimzi.yaml"
        entries = metadata(yaml.safe_load(path.read_text()))
        self.assertEqual(entries["brokers"]["value"], f"{cluster}-kafka-bootstrap:9093")
        self.assertEqual(entries["caCert"]["secretKeyRef"]["name"], f"{cluster}-cluster-ca-cert")
        for name in ("clientCert", "clientKey"):
            self.assertEqual(entries[name]["secretKeyRef"]["name"], user)

    def test_the_cron_is_never_left_out_and_runs_every_minute(self):
        for paths in (KUBERNETES, LOCAL):
            cron = next(c for c in self.components("Component", paths)
                        if c["spec"]["type"] == "bindings.cron")
            values = {name: entry["value"] for name, entry in metadata(cron).items()}
            self.assertEqual(cron["metadata"]["name"], "reminder-check")
            self.assertEqual(values, {"schedule": "@every 1m", "route": "/reminder-check",
                                      "direction": "input"})
            self.assertEqual(cron["scopes"], ["punctual"])

    def test_topics_arrive_and_end_in_the_dead_letters(self):
        declared = of_kind(render(MINIMUM, WITH_DAPR), "Subscription")
        for found in (self.components("Subscription"), self.components("Subscription", LOCAL),
                      declared):
            specs = {s["spec"]["topic"]: s for s in found}
            self.assertEqual(set(specs), set(TOPICS) - {"reminders-dlq"})
            for topic, subscription in specs.items():
                self.assertEqual(subscription["apiVersion"], "dapr.io/v2alpha1")
                self.assertEqual(subscription["scopes"], ["punctual"])
                self.assertEqual(subscription["spec"], {
                    "pubsubname": "kafka-pubsub", "topic": topic, "deadLetterTopic": "reminders-dlq",
                    "routes": {"default": f"/events/{topic}"}})

    def test_by_roles_each_consumer_gets_its_topics(self):
        found = of_kind(render(MINIMUM, SPLIT, WITH_DAPR), "Subscription")
        scopes = {s["spec"]["topic"]: set(s["scopes"]) for s in found}
        self.assertEqual(scopes, {
            "task-events": {"punctual-recurring", "punctual-audit"},
            "reminders": {"punctual-notify", "punctual-audit", "punctual-realtime"},
            "task-updates": {"punctual-audit", "punctual-realtime"}})

    def test_resiliency_names_what_exists_and_breaks_circuits(self):
        for paths in (KUBERNETES, LOCAL):
            resiliency = self.components("Resiliency", paths)[0]["spec"]
            names = {c["metadata"]["name"] for c in self.components("Component", paths)}
            self.assertLessEqual(set(resiliency["targets"]["components"]), names)
            used = {"timeout": set(), "retry": set(), "circuitBreaker": set()}
            targets = list(resiliency["targets"]["apps"].values())
            for target in resiliency["targets"]["components"].values():
                targets += target.values()
            for target in targets:
                for key, name in target.items():
                    used[key].add(name)
            for key, section in (("timeout", "timeouts"), ("retry", "retries"),
                                 ("circuitBreaker", "circuitBreakers")):
                self.assertEqual(used[key], set(resiliency["policies"][section]))
            for retry in resiliency["policies"]["retries"].values():
                self.assertGreater(retry["maxRetries"], 0)

    def test_the_configuration_is_closed_by_default(self):
        found = {c["metadata"]["name"]: c for c in self.components("Configuration")}
        self.assertTrue(found["daprsystem"]["spec"]["mtls"]["enabled"])
        found = found["punctual"]
        self.assertEqual(found["metadata"]["name"], chart().values["dapr"]["config"])
        self.assertEqual(found["spec"]["accessControl"]["defaultAction"], "deny")
        self.assertEqual(found["spec"]["secrets"]["scopes"][0]["defaultAccess"], "deny")

    def test_annotations_are_known_and_of_this_project(self):
        current = set("""enabled app-id app-port app-protocol config log-level log-as-json
            enable-metrics metrics-port api-token-secret app-token-secret graceful-shutdown-seconds
            block-shutdown-duration enable-app-health-check app-health-check-path
            app-binding-options-timeout disable-init-endpoints disable-builtin-k8s-secret-store
            sidecar-cpu-request sidecar-cpu-limit sidecar-memory-request sidecar-memory-limit
            sidecar-seccomp-profile-type enable-native-sidecar""".split())
        ids = set()
        slow = value("workload", {"preStopSeconds": 30, "terminationGracePeriodSeconds": 60})
        for deployment in of_kind(render(MINIMUM, SPLIT, WITH_DAPR), "Deployment") + of_kind(
                render(MINIMUM, SPLIT, WITH_DAPR, slow), "Deployment"):
            template = deployment["spec"]["template"]
            annotations = {key.removeprefix("dapr.io/"): text for key, text
                           in template["metadata"]["annotations"].items() if key.startswith("dapr.io/")}
            self.assertLessEqual(set(annotations), current)
            ids.add(annotations["app-id"])
            seconds = int(re.match(r"\d+", annotations["block-shutdown-duration"]).group())
            stop = template["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            self.assertGreaterEqual(template["spec"]["terminationGracePeriodSeconds"],
                                    stop + 30 + seconds + int(annotations["graceful-shutdown-seconds"]))
        self.assertEqual(ids, APP_IDS)


if __name__ == "__main__":
    unittest.main()
