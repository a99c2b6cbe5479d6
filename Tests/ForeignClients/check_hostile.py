# SPDX-License-Identifier: Apache-2.0
"""Ten thousand hostile requests over every route: no failure of the server, no growth of memory."""

import http.client
import json
import os
import random
import urllib.parse

from client import URL, request

REQUESTS = 10_000
# Pages that the allocator and the tasks that were made may take, once all has been warmed up.
ALLOWED_GROWTH = 16 << 20
# Endless, or a connection that is none of HTTP any more.
STREAMS = {"/api/updates", "/ws"}

VALUES = [
    "null", "true", "-1", "0", "1e400", "-0.0", "9223372036854775808", "9" * 400, '""', "[]", "{}",
    '"\\u0000"', '"\\ud800"', '"' + "\\u202e" * 50 + '"', '"9999-12-31T23:59:59Z"',
    '"0001-01-01T00:00:00+23:59"', '"-P999999999999W"', '"FREQ=SECONDLY;BYYEARDAY=366;BYDAY=5MO"',
    '"../../etc/passwd"', "'; DROP TABLE tasks; --", '"' + "x" * 20_000 + '"', "[" * 600 + "]" * 600,
    "[" + "0," * 5_000 + "0]", '{"a":' * 600 + "1" + "}" * 600, '[{"offset":"-PT1H"},null,7]',
    '{"start":"24:00","end":[]}', '{"__proto__":{"x":1}}', "NaN", "Infinity",
]
TEXTS = [
    "%00", "%ff%fe", "%", "-1", "9" * 40, "%F0%9F%92%A9", "..%2f..%2fetc", "a%0d%0ab", "%27%3b--",
    "1" + "%20" * 99,
]
BODIES = [
    b"", b"\xff\xfe{}", b'{"title":"\xc3\x28"}', b"{" * 100_000, b"[" * 1_000_000,
    b'{"title":"a"' * 1_000, b"\x00" * 1_000,
]
NAMES = ["q", "limit", "cursor", "due_before", "tags", "sort", "topics", "as", "timezone", "%"]
TYPES = ["application/json"] * 8 + ["text/calendar", "x/\x01y"]
FIELDS = [
    "If-Match", "Idempotency-Key", "Authorization", "X-Punctual-User", "MCP-Protocol-Version",
    "Origin", "Cookie",
]
FIELD_VALUES = ['"-1"', '"99999999999999999999"', "*", "x" * 300, "Bearer \u00ff", ";;=", ""]


class Generator:
    """Requests made up from the description of the API, so that a new route is tried by itself."""

    def __init__(self, description, seed):
        self.random, self.description = random.Random(seed), description
        self.operations = [
            (method.upper(), path, operation)
            for path, item in description["paths"].items() if path not in STREAMS
            for method, operation in item.items() if method != "parameters"
        ]

    def resolved(self, value):
        while "$ref" in value:
            target = self.description
            for part in value["$ref"].split("/")[1:]:
                target = target[part]
            value = target
        return value

    def fields(self, operation):
        content = operation.get("requestBody", {}).get("content", {})
        schema = self.resolved(content.get("application/json", {}).get("schema", {}))
        if "items" in schema:
            schema = self.resolved(schema["items"])
        return list(schema.get("properties", {})) or ["title"]

    def body(self, operation):
        pick = self.random.random()
        if pick < 0.1:
            return self.random.choice(BODIES)
        names = self.fields(operation)
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, 3)))
        members = [f"{json.dumps(name)}:{self.random.choice(VALUES)}" for name in chosen]
        if pick < 0.5 and "title" in names:
            members.append('"title":"a"')
        text = "{" + ",".join(members) + "}"
        return (f"[{text}]" if pick > 0.9 else text).encode("utf-8", "surrogatepass")

    def next(self, index):
        # Each route comes again and again, whatever chance says.
        method, path, operation = self.operations[index % len(self.operations)]
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            value = self.random.choice(TEXTS + ["1", "1000", "1001"])
            path = path[:start] + value + path[end + 1:]
        if self.random.random() < 0.5:
            path += f"?{self.random.choice(NAMES)}={self.random.choice(TEXTS)}"
        headers = {"Content-Type": self.random.choice(TYPES)}
        if self.random.random() < 0.2:
            headers[self.random.choice(FIELDS)] = self.random.choice(FIELD_VALUES)
        return method, path, self.body(operation) if method != "GET" else None, headers


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main():
    pid = os.environ.get("SERVER_PID")
    generator = Generator(request("GET", "/openapi.json").json, seed=7)
    address = urllib.parse.urlsplit(URL)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    before, statuses = 0, {}
    for index in range(REQUESTS):
        method, path, body, headers = generator.next(index)
        if pid and index == REQUESTS // 2:
            before = resident(pid)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (ConnectionError, http.client.HTTPException):
            # The server may close on what is no HTTP, or on a body that it will not read.
            connection.close()
            continue
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert answer.status < 500, (answer.status, method, path, headers, body and body[:300])
    # Refusing everything would be easy.
    assert any(status < 300 for status in statuses), statuses
    assert sum(statuses.values()) > REQUESTS * 0.9, statuses
    if pid:
        growth = resident(pid) - before
        assert growth < ALLOWED_GROWTH, f"{growth >> 20} MiB more in the second half"
    assert request("GET", "/readyz").status == 200


main()
print("hostile requests")
