"""Requests and answers, independent of any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_seedance.api.http.json_values import decode
from airflow_provider_seedance.api.http.texts import LONGEST_LINE, clean


@dataclass(frozen=True)
class HttpRequest:
    """A request, relative to the base URL.

    :param method: `GET`, `POST` ...
    :param path: appended to the base URL; begins with `/`.
    :param params: the query's parameters, in order; a name may occur several times.
    :param json: the body, usually an object; some vendors take a list of tasks. `None` for no body.
    :param headers: in addition to those of every request.
    :param origin: scheme and host in place of the base URL's, for a part of the API at another host. A connection with
        its own base URL sends such requests there too: the key goes to no host that the user didn't choose.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True)
class HttpResponse:
    """The answer to a request.

    :param status_code: HTTP status.
    :param headers: names in lower case.
    :param body: decompressed, within the size limit.
    :param received_at: the moment of its arrival.
    :param scrub: removes secrets (the key, the prompt) from texts that are quoted.
    """

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    scrub: Callable[[str], str] = field(default=str, compare=False, repr=False)

    def quote(self, text: str | None, most: int = LONGEST_LINE) -> str:
        """A text of the vendor's, fit for an exception; empty if there is none.

        :param text: the vendor's text.
        :param most: the most characters to keep.
        """
        return clean(self.scrub(text), most) if text else ""

    def json(self) -> Any:
        """The decoded body, `None` if it isn't JSON. It is decoded only once, so don't change it."""
        known = self.__dict__  # `cached_property` takes a lock, before Python 3.12
        if "_decoded" not in known:
            known["_decoded"] = decode(self.body)
        return known["_decoded"]

    def json_object(self) -> dict[str, Any]:
        """The decoded body if it is a JSON object, else an empty one."""
        decoded = self.json()
        return decoded if isinstance(decoded, dict) else {}
