# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP for the checks in this folder: what they share beside the clients they are about."""

import json
import sys
import urllib.error
import urllib.request

URL = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8080"


class Answer:
    """The answer to a request."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def request(method, path, body=None, headers=None):
    """Sends a request; a body that is no bytes is sent as JSON. Errors are answers like any other."""
    fields = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        fields.setdefault("Content-Type", "application/json")
    call = urllib.request.Request(URL + path, data=body, headers=fields, method=method)
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def add(task):
    """Adds a task."""
    answer = request("POST", "/api/tasks", task)
    assert answer.status == 201, (answer.status, answer.body)
    return answer.json
