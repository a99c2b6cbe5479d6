# SPDX-License-Identifier: Apache-2.0
"""The tools of a chat agent, called by the official client of the Model Context Protocol."""

import asyncio
import json
import uuid
from importlib.metadata import version

from mcp.client import Client

from client import URL, request

TOOLS = {
    "add_task", "list_tasks", "update_task", "complete_task", "delete_task", "set_reminder",
    "preview_recurrence",
}
# No task has this id, whatever ran before.
ABSENT = 2**53 - 1


async def call(client, tool, arguments):
    """Calls a tool that succeeds, and gives what it answered."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    assert json.loads(result.content[0].text) == result.structured_content, result
    return result.structured_content


async def uses_every_tool(client):
    listed = (await client.list_tools()).tools
    assert {tool.name for tool in listed} == TOOLS, listed
    for tool in listed:
        assert tool.description and tool.input_schema["type"] == "object", tool
        assert isinstance(tool.input_schema["properties"], dict), tool
    rule = {
        "rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "timezone": "Europe/Lisbon",
        "dtstart": "2030-01-31T09:00:00", "count": 6,
    }
    dates = (await call(client, "preview_recurrence", rule))["items"]
    assert [date["local"][:10] for date in dates[:3]] == ["2030-01-31", "2030-02-28", "2030-03-29"]
    tag = f"mcp-{uuid.uuid4()}"
    task = await call(client, "add_task", {
        "title": "Pay rent", "rrule": rule["rrule"], "timezone": rule["timezone"],
        "due_date": "2030-01-31T09:00:00", "tags": [tag], "priority": "high",
    })
    assert task["due_date"] == "2030-01-31T09:00:00Z" and task["is_recurring"], task
    reminder = await call(client, "set_reminder", {"id": task["id"], "offset": "-PT15M"})
    assert reminder["at"] == "2030-01-31T08:45:00Z", reminder
    found = await call(client, "list_tasks", {"tags": [tag], "priority": ["high", "urgent"]})
    assert [item["id"] for item in found["items"]] == [task["id"]], found
    searched = await call(client, "list_tasks", {"q": "rent pay", "tags": [tag], "limit": 5})
    assert searched == found, searched
    changed = await call(client, "update_task", {"id": task["id"], "title": "Pay the rent"})
    assert changed["title"] == "Pay the rent" and changed["tags"] == [tag], changed
    done = await call(client, "complete_task", {"id": task["id"]})
    following = done["next_task"]
    assert done["completed"] and following["due_date"] == "2030-02-28T09:00:00Z", done
    for number in (task["id"], following["id"]):
        assert (await call(client, "delete_task", {"id": number}))["deleted"]


async def says_what_is_wrong(client):
    for tool, arguments, words in (
        ("add_task", {}, "/title"),
        ("add_task", {"title": "x", "due_date": "tomorrow"}, "/due_date"),
        ("update_task", {"id": ABSENT, "title": "x"}, f"There is no task {ABSENT}"),
        ("complete_task", {"task": 1}, "/task"),
        ("set_reminder", {"id": ABSENT}, "offset"),
        ("list_tasks", {"limit": 0}, "limit"),
        ("preview_recurrence", {"rrule": "FREQ=NEVER"}, "/rrule"),
    ):
        result = await client.call_tool(tool, arguments)
        assert result.is_error and words in result.content[0].text, (tool, result)


def speaks_http():
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {},
        "clientInfo": {"name": "check", "version": "1"}}}
    accepts = {"Accept": "application/json, text/event-stream"}
    answer = request("POST", "/mcp", hello, accepts)
    assert answer.json["result"]["protocolVersion"] == "2025-03-26", answer.body
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = request("POST", "/mcp", note, accepts)
    assert answer.status == 202 and answer.body == b"", answer.status
    ping = [{"jsonrpc": "2.0", "id": "a", "method": "ping"}, note]
    assert request("POST", "/mcp", ping, accepts).json == [
        {"jsonrpc": "2.0", "id": "a", "result": {}}]
    assert request("GET", "/mcp", headers={"Accept": "text/event-stream"}).status == 405
    assert request("POST", "/mcp", hello, {"Origin": "https://evil.example"}).status == 403
    assert request("POST", "/mcp", hello, {"MCP-Protocol-Version": "1999-01-01"}).status == 400
    assert request("POST", "/mcp", b"{", {"Content-Type": "application/json"}).status == 400
    unknown = {"jsonrpc": "2.0", "id": 2, "method": "tools/paint"}
    assert request("POST", "/mcp", unknown, accepts).json["error"]["code"] == -32601


async def main():
    for mode in ("auto", "legacy"):
        async with Client(URL + "/mcp", mode=mode) as client:
            assert client.protocol_version == "2025-06-18", client.protocol_version
            await uses_every_tool(client)
            await says_what_is_wrong(client)
    speaks_http()


asyncio.run(main())
print("mcp", version("mcp"))
