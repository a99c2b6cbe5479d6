# SPDX-License-Identifier: Apache-2.0
"""What a CloudEvent and a trace have to look like."""

import datetime
import re

NAME = re.compile(r"[a-z0-9]+")
TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# RFC 3339 and nothing else, whatever Python would accept.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def faults(event):
    """What is wrong with an envelope of CloudEvents 1.0 in structured JSON; empty when nothing is."""
    if not isinstance(event, dict):
        return ["it is no object"]
    found = []
    if event.get("specversion") != "1.0":
        found.append("specversion is not 1.0")
    for name in ("id", "source", "type"):
        if not isinstance(event.get(name), str) or not event[name]:
            found.append(f"{name} is missing")
    for name in event:
        if name not in ("data", "data_base64") and not NAME.fullmatch(name):
            found.append(f"{name} is no name of an attribute")
    if "data" in event and "data_base64" in event:
        found.append("it has data twice")
    if "data" not in event and "data_base64" not in event:
        found.append("it has no data")
    if "time" in event:
        if not isinstance(event["time"], str) or not TIME.fullmatch(event["time"]):
            found.append("time is not RFC 3339")
        else:
            datetime.datetime.fromisoformat(event["time"])
    if "traceparent" in event and not TRACE.fullmatch(str(event["traceparent"])):
        found.append("traceparent is none")
    # Dapr sets these itself.
    found += [f"{name} is Dapr's own" for name in ("topic", "pubsubname") if name in event]
    return found
