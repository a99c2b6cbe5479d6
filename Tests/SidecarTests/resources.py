# SPDX-License-Identifier: Apache-2.0
"""Resources of Dapr as daprd reads them from --resources-path."""

import pathlib

import yaml


class Resources:
    """The components, subscriptions and policies that are meant for the application `scope`."""

    def __init__(self, paths, scope):
        self.components, self.subscriptions = {}, []
        self.resiliency = {"policies": {}, "targets": {}}
        for path in paths:
            path = pathlib.Path(path)
            for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
                for document in yaml.safe_load_all(file.read_text()):
                    if scope in document.get("scopes", [scope]):
                        self._take(document)

    def _take(self, document):
        spec = document.get("spec", {})
        match document["kind"]:
            case "Component":
                metadata = {entry["name"]: entry.get("value") for entry in spec.get("metadata", [])}
                self.components[document["metadata"]["name"]] = {
                    "type": spec["type"], "version": spec["version"], "metadata": metadata}
            case "Subscription":
                self.subscriptions.append(spec)
            case "Resiliency":
                self.resiliency = spec

    def of_type(self, prefix):
        return {name: component for name, component in self.components.items()
                if component["type"].startswith(prefix)}

    def pauses(self, component, direction):
        """The pauses in seconds between attempts; none at all without a policy."""
        target = self.resiliency["targets"].get("components", {}).get(component, {})
        name = target.get(direction, {}).get("retry")
        policy = self.resiliency["policies"].get("retries", {}).get(name)
        if not policy:
            return []
        count = policy.get("maxRetries", -1)
        # -1 is for ever; nobody waits for so long here.
        count = 1_000 if count < 0 else count
        if policy["policy"] == "constant":
            return [seconds(policy.get("duration", "5s"))] * count
        limit = seconds(policy.get("maxInterval", "60s"))
        return [min(0.5 * 1.5**attempt, limit) for attempt in range(count)]


def seconds(text):
    for unit, factor in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    raise ValueError(text)
