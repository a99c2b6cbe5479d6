# SPDX-License-Identifier: Apache-2.0
"""Conversations, kept and forgotten."""

import time
import uuid

from client import request


def main():
    path = f"/api/conversations/{uuid.uuid4()}"
    messages = [
        {"role": "user", "content": "Remind me to pay the rent ✓", "at": 1.5},
        {"role": "assistant", "content": [{"type": "text", "text": "Done."}], "tokens": None},
    ]
    assert request("GET", path).status == 404
    assert request("PUT", path, {"messages": []}, {"If-Match": '"1"'}).status == 412
    kept = request("PUT", path, {"messages": messages, "ttl": "PT1H"}, {"If-None-Match": "*"})
    assert kept.status == 201 and kept.headers["ETag"] == '"1"', (kept.status, kept.body)
    assert request("PUT", path, {"messages": []}, {"If-None-Match": "*"}).status == 412
    read = request("GET", path)
    assert read.json["messages"] == messages and read.json["metadata"] is None, read.body
    # What was read can be sent back.
    again = request("PUT", path, {**read.json, "metadata": {"topic": "rent"}}, {"If-Match": '"1"'})
    assert again.status == 200 and again.json["version"] == 2, (again.status, again.body)
    assert request("PUT", path, {"messages": []}, {"If-Match": '"1"'}).status == 412
    assert request("GET", path).json["metadata"] == {"topic": "rent"}
    assert request("DELETE", path, headers={"If-Match": '"1"'}).status == 412
    assert request("DELETE", path, headers={"If-Match": '"2"'}).status == 204
    assert request("DELETE", path).status == 404

    assert request("PUT", path, {"messages": messages, "ttl": "PT1S"}).status == 201
    deadline = time.monotonic() + 10
    while request("GET", path).status == 200:
        assert time.monotonic() < deadline, "it outlived its time"
        time.sleep(0.1)
    assert request("PUT", path, {"messages": []}, {"If-None-Match": "*"}).status == 201
    assert request("DELETE", path).status == 204

    for body, pointer in (
        ({}, "/messages"), ({"messages": [{"content": "x"}]}, "/messages/0/role"),
        ({"messages": [7]}, "/messages/0"), ({"messages": [], "ttl": "P2Y"}, "/ttl"),
        ({"messages": [], "ttl": "P367D"}, "/ttl"), ({"messages": [], "mood": 1}, "/mood"),
        ({"messages": [{"role": "user"}] * 1_001}, "/messages"),
        ({"messages": [], "metadata": []}, "/metadata"),
    ):
        answer = request("PUT", path, body)
        assert answer.status == 422, (body, answer.status, answer.body)
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer], answer.body
    assert request("GET", "/api/conversations/" + "x" * 201).status == 404


main()
print("conversations")
