# SPDX-License-Identifier: Apache-2.0
"""What the application may ask of its sidecar."""

import asyncio
import json
import uuid

import aiohttp
from aiohttp import web

from envelope import TRACE, faults
from states import StateError, States

# Headers of one connection only, which a proxy does not pass on (RFC 9110 §7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host",
              "content-length", "dapr-api-token", "dapr-app-id"}


def error(status, code, message, **members):
    return web.json_response({"errorCode": code, "message": message, **members}, status=status)


class Outbound:
    def __init__(self, sidecar):
        self.sidecar = sidecar
        self.states = States(sidecar.folder / "states")
        self.application = web.Application(middlewares=[self.admit], client_max_size=4 << 20)
        add = self.application.router.add_route
        add("GET", "/v1.0/healthz", self.health)
        add("GET", "/v1.0/healthz/outbound", self.health)
        for version in ("v1.0", "v1.0-alpha1"):
            for method in ("POST", "PUT") if version == "v1.0" else ("POST",):
                add(method, f"/{version}/publish/bulk/{{pubsub}}/{{topic:.+}}", self.publish_bulk)
        for method in ("POST", "PUT"):
            add(method, "/v1.0/publish/{pubsub}/{topic:.+}", self.publish)
            add(method, "/v1.0/state/{store}", self.save)
        add("GET", "/v1.0/state/{store}/{key}", self.load)
        add("DELETE", "/v1.0/state/{store}/{key}", self.delete)
        add("GET", "/v1.0/secrets/{store}/bulk", self.secret)
        add("GET", "/v1.0/secrets/{store}/{key}", self.secret)
        add("*", "/v1.0/invoke/{app}/method/{path:.*}", self.invoke)
        add("GET", "/v1.0/metadata", self.metadata)
        add("PUT", "/v1.0/metadata/{key}", self.set_metadata)
        add("POST", "/v1.0/shutdown", self.shutdown)
        self.extended = {}

    @web.middleware
    async def admit(self, request, handler):
        """Delays, tokens, and paths that there are not."""
        if delay := self.sidecar.faults.get("delay"):
            await asyncio.sleep(delay)
        token = self.sidecar.api_token
        if token and "/healthz" not in request.path:
            if request.headers.get("dapr-api-token") != token:
                self.sidecar.violation(f"{request.method} {request.path}: wrong dapr-api-token")
                return web.Response(status=401, text="invalid api token")
        trace = request.headers.get("traceparent")
        if trace is not None and not TRACE.fullmatch(trace):
            self.sidecar.violation(f"{request.path}: traceparent {trace}")
        try:
            return await handler(request)
        except web.HTTPException as failure:
            if failure.status in (404, 405):
                self.sidecar.violation(f"{request.method} {request.path}: there is no such path")
            raise

    async def health(self, request):
        is_ready = request.path.endswith("outbound") or self.sidecar.is_app_healthy
        if is_ready:
            return web.Response(status=204)
        return error(500, "ERR_HEALTH_NOT_READY", "dapr is not ready")

    # Publishing.

    def refusal(self, request):
        """The answer to who asks for a component or a topic that there is not."""
        pubsub, topic = request.match_info["pubsub"], request.match_info["topic"]
        if pubsub not in self.sidecar.resources.of_type("pubsub."):
            self.sidecar.violation(f"there is no pub/sub {pubsub}")
            return error(404, "ERR_PUBSUB_NOT_FOUND", f"pubsub {pubsub} is not found")
        if topic not in self.sidecar.broker.topics:
            self.sidecar.violation(f"there is no topic {topic}")
            return error(500, "ERR_PUBSUB_PUBLISH_MESSAGE", "unknown topic")
        return None

    def envelope(self, request, event):
        """The event as it goes to the broker: with what daprd sets and fills in."""
        event |= {"topic": request.match_info["topic"],
                  "pubsubname": request.match_info["pubsub"]}
        if "traceparent" not in event:
            event["traceparent"] = self.sidecar.span(request.headers.get("traceparent"))
        event.setdefault("traceid", event["traceparent"])
        return json.dumps(event)

    async def publish(self, request):
        if refusal := self.refusal(request):
            return refusal
        kind = request.content_type
        body = await request.read()
        if kind == "application/cloudevents+json":
            try:
                event = json.loads(body)
            except ValueError:
                event = None
            if wrong := faults(event):
                self.sidecar.violation(f"published: {wrong}")
                return error(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", str(wrong))
        elif kind == "application/json":
            event = {"id": str(uuid.uuid4()), "specversion": "1.0", "source": self.sidecar.app_id,
                     "type": "com.dapr.event.sent", "datacontenttype": kind,
                     "data": json.loads(body)}
        else:
            self.sidecar.violation(f"published with the content type {kind}")
            return error(400, "ERR_PUBSUB_REQUEST_METADATA", "content type")
        key = request.query.get("metadata.partitionKey")
        self.sidecar.broker.append(
            request.match_info["topic"], [(key, self.envelope(request, event), {})])
        return web.Response(status=204)

    async def publish_bulk(self, request):
        if refusal := self.refusal(request):
            return refusal
        try:
            entries = self.entries(await request.read(), request.content_type)
        except ValueError as wrong:
            self.sidecar.violation(f"published in bulk: {wrong}")
            return error(400, "ERR_PUBSUB_EVENTS_SER", str(wrong))
        refused = set()
        if self.sidecar.random.random() < self.sidecar.faults.get("refused", 0):
            refused = {entry["entryId"] for entry in entries if self.sidecar.random.random() < 0.5}
        self.sidecar.broker.append(request.match_info["topic"], [
            (entry.get("metadata", {}).get("partitionKey"), self.envelope(request, entry["event"]),
             entry.get("metadata", {}))
            for entry in entries if entry["entryId"] not in refused])
        self.sidecar.note("published", len(entries) - len(refused))
        if not refused:
            return web.Response(status=204)
        return error(
            500, "ERR_PUBSUB_PUBLISH_MESSAGE", "some entries failed",
            failedEntries=[{"entryId": name, "error": "broker: timed out"} for name in refused])

    @staticmethod
    def entries(body, kind):
        """The entries of a bulk request, or a ValueError that says what is wrong."""
        if kind != "application/json":
            raise ValueError(f"content type {kind}")
        entries = json.loads(body)
        if not isinstance(entries, list) or not entries:
            raise ValueError("no list of entries")
        seen = set()
        for entry in entries:
            if unknown := entry.keys() - {"entryId", "event", "contentType", "metadata"}:
                raise ValueError(f"unknown members {unknown}")
            if not entry.get("entryId") or entry["entryId"] in seen:
                raise ValueError("entryId is missing or not unique")
            seen.add(entry["entryId"])
            if entry.get("contentType") != "application/cloudevents+json":
                raise ValueError(f"contentType {entry.get('contentType')}: its id would be lost")
            if wrong := faults(entry.get("event")):
                raise ValueError(str(wrong))
            if not all(isinstance(text, str) for text in entry.get("metadata", {}).values()):
                raise ValueError("metadata that is no text")
        return entries

    # State.

    def store(self, request):
        name = request.match_info["store"]
        if name not in self.sidecar.resources.of_type("state."):
            self.sidecar.violation(f"there is no state store {name}")
            raise StateError(400, "ERR_STATE_STORE_NOT_FOUND")
        return name

    async def save(self, request):
        try:
            self.states.save(self.store(request), await request.json(), self.sidecar.violation)
        except StateError as failure:
            return error(failure.status, failure.code, failure.code)
        except ValueError:
            self.sidecar.violation("a state that is no JSON")
            return error(400, "ERR_MALFORMED_REQUEST", "no JSON")
        return web.Response(status=204)

    async def load(self, request):
        try:
            found = self.states.load(self.store(request), request.match_info["key"])
        except StateError as failure:
            return error(failure.status, failure.code, failure.code)
        if request.query.get("consistency", "strong") not in ("strong", "eventual"):
            self.sidecar.violation("a consistency that there is not")
        if found is None:
            return web.Response(status=204)
        # Go escapes what HTML would take for its own.
        text = json.dumps(found["value"], ensure_ascii=False)
        for letter in "<>&\u2028\u2029":
            text = text.replace(letter, f"\\u{ord(letter):04x}")
        return web.Response(
            text=text, content_type="application/json", headers={"ETag": found["etag"]})

    async def delete(self, request):
        if request.query.get("concurrency", "last-write") not in ("first-write", "last-write"):
            self.sidecar.violation("a concurrency that there is not")
        try:
            self.states.delete(
                self.store(request), request.match_info["key"], request.headers.get("If-Match"))
        except StateError as failure:
            return error(failure.status, failure.code, failure.code)
        return web.Response(status=204)

    # The rest.

    async def secret(self, request):
        store = self.sidecar.secrets.get(request.match_info["store"])
        if store is None:
            return error(401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store")
        if "key" not in request.match_info:
            return web.json_response(store)
        found = store.get(request.match_info["key"])
        if found == "denied":
            return error(403, "ERR_PERMISSION_DENIED", "access denied by policy")
        return web.Response(status=204) if found is None else web.json_response(found)

    async def invoke(self, request):
        """Passes a request on to another application, as the sidecars of both do."""
        place = self.sidecar.folder / "apps" / request.match_info["app"]
        if not place.exists():
            return error(500, "ERR_DIRECT_INVOKE", "couldn't find service")
        callee = json.loads(place.read_text())
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in HOP_BY_HOP}
        # Which make the callee's routes for its own sidecar refuse it, unless there is a token.
        headers |= {"X-Forwarded-For": "10.0.0.7", "Forwarded": "for=10.0.0.7",
                    "dapr-caller-app-id": self.sidecar.app_id,
                    "dapr-callee-app-id": request.match_info["app"],
                    "traceparent": self.sidecar.span(request.headers.get("traceparent"))}
        if callee["token"]:
            headers["dapr-api-token"] = callee["token"]
        url = f"{callee['url']}/{request.match_info['path']}"
        try:
            async with self.sidecar.session.request(
                request.method, url, params=request.query, headers=headers,
                data=await request.read(),
            ) as answer:
                self.sidecar.note("invoked", request.match_info["path"], answer.status)
                return web.Response(
                    status=answer.status, body=await answer.read(),
                    content_type=answer.content_type)
        except aiohttp.ClientError as failure:
            return error(500, "ERR_DIRECT_INVOKE", str(failure))

    async def metadata(self, request):
        return web.json_response({
            "id": self.sidecar.app_id, "runtimeVersion": "1.18.3", "enabledFeatures": ["HotReload"],
            "components": [{"name": name, "type": component["type"], "version": component["version"],
                            "capabilities": []}
                           for name, component in self.sidecar.resources.components.items()],
            "subscriptions": [], "extended": self.extended,
            "appConnectionProperties": {"port": self.sidecar.options.app_port, "protocol": "http",
                                        "channelAddress": "127.0.0.1"}})

    async def set_metadata(self, request):
        self.extended[request.match_info["key"]] = await request.text()
        return web.Response(status=204)

    async def shutdown(self, request):
        self.sidecar.stopping.set()
        return web.Response(status=204)
