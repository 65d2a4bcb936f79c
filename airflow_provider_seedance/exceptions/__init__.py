"""The errors of `api.errors` in the form that Airflow acts on.

Each error has two forms of the same name: in `exceptions.final` it is an `AirflowFailException` too, and Airflow's
`retries` leave it alone; in `exceptions.retried` it is an `AirflowException`. What a retry can't help, or would pay
twice, is raised in its final form. `except SeedanceAuthError`, with the class of `api.errors`, catches both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.exceptions import final, retried


def for_airflow(error: SeedanceError, *, retry: bool | None = None) -> SeedanceError:
    """The same error, in Airflow's terms.

    :param error: from the Seedance API, or already in Airflow's terms.
    :param retry: whether Airflow may retry the task; default: what the error's class says.
    :return: an error of the same name; of the nearest base that `api.errors` has, if its class is not from there.
    """
    if isinstance(error, final.FinalForm | retried.RetriedForm) and retry is None:
        return error
    forms = _RETRIED if (error.retryable if retry is None else retry) else _FINAL
    kind = next(forms[base] for base in type(error).__mro__ if base in forms)
    twin: SeedanceError = kind.__new__(kind, *error.args)
    twin.__dict__.update(error.__dict__)
    return twin


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turns errors of the Seedance API, raised inside, into Airflow's terms."""
    try:
        yield
    except SeedanceError as error:
        raise for_airflow(error) from None


def _by_kind(module: ModuleType) -> dict[type, type[SeedanceError]]:
    """The module's forms, by the class of `api.errors` that each of them is made from."""
    forms = (kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, SeedanceError))
    return {form.__bases__[0]: form for form in forms}


_FINAL, _RETRIED = _by_kind(final), _by_kind(retried)
