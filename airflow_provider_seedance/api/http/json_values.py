"""Decodes JSON from outside within limits, and makes values fit to be handed on as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_seedance.api.http.texts import LONGEST_NAME, one_line

MOST_DEPTH = 32
"""The deepest nesting of objects and arrays. Vendors need six; anything deeper is left out."""

LARGEST = 2**63 - 1
"""The largest whole number that msgpack, PostgreSQL and XCom can all store."""

LARGEST_FLOAT = 2.0**53
"""The largest float that PostgreSQL gives back as the same number: it keeps the shortest decimal that stands for it."""

_MOST_ODD_BYTES = 262_144
"""The largest answer in bytes that is decoded the slow way, since that blocks the triggerer's event loop."""

_MOST_LOOKED_AT = 65_536
"""The largest answer in bytes whose depth is checked. For a longer one, Python's own limit applies."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^"\[\]{}]+|"', re.DOTALL)


def decode(body: bytes) -> Any:
    """Decodes a body.

    An oddity in one part of an answer - too deep nesting, a number of thousands of digits, a byte that isn't UTF-8, a
    raw line break in a text - costs that part, not the whole: the rest may hold a paid video.

    :param body: the body.
    :return: the value, `None` if it isn't JSON.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _decode_odd(body)
    # In a long list, each value would be visited; no reader of such an answer goes deep.
    if len(body) < _MOST_LOOKED_AT and body.count(b"{") + body.count(b"[") > MOST_DEPTH and _is_deep(value):
        return _decode_odd(body)
    return value


def _decode_odd(body: bytes) -> Any:
    if len(body) > _MOST_ODD_BYTES or body.lstrip()[:1] not in (b"{", b"["):
        return None
    text = _pruned(body.decode(errors="replace"))
    try:
        return json.loads(text, strict=False, parse_int=_int, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _int(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def _pruned(text: str) -> str:
    """The text of a JSON value, with `null` in place of parts that are nested too deep."""
    kept: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in ("}", "]"):
            if depth <= MOST_DEPTH:
                kept.append(token)
            depth -= 1
            continue
        if token in ("{", "["):
            depth += 1
            token = "null" if depth == MOST_DEPTH + 1 else token
            if depth <= MOST_DEPTH + 1:
                kept.append(token)
        elif depth <= MOST_DEPTH:
            kept.append(token)
    return "".join(kept)


class Sound:
    """Makes values fit to be handed on: as JSON, through msgpack, to any database.

    :param text: cleans a text.
    :param most_depth: the deepest nesting of objects and arrays.
    :param most_values: the most values in all.
    """

    def __init__(self, text: Callable[[str], str], *, most_depth: int, most_values: int) -> None:
        self._text = text
        self._most_depth = most_depth
        self._left = most_values
        self.has_dropped = False
        """Whether anything had to be left out."""

    def mapping(self, value: Mapping[Any, Any], depth: int = 1) -> dict[str, Any]:
        """A JSON object with the values that can be kept."""
        kept: dict[str, Any] = {}
        for name, inner in value.items():
            if self._has_room(depth) and self._is_kept(inner):
                kept[one_line(str(name), LONGEST_NAME)] = self._value(inner, depth)
        return kept

    def value(self, value: Any) -> Any:
        """The value, or the part of it that can be kept."""
        return self._value(value, 0) if self._is_kept(value) else None

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value, depth + 1)
        if isinstance(value, list | tuple):
            return [self._value(item, depth + 1) for item in value if self._has_room(depth + 1) and self._is_kept(item)]
        if isinstance(value, str):
            return self._text(value)
        return value if isinstance(value, int | float | None) else self._text(str(value))

    def _has_room(self, depth: int) -> bool:
        self._left -= 1
        if self._left < 0 or depth > self._most_depth:
            self.has_dropped = True
            return False
        return True

    def _is_kept(self, value: Any) -> bool:
        if isinstance(value, int | float) and not is_sound_number(value):
            self.has_dropped = True
            return False
        return True


def is_sound_number(value: float) -> bool:
    """Whether msgpack, JSON and PostgreSQL give this number back as it was, and can store a sum of such numbers."""
    return abs(value) <= (LARGEST_FLOAT if isinstance(value, float) else LARGEST)


def text_of(value: object) -> str:
    """A vendor's message as text, whatever its JSON type; cut where nobody would read on."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(Sound(one_line, most_depth=3, most_values=20).value(value))


def outgoing(value: Any) -> Any:
    """The value as JSON types that every encoder takes; for values that we hand on ourselves."""
    return Sound(_encodable, most_depth=MOST_DEPTH, most_values=10_000).value(value)


_UNENCODABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST = 20_000


def _encodable(text: str) -> str:
    return _UNENCODABLE.sub("\ufffd", text[:_LONGEST])
