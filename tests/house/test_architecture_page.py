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


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def steps(title: str) -> list[str]:
    """The files of a walk; in place of any vendor's, those of one."""
    return [name.replace("<vendor>", "ark") for name in re.findall(r"^\d+\. `(\S+)`", section(title), re.MULTILINE)]


@pytest.mark.parametrize(
    ("title", "word", "most"), [("The way of a request", "request", 10), ("The way of an id", "video_id", 14)]
)
def test_a_request_passes_ten_files_at_most_and_an_id_fourteen(title: str, word: str, most: int) -> None:
    files = steps(title)
    assert 5 <= len(files) <= most
    assert [name for name in files if word not in (PACKAGE / name).read_text()] == []


def test_each_file_that_takes_a_request_is_named_on_its_way() -> None:
    takes = re.compile(r"\w: VideoRequest\b")
    files = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if takes.search(path.read_text())}
    shared = {name for name in files if not re.match(r"api/vendors/\w+/|check/", name)}
    assert shared - set(re.findall(r"`(\S+\.py)`", section("The way of a request"))) == set()
