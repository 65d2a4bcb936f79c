"""What is sent and what came back, apart from any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_seedance.api.http.json_values import decode
from airflow_provider_seedance.api.http.texts import LONGEST_LINE, clean


@dataclass(frozen=True)
class HttpRequest:
    """What to send, relative to the base URL.

    :param method: `GET`, `POST` ...
    :param path: appended to the base URL; begins with `/`.
    :param params: of the query, in order; a name may come several times.
    :param json: the body, as a rule an object; some vendors take a list of tasks. `None`: no body.
    :param headers: beside those of every request.
    :param origin: scheme and host in place of the vendor's base URL, where it has a part of its API elsewhere. A
        connection with a base URL of its own sends this there too: the key goes to no host that its user didn't choose.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True)
class HttpResponse:
    """What came back. Header names are lower case.

    :param status_code: HTTP status.
    :param headers: names in lower case.
    :param body: decompressed, within bounds.
    :param received_at: when it came.
    :param scrub: takes out of a text what the call must not tell: the key, the prompt. For texts that are quoted.
    """

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    scrub: Callable[[str], str] = field(default=str, compare=False, repr=False)

    def quote(self, text: str | None, most: int = LONGEST_LINE) -> str:
        """What the vendor says, fit for an exception; empty if it says nothing.

        :param most: characters that may stay.
        """
        return clean(self.scrub(text), most) if text else ""

    def json(self) -> Any:
        """The decoded body, `None` when it isn't JSON. Read it only: it is decoded once."""
        known = self.__dict__  # `cached_property` takes a lock, before Python 3.12
        if "_decoded" not in known:
            known["_decoded"] = decode(self.body)
        return known["_decoded"]

    def json_object(self) -> dict[str, Any]:
        """The decoded body if it is a JSON object, else an empty one."""
        decoded = self.json()
        return decoded if isinstance(decoded, dict) else {}
