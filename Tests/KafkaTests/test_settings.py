# SPDX-License-Identifier: Apache-2.0
"""That what librdkafka is to be told reaches it, and that what it refuses is named; over TLS and SASL too."""

import json
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from backbone import KafkaCase, authorization, properties
from harness import EXECUTABLE, free_port


class Proxy:
    """A broker behind TLS: decrypts what comes and passes it on.

    What a broker says of itself in its answers, host and port, is replaced by the proxy's own, so that
    clients come back here. The host and the length of a port stay the same.
    """

    def __init__(self, cluster, context):
        self.handshakes, self.failures, self._context = [], [], context
        self._ports = {int(broker.rsplit(":", 1)[1]): free_port() for broker in cluster.brokers.split(",")}
        self._listeners = [socket.create_server(("127.0.0.1", port)) for port in self._ports.values()]
        for listener, port in zip(self._listeners, self._ports):
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()
        self.brokers = ",".join(f"127.0.0.1:{port}" for port in self._ports.values())

    def _accept(self, listener, port):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, port), daemon=True).start()

    def _serve(self, client, port):
        try:
            client = self._context.wrap_socket(client, server_side=True)
        except OSError as error:
            self.failures.append(str(error))
            return
        self.handshakes.append(client.getpeercert())
        broker = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=self._pass, args=(client, broker, False), daemon=True).start()
        self._pass(broker, client, True)

    def _pass(self, source, target, is_answer):
        try:
            with source, target, source.makefile("rb") as stream:
                while size := stream.read(4):
                    body = stream.read(int.from_bytes(size, "big"))
                    for port, ours in self._ports.items() if is_answer else ():
                        body = body.replace(
                            b"127.0.0.1" + struct.pack(">i", port), b"127.0.0.1" + struct.pack(">i", ours))
                    target.sendall(size + body)
                target.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def stop(self):
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class PasswordDoor:
    """As much of a broker as asks for a name and a password (SaslHandshake, SaslAuthenticate), and keeps them."""

    KEYS = {0: 7, 1: 4, 3: 2, 10: 1, 17: 1, 18: 0, 22: 0, 36: 0}

    def __init__(self):
        self.mechanism, self.token = None, None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.brokers = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as stream:
            while size := stream.read(4):
                body = stream.read(int.from_bytes(size, "big"))
                key, version, number, name = struct.unpack(">hhih", body[:10])
                answer = self._answer(key, version, body[10 + max(name, 0):])
                if answer is None:
                    return
                client.sendall(struct.pack(">ii", len(answer) + 4, number) + answer)

    def _answer(self, key, version, rest):
        if key == 18:
            keys = b"".join(struct.pack(">hhh", key, 0, most) for key, most in self.KEYS.items())
            # UNSUPPORTED_VERSION: asked again in the version that is answered here.
            return struct.pack(">hi", 35 if version else 0, len(self.KEYS)) + keys
        if key == 17:
            self.mechanism = rest[2:].decode()
            return struct.pack(">hih", 0, 1, len(self.mechanism)) + self.mechanism.encode()
        if key == 36:
            self.token = rest[4:]
            return struct.pack(">hhi", 0, -1, 0)
        return None

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class SettingsTests(KafkaCase):
    def refusal(self, **variables):
        """What `serve` says when it does not start."""
        environment = {
            **self.refusing.environment, "PUNCTUAL_TRANSPORT": "kafka", "PUNCTUAL_KAFKA_BROKERS": "127.0.0.1:1",
            "PUNCTUAL_HTTP_PORT": str(free_port()), **variables,
        }
        outcome = subprocess.run(
            [EXECUTABLE, "serve"], env=environment, capture_output=True, text=True, timeout=20)
        self.assertNotEqual(outcome.returncode, 0, outcome)
        return outcome.stdout + outcome.stderr

    def test_what_is_wrong_is_named_with_its_variable_and_never_shown(self):
        self.refusing = self.database("refusal")
        subprocess.run([EXECUTABLE, "migrate"], env=self.refusing.environment, check=True, capture_output=True)
        for text, *words in (
            ("no.such.property=hunter2", "no.such.property"),
            ("security.protocol=hunter2", "security.protocol"),
            ("linger.ms=-hunter2", "linger.ms"),
            ("group.id=hunter2", "group.id", "Punctual's own"),
            ("enable.idempotence=hunter2", "enable.idempotence", "Punctual's own"),
            ("hunter2", "name=value"),
            ("security.protocol=ssl,ssl.ca.location=/nowhere/ca.pem", "ssl.ca.location"),
            ("security.protocol=sasl_plaintext,sasl.mechanism=PLAIN", "sasl.username"),
            # Only a consumer minds that.
            ("max.poll.interval.ms=1000,session.timeout.ms=6000", "max.poll.interval.ms"),
        ):
            with self.subTest(text):
                said = self.refusal(PUNCTUAL_KAFKA_PROPERTIES=text)
                self.assertIn("PUNCTUAL_KAFKA_PROPERTIES", said)
                for word in words:
                    self.assertIn(word, said)
                self.assertNotIn("hunter2", said)
        self.assertIn("PUNCTUAL_KAFKA_BROKERS", self.refusal(PUNCTUAL_KAFKA_BROKERS=""))
        self.assertIn("PUNCTUAL_KAFKA_FORMAT", self.refusal(PUNCTUAL_KAFKA_FORMAT="avro"))
        self.assertIn("PUNCTUAL_TRANSPORT", self.refusal(PUNCTUAL_TRANSPORT="kafak"))

    def certificates(self):
        """Keys and certificates of a broker and of a user, each its own authority."""
        for name in ("broker", "user"):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                 f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 f"{self.folder}/{name}.key", "-out", f"{self.folder}/{name}.crt"],
                check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/broker.crt", f"{self.folder}/broker.key")
        context.load_verify_locations(f"{self.folder}/user.crt")
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def test_events_go_over_tls_with_a_certificate_of_ones_own(self):
        proxy = Proxy(self.cluster, self.certificates())
        self.addCleanup(proxy.stop)
        tls = properties(
            security_protocol="ssl", ssl_ca_location=f"{self.folder}/broker.crt",
            ssl_certificate_location=f"{self.folder}/user.crt", ssl_key_location=f"{self.folder}/user.key")
        server = self.server(
            self.database("tls"), PUNCTUAL_KAFKA_BROKERS=proxy.brokers, PUNCTUAL_KAFKA_PROPERTIES=tls)
        reader = self.reader()
        status, _ = server.ask("/api/tasks", {"title": "Secret"}, authorization("ada"))
        self.assertEqual(status, 201)
        self.eventually("it arrives", lambda: {message.topic for message in list(reader.messages)} >= {
            "task-events", "task-updates"})
        subjects = {json.dumps(certificate["subject"]) for certificate in proxy.handshakes}
        self.assertEqual(subjects, {'[[["commonName", "user"]]]'})

    def test_a_name_and_a_password_reach_the_broker(self):
        door = PasswordDoor()
        self.addCleanup(door.stop)
        # One a line, because a password may have a comma.
        lines = ("security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n"
                 "sasl.username=ada\nsasl.password=a,b=c\n")
        server = self.server(
            self.database("sasl"), PUNCTUAL_KAFKA_BROKERS=door.brokers, PUNCTUAL_KAFKA_PROPERTIES=lines)
        self.eventually("the password", lambda: door.token)
        self.assertEqual((door.mechanism, door.token), ("PLAIN", b"\0ada\0a,b=c"))
        self.assertNotIn("a,b=c", server.log.read_text())


if __name__ == "__main__":
    unittest.main()
