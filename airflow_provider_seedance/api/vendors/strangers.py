"""Answers that don't come from the vendor: pages and JSON of proxies, firewalls and gateways on the way."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.api.http.messages import HttpResponse

_REFUSED_ON_THE_WAY = frozenset(
    (*(400, 401, 402, 403, 404, 405, 406, 407), *(410, 411, 413, 414, 415, 416, 417), *(421, 422, 426, 428, 431, 451))
)
"""HTTP statuses with which a proxy or gateway says that it did not pass the request on.

408, 409, 425, 499 and undefined ones are missing: with these, the request may have been passed on.
"""

_LOOKED_AT = 4096
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HEADLINE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_WORDS = ("message", "error", "detail", "msg", "error_msg", "error_description", "title", "errors")


def was_refused_on_the_way(status_code: int) -> bool:
    """Whether an answer that isn't the vendor's proves by its status that the vendor never got the request.

    :param status_code: the HTTP status.
    """
    return status_code in _REFUSED_ON_THE_WAY


def sender_and_form(title: str, response: HttpResponse) -> tuple[str, str]:
    """The likely sender and the form of an answer, as words for a sentence.

    :param title: the vendor's display name.
    :param response: the answer.
    """
    what = _form_of(response)
    somebody = f"Something in front of {title}"
    if what in ("a web page", "text") or (what == "JSON" and response.status_code >= 400):
        return somebody, what if what != "JSON" else f"JSON that is not {title}'s"
    # All other forms may come from the vendor, too.
    return f"{title}, or something in front of it,", f"JSON that {title} does not document" if what == "JSON" else what


def words_of(response: HttpResponse) -> str:
    """The message in an answer that isn't the vendor's: a page's title, a field of a JSON error, or plain text."""
    decoded = response.json()
    if isinstance(decoded, str):
        return decoded
    if decoded is not None:
        return _words_in(decoded)
    text = response.body[:_LOOKED_AT].decode("utf-8", "replace")
    if _form_of(response) == "a web page":
        found = _HEADLINE.search(text)
        return html.unescape(re.sub(r"<[^>]*>", " ", found.group(2))) if found else ""
    return "" if text.lstrip()[:1] in ("{", "[", "<") else text


def _words_in(decoded: Any) -> str:
    if not isinstance(decoded, Mapping):
        return ""
    for name in _WORDS:
        value = decoded.get(name)
        if isinstance(value, Mapping):
            value = _words_in(value)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _form_of(response: HttpResponse) -> str:
    beginning = response.body[:_LOOKED_AT].lstrip()
    if not beginning:
        return "an empty body"
    if _PAGE.search(beginning) and beginning.startswith(b"<"):
        return "a web page"
    if response.json() is not None:
        return "JSON"
    if beginning.startswith((b"{", b"[")):
        return "JSON that can't be read"
    return "XML" if beginning.startswith(b"<") else "text"
