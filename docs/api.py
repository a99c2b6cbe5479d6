#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/API.md from the description that the server gives at /openapi.json.

usage: docs/api.py [--check]

  --check   write nothing; fail when API.md is not what would be written
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "Sources" / "PunctualHTTP" / "OpenAPI"
TARGET = ROOT / "docs" / "API.md"
METHODS = ("get", "post", "put", "patch", "delete", "options")
# Answers that mean the same on every route, and stand once at the top.
COMMON = ("401", "403", "429", "503")


def load():
    """The description, put together as the server does it."""
    whole = json.loads((SOURCE / "description.json").read_text())
    parts = {"paths": {}, "schemas": {}}
    routes = (SOURCE.parent / "OpenAPIRoutes.swift").read_text()
    for name in re.findall(r"PackageResources\.((?:paths|schemas)_\w+)_json", routes):
        parts[name.split("_")[0]].update(json.loads((SOURCE / f"{name}.json").read_text()))
    whole["paths"] = parts["paths"]
    whole["components"]["schemas"] = parts["schemas"]
    return whole


class Reference:
    """The text of API.md."""

    def __init__(self, description):
        self.description = description
        self.lines = []
        # The answers that many routes have, by what refers to them.
        self.refusals = {name: {"$ref": f"#/components/responses/{name}"}
                         for name in description["components"]["responses"]}

    def resolved(self, value):
        while "$ref" in value:
            target = self.description
            for name in value["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            value = target
        return value

    def kind(self, schema):
        """What a value is, in a few words."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f"[{name}](#{name.lower()})"
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return " or ".join(self.kind(part) for part in schema[choice])
        if "enum" in schema:
            return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in schema["enum"])
        if "const" in schema:
            return f"`{json.dumps(schema['const'])}`"
        names = schema.get("type", "anything")
        names = names if isinstance(names, list) else [names]
        texts = []
        for name in names:
            if name == "array":
                texts.append(f"list of {self.kind(schema.get('items', {}))}")
            elif schema.get("format") and name == "string":
                texts.append(schema["format"])
            else:
                texts.append(name)
        return " or ".join(texts) + self.bounds(schema)

    @staticmethod
    def bounds(schema):
        low = schema.get("minimum", schema.get("minLength", schema.get("minItems")))
        high = schema.get("maximum", schema.get("maxLength", schema.get("maxItems")))
        if high is not None:
            return f", {low} to {high:,}" if low is not None else f", at most {high:,}"
        return ""

    @staticmethod
    def cell(text):
        return " ".join(str(text).split()).replace("|", "\\|")

    def table(self, heads, rows):
        self.lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        self.lines += ["| " + " | ".join(self.cell(value) for value in row) + " |" for row in rows]
        self.lines.append("")

    def operation(self, title, operation, shared):
        self.lines += [f"### {title}", "", operation.get("summary", ""), ""]
        if operation.get("description"):
            self.lines += [operation["description"], ""]
        if operation.get("security") == []:
            self.lines += ["Open to all.", ""]
        parameters = [self.resolved(p) for p in shared + operation.get("parameters", [])]
        if parameters:
            self.table(("parameter", "in", "what", "value"), [
                (f"`{p['name']}`", p["in"], p.get("description", ""), self.kind(p.get("schema", {})))
                for p in parameters])
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            schema = content.get("schema", {})
            self.lines += [f"Body: {self.kind(schema)}, as `{media}`.", ""]
            examples = self.resolved(schema).get("examples", [])
            example = content.get("example", examples[0] if examples else None)
            if example is not None:
                text = example if isinstance(example, str) else json.dumps(
                    example, indent=2, ensure_ascii=False)
                text = text.replace("\r\n", "\n").strip()
                self.lines += ["```json" if media.endswith("json") else "```", text, "```", ""]
        refusals = []
        for status, answer in operation["responses"].items():
            if answer in self.refusals.values():
                if status not in COMMON:
                    refusals.append(status)
                continue
            answer = self.resolved(answer)
            kinds = [self.kind(content.get("schema", {}))
                     for content in answer.get("content", {}).values()]
            body = ": " + " or ".join(kinds) if kinds else ""
            self.lines.append(f"- **{status}** {answer.get('description', '').rstrip('.')}{body}")
        if refusals:
            self.lines.append(f"- refused as {', '.join(refusals)}")
        self.lines.append("")

    def schema(self, name, schema):
        self.lines += [f"### {name}", ""]
        if schema.get("description"):
            self.lines += [schema["description"], ""]
        properties = schema.get("properties")
        if not properties:
            self.lines += [self.kind(schema), ""]
            return
        required = schema.get("required", [])
        self.table(("member", "value", "what"), [
            (f"`{member}`" + (" *" if member in required else ""), self.kind(value),
             value.get("description", ""))
            for member, value in properties.items()])

    def text(self):
        info = self.description["info"]
        self.lines += [
            "# API", "",
            "Written by `docs/api.py` from what a server answers at `GET /openapi.json`; not by hand.",
            "", *info["description"].split("\n"), "",
            "What is refused is answered by a [Problem](#problem). Any route may answer 401, 403, 429"
            " and 503; the others stand at the routes.", ""]
        statuses = {}
        for operations in self.description["paths"].values():
            for method in METHODS:
                for status, answer in operations.get(method, {}).get("responses", {}).items():
                    if answer in self.refusals.values():
                        statuses[status] = self.resolved(answer)["description"]
        self.table(("answer", "when"), sorted(statuses.items()))
        for tag in self.description["tags"]:
            self.lines += [f"## {tag['name']}", ""]
            for path, operations in self.description["paths"].items():
                named = {}
                for method in METHODS:
                    operation = operations.get(method)
                    if operation and tag["name"] in operation["tags"]:
                        # Two methods that do the same stand together.
                        same = {**operation, "operationId": None}
                        named.setdefault(json.dumps(same), []).append((method, operation))
                for alike in named.values():
                    title = ", ".join(f"`{method.upper()} {path}`" for method, _ in alike)
                    self.operation(title, alike[0][1], operations.get("parameters", []))
        self.lines += ["## Schemas", "", "An asterisk marks what is always there.", ""]
        for name, schema in sorted(self.description["components"]["schemas"].items()):
            self.schema(name, schema)
        return "\n".join(self.lines).rstrip() + "\n"


def main():
    text = Reference(load()).text()
    if sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_bytes() != text.encode():
            sys.exit("docs/API.md is not what /openapi.json says; run docs/api.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        TARGET.write_bytes(text.encode())


if __name__ == "__main__":
    main()
