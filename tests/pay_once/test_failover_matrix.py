"""The fail-over matrix: exactly one bill, at the right vendor. Its diagonal each time, all pairs where time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.submissions import failover
from dev.failover_matrix import Laboratory, laboratory_of
from dev.failover_rows import (
    MOMENTS,
    REFUSALS,
    UNKNOWN_OUTCOMES,
    Row,
    budget_rows,
    diagonal,
    killed_rows,
    pairs,
    refusal_rows,
    source_of,
    unknown_rows,
)
from tests.support.requests import SAMPLES

Pairs = list[tuple[str, str]]


@pytest.fixture
def laboratory(_still: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    monkeypatch.setattr(SeedanceHook, "pause", staticmethod(lambda seconds: None))
    with laboratory_of(_still) as made:
        yield made


def wrong(laboratory: Laboratory, rows: Iterator[Row]) -> list[str]:
    verdicts = [laboratory.run(row) for row in rows]
    assert verdicts
    return [f"{verdict.row}: {verdict.wrong}" for verdict in verdicts if verdict.wrong]


def some_of(rows: Callable[[Pairs], Iterator[Row]], of: Pairs, name: str) -> Iterator[Row]:
    return (row for row in rows(of) if row.what.name == name)


REFUSED = [refusal.name for refusal in REFUSALS]
IN_DOUBT = [outcome.name for outcome in UNKNOWN_OUTCOMES]


@pytest.mark.parametrize("refusal", REFUSED)
def test_the_next_vendor_makes_the_one_video(laboratory: Laboratory, refusal: str) -> None:
    assert not wrong(laboratory, some_of(refusal_rows, diagonal(), refusal))


@pytest.mark.parametrize("outcome", IN_DOUBT)
def test_nobody_is_asked_next_while_the_outcome_is_unknown(laboratory: Laboratory, outcome: str) -> None:
    assert not wrong(laboratory, some_of(unknown_rows, diagonal(), outcome))


def test_what_was_reserved_at_the_first_connection_is_free_again(laboratory: Laboratory) -> None:
    of_each = {row.what.name: row for row in budget_rows(diagonal())}
    assert not wrong(laboratory, iter(of_each.values()))


def test_the_matrix_notices_code_that_asks_the_next_vendor_in_doubt(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover.FailOver, "_from_where_it_is", lambda self: self._hooks[::-1])
    assert wrong(laboratory, unknown_rows([("modellix", "byteplus")]))


def test_the_diagonal_has_each_vendor_once_in_each_place() -> None:
    firsts, seconds = zip(*diagonal(), strict=True)
    assert set(firsts) == set(seconds) == set(BUILT_IN)
    assert len(firsts) == len(BUILT_IN)
    assert len(pairs()) == len(BUILT_IN) * (len(BUILT_IN) - 1)


def test_each_refusal_that_a_vendor_documents_is_one_of_the_matrix() -> None:
    named = {name for sample in SAMPLES.values() for name in sample.refusals}
    assert named <= set(REFUSED)
    assert all(source_of(refusal, vendor) for refusal in REFUSALS[:1] for vendor in BUILT_IN)
    assert {row.moment for row in refusal_rows(diagonal())} == set(MOMENTS)


# -- all pairs -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("refusal", REFUSED)
def test_all_pairs_of_vendors_refused(laboratory: Laboratory, refusal: str) -> None:
    assert not wrong(laboratory, some_of(refusal_rows, pairs(), refusal))


@pytest.mark.slow
@pytest.mark.parametrize("outcome", IN_DOUBT)
def test_all_pairs_of_vendors_in_doubt(laboratory: Laboratory, outcome: str) -> None:
    assert not wrong(laboratory, some_of(unknown_rows, pairs(), outcome))


@pytest.mark.slow
def test_all_pairs_of_vendors_with_budgets(laboratory: Laboratory) -> None:
    assert not wrong(laboratory, budget_rows(pairs()))


@pytest.mark.slow
def test_with_processes_that_are_killed(laboratory: Laboratory) -> None:
    assert not wrong(laboratory, killed_rows(diagonal()))
