from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.exceptions import for_airflow
from tests.any_airflow import AIRFLOW

HAS_POLICIES = pytest.mark.skipif(AIRFLOW < (3, 3), reason="retry policies came with Airflow 3.3")

FAIL = {
    "SeedanceConfigError",
    "InvalidRequestError",
    "SeedanceAuthError",
    "SeedanceQuotaError",
    "SeedanceModerationError",
    "VideoModerationError",
    "RequestRejectedError",
    "VideoNotFoundError",
    "VideoRejectedError",
}
ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SeedanceError)]


def action(error: BaseException, again: bool = False) -> str:
    """What the policy says, by its name.

    :param again: whether the policy is stored and read first, as with a DAG.
    """
    from airflow_provider_seedance.retry_policy import SEEDANCE_RETRY_POLICY

    policy: Any = SEEDANCE_RETRY_POLICY
    if again:
        policy = type(policy).deserialize(policy.serialize())
    return str(policy.evaluate(error, try_number=1, max_tries=3).action.name)


@HAS_POLICIES
@pytest.mark.parametrize("kind", [kind for kind in ALL if kind is not errors.SubmissionUnknownError])
@pytest.mark.parametrize("twin", [None, True, False])
def test_the_policy_fails_what_a_retry_cannot_help_and_leaves_the_rest_to_retries(
    kind: type[SeedanceError], twin: bool | None
) -> None:
    error = kind("no") if twin is None else for_airflow(kind("no"), retry=twin)
    assert action(error) == ("FAIL" if kind.__name__ in FAIL else "DEFAULT")


@HAS_POLICIES
def test_the_policy_never_repeats_a_create_in_doubt_that_nobody_judged() -> None:
    assert action(errors.SubmissionUnknownError("in doubt")) == "FAIL"


@HAS_POLICIES
def test_the_policy_lets_the_operator_retry_a_create_in_doubt_where_it_says_so() -> None:
    """It says so where the user chose `resubmit`, or where a retry only looks for the video."""
    assert action(for_airflow(errors.SubmissionUnknownError("in doubt"), retry=True)) == "DEFAULT"


@HAS_POLICIES
def test_the_policy_leaves_other_errors_to_retries() -> None:
    assert action(AirflowException("worker lost")) == "DEFAULT"
    assert action(KeyError("x")) == "DEFAULT"


@HAS_POLICIES
def test_the_policy_survives_being_stored_with_the_dag() -> None:
    assert action(errors.SeedanceQuotaError("no balance"), again=True) == "FAIL"
    assert action(errors.TransientApiError("hiccup"), again=True) == "DEFAULT"


@pytest.mark.skipif(AIRFLOW >= (3, 3), reason="this Airflow has retry policies")
def test_below_airflow_3_3_importing_the_policy_says_what_is_missing() -> None:
    importing = [sys.executable, "-c", "import airflow_provider_seedance.retry_policy"]
    done = subprocess.run(importing, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1].startswith("ImportError: Retry policies need Airflow 3.3")
