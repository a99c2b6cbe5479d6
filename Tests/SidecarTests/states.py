# SPDX-License-Identifier: Apache-2.0
"""A state store with ETags and times to live, in files, as state.postgresql v2 behaves."""

import fcntl
import hashlib
import json
import os
import time
import uuid


class StateError(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class States:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def load(self, store, key):
        """What is kept under a key and has not expired."""
        if "||" in key:
            raise StateError(400, "ERR_MALFORMED_REQUEST")
        try:
            found = json.loads(self._path(store, key).read_text())
        except FileNotFoundError:
            return None
        return None if found["expires"] and found["expires"] <= time.time() else found

    def save(self, store, requests, violation):
        """Keeps states; what is not of the contract is a violation."""
        if not isinstance(requests, list) or not requests:
            violation("states that are no list")
            raise StateError(400, "ERR_MALFORMED_REQUEST")
        for request in requests:
            if unknown := request.keys() - {"key", "value", "etag", "metadata", "options"}:
                violation(f"a state with {unknown}")
            options, metadata = request.get("options", {}), request.get("metadata", {})
            concurrency = options.get("concurrency", "last-write")
            seconds = metadata.get("ttlInSeconds")
            if (concurrency not in ("first-write", "last-write")
                    or options.get("consistency", "strong") not in ("strong", "eventual")
                    or not isinstance(request.get("key"), str)
                    or (seconds is not None and not (isinstance(seconds, str) and seconds.isdigit()))):
                violation(f"a state that is wrong: {options} {metadata}")
                raise StateError(400, "ERR_MALFORMED_REQUEST")
            with open(self.folder / "lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                found = self.load(store, request["key"])
                self._compare(found, request.get("etag"), concurrency == "first-write")
                self._write(store, request["key"], {
                    "value": request.get("value"), "etag": str(uuid.uuid4()),
                    "expires": time.time() + int(seconds) if seconds else None})

    def delete(self, store, key, etag):
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.load(store, key)
            self._compare(found, etag, False)
            self._path(store, key).unlink(missing_ok=True)

    @staticmethod
    def _compare(found, etag, is_first_write):
        """With an ETag it must be that of what is there; first-write without one adds only."""
        if etag is not None:
            try:
                uuid.UUID(etag)
            except ValueError:
                raise StateError(400, "ERR_STATE_ETAG_INVALID") from None
            if found is None or found["etag"] != etag:
                raise StateError(409, "ERR_STATE_ETAG_MISMATCH")
        elif is_first_write and found is not None:
            raise StateError(409, "ERR_STATE_ETAG_MISMATCH")

    def _path(self, store, key):
        return self.folder / hashlib.sha256(f"{store}||{key}".encode()).hexdigest()

    def _write(self, store, key, state):
        path = self._path(store, key)
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(state))
        os.replace(temporary, path)
