"""Gives async methods the documentation of their sync twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def twin_of(original: Callable[..., Any]) -> Callable[[Method], Method]:
    """Gives a method the documentation of its twin.

    :param original: the documented method.
    :return: a decorator.
    """

    def documented(method: Method) -> Method:
        method.__doc__ = original.__doc__
        return method

    return documented
