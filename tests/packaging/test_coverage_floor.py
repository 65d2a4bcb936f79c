"""The floor of the tests' coverage may only rise."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dev.coverage_floor import CONFIGURATION, earlier_floors, floor_of, raised

TEXT = "[tool.coverage.report]\nfail_under = 80\nprecision = 2\n"


@pytest.mark.parametrize(("measured", "floor"), [(79.9, 80), (80.0, 80), (83.99, 83), (100.0, 100)])
def test_the_floor_rises_to_what_was_measured_and_never_falls(measured: float, floor: int) -> None:
    assert raised(TEXT, measured) == TEXT.replace("80", str(floor))


def test_a_configuration_without_a_floor_is_an_error() -> None:
    with pytest.raises(ValueError, match="no `fail_under`"):
        floor_of("[tool.coverage.report]\n")


def test_the_history_knows_every_floor_that_there_was(tmp_path: Path) -> None:
    def git(*command: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *command], cwd=tmp_path, check=True, capture_output=True, timeout=60)

    git("init", "-q")
    for floor in (80, 85, 70):
        (tmp_path / "pyproject.toml").write_text(TEXT.replace("80", str(floor)))
        git("add", ".")
        git("commit", "-q", "-m", "m")
    assert sorted(earlier_floors(tmp_path)) == [70, 80, 85]


def test_the_floor_is_not_lower_than_it_ever_was() -> None:
    assert floor_of(CONFIGURATION.read_text(encoding="utf-8")) >= max(earlier_floors(), default=0)
