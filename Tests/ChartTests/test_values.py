# SPDX-License-Identifier: Apache-2.0
"""That values which cannot work are refused, with a message that names them and what would."""

import json
import unittest

from chart import CHART, MINIMUM, HelmError, chart, merged, of_kind, render, value
from test_rendering import CNPG, EXTERNAL, KEDA, PLAIN

# Values that the schema refuses, and what the message must name.
MISTAKES = {
    "a typing error at the top": (value("replica", 3), "replica"),
    "a typing error within": (value("workload.replica", 3), "replica"),
    "a typing error in a component": (value("components.engine.replica", 3), "replica"),
    "an unknown component": (value("components.mailer", {}), "mailer"),
    "no replicas": (value("workload.replicas", 0), "/workload/replicas"),
    "replicas in text": (value("workload.replicas", "3"), "/workload/replicas"),
    "an unknown transport": (value("config.transport", "nats"), "/config/transport"),
    "shards out of range": (value("config.shards", 5000), "/config/shards"),
    "a retention in hours": (value("config.retention", "PT5H"), "/config/retention"),
    "a lead in minutes": (value("config.lead", "5m"), "/config/lead"),
    "brokers without a port": (value("config.kafka.brokers", "kafka"), "/config/kafka/brokers"),
    "a password in the open": (value("config.kafka.properties", {"sasl.password": "x"}),
                               "sasl.password"),
    "a digest without its kind": (value("image.digest", "abc"), "/image/digest"),
    "an unknown key of the Secret": (value("secrets.keys", ["password"]), "/secrets/keys/0"),
    "a drain that would never end": (value("workload.podDisruptionBudget.maxUnavailable", 0),
                                     "/workload/podDisruptionBudget/maxUnavailable"),
    "an engine scaled to nothing": (value("components.engine.autoscaling.minReplicas", 0),
                                    "/components/engine/autoscaling/minReplicas"),
    "sometimes": (value("monitoring.serviceMonitor.enabled", "sometimes"),
                  "/monitoring/serviceMonitor/enabled"),
    "an unknown topic": (value("strimzi.topics", {"reminder": 1}), "reminder"),
    "a relative path": (value("ingress.path", "punctual"), "/ingress/path"),
    "a CORS origin with a path": (value("config.corsOrigins", ["https://a.example/b"]),
                                  "/config/corsOrigins/0"),
    "a memory without a unit that exists": (
        value("workload.resources.limits.memory", "1GB"), "/workload/resources/limits/memory"),
}
# Values that fit each but not together, and what the message must say.
CONTRADICTIONS = {
    "no database": (value("secrets", {"existingSecret": "", "values": {"jwt_secret": "x"}}),
                    "there is no database_url"),
    "no authentication": (value("secrets.keys", ["database_url"]), "config.jwksUrl"),
    "two sources of secrets": (merged(EXTERNAL, value("secrets.existingSecret", "a")), "only one of"),
    "a store without a name": (merged(EXTERNAL, value("secrets.external.storeName", "")),
                               "secrets.external.storeName"),
    "a made-up secret in another's Secret": (value("secrets.generate", True), "secrets.generate"),
    "two databases": (merged(CNPG, value("postgresql.single.enabled", True)), "not both"),
    "Dapr without a sidecar": (value("config.transport", "dapr"), "dapr.enabled=true"),
    "calls without a token": (merged(value("dapr.enabled", True), value("dapr.invocation", True)),
                              "dapr.appTokenSecret"),
    "Kafka without brokers": (value("config.transport", "kafka"), "config.kafka.brokers"),
    "a hook before the database": (merged(CNPG, value("migration.mode", "hook")), "migration.mode"),
    "a route without a Gateway": (value("gatewayApi.enabled", True), "gatewayApi.parentRefs"),
    "more copies than brokers": (value("strimzi", {"enabled": True, "brokers": 1}),
                                 "strimzi.minInSyncReplicas"),
    "nothing to run": (value("components.all.enabled", False), "at least one"),
    "minimum above maximum": (value("components.all.autoscaling", {"minReplicas": 9}),
                              "minReplicas 9 is more than maxReplicas 6"),
    "no metric": (value("workload.autoscaling", {"kind": "hpa", "cpu": 0, "memory": 0}),
                  "no metric is left"),
    "lag of no Kafka": (KEDA, "autoscaling.lag"),
    "two autoscalers of one thing": (
        value("workload", {"autoscaling": {"kind": "hpa"},
                           "verticalAutoscaling": {"enabled": True, "updateMode": "Recreate"}}),
        "verticalAutoscaling.updateMode"),
    "too little time to stop": (value("workload.terminationGracePeriodSeconds", 29),
                                "terminationGracePeriodSeconds"),
}


class ValuesTests(unittest.TestCase):
    def refuse(self, values, named):
        with self.assertRaises(HelmError) as refusal:
            render(values)
        self.assertIn(named.lower().lstrip("/"), str(refusal.exception).lower().replace(".", "/")
                      if named.startswith("/") else str(refusal.exception).lower())

    def test_the_schema_refuses_mistakes(self):
        for name, (values, named) in MISTAKES.items():
            with self.subTest(mistake=name):
                self.refuse(merged(MINIMUM, values), named)

    def test_contradictions_are_refused_with_the_remedy(self):
        for name, (values, named) in CONTRADICTIONS.items():
            with self.subTest(contradiction=name):
                self.refuse(merged(MINIMUM, values), named)

    def test_nothing_at_all_is_refused_with_the_remedy(self):
        self.refuse({}, "secrets.existingSecret")

    def test_a_parent_chart_may_hand_down_global_values(self):
        self.assertTrue(render(MINIMUM, value("global", {"anything": {"at": "all"}})))

    def test_the_schema_describes_every_value_and_no_other(self):
        def walk(schema, values, path):
            described = schema.get("properties")
            if described is None or "$ref" in schema:
                return
            self.assertIs(schema.get("additionalProperties"), False, path)
            if schema.get("description") not in ("The value.",):
                for key, part in described.items():
                    self.assertTrue(part.get("description"), f"{path}.{key}")
            optional = path.startswith(("secrets.values", "workload.probes"))
            if not optional:
                self.assertEqual(set(described), set(values), path)
            for key in set(described) & set(values):
                if isinstance(values[key], dict):
                    walk(described[key], values[key], f"{path}.{key}".lstrip("."))
        schema = json.loads((CHART / "values.schema.json").read_text())
        walk(schema, chart().values, "")
        component = schema["definitions"]["component"]
        self.assertEqual(component["properties"], schema["properties"]["workload"]["properties"])

    def test_secrets_are_nowhere_but_in_secrets(self):
        hidden = "postgresql://u:p@db/punctual"
        for document in render(PLAIN):
            if document["kind"] != "Secret":
                self.assertNotIn(hidden, str(document))
        self.assertTrue(of_kind(render(PLAIN), "Secret"))


if __name__ == "__main__":
    unittest.main()
