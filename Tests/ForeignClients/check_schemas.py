# SPDX-License-Identifier: Apache-2.0
"""Events as the schemas of deploy/kafka/schemas describe them, by fastavro and jsonschema.

    check_schemas.py URL

The events of tasks come from Server-Sent Events. Nobody can follow those of jobs, so they are read
from the database, where PUNCTUAL_DATABASE_URL names it.
"""

import io
import json
import os
import re
import subprocess
import time
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import fastavro
import jsonschema
from fastavro.validation import validate
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from client import URL, add, request

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "deploy/kafka/schemas"
FAMILIES = {
    "task-event": ("created", "updated", "completed", "deleted"),
    "reminder-due": ("reminder.due",),
    "job-due": ("job.due",),
}
FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    return not isinstance(value, str) or bool(datetime.fromisoformat(value).tzinfo)


def read(name, hook=None):
    return json.loads((SCHEMAS / name).read_text(), object_hook=hook)


def closed(schema):
    """A schema of an object without the leave to have members that it does not name."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def named_by_json(schema, root, prefix=""):
    """The paths of the members that a JSON Schema names."""
    for branch in (schema, *schema.get("anyOf", ())):
        if "$ref" in branch:
            name = branch["$ref"].removeprefix("#/$defs/")
            yield from named_by_json(root["$defs"][name], root, prefix)
        if "items" in branch:
            yield from named_by_json(branch["items"], root, prefix)
        for name, member in branch.get("properties", {}).items():
            yield prefix + name
            yield from named_by_json(member, root, f"{prefix}{name}.")


def named_by_avro(schema, prefix=""):
    """The paths of the members that an Avro schema names."""
    if isinstance(schema, list):
        for branch in schema:
            yield from named_by_avro(branch, prefix)
    elif isinstance(schema, dict):
        yield from named_by_avro(schema.get("items"), prefix)
        for field in schema.get("fields", ()):
            yield prefix + field["name"]
            yield from named_by_avro(field["type"], f"{prefix}{field['name']}.")


def nullable_fields(schema):
    """Every field of an Avro schema, of its records too, that may be null."""
    for branch in schema if isinstance(schema, list) else [schema]:
        if isinstance(branch, dict):
            yield from nullable_fields(branch.get("items"))
            for field in branch.get("fields", ()):
                if field["type"] == "null" or isinstance(field["type"], list) and (
                        "null" in field["type"]):
                    yield field
                yield from nullable_fields(field["type"])


def members(value, prefix=""):
    """The paths of the members that an event has."""
    if isinstance(value, list):
        for item in value:
            yield from members(item, prefix)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield prefix + name
            yield from members(member, f"{prefix}{name}.")


def record(value, schema):
    """What Avro takes for a value of JSON; members that the schema does not name stay."""
    if isinstance(schema, list):
        if value is None:
            return None
        python = {"record": dict, "map": dict, "array": list, "string": str, "long": int}
        for branch in schema:
            kind = branch["type"] if isinstance(branch, dict) else branch
            if isinstance(value, python.get(kind, ())):
                return record(value, branch)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "array":
        return [record(item, schema["items"]) for item in value]
    if kind != "record":
        return value
    found = dict(value)
    for field in schema["fields"]:
        member = value.get(field["name"])
        if member is not None and field.get("contentMediaType") == "application/json":
            member = json.dumps(member)
        found[field["name"]] = record(member, field["type"])
    return found


def check_files():
    """What can be said of the files without an event."""
    names = {path.name for path in SCHEMAS.iterdir()} - {"README.md", "cloudevent.schema.json"}
    assert names == {f"{family}{kind}" for family in FAMILIES for kind in (
        ".avsc", ".schema.json")}, names
    for family, types in FAMILIES.items():
        avro, schema = read(f"{family}.avsc"), read(f"{family}.schema.json")
        fastavro.parse_schema(avro)
        Draft202012Validator.check_schema(schema)
        named = set(named_by_json(schema, schema))
        assert named == set(named_by_avro(avro)), named ^ set(named_by_avro(avro))
        kind = schema["properties"]["event_type"]
        assert tuple(kind.get("enum") or [kind["const"]]) == types, kind
        for field in nullable_fields(avro):
            # Without it, a schema that has the field could not read what one without it wrote.
            assert field.get("default", "none") is None, field
            assert field["type"] == "null" or field["type"][0] == "null", field
    envelope = read("cloudevent.schema.json")
    Draft202012Validator.check_schema(envelope)
    assert envelope["properties"]["type"]["enum"] == [
        f"punctual.{name}" for types in FAMILIES.values() for name in types]
    # The envelope is only on the wire of Kafka and Dapr; what is put into it is one function.
    source = (ROOT / "Sources/PunctualCore/CloudEvent.swift").read_text()
    written = re.findall(r'writer\.(?:member|name)\("(\w+)"', source)
    assert sorted(written) == sorted(envelope["properties"]), written


def check_events(family, events):
    """Takes the events of a family to each schema; answers the paths of their members."""
    avro = read(f"{family}.avsc")
    parsed = fastavro.parse_schema(avro)
    validator = Draft202012Validator(read(f"{family}.schema.json", closed), format_checker=FORMATS)
    envelopes = Draft202012Validator(
        read("cloudevent.schema.json", closed), format_checker=FORMATS,
        registry=Registry(retrieve=lambda name: DRAFT202012.create_resource(read(name, closed))))
    records = [record(event, avro) for event in events]
    for event, found in zip(events, records):
        validator.validate(event)
        assert validate(found, parsed, strict=True), event
        # check_files sees to it that these are the members of a real one.
        envelopes.validate({
            "specversion": "1.0", "id": event["event_id"], "source": "punctual",
            "type": f"punctual.{event['event_type']}", "time": event["timestamp"],
            "subject": str(event["task_id"] or event["user_id"]),
            "datacontenttype": "application/json", "traceparent": None, "data": event})
    container = io.BytesIO()
    fastavro.writer(container, parsed, records, strict=True)
    container.seek(0)
    assert list(fastavro.reader(container)) == records
    return set(members(events))


def check_that_checks_bite(event):
    """A member that nobody described, or one of another type, is refused."""
    avro, schema = read("task-event.avsc"), read("task-event.schema.json", closed)
    parsed, validator = fastavro.parse_schema(avro), Draft202012Validator(schema)
    for wrong in (
        {**event, "mood": "good"}, {**event, "task_data": {**event["task_data"], "mood": 1}},
        {**event, "task_version": "1"},
    ):
        assert not validator.is_valid(wrong), wrong
        try:
            fastavro.schemaless_writer(io.BytesIO(), parsed, record(wrong, avro), strict=True)
            raise AssertionError(f"Avro took {wrong}")
        except (TypeError, ValueError):
            pass
    # To those who read the shipped schema, a member of a later version is no error.
    Draft202012Validator(read("task-event.schema.json")).validate({**event, "mood": "good"})


def change(method, path, body=None):
    answer = request(method, path, body)
    assert answer.status in (200, 201, 204), (method, path, answer.status, answer.body)
    return answer


def soon(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def change_tasks():
    """Makes an event of every type, with every member; answers whose they are."""
    every = {
        "due_date": "2099-12-25T09:00:00", "timezone": "Europe/Lisbon", "tags": ["home"],
        "description": "With all there is ✓", "misfire": {"policy": "skip", "grace": "PT5M"},
        "reminders": [{"offset": "-PT1H"}, {"at": soon(1)}, {"at": "2098-01-01T00:00:00Z"}],
    }
    patterns = (
        {"frequency": "weekly", "days_of_week": [1, 3], "interval": 2, "week_start": "SU",
         "occurrences": 5},
        {"frequency": "monthly", "day_of_month": 31, "skip": "forward", "end_date": "2100-12-31"},
        {"frequency": "yearly", "by_month": [1, 12], "by_month_day": [25, -1], "by_hour": [9],
         "by_minute": [0, 30], "by_second": [0], "by_set_pos": [1, -1],
         "exdates": ["2099-12-31T09:30:00"], "rdates": ["2100-02-01T09:00:00"]},
        {"frequency": "yearly", "by_year_day": [1, -1]},
        {"frequency": "yearly", "by_week_no": [1, 20], "by_day": ["MO"]},
        {"frequency": "yearly", "month": 3, "day_of_month": 1},
    )
    tasks = [add({"title": "Bare"})]
    tasks += [add({"title": f"Series {pattern}", "recurrence_pattern": pattern, **every})
              for pattern in patterns]
    path = f"/api/tasks/{tasks[1]['id']}"
    later = tasks[1]["reminders"][2]["id"]
    change("PATCH", path, {"title": "Changed", "priority": "urgent"})
    change("POST", f"{path}/reminders/{later}/snooze", {"for": "PT1H"})
    time.sleep(1.5)  # So that the reminder fires before the task is done.
    following = change("POST", f"{path}/complete", {}).json["next_task"]
    for task in tasks + [following]:
        change("DELETE", f"/api/tasks/{task['id']}")
    return [task["id"] for task in tasks] + [following["id"]]


def events_of_tasks():
    """The events that a client sees of what change_tasks does, by family."""
    with urllib.request.urlopen(f"{URL}/api/updates", timeout=20) as stream:
        assert stream.readline() == b": connected\n"
        waited = change_tasks()
        ours, found = set(waited), {"task-event": [], "reminder-due": []}
        while waited:
            line = stream.readline()
            assert line, "the stream ended"
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if event["task_id"] not in ours:
                continue
            family, = (name for name, types in FAMILIES.items() if event["event_type"] in types)
            found[family].append(event)
            if event["event_type"] == "deleted":
                waited.remove(event["task_id"])
    return found


def events_of_jobs():
    """The events of jobs with and without data and failure policies."""
    names = []
    for more in (
        {}, {"data": {"rent": [1, 2.5, None]}, "failurePolicy": {"drop": {}}},
        {"data": "text ✓", "failurePolicy": {"constant": {"interval": "0.5s", "maxRetries": 0}}},
        {"data": 7, "failurePolicy": {"constant": {"interval": "2s", "maxRetries": 2}}},
        {"failurePolicy": {"constant": {"interval": "10s"}}},
    ):
        names.append(f"schemas-{uuid.uuid4()}")
        change("POST", f"/v1.0/jobs/{names[-1]}", {"dueTime": "0s", **more})
    users = ", ".join(f"'job:{name}'" for name in names)
    query = f"SELECT payload FROM event_log WHERE user_id IN ({users})"
    deadline = time.monotonic() + 15
    while True:
        rows = subprocess.run(
            ["psql", os.environ["PUNCTUAL_DATABASE_URL"], "--no-psqlrc", "--tuples-only",
             "--no-align", "--command", query],
            check=True, capture_output=True, text=True).stdout.splitlines()
        if len(rows) >= len(names):
            for name in names:
                change("DELETE", f"/v1.0/jobs/{name}")
            return {"job-due": [json.loads(row) for row in rows]}
        assert time.monotonic() < deadline, f"{len(rows)} events of {len(names)} jobs"
        time.sleep(0.1)


def main():
    check_files()
    found = events_of_tasks()
    if "PUNCTUAL_DATABASE_URL" in os.environ:
        found |= events_of_jobs()
    for family, events in found.items():
        types = {event["event_type"] for event in events}
        assert types == set(FAMILIES[family]), types
        seen = check_events(family, events)
        schema = read(f"{family}.schema.json")
        unseen = set(named_by_json(schema, schema)) - seen
        assert not unseen, f"{family} describes what no event has: {sorted(unseen)}"
    check_that_checks_bite(found["task-event"][0])
    counts = ", ".join(f"{len(events)} of {family}" for family, events in found.items())
    print(f"fastavro {fastavro.__version__}, jsonschema: {counts}")


main()
