# SPDX-License-Identifier: Apache-2.0
"""State, secrets, service invocation, tokens, traces and the order of start and stop."""

import base64
import concurrent.futures
import http.server
import json
import os
import subprocess
import sys
import threading
import unittest

from desk import COMPONENTS, EXECUTABLE, LOCAL, ROOT, SECRET, Sidecar, SidecarCase, event, request
from desk import rfc3339, wait

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOKENS = {"DAPR_API_TOKEN": "of the sidecar", "APP_API_TOKEN": "of the application"}


def encoded(text):
    """Text as it is in the name of a state."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class StateTests(SidecarCase):
    def setUp(self):
        super().setUp()
        self.server, self.sidecar = self.pair(
            "punctual", PUNCTUAL_ROLES="api", PUNCTUAL_TRANSPORT="local",
            PUNCTUAL_DAPR_STATESTORE="statestore")

    def test_a_state_store_keeps_what_the_database_would(self):
        # The same check that runs against PostgreSQL; it knows no tokens.
        del self.server.environment["PUNCTUAL_JWT_SECRET"]
        self.server.stop()
        self.server.start()
        checked = subprocess.run(
            [sys.executable, ROOT / "Tests" / "ForeignClients" / "check_conversations.py",
             self.server.url], capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(self.count("conversations"), 0)

    def test_writers_at_once_lose_nothing_and_one_is_first(self):
        path = "/api/conversations/rent"
        def put(headers):
            return self.server.ask(path, {"messages": []}, method="PUT", headers=headers)[0]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            first = list(pool.map(put, [{"If-None-Match": "*"}] * 6))
            self.assertEqual(sorted(first), [201] + [412] * 5)
            self.assertEqual(set(pool.map(put, [{}] * 12)), {200})
        self.assertEqual(self.server.ask(path)[1]["version"], 13)
        self.assertEqual(self.server.ask(path, user="bob")[0], 404)

    def test_a_user_has_so_many_conversations_and_no_more(self):
        def put(name, ttl="PT1H", user="ana"):
            return self.server.ask(
                f"/api/conversations/{name}", {"messages": [], "ttl": ttl}, user, "PUT")[0]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            self.assertEqual(set(pool.map(put, (f"at-once-{n}" for n in range(6)))), {201})
        self.assertEqual(put("brief", "PT4S"), 201)
        index = f"{self.sidecar.url}/v1.0/state/statestore"
        key = "punctual.conversations." + encoded("ana")
        _, names = request(f"{index}/{key}")
        self.assertEqual(len(names), 7)
        # As if there had been 993 more before.
        names |= {encoded(f"earlier-{n}"): names[encoded("at-once-0")] for n in range(993)}
        self.assertEqual(request(index, [{"key": key, "value": names}])[0], 204)
        self.assertEqual(put("one-more"), 409)
        self.assertEqual((put("at-once-1"), put("one-more", user="bob")), (200, 201))
        # Each place that becomes free is one.
        path = "/api/conversations/at-once-1"
        self.assertEqual(self.server.ask(path, method="DELETE")[0], 204)
        self.assertEqual((put("one-more"), put("another")), (201, 409))
        wait("the brief one has expired", lambda: put("another") == 201)
        self.assertEqual(put("brief"), 409)

    def test_a_conversation_as_large_as_a_request_may_be_is_read_as_it_was_written(self):
        path = "/api/conversations/long"
        # What JSON writes as two bytes, and Go as six.
        for letter, count in (('"', 500_000), ("<", 1_000_000)):
            body = {"messages": [{"role": "user", "content": letter * count}]}
            self.assertEqual(self.server.ask(path, body, method="PUT")[0] // 100, 2)
            self.assertEqual(self.server.ask(path)[1]["messages"], body["messages"])
        body["metadata"] = {"more": letter * 50_000}
        self.assertEqual(self.server.ask(path, body, method="PUT")[0], 413)

    def test_a_sidecar_that_is_away_is_said_so(self):
        self.sidecar.stop()
        self.assertEqual(self.server.ask("/api/conversations/rent")[0], 503)
        wait("its absence shows", lambda: not self.server.dapr_check()["ok"])
        self.assertTrue(self.server.answers("/readyz"))


class SecretTests(SidecarCase):
    def serve(self, sidecar, **variables):
        server, _ = self.pair(
            "punctual", sidecar=sidecar, start=False, PUNCTUAL_ROLES="api",
            PUNCTUAL_TRANSPORT="local", **variables)
        return server

    def sidecar(self):
        return Sidecar(self, "punctual", secrets=json.dumps({"vault": {
            "database": {"value": self.database.url}, "locked": "denied",
            "punctual": {"jwt_secret": SECRET, "other": "x"}, "mixed": {"a": "1", "b": "2"}}}))

    def test_secrets_are_read_once_the_sidecar_is_there(self):
        sidecar = self.sidecar()
        server = self.serve(
            sidecar, PUNCTUAL_DATABASE_URL="dapr://vault/database",
            PUNCTUAL_JWT_SECRET="dapr://vault/punctual")
        # The application first: it waits. The sidecar needs nothing of it to tell secrets.
        server.run([EXECUTABLE, "serve"], server.environment)
        self.assertFalse(server.answers("/healthz"))
        sidecar.start()
        server.wait_for("/readyz")
        self.assertEqual(server.ask("/api/tasks", {"title": "x"})[0], 201)
        self.assertNotIn(SECRET, server.log.read_text())

    def test_what_cannot_be_read_is_named_with_what_to_do(self):
        sidecar = self.sidecar()
        server = self.serve(sidecar)
        sidecar.start()
        for place, words in (
            ("dapr://vault/locked", "secrets.scopes"), ("dapr://vault/absent", "no secret"),
            ("dapr://safe/database", 'no secret store "safe"'), ("dapr://vault", "dapr://STORE/KEY"),
            ("dapr://vault/mixed", "named jwt_secret"),
        ):
            with self.subTest(place=place):
                outcome = subprocess.run(
                    [EXECUTABLE, "serve"], capture_output=True, text=True, timeout=30,
                    env={**server.environment, "PUNCTUAL_JWT_SECRET": place})
                self.assertNotEqual(outcome.returncode, 0)
                self.assertIn("PUNCTUAL_JWT_SECRET", outcome.stderr)
                self.assertIn(words, outcome.stderr)
        outcome = subprocess.run(
            [EXECUTABLE, "serve"], capture_output=True, text=True, timeout=30,
            env={**server.environment, "DAPR_API_TOKEN": "dapr://vault/x"})
        self.assertIn("DAPR_API_TOKEN_FILE", outcome.stderr)


class InvocationTests(SidecarCase):
    def guarded(self, app_id, **variables):
        """A server and a sidecar that want each other's tokens."""
        sidecar = Sidecar(self, app_id)
        sidecar.tokens = TOKENS
        return self.pair(app_id, sidecar=sidecar, **{**TOKENS, **variables})

    def test_recurring_asks_the_api_through_both_sidecars(self):
        api, _ = self.guarded("punctual", PUNCTUAL_ROLES="api")
        status, task = api.ask("/api/tasks", {
            "title": "Water the plants", "due_date": rfc3339(86400),
            "recurrence_pattern": {"frequency": "daily"}})
        self.assertEqual(status, 201, task)
        self.query("UPDATE tasks SET status = 'completed', completed_at = now(), "
                   "version = version + 1")
        _, sidecar = self.guarded("punctual-recurring", PUNCTUAL_ROLES="recurring",
                                  PUNCTUAL_DAPR_API_APP_ID="punctual")
        told = {**event("completed", "ana", task["id"]), "traceparent": f"00-{TRACE}-{1:016x}-01"}
        status, answer = request(
            f"{sidecar.url}/v1.0/publish/kafka-pubsub/task-events", told,
            {"Content-Type": "application/cloudevents+json",
             "dapr-api-token": TOKENS["DAPR_API_TOKEN"]})
        self.assertEqual(status, 204, answer)
        wait("it was brought", lambda: told["id"] in sidecar.brought())
        self.assertEqual(sidecar.notes("invoked"), [["dapr/successions", "204"]])
        self.assertEqual(self.count("tasks WHERE predecessor_id IS NOT NULL"), 1)
        # What the request caused belongs to the trace of what caused it.
        wait("the new task's event is logged", lambda: self.count(
            f"event_log WHERE event_type = 'created' AND traceparent LIKE '00-{TRACE}-%'") == 1)

    def test_without_a_token_the_routes_of_the_sidecar_answer_no_other_application(self):
        _, sidecar = self.pair("punctual", PUNCTUAL_ROLES="api")
        base = f"{sidecar.url}/v1.0/invoke/punctual/method"
        body = {"user_id": "ana", "task_id": 1}
        self.assertEqual(request(f"{base}/dapr/successions", body)[0], 403)
        self.assertEqual(request(f"{base}/reminder-check", {})[0], 403)
        self.assertEqual(request(f"{base}/healthz")[0], 200)
        status, refusal = request(f"{sidecar.url}/v1.0/invoke/nobody/method/healthz")
        self.assertEqual((status, refusal["errorCode"]), (500, "ERR_DIRECT_INVOKE"))

    def test_other_applications_call_the_api_by_its_app_id(self):
        api, sidecar = self.guarded("punctual", PUNCTUAL_ROLES="api")
        token = {"dapr-api-token": TOKENS["DAPR_API_TOKEN"]}
        base = f"{sidecar.url}/v1.0/invoke/punctual/method"
        status, _ = request(f"{base}/healthz", headers=token)
        self.assertEqual(status, 200)
        self.assertEqual(request(f"{base}/api/tasks", headers=token)[0], 401)
        # What is for the sidecar alone: with its token, and not without.
        body = {"user_id": "ana", "task_id": 1}
        self.assertEqual(request(f"{base}/dapr/successions", body, token)[0], 204)
        for headers, expected in (({}, 401), ({"dapr-api-token": "guess"}, 401),
                                  ({"dapr-api-token": TOKENS["APP_API_TOKEN"]}, 204)):
            self.assertEqual(request(f"{api.url}/dapr/successions", body, headers)[0], expected)
        for body, pointer in (({"task_id": 1}, "/user_id"), ({"user_id": "ana"}, "/task_id"),
                              ({"user_id": "ana", "task_id": "1"}, "/task_id")):
            status, problem = request(f"{base}/dapr/successions", body, token)
            self.assertEqual((status, problem["errors"][0]["pointer"]), (422, pointer))


