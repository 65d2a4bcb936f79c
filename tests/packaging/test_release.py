"""What a tag must fulfil before it is released."""

from __future__ import annotations

import pytest

from airflow_provider_seedance import __version__
from dev.release import GOLDEN, problems

from .conftest import ROOT

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n- Something.\n"


def test_a_tag_that_fits_may_be_released() -> None:
    assert problems("v1.2.3", "1.2.3", CHANGELOG, {"1.2.3"}) == []


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "golden", "said"),
    [
        ("v1.2.4", "1.2.3", CHANGELOG, {"1.2.3"}, "The tag is v1.2.4"),
        ("1.2.3", "1.2.3", CHANGELOG, {"1.2.3"}, "The tag is 1.2.3"),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("1.2.3", "1.2.30"), {"1.2.3"}, r"no section [1.2.3]"),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("## [1", "- More.\n\n## [1"), {"1.2.3"}, "under [Unreleased]"),
        ("v1.2.3", "1.2.3", CHANGELOG, {"1.2.2"}, "tests/golden/1.2.3.json is missing"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(
    tag: str, version: str, changelog: str, golden: set[str], said: str
) -> None:
    (problem,) = problems(tag, version, changelog, golden)
    assert said in problem


def test_this_version_s_stored_data_are_kept() -> None:
    assert (GOLDEN / f"{__version__}.json").exists()
    assert (ROOT / "CHANGELOG.md").exists()
