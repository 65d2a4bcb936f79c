"""The errors of `api.errors` in the form that Airflow acts on.

Each error has two forms of the same name: in `exceptions.final` it is also an `AirflowFailException`, after which
Airflow's `retries` do nothing; in `exceptions.retried` it is an `AirflowException`. The final form is raised if a retry
can't help or would pay twice. `except SeedanceAuthError`, with the class of `api.errors`, catches both.
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
    :return: an error of the same name; for a class from elsewhere, that of its nearest base in `api.errors`.
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
    """Raises errors of the Seedance API that occur inside it in Airflow's terms."""
    try:
        yield
    except SeedanceError as error:
        raise for_airflow(error) from None


def _by_kind(module: ModuleType) -> dict[type, type[SeedanceError]]:
    """The forms in a module, by their classes in `api.errors`."""
    forms = (kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, SeedanceError))
    return {form.__bases__[0]: form for form in forms}


_FINAL, _RETRIED = _by_kind(final), _by_kind(retried)
