"""The base of all simulated vendors: routes, refusals and answers, without anything that is specific to a vendor."""

import json as jsonlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow_provider_seedance.simulator.state import World
from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor
from airflow_provider_seedance.simulator.videos import Look, SimulatedVideo


@dataclass(slots=True)
class Answer:
    """An HTTP answer; ``accepted`` is the video that a create made."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    accepted: SimulatedVideo | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        """An answer with a JSON body."""
        # A text may contain half a surrogate pair, from a request or a fault; it becomes a JSON escape.
        body = jsonlib.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return cls(status, body, headers=dict(headers or {}))


class Refused(Exception):  # noqa: N818  - it is an answer, not a defect
    """A refusal by the vendor: nothing was created.

    :param reason: one of "auth", "balance", "bad_request", "missing", "bad_json", "unknown_model", "model_not_open",
        "unknown_task", "unknown_path", "method", "conflict", "moderation", "rate", "server", "unavailable", "backend",
        "not_ready", "gone"
    :param message: the text for the caller
    :param param: the field that is refused; default: none
    :param code: the vendor's code; default: its usual one for the reason
    :param headers: additional headers of the answer; default: none
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        param: str = "",
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason, self.message, self.param, self.code = reason, message, param, code
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Call:
    """One request after routing. ``style`` has the options of the active ``answer_variant`` faults."""

    kinds: tuple[str, ...]
    handler: str
    params: dict[str, str]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    origin: str
    style: dict[str, Any] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """The first value of a query parameter; ``None`` if it is missing."""
        return next((value for key, value in self.query if key == name), None)

    def body_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        :raises Refused: if it is not JSON, not an object or not declared as JSON
        """
        value = self._body()
        if not isinstance(value, dict):
            raise Refused("bad_json", "the body must be a JSON object")
        return value

    def body_list(self) -> list[Any]:
        """The body as a JSON array.

        :raises Refused: if it is not JSON, not an array or not declared as JSON
        """
        value = self._body()
        if not isinstance(value, list):
            raise Refused("bad_json", "the body must be a JSON array")
        return value

    def _body(self) -> Any:
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused("bad_json", "Content-Type must be application/json")
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            raise Refused("bad_json", "the body is not valid JSON") from None


@dataclass(frozen=True, slots=True)
class Route:
    """A route.

    :param method: the HTTP method
    :param pattern: matches the path
    :param call: the kind of call, see ``faults.CALLS``
    :param handler: the name of the method that answers it
    """

    method: str
    pattern: re.Pattern[str]
    call: str
    handler: str


def route(method: str, path: str, call: str, handler: str) -> Route:
    """Make a route; ``{name}`` in the path matches one segment."""
    return Route(method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), call, handler)


class Vendor(ABC):
    """One simulated vendor. Handlers take a :class:`Call`, and return an :class:`Answer` or raise :class:`Refused`."""

    routes: ClassVar[tuple[Route, ...]]
    #: By fault kind, the error code and message of a video that ends with it.
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]]

    def __init__(self, world: World, vendor: SimulatedVendor) -> None:
        self.world, self.name, self.auth_scheme = world, vendor.name, vendor.auth_scheme

    @abstractmethod
    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal in the vendor's own form."""

    @abstractmethod
    def moderation(self, code: str | None, message: str | None) -> Refused:
        """The vendor's refusal of an input at submission; ``code`` and ``message`` replace the usual ones."""

    @abstractmethod
    def strip_id(self, answer: Any) -> Any:
        """The decoded answer to a create, without the video's id."""

    def resolve(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route for a request.

        :raises Refused: "unknown_path" or "method"
        """
        known = False
        for candidate in self.routes:
            if match := candidate.pattern.fullmatch(path):
                if candidate.method == method:
                    return candidate, match.groupdict()
                known = True
        if known:
            raise Refused("method", f"method {method} is not allowed on {path}")
        raise Refused("unknown_path", f"no such path: {path}")

    def sort(
        self, route: Route, params: dict[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[Route, dict[str, str]]:
        """Refine the route by headers and body, for a vendor whose method and path alone don't identify the call."""
        return route, params

    def kinds(self, route: Route, query: list[tuple[str, str]]) -> tuple[str, ...]:
        """The kinds of the call to which faults apply, the main kind first."""
        return (route.call,)

    def check_key(self, call: Call) -> None:
        """Check the header ``Authorization: <scheme> <key>``.

        :raises Refused: "auth"
        """
        if call.headers.get("authorization") != f"{self.auth_scheme} {self.world.settings.api_key}":
            raise Refused("auth", "missing or invalid API key")

    def check_rate(self, call: Call) -> None:
        """Refuse a call that exceeds the vendor's published rate; called only with ``rate_limits``.

        :raises Refused: "rate"
        """
        return  # most vendors publish no rate

    def video_id(self, call: Call) -> str:
        """The id of the video in the path: the segment ``{id}``, unless the vendor's ids have several parts."""
        return call.params["id"]

    def video(self, call: Call) -> SimulatedVideo:
        """The video in the path.

        :raises Refused: "unknown_task"
        """
        video = self.world.find(self.name, self.video_id(call))
        if video is None:
            raise Refused("unknown_task", "task not found")
        return video

    def word(self, look: Look, words: Mapping[str, str]) -> str:
        """The status as the vendor's answer has it."""
        return look.unknown_word or words[look.status]
