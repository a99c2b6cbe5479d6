# SPDX-License-Identifier: Apache-2.0
"""APScheduler 3 with its SQLAlchemy store on PostgreSQL, in one process with 20 threads."""

import datetime
import time

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from common import Run

run = None
# What one process stores a second, at the least; it decides how long loading may take.
LOADED_PER_S = 300


def handle(number):
    run.handle(number)


def main():
    url = f"postgresql+psycopg2://punctual@/{run.options.database}?host={run.options.host}"
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": ThreadPoolExecutor(20)},
        # The default drops what is a second late.
        job_defaults={"misfire_grace_time": None},
        timezone=datetime.timezone.utc,
    )
    scheduler.start(paused=True)
    run.begin_in(len(run.offsets_us) / LOADED_PER_S + 3)
    for number in range(len(run.offsets_us)):
        due = datetime.datetime.fromtimestamp(run.due_us(number) / 1e6, datetime.timezone.utc)
        scheduler.add_job(handle, "date", run_date=due, args=[number])
    if time.time() * 1e6 > run.base_us - 1_000_000:
        raise SystemExit("loading took too long")
    run.say(f"{len(run.offsets_us)} jobs loaded")
    scheduler.resume()
    while not run.is_over:
        time.sleep(0.2)
    scheduler.shutdown(wait=False)
    run.write()


if __name__ == "__main__":
    # The store keeps the handler's name, so it must be found in a module that is not __main__.
    import apscheduler_peer

    apscheduler_peer.run = Run()
    apscheduler_peer.main()
