"""Local port of the demo."""

import os
import socket

from gan.errors import UserError

__all__ = ["PORTS", "listen"]

HOST = "127.0.0.1"
PORTS = range(7860, 7960)


def listen(port: int | None) -> socket.socket:
    """Listen on a port of the loopback interface; None for the first free one from 7860 on.

    Raises:
        UserError: If the port is invalid or in use.
    """
    if port is not None and not 1 <= port <= 65535:
        raise UserError(f"--port {port}: ports are 1 to 65535")
    for candidate in PORTS if port is None else [port]:
        try:
            return socket.create_server((HOST, candidate))
        except OSError as error:
            if port is not None:
                raise UserError(
                    f"--port {port}: {os.strerror(error.errno or 0)}; choose another, or leave --port out"
                ) from error
    raise UserError(f"no port from {PORTS.start} to {PORTS[-1]} is free: choose one with --port")
