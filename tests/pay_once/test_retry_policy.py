from __future__ import annotations

import inspect

import pytest
from airflow.providers.common.compat.sdk import AirflowException, RetryAction

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.retry_policy import SEEDANCE_RETRY_POLICY

FAIL = {
    "SeedanceConfigError",
    "InvalidRequestError",
    "SeedanceAuthError",
    "SeedanceQuotaError",
    "SeedanceModerationError",
    "VideoModerationError",
    "RequestRejectedError",
    "VideoNotFoundError",
}
ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SeedanceError)]


def action(error: BaseException) -> RetryAction:
    return SEEDANCE_RETRY_POLICY.evaluate(error, try_number=1, max_tries=3).action


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind is not errors.SubmissionUnknownError])
@pytest.mark.parametrize("twin", [None, True, False])
def test_the_policy_fails_what_a_retry_cannot_help_and_leaves_the_rest_to_retries(
    kind: type[SeedanceError], twin: bool | None
) -> None:
    error = kind("no") if twin is None else for_airflow(kind("no"), retry=twin)
    assert action(error) is (RetryAction.FAIL if kind.__name__ in FAIL else RetryAction.DEFAULT)


def test_the_policy_never_repeats_a_create_in_doubt_that_nobody_judged() -> None:
    assert action(errors.SubmissionUnknownError("in doubt")) is RetryAction.FAIL


def test_the_policy_lets_the_operator_retry_a_create_in_doubt_where_it_says_so() -> None:
    """It says so where the user chose `resubmit`, or where a retry only looks for the video."""
    assert action(for_airflow(errors.SubmissionUnknownError("in doubt"), retry=True)) is RetryAction.DEFAULT


def test_the_policy_leaves_other_errors_to_retries() -> None:
    assert action(AirflowException("worker lost")) is RetryAction.DEFAULT
    assert action(KeyError("x")) is RetryAction.DEFAULT


def test_the_policy_survives_being_stored_with_the_dag() -> None:
    again = type(SEEDANCE_RETRY_POLICY).deserialize(SEEDANCE_RETRY_POLICY.serialize())
    assert again.evaluate(errors.SeedanceQuotaError("no balance"), 1, 3).action is RetryAction.FAIL
    assert again.evaluate(errors.TransientApiError("hiccup"), 1, 3).action is RetryAction.DEFAULT
