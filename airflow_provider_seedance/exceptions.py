"""The errors of `api.errors` in the form that Airflow acts on.

`except SeedanceAuthError` catches both forms. What a retry can't help, or would pay twice, is also an
`AirflowFailException`, so that Airflow's `retries` leave it alone; the rest is an `AirflowException`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_seedance.api.errors import SeedanceError


def for_airflow(error: SeedanceError, *, retry: bool | None = None) -> SeedanceError:
    """The same error, in Airflow's terms.

    :param error: from the Seedance API, or already in Airflow's terms.
    :param retry: whether Airflow may retry the task; default: what the error's class says.
    """
    kind = type(error)
    if AirflowException in kind.__mro__:
        if retry is None:
            return error
        kind = kind.__bases__[0]
    twin_class = _airflow_class(kind, error.retryable if retry is None else retry)  # type: ignore[arg-type]
    twin: SeedanceError = twin_class.__new__(twin_class, *error.args)
    twin.__dict__.update(error.__dict__)
    return twin


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turns errors of the Seedance API, raised inside, into Airflow's terms."""
    try:
        yield
    except SeedanceError as error:
        raise for_airflow(error) from None


@cache
def _airflow_class(kind: type[SeedanceError], retry: bool) -> type[Any]:
    base = AirflowException if retry else AirflowFailException
    return type(kind.__name__, (kind, base), {"__module__": kind.__module__, "__doc__": kind.__doc__})
