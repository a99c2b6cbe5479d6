# SPDX-License-Identifier: Apache-2.0
"""That every profile and every toggle makes objects that a cluster accepts."""

import functools
import re
import tempfile
import unittest

from helm_python import Chart, chart as helm

from chart import (CHART, MINIMUM, PROFILES, ROLES, chart, identity, merged, of_kind, pod, problems,
                   profile, render, value)

SPLIT = value("roles.split", True)
STRIMZI = value("strimzi.enabled", True)
KAFKA = merged(STRIMZI, value("config.transport", "kafka"))
DAPR = {"dapr": {"enabled": True, "subscriptions": True, "appTokenSecret": "app-token",
                 "readableSecrets": ["punctual"]}, "config": {"transport": "dapr"}}
GATEWAY = {"gatewayApi": {"enabled": True, "parentRefs": [{"name": "public"}]}}
CNPG = {"secrets": {"keys": ["jwt_secret"]}, "postgresql": {"cloudnativepg": {"enabled": True}}}
EXTERNAL = {"secrets": {"existingSecret": "", "external": {"enabled": True, "storeName": "vault"}}}
PLAIN = {"secrets": {"existingSecret": "", "values": {
    "database_url": "postgresql://u:p@db/punctual", "jwt_secret": "0" * 40}}}
HPA = value("workload.autoscaling", {"kind": "hpa", "lag": 100})
KEDA = value("workload.autoscaling", {"kind": "keda", "lag": 100, "overdue": 1000})

