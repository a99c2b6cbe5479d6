# SPDX-License-Identifier: Apache-2.0
"""An application of Dapr's Jobs over HTTP, with Punctual in the place of the sidecar.

    check_jobs.py URL PORT

URL is Punctual's; PORT is where this application listens: PUNCTUAL_JOBS_CALLBACK_URL has to be
http://127.0.0.1:PORT.
"""

import http.server
import json
import sys
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote

from client import request

PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 6001
CALLS = []
ANSWERS = {}  # Name of a job: what to answer, one status after another; the last one stays.
DELAYS = {}
CHANGED = threading.Condition()


class Application(http.server.BaseHTTPRequestHandler):
    """Takes the calls of jobs, as an application behind daprd does."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        begun = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert self.path.startswith("/job/"), self.path
        name = unquote(self.path[5:])
        time.sleep(DELAYS.get(name, 0))
        with CHANGED:
            answers = ANSWERS.get(name, [200])
            status = answers.pop(0) if len(answers) > 1 else answers[0]
            CALLS.append((name, begun, time.time(), body, self.headers))
            CHANGED.notify_all()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def calls(name, count, seconds=15):
    """The calls of a job, once there are so many."""
    with CHANGED:
        there = CHANGED.wait_for(
            lambda: sum(call[0] == name for call in CALLS) >= count, timeout=seconds)
        found = [call for call in CALLS if call[0] == name]
    assert there, f"{name}: {len(found)} calls of {count}"
    return found


def create(name, body, status=204, version="v1.0"):
    answer = request("POST", f"/{version}/jobs/{quote(name, safe='')}", body)
    assert answer.status == status, (name, body, answer.status, answer.body)
    return answer


def get(name, version="v1.0"):
    return request("GET", f"/{version}/jobs/{quote(name, safe='')}")


def delete(name):
    answer = request("DELETE", f"/v1.0/jobs/{quote(name, safe='')}")
    assert answer.status == 204, (answer.status, answer.body)


def gone(name, seconds=10):
    """Waits until a job is no more."""
    deadline = time.monotonic() + seconds
    while get(name).status != 404:
        assert time.monotonic() < deadline, f"{name} is still there"
        time.sleep(0.05)


def check_once():
    name = f"once-{uuid.uuid4()}"
    due = datetime.now(timezone.utc) + timedelta(seconds=1.5)
    data = {"task": "rent ✓", "n": [1, 2.5, None]}
    create(name, {"dueTime": due.isoformat().replace("+00:00", "Z"), "data": data})
    shown = get(name, "v1.0-alpha1").json
    assert shown["name"] == name and shown["data"] == {
        "@type": "type.googleapis.com/google.protobuf.Value", "value": data}, shown
    (_, begun, _, body, headers), = calls(name, 1)
    assert json.loads(body) == data, body
    assert begun >= due.timestamp(), "early"
    assert begun < due.timestamp() + 1, f"late by {begun - due.timestamp()} s"
    assert headers["Content-Type"] == "application/json", headers
    assert len(headers["traceparent"].split("-")) == 4, headers
    gone(name)


def check_conflict_and_delete():
    name = f"conflict {uuid.uuid4()}|@"
    create(name, {"schedule": "@daily"})
    assert b"errorCode" in create(name, {"schedule": "@hourly"}, 409).body
    assert get(name).json["schedule"] == "@daily"
    create(name, {"schedule": "@hourly", "overwrite": True}, version="v1.0-alpha1")
    assert get(name).json["schedule"] == "@hourly"
    delete(name)
    assert get(name).status == 404
    delete(name)
    # What was armed is gone with it, and so is what had been armed before it was replaced.
    create(name, {"dueTime": "1500ms"})
    create(name, {"dueTime": "1h", "overwrite": True})
    other = f"deleted-{uuid.uuid4()}"
    create(other, {"dueTime": "1500ms"})
    delete(other)
    time.sleep(2.5)
    assert not [call for call in CALLS if call[0] in (name, other)]
    delete(name)


def check_repeats():
    name = f"repeats-{uuid.uuid4()}"
    start = time.time()
    create(name, {"schedule": "@every 1s", "repeats": 3})
    found = calls(name, 3)
    assert found[0][1] >= start + 1, "the first comes after the period"
    assert all(b[1] - a[1] > 0.7 for a, b in zip(found, found[1:])), found
    assert found[0][3] == b"", "no data, no body"
    gone(name)
    time.sleep(1.5)
    assert len(calls(name, 3)) == 3, "no fourth"
    cron = f"cron-{uuid.uuid4()}"
    create(cron, {"schedule": "* * * * * *", "repeats": 2, "dueTime": "0s", "data": "text"})
    first, second = calls(cron, 2)
    assert second[1] % 1 < 0.5, "on the second"
    assert json.loads(first[3]) == "text"
    gone(cron)


def check_ttl():
    name = f"ttl-{uuid.uuid4()}"
    create(name, {"schedule": "@every 1s", "ttl": "2500ms"})
    calls(name, 2)
    gone(name)
    time.sleep(1.5)
    assert len(calls(name, 2)) == 2, "none after its end"


def check_failure_policy():
    standard, dropped, constant, lost = (f"{kind}-{uuid.uuid4()}" for kind in (
        "standard", "dropped", "constant", "lost"))
    ANSWERS.update({standard: [500], dropped: [500], constant: [500, 503, 200], lost: [404]})
    create(standard, {"dueTime": "0s"})
    create(dropped, {"dueTime": "0s", "failurePolicy": {"drop": {}}})
    create(constant, {"dueTime": "0s", "failure_policy": {
        "constant": {"interval": "0.2s", "max_retries": 5}}})
    create(lost, {"dueTime": "0s"})
    found = calls(standard, 4)
    gaps = [b[1] - a[1] for a, b in zip(found, found[1:])]
    assert all(0.95 < gap < 2 for gap in gaps), gaps
    found = calls(constant, 3)
    gaps = [b[1] - a[1] for a, b in zip(found, found[1:])]
    assert all(0.19 < gap < 1 for gap in gaps), gaps
    time.sleep(1.5)
    for name, count in ((standard, 4), (dropped, 1), (constant, 3), (lost, 1)):
        assert len(calls(name, count)) == count, name
    policy = f"policy-{uuid.uuid4()}"
    shown = {"constant": {"interval": "10s", "maxRetries": 3}}
    create(policy, {"schedule": "@daily", "failurePolicy": shown})
    assert get(policy).json["failurePolicy"] == shown
    delete(policy)


def check_one_at_a_time():
    name = f"slow-{uuid.uuid4()}"
    DELAYS[name] = 1.7
    ANSWERS[name] = [500, 200]
    create(name, {"schedule": "@every 1s", "repeats": 3})
    found = calls(name, 4)
    assert all(a[2] <= b[1] for a, b in zip(found, found[1:])), "two at once"


def check_refusals():
    name = f"refused-{uuid.uuid4()}"
    for body in (
        {}, {"data": 1}, {"schedule": "* * * * *"}, {"schedule": "0 0 0 31 2 *"},
        {"schedule": "0 0 0 * * 7"}, {"schedule": "@every"}, {"schedule": "@sometimes"},
        {"schedule": "TZ=Nowhere/City @daily"}, {"schedule": "TZ="}, {"schedule": "0 9-8 * * * *"},
        {"dueTime": "tomorrow"}, {"dueTime": "1h", "repeats": 2}, {"dueTime": "1h", "ttl": "2h"},
        {"schedule": "@daily", "dueTime": "2h", "ttl": "1h"}, {"schedule": "@daily", "repeats": -1},
        {"schedule": "@daily", "name": name}, {"schedule": 5},
        {"schedule": "@daily", "failurePolicy": {"constant": {"interval": "2m"}}},
        {"schedule": "@daily", "failurePolicy": {"constant": {"interval": "200ms"}}},
        {"schedule": "@daily", "failurePolicy": {}}, [], "x",
    ):
        answer = create(name, body, 400)
        assert answer.json["errorCode"] and answer.json["message"], answer.body
    answer = request("POST", f"/v1.0/jobs/{name}", b"{")
    assert answer.status == 400 and answer.json["errorCode"], answer.body
    for schedule in (
        "@yearly", "CRON_TZ=Europe/Berlin 0 30 9 * * mon-fri", "TZ=America/New_York @daily",
        "*/15 0,30 ? jan-jun,12 * 1-5/2", "2099-01-01T00:00:00Z",
    ):
        if schedule.startswith("*/15"):
            schedule = "*/15 0,30 8-18/2 ? jan-jun,12 1-5/2"
        create(name, {"schedule": schedule, "unknown": 1, "overwrite": True})
        assert get(name).json["schedule"] == schedule
    delete(name)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    errors = []

    def run(check):
        try:
            check()
        except Exception as error:
            errors.append((check.__name__, error))

    checks = [
        threading.Thread(target=run, args=(check,)) for check in (
            check_once, check_conflict_and_delete, check_repeats, check_ttl, check_failure_policy,
            check_one_at_a_time, check_refusals)
    ]
    for check in checks:
        check.start()
    for check in checks:
        check.join()
    assert not errors, errors
    print(f"{len(checks)} checks, {len(CALLS)} calls")


if __name__ == "__main__":
    main()
