# SPDX-License-Identifier: Apache-2.0
"""Stands in for daprd 1.18 beside an application, over HTTP, to the letter of its contract.

It reads components, subscriptions and resiliency from the project's own resource files, keeps what is
published in a folder (broker.py), and does to the application what daprd does, traps included:
subscriptions are asked for once, 404 drops, a failure without a retry policy goes to the dead letters
at once, some events come twice, the cron binding's time is not RFC 3339. Whatever the application asks
that the contract does not allow is refused, written to the file of violations, and makes the exit
status 1.

A JSON file of faults, read anew with each request, makes it slow (`delay`, seconds) or its broker
partly fail (`refused`, the share of bulk requests some of whose entries are refused).
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import secrets
import signal
import sys

import aiohttp
from aiohttp import web

from broker import Broker
from outbound import Outbound
from inbound import Inbound
from resources import Resources


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--app-id", required=True)
    parser.add_argument("--app-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--resources", action="append", default=[])
    # The files for one machine are for the whole application, and a role by itself needs the same.
    parser.add_argument("--scope", default="punctual", help="the app-id that resources name")
    parser.add_argument("--folder", required=True, help="what survives: topics, states, violations")
    parser.add_argument("--secrets", default="{}", help="JSON: store, secret, fields")
    parser.add_argument("--app-health", type=float, default=0, help="seconds between probes")
    parser.add_argument("--retry-scale", type=float, default=1, help="of the pauses of retries")
    parser.add_argument("--twice", type=int, default=10, help="every so many events come twice")
    return parser.parse_args()


class Sidecar:
    def __init__(self, options):
        self.options = options
        self.app_id = options.app_id
        self.folder = pathlib.Path(options.folder)
        self.broker = Broker(self.folder / "broker")
        self.resources = Resources(options.resources, options.scope)
        self.secrets = json.loads(options.secrets)
        self.api_token = os.environ.get("DAPR_API_TOKEN")
        self.app_token = os.environ.get("APP_API_TOKEN")
        self.app_url = f"http://127.0.0.1:{options.app_port}"
        self.random = random.Random(options.app_id)
        self.has_failed = False
        self.is_app_healthy = False
        self.stopping = asyncio.Event()

    def violation(self, text):
        """Notes what the contract does not allow; it outlives a kill."""
        self.has_failed = True
        self.note("violations", text)
        print(f"VIOLATION {text}", file=sys.stderr, flush=True)

    def note(self, name, *parts):
        with open(self.folder / f"{self.app_id}.{name}", "a") as file:
            file.write("\t".join(map(str, parts)) + "\n")

    @property
    def faults(self):
        try:
            return json.loads((self.folder / f"{self.app_id}.faults").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def app_headers(self, traceparent=None):
        """What every call to the application carries, health probes excepted."""
        headers = {"traceparent": self.span(traceparent)}
        if self.app_token:
            headers["dapr-api-token"] = self.app_token
        return headers

    @staticmethod
    def span(traceparent=None):
        """A span of its own in the trace of a header, or in a new one that nobody records."""
        parts = traceparent.split("-") if traceparent else ["00", secrets.token_hex(16), "", "00"]
        return f"00-{parts[1]}-{secrets.token_hex(8)}-{parts[3]}"

    async def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        registry = self.folder / "apps"
        registry.mkdir(exist_ok=True)
        (registry / self.app_id).write_text(
            json.dumps({"url": self.app_url, "token": self.app_token}))
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=60),
            connector=aiohttp.TCPConnector(limit=0),
        ) as self.session:
            runner = web.AppRunner(Outbound(self).application, access_log=None)
            await runner.setup()
            await web.TCPSite(
                runner, "127.0.0.1", self.options.http_port, reuse_address=True).start()
            inbound = asyncio.create_task(Inbound(self).run())
            inbound.add_done_callback(self.ended)
            await self.stopping.wait()
            inbound.cancel()
            await asyncio.gather(inbound, return_exceptions=True)
            await runner.cleanup()
        return 1 if self.has_failed else 0

    def ended(self, task):
        if not task.cancelled() and task.exception():
            self.violation(f"the stand-in itself failed: {task.exception()!r}")
            self.stopping.set()


if __name__ == "__main__":
    sys.exit(asyncio.run(Sidecar(arguments()).run()))
