"""Dispatch of requests: applies the faults, calls the vendor's handler and records the request. No network in here."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pkgutil import resolve_name
from typing import Any

from airflow_provider_seedance.simulator import faults as kinds
from airflow_provider_seedance.simulator.faults import Fault
from airflow_provider_seedance.simulator.state import World, doom
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor
from airflow_provider_seedance.simulator.videos import RecordedRequest

#: The error page of a proxy; formatted with the status twice.
PAGE = (
    b"<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
#: Half a surrogate pair, NUL (which databases refuse in texts), an escape sequence, and a right-to-left override.
POISON = "\ud83d\0\x1b[2J\u202e"
#: Larger than any number type of a database or a message format.
HUGE = 10**400
BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
)


@dataclass(slots=True)
class Outcome:
    """Instructions for the server: wait ``delay`` real seconds, then send the answer, or reset the connection if there
    is none.
    """

    record: RecordedRequest
    answer: Answer | None = None
    delay: float = 0.0
    #: For files: a fault that disturbs the transfer itself.
    fault: Fault | None = None
    #: For files: the parts of the path.
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Incoming:
    """A received request.

    ``path`` lacks the vendor's segment; ``origin`` is scheme and host as the caller used them.
    """

    vendor: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    origin: str

    def record(self, call: str) -> RecordedRequest:
        """The record of this request.

        :param call: the kind of call
        """
        return RecordedRequest(
            self.vendor, self.method, self.path, self.query, self.headers, self.body, time.time(), 0, call
        )


def refusal_of(fault: Fault, vendor: Vendor) -> Refused | Answer | None:
    """The answer to a call that a fault prevents.

    :param fault: a fault of :data:`~airflow_provider_seedance.simulator.faults.BEFORE`
    :param vendor: the called vendor
    :return: a refusal or an answer; ``None`` = reset the connection
    """
    options = fault.options
    code, message = options.get("code"), options.get("message")
    match fault.kind:
        case "reset_before":
            return None
        case "http_429":
            return Refused("rate", message or "too many requests", code=code, headers=_wait_headers(options))
        case "http_500":
            return Refused("server", message or "internal error", code=code)
        case "http_503":
            return Refused("unavailable", message or "service unavailable", code=code)
        case "http_502_html":
            return Answer(502, BAD_GATEWAY, "text/html")
        case "stranger_page":
            return page_of(fault)
        case "http_status":
            return _plain(options)
        case "auth":
            return Refused("auth", message or "invalid API key", code=code)
        case "no_balance":
            return Refused("balance", message or "insufficient balance", code=code)
        case "model_not_open":
            return Refused("model_not_open", message or "The model service is not activated.", code=code)
    return vendor.moderation(code, message)


def page_of(fault: Fault) -> Answer:
    """The web page of a ``stranger_page`` fault."""
    status = int(fault.options.get("status", 404))
    words = f"{status} {HTTPStatus(status).phrase}".encode()
    body = str(fault.options["body"]).encode() if "body" in fault.options else PAGE % (words, words)
    return Answer(status, body, "text/html")


def _plain(options: Mapping[str, Any]) -> Answer:
    """An answer from a proxy or gateway on the way."""
    body = str(options.get("body", "")).encode()
    return Answer(int(options.get("status", 408)), body, str(options.get("content_type", "text/plain")))


def _wait_headers(options: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if options.get("retry_after") is not None:
        headers["Retry-After"] = str(options["retry_after"])
    if options.get("reset_after") is not None:
        headers["X-RateLimit-Reset"] = str(int(time.time() + float(options["reset_after"])))
    return headers


#: Fields with texts that a client only shows.
_WORDS = frozenset({"model", "model_id", "msg", "message", "name", "org_id", "service_tier", "error_message"})


def poisoned(answer: Answer, text: str) -> Answer:
    """Add poison to the texts of an answer that a client only shows, and huge numbers to its usage.

    :param answer: an answer with a JSON body
    :param text: the poison
    """

    def spoilt(value: Any) -> Any:
        if isinstance(value, list):
            return [spoilt(item) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {
            name: f"{inner}{text}" if name in _WORDS and isinstance(inner, str) else spoilt(inner)
            for name, inner in value.items()
        }
        usage = kept.get("usage")
        if isinstance(usage, dict):
            kept["usage"] = {**usage, "completion_tokens": HUGE, text: text}
        return kept

    value = spoilt(json.loads(answer.body))
    if isinstance(value, dict):
        value["note"] = text
    return Answer(answer.status, json.dumps(value).encode(), answer.content_type, answer.headers, answer.accepted)


#: The bytes of a request's body that are kept; an upload also has a digest.
BODY_KEPT = 1024 * 1024


class FrontDesk:
    """Answers the requests to all vendors of one :class:`World`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.vendors: dict[str, Vendor] = {
            name: resolve_name(vendor.server)(world, vendor) for name, vendor in world.vendors.items()
        }

    def handle(self, incoming: Incoming) -> Outcome:
        """Answer one API request and record it."""
        vendor = self.vendors[incoming.vendor]
        with self.world.lock:
            try:
                route, params = vendor.resolve(incoming.method, incoming.path)
                route, params = vendor.sort(route, params, incoming.headers, incoming.body)
            except Refused as refused:
                record = incoming.record("unknown")
                self.world.record(record)
                return Outcome(record, vendor.refusal(refused, {}))
            record = incoming.record(route.call)
            self.world.record(record)
            call = Call(
                vendor.kinds(route, incoming.query),
                route.handler,
                params,
                incoming.query,
                incoming.headers,
                incoming.body,
                incoming.origin,
            )
            record.body = record.body[:BODY_KEPT]
            return self._answer(vendor, call, record)

    def _answer(self, vendor: Vendor, call: Call, record: RecordedRequest) -> Outcome:
        book = self.world.faults
        for variant in book.take_all(kinds.STYLE, vendor.name, call.kinds):
            call.style |= variant.options
        try:
            if before := book.take(kinds.BEFORE, vendor.name, call.kinds):
                record.fault = before.kind
                refused = refusal_of(before, vendor)
                if isinstance(refused, Refused):
                    raise refused
                return Outcome(record, refused)
            vendor.check_key(call)
            if self.world.settings.rate_limits:
                vendor.check_rate(call)
            self._bend_polled(vendor, call, record)
            answer: Answer = getattr(vendor, call.handler)(call)
        except Refused as refused:
            return Outcome(record, vendor.refusal(refused, call.style))
        if answer.accepted is not None:
            record.video_id = answer.accepted.id
            self._bend(answer.accepted.id, vendor, call, record)
        return self._spoil(vendor, call, record, answer)

    def _bend_polled(self, vendor: Vendor, call: Call, record: RecordedRequest) -> None:
        if call.kinds[0] == "poll" and (video := self.world.find(vendor.name, vendor.video_id(call))):
            video.polls += 1
            self._bend(video.id, vendor, call, record)

    def _bend(self, video_id: str, vendor: Vendor, call: Call, record: RecordedRequest) -> None:
        for fault in self.world.faults.take_all(kinds.FATE, vendor.name, call.kinds):
            record.fault = fault.kind
            doom(self.world.videos[video_id], fault, vendor.usual_errors)

    def _spoil(self, vendor: Vendor, call: Call, record: RecordedRequest, answer: Answer) -> Outcome:
        """Lose, delay or damage the answer to a call that took effect."""
        fault = self.world.faults.take(kinds.AFTER, vendor.name, call.kinds)
        if fault is None:
            return Outcome(record, answer)
        record.fault = fault.kind
        match fault.kind:
            case "reset_after":
                return Outcome(record)
            case "slow":
                return Outcome(record, answer, float(fault.options.get("seconds", 2.0)))
            case "timeout_after":
                return Outcome(record, answer, float(fault.options.get("seconds", 3600.0)))
            case "http_500_after":
                refused = Refused("server", fault.options.get("message") or "internal error")
                return Outcome(record, vendor.refusal(refused, call.style))
            case "http_502_html_after":
                return Outcome(record, Answer(502, BAD_GATEWAY, "text/html"))
            case "http_status_after":
                return Outcome(record, _plain(fault.options))
            case "torn_json":
                return Outcome(record, Answer(200, answer.body[: len(answer.body) // 2]))
            case "missing_id":
                return Outcome(record, self._without_id(vendor, answer))
            case "poisoned_text":
                return Outcome(record, poisoned(answer, str(fault.options.get("text", POISON))))
            case "id_in_error":
                return Outcome(record, Answer(int(fault.options.get("status", 504)), answer.body))
        return Outcome(record, Answer(200, b"OK", "text/plain"))

    def _without_id(self, vendor: Vendor, answer: Answer) -> Answer:
        try:
            return Answer.json(vendor.strip_id(json.loads(answer.body)), answer.status)
        except (KeyError, TypeError):  # an answer without an id, such as a list
            return answer

    def handle_media(self, incoming: Incoming) -> Outcome:
        """Record a download, with the fault that applies to it, if any."""
        with self.world.lock:
            record = incoming.record("media")
            self.world.record(record)
            vendor = self.vendors.get(incoming.vendor)
            outcome = Outcome(record)
            if vendor is None:
                return outcome
            book = self.world.faults
            fault = book.take(kinds.BEFORE, vendor.name, ("media",)) or book.take(kinds.AFTER, vendor.name, ("media",))
            if fault:
                record.fault, outcome.fault = fault.kind, fault
            return outcome
