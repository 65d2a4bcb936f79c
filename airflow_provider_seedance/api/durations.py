"""The rule for all time-outs and poll intervals. Pure."""

from __future__ import annotations

from datetime import timedelta
from numbers import Real

from airflow_provider_seedance.api.errors import InvalidRequestError

LEAST, MOST = 0.001, 100 * 365 * 86400.0
"""The bounds in seconds. A longer time can't be added to a date in calendars and databases."""


def seconds(name: str, value: object) -> float:
    """Converts a waiting argument to seconds.

    :param name: the argument's name.
    :param value: a number of seconds, or a timedelta; from a millisecond to a hundred years. A wait always has an end.
    :return: the seconds.
    :raises InvalidRequestError: it is something else; the message names the argument.
    """
    if isinstance(value, timedelta):
        number = value.total_seconds()
    elif isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
    else:
        raise _refused(name, f"not {'None' if value is None else f'a {type(value).__name__}'}")
    if not LEAST <= number <= MOST:
        raise _refused(name, f"from {LEAST} seconds to 100 years, not {number:g} seconds")
    return number


def _refused(name: str, rule: str) -> InvalidRequestError:
    problem = f"{name}: takes a number of seconds or a timedelta, {rule}"
    return InvalidRequestError(f"Nothing was sent. {problem}.", (problem,))
