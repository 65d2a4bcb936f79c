"""Control over HTTP under /_simulator, for use from another process. It offers the same actions as the Python API.

Web pages are refused: a browser on this machine can reach the port, too, from any page that is open in it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from airflow_provider_seedance.simulator.faults import Fault
from airflow_provider_seedance.simulator.state import World
from airflow_provider_seedance.simulator.videos import RecordedRequest, SimulatedVideo


class _Control:
    """The handlers. Bad input is answered with HTTP 400 and the reason."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def ledger(self, request: Request) -> JSONResponse:
        self.world.settle()
        names = ("vendor", "video_id", "model", "created_at", "request", "refunded")
        return JSONResponse([{name: getattr(bill, name) for name in names} for bill in self.world.bills])

    async def requests(self, request: Request) -> JSONResponse:
        return JSONResponse([_request_shown(recorded) for recorded in self.world.requests()])

    async def videos(self, request: Request) -> JSONResponse:
        return JSONResponse([_video_shown(video) for video in list(self.world.videos.values())])

    async def assets(self, request: Request) -> JSONResponse:
        names = ("id", "vendor", "library", "kind", "name", "url", "size", "sha256", "status", "reason")
        return JSONResponse([{name: getattr(a, name) for name in names} for a in list(self.world.assets.values())])

    async def finish_asset(self, request: Request) -> JSONResponse:
        wanted = await request.json()
        self.world.finish_asset(wanted["asset_id"], wanted.get("status", "active"), wanted.get("reason"))
        return JSONResponse({})

    async def add_faults(self, request: Request) -> JSONResponse:
        wanted = await request.json()
        wanted = wanted if isinstance(wanted, list) else [wanted]
        self.world.faults.add(*(Fault(**options) for options in wanted))
        return JSONResponse({"added": len(wanted)}, 201)

    async def clear_faults(self, request: Request) -> JSONResponse:
        self.world.faults.clear()
        return JSONResponse({})

    async def reset(self, request: Request) -> JSONResponse:
        self.world.reset()
        return JSONResponse({})

    async def advance(self, request: Request) -> JSONResponse:
        self.world.clock.advance(float((await request.json())["seconds"]))
        return JSONResponse({"now": self.world.clock.now()})

    async def finish(self, request: Request) -> JSONResponse:
        wanted = await request.json()
        self.world.finish_named(
            wanted["video_id"],
            wanted.get("status", "succeeded"),
            wanted.get("error_code"),
            wanted.get("error_message"),
        )
        return JSONResponse(_video_shown(self.world.videos[wanted["video_id"]]))


def _request_shown(recorded: RecordedRequest) -> dict[str, Any]:
    # The key is left out: a real client may be pointed here by mistake, with a real key.
    headers = {name: value for name, value in recorded.headers.items() if name != "authorization"}
    names = ("number", "vendor", "call", "method", "path", "query", "at", "answered", "fault", "video_id", "json")
    return {name: getattr(recorded, name) for name in names} | {"headers": headers}


def _video_shown(video: SimulatedVideo) -> dict[str, Any]:
    names = ("id", "vendor", "model", "prompt", "status", "progress", "timeline", "polls", "deleted")
    return {name: getattr(video, name) for name in (*names, "error_code", "error_message", "request")}


#: The host names of this machine. Any other name points here only by DNS, possibly an attacker's.
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def objection(headers: Mapping[str, str]) -> str | None:
    """The reason to refuse a request as possibly sent by a foreign web page.

    :param headers: the request's headers, with lower-case names
    :return: the reason; ``None`` if the request can't come from a foreign web page
    """
    host = headers.get("host", "")
    if _name_of(host) not in OWN_NAMES:
        return f"Host is {host!r}; the control answers to {', '.join(sorted(OWN_NAMES))} only"
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return f"Origin is {origin!r}; the control takes nothing from other origins"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "a web page of another site asks; the control takes nothing from other sites"
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and content_type != "application/json":
        return f"Content-Type is {content_type or 'missing'}; it must be application/json"
    return None


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _guarded(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def guarded(request: Request) -> JSONResponse:
        if (reason := objection(request.headers)) is not None:
            return JSONResponse({"error": reason}, 403)
        try:
            answer: JSONResponse = await handler(request)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return answer

    return guarded


def control_app(world: World) -> Starlette:
    """The control application; every path begins with /_simulator."""
    control = _Control(world)
    table = (
        ("GET", "ledger", control.ledger),
        ("GET", "requests", control.requests),
        ("GET", "videos", control.videos),
        ("GET", "assets", control.assets),
        ("POST", "finish_asset", control.finish_asset),
        ("POST", "faults", control.add_faults),
        ("DELETE", "faults", control.clear_faults),
        ("POST", "reset", control.reset),
        ("POST", "advance", control.advance),
        ("POST", "finish", control.finish),
    )
    return Starlette(
        routes=[Route(f"/_simulator/{name}", _guarded(handler), methods=[method]) for method, name, handler in table]
    )
