"""Tells whether an operator's argument is known when its DAG is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_literal(value: Any) -> bool:
    """Whether a value is known when the DAG is parsed, that is, without Jinja and without another task's output.

    A value with more levels than Python can follow counts as known, so that it is refused at once.

    :param value: an operator's argument.
    """
    try:
        return _is_literal(value)
    except RecursionError:
        return True


def _is_literal(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, Mapping):
        return all(_is_literal(item) for item in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_literal(item) for item in value)
    return value is None or isinstance(value, int | float)