class TraceTests(SidecarCase):
    def test_a_trace_goes_from_the_request_to_the_consumer(self):
        spans = []

        class Collector(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in body["resourceSpans"]:
                    for scope in resource["scopeSpans"]:
                        spans.extend(scope["spans"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        self.addCleanup(collector.server_close)
        self.addCleanup(collector.shutdown)
        server, sidecar = self.pair(
            "punctual", PUNCTUAL_ROLES="api,engine,recurring",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}")
        body = {"title": "traced", "reminders": [{"at": rfc3339(1)}]}
        header = {"traceparent": f"00-{TRACE}-{1:016x}-01"}
        status, traced = server.ask("/api/tasks", body, headers=header)
        self.assertEqual(status, 201)
        server.ask("/api/tasks", {**body, "title": "not traced"})
        wait("all is logged", lambda: self.count("event_log") == 4)
        rows = self.query("SELECT event_type, traceparent FROM event_log "
                          f"WHERE task_id = {traced['id']} ORDER BY 1").splitlines()
        for row, kind in zip(rows, ("created", "reminder.due"), strict=True):
            self.assertRegex(row, rf"^{kind}\|00-{TRACE}-[0-9a-f]{{16}}-01$")
        self.assertEqual(self.count("event_log WHERE traceparent IS NULL"), 2)
        published = [json.loads(record["value"]) for topic in ("task-events", "reminders")
                     for record in self.broker.records(topic)]
        carried = {one["traceparent"][3:35] for one in published
                   if one["data"]["task_id"] == traced["id"]}
        self.assertEqual(carried, {TRACE})

        wanted = {"POST /api/tasks", "POST /events/{topic}", "process recurring"}
        wait("the spans are there", lambda: wanted <= {
            span["name"] for span in spans if span["traceId"] == TRACE})
        by_id = {span["spanId"]: span for span in spans if span["traceId"] == TRACE}
        consumed = next(span for span in by_id.values() if span["name"] == "process recurring")
        self.assertEqual(consumed["kind"], 5)
        # Its parent is the delivery; that one's is the sidecar's own span.
        self.assertEqual(by_id[consumed["parentSpanId"]]["name"], "POST /events/{topic}")


class OrderTests(SidecarCase):
    def test_the_sidecar_waits_for_its_application_and_asks_once(self):
        sidecar = Sidecar(self, "punctual", app_health=0.2)
        server, _ = self.pair("punctual", sidecar=sidecar, start=False)
        sidecar.start()
        self.assertEqual(request(f"{sidecar.url}/v1.0/healthz")[0], 500)
        server.start()
        wait("the sidecar is well", lambda: request(f"{sidecar.url}/v1.0/healthz")[0] == 204)
        self.assertEqual(server.ask("/api/tasks", {"title": "x"})[0], 201)
        wait("it was brought", lambda: len(sidecar.brought()) == 1)
        # Gone for long enough to be unhealthy; what happens meanwhile comes afterwards.
        server.kill()
        wait("the sidecar sees it", lambda: request(f"{sidecar.url}/v1.0/healthz")[0] == 500)
        self.publish(sidecar, "task-events", [event("updated", "ana", 1)])
        server.start()
        wait("that was brought too", lambda: len(sidecar.brought()) == 2)
        self.assertEqual(len(sidecar.notes("subscribed")), 2)
        self.assertEqual(sidecar.published("reminders-dlq"), [])

    def test_a_stop_publishes_what_is_released(self):
        server, sidecar = self.pair("punctual")
        sidecar.set_faults(delay=0.5)
        status, _ = server.ask("/api/tasks/batch", [{"title": "x"} for _ in range(100)])
        self.assertEqual(status, 201)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.count("outbox"), 0)
        self.assertEqual(len(set(sidecar.published("task-events"))), 100)

    def test_declared_subscriptions_bring_nothing_to_the_dead_letters(self):
        # They name every topic, also one to which no role of this process listens.
        sidecar = Sidecar(self, "punctual",
                          resources=[*COMPONENTS, LOCAL / "subscriptions.yaml"])
        server, _ = self.pair("punctual", sidecar=sidecar)
        self.assertEqual(server.ask("/api/tasks", {"title": "x"})[0], 201)
        wait("both topics were brought", lambda: {topic for topic, _, outcome
             in sidecar.notes("delivered") if outcome == "SUCCESS"} == {"task-events", "task-updates"})
        poison = {**event("created", "ana", 1), "data": {"no": "event"}}
        self.publish(sidecar, "task-events", [poison])
        wait("what is no event is with the dead letters",
             lambda: sidecar.published("reminders-dlq") != [])
        self.assertIn(poison["id"], sidecar.brought("DROP"))


class StrictnessTests(SidecarCase):
    """That the stand-in refuses what the contract does not allow, and says so at its end."""

    def test_violations_are_refused_and_fail_the_run(self):
        sidecar = Sidecar(self, "strict")
        sidecar.app_port = 9
        sidecar.tokens = {"DAPR_API_TOKEN": "x"}
        self.running.append(sidecar)
        sidecar.start()
        good = event("created", "ana", 1)
        bulk = "/v1.0/publish/bulk/kafka-pubsub/task-events"
        token, cloud = {"dapr-api-token": "x"}, "application/cloudevents+json"
        def entry(**changes):
            return [{"entryId": "1", "event": good, "contentType": cloud} | changes]
        for path, body, headers, expected in (
            (bulk, entry(), {"dapr-api-token": "y"}, 401), (bulk, entry(), {}, 401),
            ("/v1.0/publish/nosuch/task-events", good, token, 404),
            ("/v1.0/nosuch", {}, token, 404), (bulk, {}, token, 400),
            (bulk, entry(entryId=""), token, 400), (bulk, entry() * 2, token, 400),
            (bulk, entry(contentType="application/json"), token, 400),
            (bulk, entry(event={**good, "id": ""}), token, 400),
            (bulk, entry(event={**good, "specversion": "0.3"}), token, 400),
            (bulk, entry(event={**good, "traceParent": "x"}), token, 400),
            (bulk, entry(event={**good, "time": "2026-11-20 21:30:19"}), token, 400),
            (bulk, entry(), {**token, "Content-Type": "text/plain"}, 400),
            ("/v1.0/state/statestore", {"key": "x"}, token, 400),
        ):
            before = len(sidecar.notes("violations"))
            status, answer = request(sidecar.url + path, body, headers)
            self.assertEqual(status, expected, (path, body, answer))
            self.assertEqual(len(sidecar.notes("violations")), before + 1, (path, body))
        self.assertEqual(request(sidecar.url + bulk, entry(), token)[0], 204)
        self.assertEqual(sidecar.stop(), 1)
        self.allowed = [(self.folder / "strict.violations").read_text()]


if __name__ == "__main__":
    unittest.main()
