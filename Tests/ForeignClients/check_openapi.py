# SPDX-License-Identifier: Apache-2.0
"""The API compared with its description, by requests that Schemathesis makes up from it."""

import os
import pathlib
import subprocess
import sys
import tempfile

from client import URL, request

FOLDER = pathlib.Path(__file__).resolve().parent
# Not longer than this; what it has tried by then has been tried.
SECONDS = 75


def main():
    description = request("GET", "/openapi.json")
    assert description.status == 200 and description.json["openapi"] == "3.1.0"
    command = [
        str(pathlib.Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(FOLDER / "schemathesis.toml"), "run", f"{URL}/openapi.json",
        "--max-examples", "12", "--max-failures", "20", "--max-time", str(SECONDS),
        "--generation-deterministic", "--suppress-health-check", "all", "--no-color",
    ]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(FOLDER),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # It keeps notes where it runs.
    with tempfile.TemporaryDirectory() as folder:
        outcome = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment
        )
    assert outcome.returncode == 0, outcome.stdout[-6_000:] + outcome.stderr[-2_000:]
    assert request("GET", "/healthz").status == 200


main()
print("openapi")
