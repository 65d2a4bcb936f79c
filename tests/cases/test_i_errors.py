"""Errors in Airflow's terms: real classes that another process can read, with no HTTP status of their own making."""

from __future__ import annotations

import copy
import inspect
import pickle
from importlib import import_module
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError
from airflow_provider_seedance.api.jobs import Decision, Outcome
from airflow_provider_seedance.api.outcomes import read_event, to_event
from airflow_provider_seedance.exceptions import final, for_airflow, retried

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SeedanceError)]
FACTS: dict[str, Any] = {
    "vendor": "byteplus",
    "code": "QuotaExceeded",
    "status_code": 429,
    "request_id": "r-1",
    "retry_after": 7.5,
}

each_form = pytest.mark.parametrize("kind", KINDS)
each_retry = pytest.mark.parametrize("retry", [None, True, False], ids=["as the class says", "retried", "final"])


def raised(kind: type[SeedanceError], retry: bool | None) -> SeedanceError:
    error = kind("what happened", **FACTS) if issubclass(kind, SeedanceApiError) else kind("what happened")
    return for_airflow(error, retry=retry)


@each_form
@each_retry
@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.deepcopy, copy.copy])
def test_case_i_an_error_survives_being_pickled_and_copied(
    kind: type[SeedanceError], retry: bool | None, copied: Any
) -> None:
    error = raised(kind, retry)
    error.args = (f"{error} A retry goes on with this video.",)  # as the operator adds to it
    again = copied(error)
    assert type(again) is type(error)
    assert str(again) == "what happened A retry goes on with this video."
    assert vars(again) == vars(error)
    assert isinstance(again, AirflowFailException) is isinstance(error, AirflowFailException)


@each_form
@each_retry
def test_case_i_an_error_in_airflow_s_terms_is_a_class_that_can_be_imported_under_its_name(
    kind: type[SeedanceError], retry: bool | None
) -> None:
    form = type(raised(kind, retry))
    assert getattr(import_module(form.__module__), form.__qualname__) is form
    assert form.__name__ == kind.__name__
    assert inspect.getdoc(form) == inspect.getdoc(kind)


@each_form
@each_retry
def test_case_i_except_by_the_api_s_class_catches_it_and_airflow_s_retries_obey(
    kind: type[SeedanceError], retry: bool | None
) -> None:
    error = raised(kind, retry)
    for base in (base for base in kind.__mro__ if base is not object):
        with pytest.raises(base):
            raise error
    assert isinstance(error, AirflowException)
    assert isinstance(error, AirflowFailException) is not (kind.retryable if retry is None else retry)
    assert (error.retryable, error.may_be_billed) == (kind.retryable, kind.may_be_billed)


@each_form
@each_retry
def test_case_i_no_http_status_is_told_where_no_http_was_spoken(kind: type[SeedanceError], retry: bool | None) -> None:
    expected = 429 if issubclass(kind, SeedanceApiError) else None
    assert getattr(raised(kind, retry), "status_code", None) == expected
    if issubclass(kind, SeedanceApiError):
        assert getattr(for_airflow(kind("no connection"), retry=retry), "status_code", 0) is None


@each_form
@each_retry
def test_case_i_a_stored_event_tells_the_same_error_whichever_form_it_was_raised_in(
    kind: type[SeedanceError], retry: bool | None
) -> None:
    event = to_event("v-1", Decision(Outcome.FAILED, error=raised(kind, retry)))
    assert event["error"]
    assert event["error"]["kind"] == kind.__name__
    assert event["error"]["facts"].get("status_code") != 500
    _, read = read_event(event)
    assert type(read) is kind


@each_form
@each_retry
def test_case_i_airflow_s_own_serialization_knows_the_error_again(
    kind: type[SeedanceError], retry: bool | None
) -> None:
    from airflow.serialization.serialized_objects import BaseSerialization

    error = raised(kind, retry)
    again: Any = BaseSerialization.deserialize(BaseSerialization.serialize(error))
    assert type(again) is type(error)
    assert str(again) == "what happened"


@each_form
def test_case_i_the_choice_to_retry_can_be_taken_back(kind: type[SeedanceError]) -> None:
    error = raised(kind, None)
    assert for_airflow(error) is error
    for retry in (True, False):
        again = for_airflow(raised(kind, not retry), retry=retry)
        assert isinstance(again, AirflowFailException) is not retry
        assert isinstance(again, kind)


def test_case_i_every_class_of_the_api_has_both_forms() -> None:
    for module in (final, retried):
        assert {kind.__name__ for kind in KINDS} <= vars(module).keys()


def test_case_i_somebody_else_s_error_is_raised_as_the_nearest_that_we_know() -> None:
    class OurGatewayError(errors.SeedanceAuthError):
        """A user's own."""

    error = for_airflow(OurGatewayError("no", code="c"))
    assert type(error) is final.SeedanceAuthError
    assert error.code == "c"
    assert type(for_airflow(error, retry=True)) is retried.SeedanceAuthError
