# SPDX-License-Identifier: Apache-2.0
"""That each file of the deployment is what the programs that read it expect."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error

import yaml

from harness import DEPLOY, EXECUTABLE, ROOT, Case, Database, Server, free_port, scripts, tool

WORKFLOWS = ROOT / ".github" / "workflows"
COMPOSE = DEPLOY / "compose.yaml"
# What systemd itself calls the exposure of a service, 10 being that of an ordinary one.
MOST_EXPOSURE = 1.5
# Variables that belong to a script or a test and not to the program.
OWN_VARIABLES = {
    "PUNCTUAL_EXECUTABLE", "PUNCTUAL_IMAGE", "PUNCTUAL_PORT", "PUNCTUAL_TEST_DATABASE_URL",
    "PUNCTUAL_TEST_SERVER", "PUNCTUAL_TEST_LONG", "PUNCTUAL_SIMULATION_SEEDS", "PUNCTUAL_SIMULATION_FIRST_SEED",
    # Stands for each key of the chart's Secret.
    "PUNCTUAL_K_FILE",
}


class DocumentationTests(Case):
    def test_the_reference_of_the_api_is_current(self):
        self.run_program(sys.executable, ROOT / "docs" / "api.py", "--check")


class ScriptTests(Case):
    def test_are_clean(self):
        self.run_program("shellcheck", "--external-sources", *scripts())

    def test_teach(self):
        for script in scripts():
            if script.suffix == ".sh" or script.parent.name == ".ci":
                continue
            with self.subTest(script=script.name):
                text = self.run_program(script, "--help")
                self.assertIn(f"usage: deploy/{script.name}", text)
                self.assertGreater(len(text.splitlines()), 5)

    def test_refuse_what_they_do_not_know(self):
        for script in scripts():
            if script.suffix == ".sh" or script.parent.name == ".ci" or script.name in ("minikube",):
                continue
            with self.subTest(script=script.name):
                self.assertIn("error: ", self.run_program(script, "--nonsense", status=1))


class ImageTests(Case):
    def test_dockerfile_is_clean(self):
        self.run_program(tool("hadolint"), "--failure-threshold", "style", DEPLOY / "Dockerfile")

    def test_ends_as_a_user_that_is_not_root(self):
        last = (DEPLOY / "Dockerfile").read_text().split("\nFROM ")[-1]
        self.assertRegex(last, r"^scratch\n")
        self.assertRegex(last, r"\nUSER [1-9][0-9]*:[1-9][0-9]*\n")

    def test_holds_all_that_the_program_needs(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "root"
            self.run_program(DEPLOY / "image-root", EXECUTABLE, root)
            for path in ("usr/share/zoneinfo/Europe/Berlin", "etc/ssl/certs/ca-certificates.crt",
                         "var/lib/dpkg/status.d/libpq5", "usr/share/doc/libpq5/copyright"):
                self.assertTrue((root / path).is_file(), path)
            # The loader resolves everything within it: nothing is taken from this machine.
            loader = next(path for path in root.rglob("ld-linux*.so.*"))
            folders = {str(path.parent) for path in root.rglob("*.so*")}
            listed = self.run_program(
                loader, "--library-path", ":".join(sorted(folders)), "--list",
                root / "usr/local/bin/punctual",
            )
            outside = [
                line for line in listed.splitlines()
                if "=>" in line and str(root) not in line and str(loader) not in line
                # Those that are built here know by themselves where the toolchain is.
                and "/swift/" not in line
            ]
            self.assertEqual(outside, [])


class ComposeTests(Case):
    def test_is_valid(self):
        self.run_program(
            tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE
        )

    def test_creates_the_topics_of_the_table(self):
        told = map(json.loads, self.run_program(EXECUTABLE, "topics").splitlines())
        self.assertEqual(
            (DEPLOY / "topics.csv").read_text().splitlines(),
            [f"{topic['name']},{topic['partitions']},{topic['retention_ms']}" for topic in told],
        )

    def test_gives_the_program_what_it_understands(self):
        services = yaml.safe_load(COMPOSE.read_text())["services"]
        self.assertEqual(services["punctual"]["command"], ["serve"])
        self.assertEqual(services["migrate"]["command"], ["migrate"])


class UnitTests(Case):
    folder = DEPLOY / "systemd"

    def test_are_valid(self):
        self.need("systemd-analyze")
        with tempfile.TemporaryDirectory() as folder:
            for unit in self.folder.iterdir():
                here = pathlib.Path(folder) / unit.name
                here.write_text(unit.read_text().replace("/usr/local/bin/punctual", EXECUTABLE))
            self.assertEqual(self.run_program(
                "systemd-analyze", "verify", "--man=no", *sorted(pathlib.Path(folder).iterdir())), "")

    def test_are_hardened(self):
        self.need("systemd-analyze")
        for unit in self.folder.glob("*.service"):
            text = self.run_program("systemd-analyze", "security", "--offline=true", unit)
            exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text)[1])
            self.assertLessEqual(exposure, MOST_EXPOSURE, text)

    def test_the_socket_leads_to_the_server(self):
        command = re.search(
            r"^ExecStart=(.*) \S+:8080$", (self.folder / "punctual-proxy.service").read_text(), re.MULTILINE)[1]
        database = Database("proxy")
        self.addCleanup(database.drop)
        with tempfile.TemporaryDirectory() as folder:
            server = Server(database, folder)
            self.addCleanup(server.stop)
            proxy = subprocess.Popen([
                self.need("systemd-socket-activate"), "--listen", f"127.0.0.1:{(port := free_port())}",
                *command.split(), server.url.removeprefix("http://")], stderr=subprocess.DEVNULL)
            self.addCleanup(proxy.wait)
            self.addCleanup(proxy.terminate)
            server.url = f"http://127.0.0.1:{port}"
            self.eventually_answers(server)

    def eventually_answers(self, server):
        end = time.monotonic() + 20
        while True:
            try:
                return self.assertEqual(server.ask("/readyz")[0], 200)
            except urllib.error.URLError:
                # The socket does not listen yet.
                self.assertLess(time.monotonic(), end)


class WorkflowTests(Case):
    files = sorted(WORKFLOWS.glob("*.yaml"))

    def test_are_valid(self):
        self.assertGreaterEqual(len(self.files), 4)
        self.run_program(
            tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *self.files
        )

    def test_give_nothing_away(self):
        self.run_program(tool("zizmor"), "--offline", "--no-progress", *self.files)

    def test_pin_every_action_by_its_commit(self):
        for file in self.files:
            for action in re.findall(r"uses: (\S+.*)", file.read_text()):
                self.assertRegex(action, r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+$", file.name)

    def test_begin_with_no_permission(self):
        for file in self.files:
            self.assertEqual(yaml.safe_load(file.read_text())["permissions"], {}, file.name)


class TerraformTests(Case):
    def test_is_formatted(self):
        terraform = self.need("terraform")
        self.run_program(terraform, "fmt", "-check", "-recursive", DEPLOY / "terraform")


class NameTests(Case):
    """Names that two files share."""

    def variables(self):
        text = (ROOT / "Sources/Punctual/Setting.swift").read_text()
        keys = re.findall(r'^    case (?:\w+ = "(\w+)"|(\w+))$', text, re.MULTILINE)
        names = {(key or name).upper() for key, name in keys}
        daprs = {name for name in names if name.startswith(("APP_", "DAPR_HTTP", "DAPR_API_TOKEN"))}
        return {f"PUNCTUAL_{name}" for name in names - daprs} | daprs

    def test_every_variable_is_one_of_the_program(self):
        known = {name + end for name in self.variables() for end in ("", "_FILE")}
        documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/*/README.md"),
                     ROOT / "dapr" / "README.md", DEPLOY / "kafka" / "schemas" / "README.md"]
        files = [*scripts(), COMPOSE, DEPLOY / "Dockerfile", *(DEPLOY / "systemd").iterdir(), *documents]
        for file in files:
            used = set(re.findall(r"PUNCTUAL_[A-Z_]*[A-Z]", file.read_text())) - OWN_VARIABLES
            self.assertEqual(used - known, set(), file.name)

    def test_the_readme_has_every_variable(self):
        table = re.findall(r"^\| (`[A-Z].*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
        told = set(re.findall(r"`([A-Z_]+)`", " ".join(table)))
        self.assertEqual(told - {"OTEL_EXPORTER_OTLP_ENDPOINT", "POST", "GET", "OPTIONS", "PUT",
                                 "DELETE", "PATCH"}, self.variables())

    def test_files_that_documents_name_are_there(self):
        for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("helm/*/README.md"),
                         ROOT / "dapr" / "README.md"]:
            for path in re.findall(r"`((?:deploy|helm|dapr|docs|Tests|Sources|bench)/[\w./-]*\w)[`{* ]",
                                   document.read_text()):
                self.assertTrue((ROOT / path).exists(), f"{document.name}: {path}")

    def test_traces_go_where_the_collector_listens(self):
        collector = yaml.safe_load((DEPLOY / "logging/opentelemetry-collector.yaml").read_text())
        listens = {name: spec["endpoint"].rsplit(":")[-1] for name, spec
                   in collector["receivers"]["otlp"]["protocols"].items()}
        sidecar = yaml.safe_load((ROOT / "dapr/kubernetes/configuration.yaml").read_text())["spec"]
        otel = sidecar["tracing"]["otel"]
        self.assertEqual(otel["endpointAddress"].rsplit(":")[-1], listens[otel["protocol"]])
        chart = yaml.safe_load((ROOT / "helm/punctual/values.yaml").read_text())["networkPolicy"]
        self.assertEqual({str(port) for port in chart["ports"]["otlp"]}, set(listens.values()))

    def test_yaml_is_clean(self):
        files = [*WORKFLOWS.glob("*.yaml"), COMPOSE, *(DEPLOY / "monitoring").glob("*.yaml"),
                 *(DEPLOY / "logging").glob("*.yaml")]
        self.run_program(tool("yamllint"), "--strict", "--config-file",
                         ROOT / "Tests/ChartTests/yamllint.yaml", *files)

    def test_every_link_of_the_documents_leads_somewhere(self):
        for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document.name}: {target}")


if __name__ == "__main__":
    unittest.main()
