# SPDX-License-Identifier: Apache-2.0
"""The chart, rendered by the real Helm engine, and what the tests of it share."""

import functools
import json
import pathlib

import jsonschema
import yaml
from helm_python import Chart, errors
from kubernetes_validate import utils
from referencing import Registry, Resource

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "punctual"
DAPR = ROOT / "dapr"
SCHEMAS = pathlib.Path(__file__).parent / "schemas"
# The oldest and the newest Kubernetes whose schemas an object must fit.
KUBERNETES = ("1.34", "1.37")
PROFILES = ("minikube", "prod", "gke", "aks", "oke")
ROLES = ("api", "engine", "recurring", "notify", "audit", "realtime")
# What a render needs at least.
MINIMUM = {"secrets": {"existingSecret": "punctual"}}

HelmError = errors.HelmError


def merged(*layers):
    """What several --values make together: the later wins, objects are merged."""
    result = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def value(path, content):
    """{"a": {"b": content}} of "a.b"."""
    for key in reversed(path.split(".")):
        content = {key: content}
    return content


def profile(name):
    return yaml.safe_load((CHART / f"values-{name}.yaml").read_text())


@functools.cache
def chart():
    return Chart.load(CHART)


def render(*layers, **options):
    """The objects that the values make, hooks and tests among them."""
    rendered = chart().render(
        merged(*layers), name=options.pop("name", "punctual"), namespace="punctual", **options
    )
    return [
        document
        for path, text in rendered.items() if not path.endswith("NOTES.txt")
        for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document
    ]


def of_kind(documents, *kinds):
    return [document for document in documents if document["kind"] in kinds]


def identity(document):
    return f'{document["kind"]}/{document["metadata"]["name"]}'


def pod(document):
    """The pod that an object makes, as (metadata, spec), or None."""
    if document["kind"] == "Pod":
        return document["metadata"], document["spec"]
    template = document.get("spec", {}).get("template")
    return (template["metadata"], template["spec"]) if isinstance(template, dict) else None


def strict(schema):
    """The schema, refusing fields that it does not name, as an API server's pruning would lose them."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: strict(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema \
            and schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    return result


@functools.cache
def custom_schema(group, kind, version):
    path = SCHEMAS / f"{group}_{kind.lower()}_{version}.json"
    schema = strict(json.loads(path.read_text()))
    properties = schema["properties"]
    properties.update(metadata={"type": "object"}, kind={"const": kind},
                      apiVersion={"const": f"{group}/{version}"})
    return jsonschema.Draft202012Validator(schema)


@functools.cache
def builtin_schema(group, kind, version, release):
    """A validator that refuses unknown fields, made once: making it costs more than using it."""
    installed = [v for v in utils.all_versions() if utils.major_minor(v) == release][-1]
    folder = f"kubernetes-json-schema/v{installed}-local-strict"
    name = "-".join(filter(None, [kind.lower(), group.split(".")[0], version]))
    schema = Resource.from_contents(utils.schema_contents(f"{folder}/{name}.json", release))
    definitions = utils.schema_contents(f"{folder}/_definitions.json", release)
    registry = schema @ (Resource.from_contents(definitions) @ Registry())
    return jsonschema.Draft202012Validator(schema.contents, registry=registry)


def problems(document):
    """What is wrong with an object, by the schema of Kubernetes or of the operator that owns it."""
    return _problems(json.dumps(document, sort_keys=True))


@functools.cache
def _problems(text):
    document = json.loads(text)
    group, _, version = document["apiVersion"].rpartition("/")
    kind = document["kind"]
    if (SCHEMAS / f"{group}_{kind.lower()}_{version}.json").exists():
        validators = [custom_schema(group, kind, version)]
    else:
        try:
            validators = [builtin_schema(group, kind, version, release) for release in KUBERNETES]
        except FileNotFoundError:
            return [f"no schema of {document['apiVersion']} {kind}"]
    return [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for validator in validators for error in validator.iter_errors(document)
    ]
