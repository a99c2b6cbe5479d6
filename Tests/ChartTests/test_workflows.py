# SPDX-License-Identifier: Apache-2.0
"""What the workflows say of the chart, beside the chart."""

import re
import unittest

from chart import MINIMUM, PROFILES, ROOT, chart, merged, of_kind, pod, profile, render, value

WORKFLOWS = {path.name: path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yaml")}
DEPLOY = WORKFLOWS["deploy.yaml"]
DIGEST = "sha256:" + "0" * 64


class WorkflowTests(unittest.TestCase):
    def test_values_that_are_set_are_known(self):
        settings = re.findall(r'--set(?:-string)? "?([\w.]+)=', "\n".join(WORKFLOWS.values()))
        self.assertEqual(set(settings), {"image.repository", "image.digest"})
        for setting in settings:
            found = chart().values
            for name in setting.split("."):
                self.assertIn(name, found, setting)
                found = found[name]

    def test_files_of_values_are_there(self):
        text = "\n".join(WORKFLOWS.values())
        named = set(re.findall(r"helm/punctual/[\w-]+\.yaml", text))
        self.assertIn("helm/punctual/values-prod.yaml", named)
        for path in named:
            self.assertTrue((ROOT / path).is_file(), path)

    def test_every_pod_of_the_program_runs_the_image_that_was_named(self):
        image = merged(value("image.repository", "ghcr.io/an/image"), value("image.digest", DIGEST))
        for name in PROFILES:
            with self.subTest(profile=name):
                # Minikube makes its own secrets, and needs nothing.
                least = {} if name == "minikube" else MINIMUM
                documents = render(least, profile(name), image)
                images = {
                    container["image"]
                    for document in of_kind(documents, "Deployment", "Job")
                    for container in pod(document)[1]["containers"]
                }
                self.assertEqual(images, {f"ghcr.io/an/image@{DIGEST}"})

    def test_the_smoke_test_reaches_a_service(self):
        name, port = re.search(r"port-forward service/(\S+) \d+:(\d+)", DEPLOY).groups()
        release = re.search(r"helm upgrade --install (\S+) helm/punctual", DEPLOY)[1]
        documents = render(MINIMUM, profile("prod"), name=release)
        services = {
            document["metadata"]["name"]: [entry["port"] for entry in document["spec"]["ports"]]
            for document in of_kind(documents, "Service")
        }
        self.assertIn(int(port), services[name], services)

    def test_what_is_rolled_back_is_what_was_deployed(self):
        released = set(re.findall(r"helm (?:upgrade --install|rollback|history) (\S+)",
                                  DEPLOY + WORKFLOWS["rollback.yaml"]))
        self.assertEqual(len(released), 1, released)
        places = {re.search(r"NAMESPACE: (.*)", WORKFLOWS[name])[1]
                  for name in ("deploy.yaml", "rollback.yaml")}
        self.assertEqual(len(places), 1, places)


if __name__ == "__main__":
    unittest.main()
