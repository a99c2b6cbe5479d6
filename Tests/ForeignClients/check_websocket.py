# SPDX-License-Identifier: Apache-2.0
"""The WebSocket as the package `websockets` sees it."""

import asyncio
import json

import websockets
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from client import URL, add, request

ADDRESS = URL.replace("http", "ws", 1) + "/ws"


async def receive(socket):
    """The next event."""
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def follows_and_resumes():
    async with connect(ADDRESS) as socket:
        task = await asyncio.to_thread(add, {"title": "By WebSocket ✓"})
        event = await receive(socket)
        assert event["event_type"] == "created", event
        assert event["task_data"]["title"] == "By WebSocket ✓", event
        assert event["event_id"] in event["cursor"], event
        await asyncio.wait_for(await socket.ping(), 5)
    await asyncio.to_thread(request, "DELETE", f"/api/tasks/{task['id']}")
    # What happened while nobody listened is not missed; what was seen before may be repeated.
    async with connect(f"{ADDRESS}?after={event['cursor']}") as socket:
        missed = await receive(socket)
        while (missed["event_type"], missed["task_id"]) != ("deleted", task["id"]):
            missed = await receive(socket)


async def is_the_same_as_sse():
    """Each message is the event that Server-Sent Events carry, and its cursor."""
    async with connect(f"{ADDRESS}?topics=reminders") as socket:
        await asyncio.to_thread(
            add, {"title": "Now", "reminders": [{"at": "2020-01-01T00:00:00Z"}]}
        )
        event = await receive(socket)
        assert event["event_type"] == "reminder.due", event
    for word in ("cursor", "event_id", "timestamp", "version", "task_id", "remind_at"):
        assert word in event, (word, event)


async def refuses():
    for query, status in (("?topics=engine", 422), ("?after=7", 422)):
        try:
            async with connect(ADDRESS + query):
                raise AssertionError(f"{query} was accepted")
        except InvalidStatus as error:
            assert error.response.status_code == status, error
    try:
        async with connect(ADDRESS, origin="https://evil.example"):
            raise AssertionError("a page of another site was accepted")
    except InvalidStatus as error:
        assert error.response.status_code == 403, error
    async with connect(ADDRESS, origin=URL):
        pass
    plain = request("GET", "/ws")
    assert plain.status == 426 and plain.headers["Sec-WebSocket-Version"] == "13", plain.status


async def closes_with_a_code():
    for message, code in (("hello", 1003), ("x" * 5_000, 1009)):
        async with connect(ADDRESS) as socket:
            await socket.send(message)
            try:
                await asyncio.wait_for(socket.recv(), 10)
                raise AssertionError("a message was answered")
            except ConnectionClosed as error:
                assert error.rcvd and error.rcvd.code == code, (code, error)


async def main():
    await follows_and_resumes()
    await is_the_same_as_sse()
    await refuses()
    await closes_with_a_code()


asyncio.run(main())
print("websockets", websockets.__version__)
