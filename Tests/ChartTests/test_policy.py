# SPDX-License-Identifier: Apache-2.0
"""That every pod keeps to the restricted Pod Security Standard, and what checkov and yamllint say."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

from chart import CHART, DAPR, MINIMUM, ROOT, identity, of_kind, pod, render, value
from test_rendering import DAPR as WITH_DAPR
from test_rendering import all_renders

BIN = pathlib.Path(sys.executable).parent
# Volumes that a restricted pod may have.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}
# What checkov knows; nothing of the rest is about pods.
BUILT_IN = {"Deployment", "StatefulSet", "Job", "Pod", "Service", "ServiceAccount", "Role",
            "RoleBinding", "ConfigMap", "Secret", "Ingress", "NetworkPolicy"}
# What checkov finds and is meant so: the check, a part of the resource's name, the reason.
EXPLAINED = [
    ("CKV_K8S_11", "", "a CPU limit throttles, and a throttled engine is late; requests are set"),
    ("CKV_K8S_15", "", "the Always policy makes a start depend on the registry; the image has a version"),
    ("CKV_K8S_43", "", "the digest is the pipeline's: image.digest, tested below"),
    ("CKV_K8S_38", "Deployment.", "the Secrets API of a sidecar needs it, with dapr.readableSecrets only"),
    ("CKV_K8S_8", "Pod.punctual.punctual-test-", "a pod of helm test ends by itself"),
    ("CKV_K8S_9", "Pod.punctual.punctual-test-", "a pod of helm test ends by itself"),
]


class RestrictedTests(unittest.TestCase):
    def test_every_container_is_restricted(self):
        for name, documents in all_renders():
            for document in documents:
                if not (found := pod(document)) or "containers" not in found[1]:
                    continue
                spec = found[1]
                with self.subTest(values=name, object=identity(document)):
                    token = document["kind"] == "Deployment" and bool(of_kind(documents, "Role"))
                    self.assertIs(spec["automountServiceAccountToken"], token)
                    self.assertIs(spec["enableServiceLinks"], False)
                    self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(spec))
                    self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
                    self.assertGreater(spec["securityContext"]["runAsUser"], 0)
                    for volume in spec.get("volumes", []):
                        self.assertLessEqual(set(volume) - {"name"}, VOLUMES)
                    for container in spec["containers"] + spec.get("initContainers", []):
                        context = container["securityContext"]
                        self.assertIs(context["allowPrivilegeEscalation"], False)
                        self.assertIs(context["privileged"], False)
                        self.assertIs(context["readOnlyRootFilesystem"], True)
                        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
                        self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
                        self.assertIn("memory", container["resources"]["limits"])
                        self.assertIn("cpu", container["resources"]["requests"])

    def test_secrets_are_files_and_read_only(self):
        for name, documents in all_renders():
            for document in of_kind(documents, "Deployment", "Job"):
                spec = pod(document)[1]
                for container in spec["containers"]:
                    with self.subTest(values=name, object=identity(document)):
                        self.assertNotIn("secretKeyRef", str(container))
                        self.assertNotIn("secretRef", str(container))
                        mounts = {m["mountPath"]: m for m in container["volumeMounts"]}
                        self.assertIs(mounts["/etc/punctual/secrets"]["readOnly"], True)

    def test_the_network_is_closed_but_for_what_is_needed(self):
        policies = {p["metadata"]["name"]: p["spec"] for p in of_kind(render(MINIMUM), "NetworkPolicy")}
        closed = policies["punctual-default-deny"]
        self.assertEqual(closed["policyTypes"], ["Ingress", "Egress"])
        self.assertNotIn("ingress", closed)
        self.assertNotIn("egress", closed)
        egress = policies["punctual"]["egress"]
        ports = {(port["port"], port["protocol"]) for rule in egress for port in rule["ports"]}
        self.assertEqual(ports, {(53, "UDP"), (53, "TCP"), (5432, "TCP"), (9092, "TCP"), (9093, "TCP"),
                                 (443, "TCP"), (465, "TCP"), (587, "TCP"), (4317, "TCP"),
                                 (4318, "TCP"), (8080, "TCP")})
        for rule in egress:
            for peer in rule.get("to", []):
                if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                    self.assertIn("169.254.0.0/16", peer["ipBlock"]["except"])
                    # An ipBlock alone may leave out the pods of the cluster.
                    self.assertIn({"namespaceSelector": {}}, rule["to"])

    def test_the_secrets_api_of_a_sidecar_reaches_the_api_server(self):
        def ports(*values):
            policies = of_kind(render(MINIMUM, WITH_DAPR, *values), "NetworkPolicy")
            egress = next(p["spec"]["egress"] for p in policies if p["metadata"]["name"] == "punctual")
            return {port["port"] for rule in egress for port in rule["ports"]}
        self.assertLessEqual({443, 6443, 50001, 6500, 50002}, ports())
        self.assertNotIn(6443, ports(value("dapr.readableSecrets", [])))

    def test_a_digest_is_what_runs(self):
        digest = "sha256:" + "a" * 64
        for document in render(MINIMUM, value("image.digest", digest)):
            for container in (pod(document) or ({}, {}))[1].get("containers", []):
                if container["name"] != "ready":
                    self.assertEqual(container["image"], f"punctual@{digest}")


class LinterTests(unittest.TestCase):
    def test_checkov_finds_nothing_that_is_not_explained(self):
        with tempfile.TemporaryDirectory() as folder:
            # Most objects are the same with most values.
            objects = {json.dumps(document, sort_keys=True)
                       for _, documents in all_renders() for document in documents
                       if document["kind"] in BUILT_IN}
            pathlib.Path(folder, "all.yaml").write_text(
                yaml.dump_all(map(json.loads, sorted(objects)), Dumper=yaml.CSafeDumper))
            outcome = subprocess.run(
                [sys.executable, "-m", "checkov.main", "--directory", folder, "--framework",
                 "kubernetes", "--compact", "--quiet", "--skip-download", "--output", "json"],
                capture_output=True, text=True, timeout=120)
        report = json.loads(outcome.stdout)
        self.assertGreater(report["summary"]["passed"], 1000)
        self.assertEqual(report["summary"]["parsing_errors"], 0)
        unexplained, used = set(), set()
        for failure in report["results"]["failed_checks"]:
            reason = next((entry for entry in EXPLAINED
                           if entry[0] == failure["check_id"] and entry[1] in failure["resource"]), None)
            if reason:
                used.add(reason)
            else:
                unexplained.add((failure["check_id"], failure["check_name"], failure["resource"]))
        self.assertEqual(unexplained, set())
        self.assertEqual(used, set(EXPLAINED), "an explanation that explains nothing is left out")

    def test_yaml_is_clean(self):
        files = [*CHART.glob("*.yaml"), *DAPR.rglob("*.yaml")]
        self.assertGreater(len(files), 15)
        outcome = subprocess.run(
            [BIN / "yamllint", "--strict", "--config-file",
             ROOT / "Tests" / "ChartTests" / "yamllint.yaml", *files],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(outcome.stdout, "")
        self.assertEqual(outcome.returncode, 0)


if __name__ == "__main__":
    unittest.main()