# Values, and the kinds of objects that they add to (or with "-" take from) those of MINIMUM.
TOGGLES = {
    "roles.split": (SPLIT, {"Deployment", "Service"}),
    "components.audit.enabled": (merged(SPLIT, value("components.audit.enabled", False)), set()),
    "secrets.values": (PLAIN, {"Secret"}),
    "secrets.external": (EXTERNAL, {"ExternalSecret"}),
    "secrets.generate": (merged(value("secrets", {"existingSecret": "", "generate": True}),
                                value("postgresql.single.enabled", True)), {"Secret"}),
    "migration.mode init": (value("migration.mode", "init"), {"-Job"}),
    "migration.enabled": (value("migration.enabled", False), {"-Job"}),
    "postgresql.cloudnativepg": (CNPG, {"Cluster"}),
    "postgresql.cloudnativepg of one": (
        merged(CNPG, value("postgresql.cloudnativepg", {
            "instances": 1, "monitoring": True, "parameters": {"shared_buffers": "256MB"},
            "storage": {"storageClass": "fast"}})), {"Cluster"}),
    "postgresql.single": (merged({"secrets": {"existingSecret": "", "generate": True}},
                                 value("postgresql.single", {
                                     "enabled": True, "storage": {"storageClass": "fast"}})),
                          {"StatefulSet", "Secret"}),
    "strimzi": (KAFKA, {"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"}),
    "strimzi.cluster": (merged(KAFKA, value("strimzi.cluster", False)), {"KafkaTopic", "KafkaUser"}),
    "kafka elsewhere": ({"config": {"transport": "kafka", "kafka": {
        "brokers": "a.example.com:9092,b.example.com:9092", "format": "plain",
        "properties": {"security.protocol": "sasl_ssl"}}}}, set()),
    "dapr": (merged(DAPR, STRIMZI), {"Role", "RoleBinding", "Subscription"}),
    "dapr classic, all in one": (merged(DAPR, value("dapr.nativeSidecar", False)), {"Subscription"}),
    "dapr by roles": (merged(SPLIT, DAPR), {"Subscription"}),
    "hpa": (HPA, {"HorizontalPodAutoscaler"}),
    "hpa by roles": (merged(SPLIT, HPA), {"HorizontalPodAutoscaler"}),
    "keda": (merged(KAFKA, KEDA), {"ScaledObject", "TriggerAuthentication"}),
    "keda by roles": (merged(SPLIT, KAFKA, KEDA, CNPG), {"ScaledObject", "TriggerAuthentication"}),
    "verticalAutoscaling": (value("workload.verticalAutoscaling.enabled", True),
                            {"VerticalPodAutoscaler"}),
    "podDisruptionBudget": (value("workload.podDisruptionBudget.enabled", False),
                            {"-PodDisruptionBudget"}),
    "topologySpread": (value("workload.topologySpread.enabled", False), set()),
    "serviceAccount": (value("serviceAccount", {"create": False, "name": "mine"}),
                       {"-ServiceAccount"}),
    "service": (value("service", {"type": "LoadBalancer", "port": 80, "annotations": {"a": "b"}}),
                set()),
    "ingress": (value("ingress.enabled", True), {"Ingress"}),
    "ingress by roles": (merged(SPLIT, value("ingress", {"enabled": True, "tls": False})), {"Ingress"}),
    "gatewayApi": (GATEWAY, {"HTTPRoute"}),
    "gatewayApi by roles": (merged(SPLIT, GATEWAY), {"HTTPRoute"}),
    "certificate": (value("certificate.enabled", True), {"Certificate"}),
    "istio": (merged(SPLIT, value("istio.enabled", True)), {"Gateway", "VirtualService"}),
    "networkPolicy": (value("networkPolicy.enabled", False), {"-NetworkPolicy"}),
    "networkPolicy open": (value("networkPolicy", {
        "allowExternalEgress": True, "allowExternal": False,
        "extraIngress": [{"ports": [{"port": 8080}]}]}), set()),
    "networkPolicy closed": (value("networkPolicy", {
        "ports": {"mail": [], "kafka": []},
        "extraEgress": [{"ports": [{"port": 5433, "protocol": "TCP"}]}]}), set()),
    "serviceMonitor": (value("monitoring.serviceMonitor", {
        "enabled": True, "labels": {"release": "prometheus"}}), {"ServiceMonitor"}),
    "prometheusRule": (value("monitoring.prometheusRule.enabled", True), {"PrometheusRule"}),
    "dashboards": (value("monitoring.dashboards", {"enabled": True, "annotations": {
        "grafana_folder": "Punctual"}}), {"ConfigMap"}),
    "tests": (value("tests.enabled", False), {"-Pod"}),
    "image": (value("image", {"digest": "sha256:" + "0" * 64, "pullSecrets": [{"name": "pull"}]}),
              set()),
    "workload": (value("workload", {
        "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"}, "priorityClassName": "high",
        "runtimeClassName": "gvisor", "nodeSelector": {"e": "f"},
        "tolerations": [{"key": "g", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}}, "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}]}), set()),
    "extraObjects": (value("extraObjects", [
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "{{ .Release.Name }}"}},
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\n"]),
        {"LimitRange", "ResourceQuota"}),
}
CLOUDS = [("prod", cloud) for cloud in ("gke", "aks", "oke")]


@functools.cache
def all_renders():
    """Every combination of values that is checked, by name."""
    return tuple(_all_renders())


def _all_renders():
    yield "minimum", render(MINIMUM)
    for name in PROFILES:
        yield name, render(profile(name))
    for names in CLOUDS:
        yield "+".join(names), render(*map(profile, names))
    for name, (values, _) in TOGGLES.items():
        yield name, render(MINIMUM, values)


class RenderingTests(unittest.TestCase):
    maxDiff = None

    def test_lint_is_silent(self):
        for layer in [{}, MINIMUM, *map(profile, PROFILES)]:
            report = helm.lint(CHART, layer, strict=True, kube_version="v1.34.0")
            said = [message for message in report["messages"]
                    if message["error"] != "icon is recommended"]
            self.assertEqual((said, report["errors"]), ([], []))

    def test_every_object_is_valid(self):
        for name, documents in all_renders():
            self.assertTrue(documents)
            for document in documents:
                with self.subTest(values=name, object=identity(document)):
                    self.assertEqual(problems(document), [])
                    # Text, as metadata must be: a bare number or true would be refused.
                    for kind in ("labels", "annotations"):
                        for meta in [document["metadata"]] + [m for m, _ in filter(None, [pod(document)])]:
                            for key, text in meta.get(kind, {}).items():
                                self.assertIsInstance(text, str, key)

    def test_no_object_is_there_twice(self):
        for name, documents in all_renders():
            with self.subTest(values=name):
                names = [f'{document["apiVersion"]} {identity(document)}' for document in documents]
                self.assertEqual(sorted(names), sorted(set(names)))

    def test_toggles_do_what_they_say(self):
        usual = [document["kind"] for document in render(MINIMUM)]
        for name, (values, kinds) in TOGGLES.items():
            with self.subTest(toggle=name):
                now = [document["kind"] for document in render(MINIMUM, values)]
                for kind in kinds:
                    if kind.startswith("-"):
                        self.assertIn(kind[1:], usual)
                        self.assertNotIn(kind[1:], now)
                    else:
                        self.assertGreater(now.count(kind), usual.count(kind), kind)

    def test_each_optional_operator_can_be_told_true_false_and_auto(self):
        for path, kind in (("monitoring.serviceMonitor.enabled", "ServiceMonitor"),
                           ("monitoring.prometheusRule.enabled", "PrometheusRule"),
                           ("certificate.enabled", "Certificate"), ("istio.enabled", "VirtualService"),
                           ("gatewayApi.enabled", "HTTPRoute"), ("strimzi.enabled", "Kafka"),
                           ("postgresql.cloudnativepg.enabled", "Cluster"),
                           ("secrets.external.enabled", "ExternalSecret"),
                           ("workload.verticalAutoscaling.enabled", "VerticalPodAutoscaler")):
            # What an object of another kind needs beside it.
            least = {"gatewayApi": GATEWAY, "secrets": merged(EXTERNAL, PLAIN)}.get(path.split(".")[0], {})
            for told, rendered in ((True, True), (False, False), ("auto", False)):
                with self.subTest(path=path, told=told):
                    values = merged(MINIMUM, least, value(path, told))
                    if kind == "ExternalSecret" and rendered:
                        values = merged(MINIMUM, EXTERNAL)
                    # The engine of this test knows the built-in kinds only.
                    self.assertEqual(bool(of_kind(render(values), kind)), rendered)
                    # Nothing refers to what was not made.
                    pods = str(of_kind(render(values), "Deployment"))
                    if kind in ("Kafka", "Cluster"):
                        self.assertEqual("kafka-user" in pods or "-postgresql-app" in pods, rendered)

    def test_roles_are_deployments_of_their_own_or_one(self):
        split = of_kind(render(MINIMUM, SPLIT), "Deployment")
        roles = {}
        for deployment in split:
            environment = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
            roles[deployment["metadata"]["name"]] = [
                entry["value"] for entry in environment if entry["name"] == "PUNCTUAL_ROLES"]
        self.assertEqual(roles, {
            "punctual" if role == "api" else f"punctual-{role}": [role] for role in ROLES})
        together = of_kind(render(MINIMUM), "Deployment")
        self.assertEqual([d["metadata"]["name"] for d in together], ["punctual"])
        self.assertNotIn("PUNCTUAL_ROLES", str(together))

    def test_selectors_select_their_pods_and_no_others(self):
        documents = render(MINIMUM, SPLIT, value("monitoring.serviceMonitor.enabled", True))
        pods = {d["metadata"]["name"]: d["spec"]["template"]["metadata"]["labels"]
                for d in of_kind(documents, "Deployment")}
        for document in of_kind(documents, "Deployment", "Service", "PodDisruptionBudget"):
            selector = document["spec"]["selector"]
            wanted = selector.get("matchLabels", selector).items()
            self.assertEqual([name for name, labels in pods.items() if wanted <= labels.items()],
                             [document["metadata"]["name"]], identity(document))

    def test_every_component_is_scraped_as_the_job_that_alerts_name(self):
        monitors = of_kind(render(MINIMUM, SPLIT, value("monitoring.serviceMonitor.enabled", True),
                                  name="other"), "ServiceMonitor")
        self.assertEqual(len(monitors), len(ROLES))
        alerts = (CHART / "files" / "alerts.yaml").read_text()
        self.assertEqual(set(re.findall(r'job="([^"]*)"', alerts)), {"punctual"})
        for monitor in monitors:
            self.assertEqual(monitor["spec"]["endpoints"][0]["relabelings"],
                             [{"targetLabel": "job", "replacement": "punctual"}])

    def test_the_password_of_a_volume_that_stays_stays(self):
        secret = of_kind(render(profile("minikube")), "Secret")[0]
        self.assertEqual(secret["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})
        other = next(d for d in render(PLAIN) if identity(d) == "Secret/punctual")
        self.assertNotIn("annotations", other["metadata"])

    def test_a_route_says_nothing_that_gke_refuses(self):
        route = of_kind(render(profile("gke")), "HTTPRoute")[0]
        self.assertTrue(all("timeouts" not in rule for rule in route["spec"]["rules"]))
        route = of_kind(render(MINIMUM, GATEWAY), "HTTPRoute")[0]
        self.assertEqual(route["spec"]["rules"][0]["timeouts"], {"request": "0s"})

    def test_an_upgrade_keeps_the_selectors(self):
        def selectors(documents):
            return {identity(d): d["spec"]["selector"] for d in of_kind(documents, "Deployment")}
        before = selectors(render(MINIMUM, SPLIT))
        after = selectors(render(MINIMUM, SPLIT, value("image.tag", "9.9.9"),
                                 value("commonLabels", {"team": "time"}), is_upgrade=True))
        self.assertEqual(before, after)

    def test_a_changed_setting_replaces_the_pods(self):
        def annotations(*layers):
            return of_kind(render(MINIMUM, *layers), "Deployment")[0]["spec"]["template"]["metadata"]
        self.assertNotEqual(annotations(), annotations(value("config.logLevel", "debug")))
        self.assertEqual(annotations(), annotations(value("service.port", 81)))

    def test_replicas_belong_to_the_autoscaler_if_there_is_one(self):
        for values in (HPA, merged(KAFKA, KEDA)):
            for deployment in of_kind(render(MINIMUM, values), "Deployment"):
                self.assertNotIn("replicas", deployment["spec"])

    def test_streams_go_to_the_role_that_has_them(self):
        for values, kind in ((value("ingress.enabled", True), "Ingress"), (GATEWAY, "HTTPRoute"),
                             (value("istio.enabled", True), "VirtualService")):
            route = of_kind(render(MINIMUM, SPLIT, values), kind)[0]
            self.assertIn("/api/updates", str(route))
            self.assertIn("punctual-realtime", str(route))
            self.assertNotIn("punctual-realtime", str(of_kind(render(MINIMUM, values), kind)[0]))

    def test_two_releases_can_share_a_namespace(self):
        first = {(d["kind"], d["metadata"]["name"]) for d in render(MINIMUM, SPLIT)}
        second = {(d["kind"], d["metadata"]["name"])
                  for d in render(MINIMUM, SPLIT, name="other")}
        self.assertEqual(first & second, set())

    def test_notes_name_what_was_installed(self):
        notes = chart().render(profile("minikube"), name="punctual", namespace="here")
        text = next(text for path, text in notes.items() if path.endswith("NOTES.txt"))
        self.assertIn("--namespace here get secret punctual", text)
        self.assertIn("WARNING: the database is one pod", text)

    def test_a_package_renders_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            package = helm.package(CHART, destination=folder)
            with Chart.load(package) as packaged:
                self.assertEqual(packaged.render(profile("prod"), name="punctual"),
                                 chart().render(profile("prod"), name="punctual"))


class MigrationTests(unittest.TestCase):
    def test_what_runs_the_program_once_runs_where_the_program_does(self):
        workload = dict(TOGGLES["workload"][0]["workload"])
        for mode in ("hook", "init"):
            documents = render(MINIMUM, {"workload": workload, "migration": {"mode": mode}})
            for document in of_kind(documents, "Deployment", "Job", "Pod"):
                spec = pod(document)[1]
                for key in ("priorityClassName", "runtimeClassName", "nodeSelector", "tolerations"):
                    self.assertEqual(spec[key], workload[key], identity(document))
                for container in spec["containers"] + spec.get("initContainers", []):
                    if container["name"] == "ready":
                        continue
                    # A certificate authority of the database, for example.
                    self.assertIn(workload["extraVolumeMounts"][0], container["volumeMounts"])
                    self.assertIn(workload["extraEnv"][0], container["env"])
                    self.assertIn(workload["extraVolumes"][0], spec["volumes"])

    def test_a_hook_needs_nothing_that_the_release_makes(self):
        for values in (MINIMUM, PLAIN):
            documents = render(values)
            job = of_kind(documents, "Job")[0]
            mounted = job["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
            made = [d for d in documents if identity(d) == f"Secret/{mounted}"]
            for secret in made:
                self.assertIn("helm.sh/hook", secret["metadata"]["annotations"])
            self.assertEqual(bool(made), values is PLAIN)
            self.assertNotIn("serviceAccountName", job["spec"]["template"]["spec"])
            self.assertEqual(job["spec"]["template"]["metadata"]["annotations"]["dapr.io/enabled"],
                             "false")

    def test_init_containers_migrate_where_the_release_makes_the_database(self):
        for values in (CNPG, EXTERNAL, TOGGLES["postgresql.single"][0]):
            documents = render(MINIMUM, values)
            self.assertEqual(of_kind(documents, "Job"), [])
            spec = of_kind(documents, "Deployment")[0]["spec"]["template"]["spec"]
            self.assertEqual(spec["initContainers"][0]["args"], ["migrate"])


if __name__ == "__main__":
    unittest.main()
