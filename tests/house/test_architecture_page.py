"""The page that says where something is decided leads to files and functions that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGE = ROOT / "airflow_provider_seedance"


def test_each_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", PAGE))
    assert len(named) > 15
    missing = [name for name in named if not ((PACKAGE / name).is_file() or (ROOT / name).is_file())]
    assert not missing


@pytest.mark.parametrize("page", ["AGENTS.md", "docs/architecture.md"])
def test_each_folder_of_the_package_has_its_line(page: str) -> None:
    rows = [line.split("|")[1] for line in (ROOT / page).read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(?:airflow_provider_seedance/)?(\w+)/`", row)}
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert folders - named == set()


def test_each_decision_is_in_the_function_that_the_page_names() -> None:
    pairs = re.findall(r"`((?:\w+/)+\w+\.py)`,\s+`(?:\w+\.)?(\w+)`", PAGE)
    assert len(pairs) >= 9
    missing = [pair for pair in pairs if f"def {pair[1]}(" not in (PACKAGE / pair[0]).read_text()]
    assert not missing


def test_a_request_is_on_its_way_through_ten_files_at_most() -> None:
    way = PAGE.partition("## The way of a request")[2].partition("## ")[0]
    assert 5 <= len(re.findall(r"^\d+\. `", way, re.MULTILINE)) <= 10
