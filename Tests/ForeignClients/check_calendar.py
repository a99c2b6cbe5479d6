# SPDX-License-Identifier: Apache-2.0
"""The exported calendar as icalendar and libical read it, and as an import takes it back."""

import ctypes
import ctypes.util
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

import icalendar

from client import add, request

ZONES = ["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]
TAG = "export-check"
TASKS = [
    {
        "title": "Pay rent; \"twice\", \\ or not", "description": "Two lines:\nthe second " + "ü" * 80,
        "due_date": "2030-01-31T09:00:00", "timezone": "Europe/Lisbon", "priority": "urgent",
        "tags": [TAG, "a, b; c"], "rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "exdates": ["2030-02-28T09:00:00"], "rdates": ["2030-03-01T10:30:00"],
        "reminders": [{"offset": "-P1DT1H30M"}, {"at": "2030-01-30T12:00:00Z"}],
        "anchor": "completion", "misfire": {"policy": "skip", "grace": "PT5M"},
    },
    {"title": "Without a date", "tags": [TAG], "priority": "low"},
    {"title": "An instant", "due_date": "2030-05-05T05:05:05Z", "reminders": [], "tags": [TAG]},
    {"title": "Done", "due_date": "2030-05-05T05:05:05Z", "completed": True, "tags": [TAG]},
    {
        "title": "Month's end", "due_date": "2030-01-31T23:00:00", "timezone": "America/New_York",
        "recurrence_pattern": {"frequency": "monthly", "occurrences": 5}, "tags": [TAG],
        "rollover": "on_schedule", "dst": "skip,last",
    },
] + [
    {"title": zone, "due_date": "2031-07-01T08:00:00", "timezone": zone, "tags": [TAG]}
    for zone in ZONES
]
# What the server alone decides.
OWN = {
    "id", "series_id", "predecessor_id", "created_at", "updated_at", "version", "completed_at",
    "occurrence",
}
# What an occurrence that is done is exported without: its series goes on from the one after it.
SERIES = {
    "is_recurring", "rrule", "recurrence_pattern", "dtstart", "anchor", "rollover", "dst",
    "nominal_time",
}


def tasks():
    """The tasks of this check, by title."""
    page = request("GET", f"/api/tasks?tags={TAG}&limit=500").json["items"]
    return {(task["title"], task["status"]): task for task in page}


def represented(task):
    """What of a task a calendar can carry."""
    hidden = OWN | SERIES if task["completed"] else OWN
    kept = {name: value for name, value in task.items() if name not in hidden}
    kept["reminders"] = [(entry["offset"], entry["at"]) for entry in task["reminders"]]
    return kept


def export():
    answer = request("GET", f"/api/tasks.ics?tags={TAG}")
    assert answer.status == 200, answer.status
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8", answer.headers
    tag = answer.headers["ETag"]
    again = request("GET", f"/api/tasks.ics?tags={TAG}", headers={"If-None-Match": tag})
    assert again.status == 304 and again.body == b"", again.status
    return answer.body


def libical_reads(calendar, count):
    name = ctypes.util.find_library("ical")
    assert name, "libical is not installed"
    libical = ctypes.CDLL(name)
    for function in ("icalparser_parse_string", "icalcomponent_get_first_component",
                     "icalcomponent_get_next_component"):
        getattr(libical, function).restype = ctypes.c_void_p
    root = ctypes.c_void_p(libical.icalparser_parse_string(calendar))
    assert root, "libical cannot parse it"
    kind = libical.icalcomponent_string_to_kind(b"VTODO")
    assert libical.icalcomponent_count_components(root, kind) == count
    assert libical.icalcomponent_count_errors(root) == 0
    assert libical.icalrestriction_check(root) == 1, "libical finds a rule of RFC 5546 broken"


def zones_agree(calendar):
    """Each VTIMEZONE says of all days of many years what the zone database says."""
    defined = {str(zone["TZID"]): zone for zone in calendar.walk("VTIMEZONE")}
    assert set(ZONES) <= set(defined), set(defined)
    for name, component in defined.items():
        theirs, ours = ZoneInfo(name), component.to_tz(lookup_tzid=False)
        moment = datetime(1990, 1, 1, 12)
        while moment.year < 2037:
            expected = moment.replace(tzinfo=theirs).utcoffset()
            assert moment.replace(tzinfo=ours).utcoffset() == expected, (name, moment)
            moment += timedelta(days=5)


def main():
    for old in tasks().values():
        request("DELETE", f"/api/tasks/{old['id']}")
    for task in TASKS:
        add(task)
    first = next(task for task in tasks().values() if task["title"] == "Month's end")
    completed = request("POST", f"/api/tasks/{first['id']}/complete")
    assert completed.status == 200, completed.body
    paused = next(task for task in tasks().values() if task["title"] == TASKS[0]["title"])
    assert request("POST", f"/api/tasks/{paused['id']}/pause").status == 200
    before = tasks()
    body = export()
    assert all(len(line) <= 75 for line in body.split(b"\r\n")), "a line is not folded"
    assert b"\n" not in body.replace(b"\r\n", b""), "a line ends without CR"
    calendar = icalendar.Calendar.from_ical(body)
    todos = {str(todo["SUMMARY"]): todo for todo in calendar.walk("VTODO")}
    assert len(todos) == len(before), (len(todos), len(before))
    assert not calendar.errors and not any(todo.errors for todo in todos.values())
    rent = todos[TASKS[0]["title"]]
    assert rent["DUE"].dt == datetime(2030, 1, 31, 9, tzinfo=ZoneInfo("Europe/Lisbon")), rent
    assert str(rent["DESCRIPTION"]) == TASKS[0]["description"], rent
    assert rent["PRIORITY"] == 1 and rent["RRULE"]["BYSETPOS"] == [-1], rent
    alarms = [alarm["TRIGGER"].dt for alarm in rent.walk("VALARM")]
    assert alarms == [
        -timedelta(days=1, hours=1, minutes=30), datetime(2030, 1, 30, 12, tzinfo=timezone.utc),
    ], alarms
    assert todos["Done"]["STATUS"] == "COMPLETED" and "COMPLETED" in todos["Done"]
    zones_agree(calendar)
    libical_reads(body, len(before))

    for task in before.values():
        request("DELETE", f"/api/tasks/{task['id']}")
    imported = request("POST", "/api/import/ics", body, {"Content-Type": "text/calendar"})
    assert imported.status == 201 and imported.json["refused_count"] == 0, imported.body
    after = tasks()
    assert set(after) == set(before)
    assert after[paused["title"], "active"]["paused"]
    for key, task in before.items():
        given, taken = represented(task), represented(after[key])
        assert given == taken, {name: (given[name], taken[name]) for name in given}
    for task in after.values():
        request("DELETE", f"/api/tasks/{task['id']}")


main()
print("icalendar", version("icalendar"))
