# SPDX-License-Identifier: Apache-2.0
"""PgQueuer 1.6 on asyncpg and uvloop, in batches of 100, its minimum poll lowered to 5 ms."""

import asyncio
import datetime

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from common import Run

LOADED_AT_ONCE = 1_000


async def load(connection, run):
    """Enqueues every job, and then sets each to its exact instant, which the API cannot."""
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    numbers = range(len(run.offsets_us))
    for start in range(0, len(numbers), LOADED_AT_ONCE):
        part = numbers[start : start + LOADED_AT_ONCE]
        await queries.enqueue(
            ["fire"] * len(part),
            [str(number).encode() for number in part],
            [0] * len(part),
            [datetime.timedelta(days=1)] * len(part),
        )
    run.begin_in(5 + len(numbers) / 50_000)
    for start in range(0, len(numbers), LOADED_AT_ONCE * 10):
        part = numbers[start : start + LOADED_AT_ONCE * 10]
        await connection.execute(
            "UPDATE pgqueuer AS q SET execute_after = to_timestamp(d.due / 1e6)"
            " FROM unnest($1::bytea[], $2::float8[]) AS d(payload, due)"
            " WHERE q.payload = d.payload",
            [str(number).encode() for number in part],
            [float(run.due_us(number)) for number in part],
        )
    await connection.execute("VACUUM ANALYZE pgqueuer")


async def main():
    run = Run()
    address = {"host": run.options.host, "user": "punctual", "database": run.options.database}
    connection = await asyncpg.connect(**address)
    await load(connection, run)
    run.say(f"{len(run.offsets_us)} jobs loaded")
    queue = PgQueuer(AsyncpgDriver(connection))
    queue.qm.min_dequeue_poll_interval = datetime.timedelta(milliseconds=5)

    @queue.entrypoint("fire")
    async def fire(job):
        run.handle(int(job.payload))

    worker = asyncio.create_task(queue.run(batch_size=100))
    while not run.is_over and not worker.done():
        await asyncio.sleep(0.2)
    run.write()
    queue.shutdown.set()
    await asyncio.wait([worker], timeout=10)
    if worker.done() and worker.exception() is not None:
        raise worker.exception()


if __name__ == "__main__":
    uvloop.run(main())
