"""Every case has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
KINDS = {"a": 10, "b": 10, "c": 8, "d": 3, "e": 7, "f": 11, "g": 5, "h": 7}
"""How many cases there are of each kind."""

CASES = [f"{kind}{number}" for kind, most in KINDS.items() for number in range(1, most + 1)]
_NUMBERS = re.compile(r"^\s*(?:async )?def test_case_((?:[a-h]\d+_)+)\w+", re.MULTILINE)
NAMED = {
    case
    for file in TESTS.rglob("test_*.py")
    for numbers in _NUMBERS.findall(file.read_text())
    for case in numbers.rstrip("_").split("_")
}


@pytest.mark.parametrize("case", CASES)
def test_the_case_has_a_test_of_its_own(case: str) -> None:
    assert case in NAMED


def test_no_test_names_a_case_that_there_is_not() -> None:
    assert set(CASES) >= NAMED
