# SPDX-License-Identifier: Apache-2.0
"""What a sidecar does to its application: health, subscriptions, deliveries, the cron binding."""

import asyncio
import datetime
import json

import aiohttp

from broker import Reader

BATCH = 50
VERDICTS = {"SUCCESS", "RETRY", "DROP", ""}
MEMBERS = {"pubsubname", "topic", "deadLetterTopic", "metadata", "route", "routes", "bulkSubscribe"}


class Inbound:
    def __init__(self, sidecar):
        self.sidecar = sidecar
        self.subscriptions = None
        self.delivering = []
        self.count = 0

    async def run(self):
        await self.dial()
        interval = self.sidecar.options.app_health
        try:
            if not interval:
                await self.begin()
                await asyncio.Future()
            await self.watch(interval)
        finally:
            self.stop()

    async def dial(self):
        """The application is there once its port takes connections."""
        while True:
            try:
                _, writer = await asyncio.wait_for(
                    asyncio.open_connection("127.0.0.1", self.sidecar.options.app_port), 0.5)
                writer.close()
                return
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.1)

    async def watch(self, interval):
        """Probes; begins at the first success, ends after three failures, and begins again."""
        failed = 0
        while True:
            try:
                # Without any token: so do daprd's probes.
                async with self.sidecar.session.get(
                    f"{self.sidecar.app_url}/healthz", timeout=aiohttp.ClientTimeout(total=0.5),
                ) as answer:
                    is_well = 200 <= answer.status < 300
            except (aiohttp.ClientError, asyncio.TimeoutError):
                is_well = False
            if is_well and not self.sidecar.is_app_healthy:
                failed = 0
                await self.begin()
            elif not is_well:
                failed += 1
                if failed >= 3 and self.sidecar.is_app_healthy:
                    self.sidecar.is_app_healthy = False
                    self.stop()
            await asyncio.sleep(interval)

    async def begin(self):
        self.sidecar.is_app_healthy = True
        if self.subscriptions is None:
            # Once for each process of a sidecar, whatever comes of it.
            self.subscriptions = self.sidecar.resources.subscriptions + await self.ask()
            for subscription in self.subscriptions:
                self.sidecar.note("subscribed", subscription["topic"])
        for subscription in self.subscriptions:
            for partition in range(self.sidecar.broker.topics[subscription["topic"]]):
                self.start(self.deliver(subscription, partition))
        for name, component in self.sidecar.resources.of_type("bindings.cron").items():
            if await self.is_bound(name, component["metadata"]):
                self.start(self.tick(name, component["metadata"]))

    def start(self, work):
        task = asyncio.create_task(work)
        task.add_done_callback(self.sidecar.ended)
        self.delivering.append(task)

    def stop(self):
        for task in self.delivering:
            task.cancel()
        self.delivering = []

    # Subscriptions.

    async def get(self, path):
        """What the application answers; nothing when it could not be asked, four times."""
        for attempt in range(4):
            try:
                async with self.sidecar.session.get(
                    self.sidecar.app_url + path, headers=self.sidecar.app_headers()) as answer:
                    return answer.status, await answer.read()
            except aiohttp.ClientError:
                await asyncio.sleep(0.5 * 1.5**attempt)
        return None, b""

    async def ask(self):
        await self.get("/dapr/config")
        status, body = await self.get("/dapr/subscribe")
        if status != 200:
            if status not in (404, None):
                self.sidecar.violation(f"/dapr/subscribe answered {status}")
            return []
        found = json.loads(body)
        for subscription in found:
            if (unknown := subscription.keys() - MEMBERS
                    or subscription["pubsubname"] not in self.sidecar.resources.components
                    or subscription["topic"] not in self.sidecar.broker.topics
                    or not self.route(subscription).startswith("/")):
                self.sidecar.violation(f"a subscription that is wrong: {subscription} {unknown}")
        return found

    @staticmethod
    def route(subscription):
        return subscription.get("routes", {}).get("default") or subscription.get("route", "")

    async def deliver(self, subscription, partition):
        """Brings the records of a partition, one after another, each until something comes of it."""
        topic, broker = subscription["topic"], self.sidecar.broker
        offset = broker.committed(self.sidecar.app_id, topic, partition)
        reader = Reader(broker, topic, partition, offset)
        while True:
            records = reader.read(BATCH)
            if not records:
                await asyncio.sleep(0.02)
                continue
            for record in records:
                await self.bring(subscription, partition, record)
                self.count += 1
                if self.sidecar.options.twice and self.count % self.sidecar.options.twice == 0:
                    await self.bring(subscription, partition, record)
            # Only now: what a kill interrupts comes again, all of the batch.
            broker.commit(self.sidecar.app_id, topic, partition, records[-1]["offset"] + 1)

    async def bring(self, subscription, partition, record):
        pauses = self.sidecar.resources.pauses(subscription["pubsubname"], "inbound")
        event = json.loads(record["value"])
        for pause in [*pauses, None]:
            outcome = await self.post(subscription, partition, record, event)
            self.sidecar.note("delivered", subscription["topic"], event["id"], outcome)
            if outcome == "SUCCESS":
                return
            if outcome == "DROP":
                break
            if pause is not None:
                await asyncio.sleep(pause * self.sidecar.options.retry_scale)
        if letters := subscription.get("deadLetterTopic"):
            self.sidecar.broker.append(letters, [(record["key"], record["value"], record["headers"])])

    async def post(self, subscription, partition, record, event):
        """One attempt: SUCCESS, DROP or RETRY."""
        headers = {
            **record["headers"], **self.sidecar.app_headers(event.get("traceparent")),
            "Content-Type": "application/cloudevents+json", "__key": record["key"] or "",
            "__topic": subscription["topic"], "__partition": str(partition),
            "__offset": str(record["offset"]), "__timestamp": str(record["timestamp"]),
            "Pubsubname": subscription["pubsubname"]}
        try:
            async with self.sidecar.session.post(
                self.sidecar.app_url + self.route(subscription), data=record["value"],
                headers=headers, timeout=aiohttp.ClientTimeout(total=30),
            ) as answer:
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return "RETRY"
        if status == 404:
            return "DROP"
        if not 200 <= status < 300:
            return "RETRY"
        try:
            verdict = json.loads(body).get("status", "") if body else ""
        except (ValueError, AttributeError):
            verdict = ""
        if verdict not in VERDICTS:
            self.sidecar.violation(f"a delivery was answered with the status {verdict}")
            return "RETRY"
        return verdict or "SUCCESS"

    # The cron binding.

    async def is_bound(self, name, metadata):
        """Asks by OPTIONS, unless the component says that it is an input binding."""
        if metadata.get("direction") == "input":
            return True
        async with self.sidecar.session.options(
            f"{self.sidecar.app_url}{metadata.get('route', '/' + name)}",
            headers=self.sidecar.app_headers(), timeout=aiohttp.ClientTimeout(total=3),
        ) as answer:
            self.sidecar.note("asked", name, answer.status)
            return 200 <= answer.status < 300 or answer.status == 405

    async def tick(self, name, metadata):
        """Ticks whenever the file of ticks asks for some, all at once: ticks run side by side."""
        path = self.sidecar.folder / f"{self.sidecar.app_id}.ticks"
        while True:
            await asyncio.sleep(0.02)
            try:
                count = int(path.read_text())
            except (FileNotFoundError, ValueError):
                continue
            path.unlink()
            await asyncio.gather(*(self.call(name, metadata) for _ in range(count)))

    async def call(self, name, metadata):
        now = datetime.datetime.now(datetime.timezone.utc)
        headers = {
            **self.sidecar.app_headers(), "Content-Type": "application/json", "Timezone": "Local",
            # Go's form, which is not RFC 3339.
            "Readtimeutc": now.strftime("%Y-%m-%d %H:%M:%S.%f0 +0000 UTC")}
        pauses = self.sidecar.resources.pauses(name, "inbound")
        for pause in [*pauses, None]:
            async with self.sidecar.session.post(
                f"{self.sidecar.app_url}{metadata.get('route', '/' + name)}", data=b"",
                headers=headers,
            ) as answer:
                body = await answer.text()
            self.sidecar.note("ticked", answer.status, body)
            # With a policy only 200 counts as done.
            if answer.status == 200 or pause is None:
                return
            await asyncio.sleep(pause * self.sidecar.options.retry_scale)
