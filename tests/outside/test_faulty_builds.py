"""What judges answers would notice a build that lets them through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings

from airflow_provider_seedance.api.http import texts
from airflow_provider_seedance.api.http.scrubbing import Scrubber

from .answers import THOROUGH, said_of
from .journey import Journey
from .test_whatever_comes import texts_of_the_way
from .wire import Said, Wire

VENDOR = "byteplus"
BRIEF = settings(
    THOROUGH, max_examples=300, derandomize=True, database=None, phases=[Phase.generate], report_multiple_bugs=False
)


def without_cleaning(patch: pytest.MonkeyPatch) -> None:
    """Texts stay as a vendor sent them. Many modules hold the functions, so these themselves are changed."""
    for function in (texts.one_line, texts.clean):
        patch.setattr(function, "__code__", (lambda text, most=0: text).__code__)


def without_scrubbing(patch: pytest.MonkeyPatch) -> None:
    """Key and prompt stay where a vendor quotes them."""
    patch.setattr(Scrubber, "__call__", lambda scrubber, text: text)


@pytest.mark.parametrize("fault", [without_cleaning, without_scrubbing])
def test_a_build_that_lets_foreign_texts_through_is_found(
    fault: Callable[[pytest.MonkeyPatch], None], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = Journey(wire, VENDOR)
    fault(monkeypatch)

    @BRIEF
    @given(said_of(VENDOR))
    def travel(said: Said) -> None:
        for _ in texts_of_the_way(journey, said):
            pass

    try:
        with pytest.raises(AssertionError):
            travel()
    finally:
        monkeypatch.undo()
        journey.close()
