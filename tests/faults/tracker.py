"""Server on loopback that answers a W&B client well enough for a run, until it fails in one way or another."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

__all__ = ["FAULTS", "environment", "failing_server"]

FAULTS = ("refuses", "hangs", "answers 500", "answers nonsense")
HOST = "127.0.0.1"

PROJECT = {"id": "p", "name": "gan", "entity": {"id": "e", "name": "me"}}
BUCKET = {"id": "aWQ=", "name": "x", "displayName": "x", "description": "", "config": "{}", "historyLineCount": 0}
ANSWERS: dict[str, Any] = {
    "Viewer": {"viewer": {"id": "u", "username": "me", "entity": "me", "flags": "{}", "teams": {"edges": []}}},
    "UpsertBucket": {"upsertBucket": {"bucket": BUCKET | {"sweepName": "", "project": PROJECT}, "inserted": True}},
    "ServerFeaturesQuery": {"serverInfo": {"features": []}},
}
"""Answers to GraphQL queries by name; others get null."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        failing = self.server.count_request()
        if failing and self.server.fault == "refuses":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if failing and self.server.fault == "hangs":
            self.server.released.wait()
        answer: Any = {} if not failing and self.path != "/graphql" else self._data(body)
        content = json.dumps(["nonsense"] if failing and self.server.fault == "answers nonsense" else answer).encode()
        self.send_response(500 if failing and self.server.fault == "answers 500" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815  # names of http.server

    def _data(self, body: bytes) -> dict[str, Any]:
        name = re.search(rb"(?:query|mutation)\s+(\w+)", body)
        return {"data": ANSWERS.get(name[1].decode() if name else "", {})}

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fault: str, after: int) -> None:
        super().__init__((HOST, 0), _Handler)
        self.fault, self.after, self.requests, self.released = fault, after, 0, Event()

    def count_request(self) -> bool:
        """Count a request, and return whether it meets the fault."""
        self.requests += 1
        if self.requests > self.after and self.fault == "refuses":
            self.socket.close()  # further connections are refused
        return self.requests > self.after

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that have gone."""


@contextmanager
def failing_server(fault: str, after: int) -> Iterator[int]:
    """Serve until the end of the block, and yield the port.

    Args:
        fault: One of FAULTS.
        after: Number of requests that are answered before.
    """
    server = _Server(fault, after)
    if after == 0 and fault == "refuses":
        server.server_close()
    else:
        Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.released.set()
        server.server_close()


def environment(port: int) -> dict[str, str]:
    """Return environment variables by which a client uses the server."""
    return {"WANDB_BASE_URL": f"http://{HOST}:{port}", "WANDB_API_KEY": "0" * 40}
