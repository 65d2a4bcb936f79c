"""Whether the next vendor may be asked: the decision, over every error there is."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.exceptions import final, for_airflow, retried
from airflow_provider_seedance.submissions.moving_on import Reason, Refusal, may_move_on

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SeedanceError)]

MOVES_ON = {
    "NotSentError": Reason.UNREACHABLE,
    "GatewayRefusedError": Reason.UNREACHABLE,
    "SeedanceRateLimitError": Reason.NO_ROOM,
    "SeedanceQuotaError": Reason.NO_QUOTA,
    "SeedanceAuthError": Reason.KEY_REFUSED,
}
"""Every other error stays where it is."""


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
@pytest.mark.parametrize("form", ["api", "final", "retried"])
def test_only_a_refusal_that_is_certain_leads_to_the_next_vendor(kind: type[SeedanceError], form: str) -> None:
    error = kind("It went wrong.")
    error = {
        "api": lambda: error,
        "final": lambda: for_airflow(error, retry=False),
        "retried": lambda: for_airflow(error, retry=True),
    }[form]()
    assert isinstance(error, {"api": SeedanceError, "final": final.FinalForm, "retried": retried.RetriedForm}[form])
    assert may_move_on(error) is MOVES_ON.get(kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_a_refusal_by_moderation_counts_if_the_user_says_so(kind: type[SeedanceError]) -> None:
    name = kind.__name__
    # A finished video that was withheld is a video: another one would be paid for beside it.
    expected = Reason.MODERATION if name == "SeedanceModerationError" else MOVES_ON.get(name)
    assert may_move_on(kind("It went wrong."), after_moderation=True) is expected


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), RuntimeError("x"), KeyError("x")])
def test_nobody_s_error_proves_nothing(error: Exception) -> None:
    assert may_move_on(error, after_moderation=True) is None


def test_a_new_error_must_find_its_place_in_the_table() -> None:
    assert set(MOVES_ON) <= {kind.__name__ for kind in KINDS}


def test_a_refusal_is_told_by_connection_vendor_and_reason() -> None:
    refusal = Refusal("a", "byteplus", Reason.NO_QUOTA, errors.SeedanceQuotaError("No money."))
    assert str(refusal) == "byteplus (a): no balance or quota"
    assert refusal.to_dict() == {
        "seedance_conn_id": "a",
        "vendor": "byteplus",
        "reason": "no balance or quota",
        "error": "SeedanceQuotaError",
        "message": "No money.",
    }
