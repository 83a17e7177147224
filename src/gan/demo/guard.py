"""Guard of the demo's server: requests of its own page on this machine alone, of a limited size."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HOSTS", "MAX_BYTES", "guarded"]

HOSTS = ["127.0.0.1", "localhost"]
"""Names of this machine, at any port, as behind ``ssh -L``; a page of another name may not read the answers."""

MAX_BYTES = 1_000_000  # of a request of a page that sends the positions of a few sliders


def guarded(app: ASGIApp, max_bytes: int = MAX_BYTES) -> ASGIApp:
    """Return an application that refuses other hosts (400), pages of other origins (403) and large requests (413).

    Args:
        app: The application.
        max_bytes: Largest size of a request.
    """
    return TrustedHostMiddleware(_SameOrigin(app, max_bytes), allowed_hosts=HOSTS, www_redirect=False)


class _SameOrigin:
    """ASGI middleware that refuses requests of other origins, and large ones."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin, length = headers.get("origin"), headers.get("content-length", "0")
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > self.max_bytes else message

        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            await PlainTextResponse("other origin", 403)(scope, receive, send)
        elif not length.isdecimal() or int(length) > self.max_bytes:
            await PlainTextResponse("too large", 413)(scope, receive, send)
        else:
            await self.app(scope, receive_limited, send)
