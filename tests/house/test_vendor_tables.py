"""What tests know of all vendors stands in `tests/support`: no test module has a table by vendor of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from airflow_provider_seedance.api.vendors import BUILT_IN
from tests.support.requests import SAMPLES

TESTS = Path(__file__).parent.parent
FEW = 2
"""Vendors that a dict may name: a comparison of two, or the exceptions to what a table says."""


def vendor_of(row: ast.expr | None) -> str | None:
    """The vendor that a key, or a row of a list, begins with."""
    while isinstance(row, ast.Tuple | ast.Call):
        row = next(iter(row.elts if isinstance(row, ast.Tuple) else row.args), None)
    return row.value if isinstance(row, ast.Constant) and row.value in BUILT_IN else None


def tables_in(text: str) -> Iterator[tuple[int, set[str]]]:
    """Line and vendors of each dict that names more than a few by its keys, and of each list with rows for all."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            named, most = set(map(vendor_of, node.keys)), FEW
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            named, most = set(map(vendor_of, node.elts)), len(BUILT_IN) - 1
        else:
            continue
        vendors = {vendor for vendor in named if vendor}
        if len(vendors) > most:
            yield node.lineno, vendors


def test_each_vendor_has_its_requests_and_answers_in_the_test_kit() -> None:
    assert SAMPLES.keys() == BUILT_IN.keys()


def test_no_test_module_has_a_table_by_vendor_of_its_own() -> None:
    tables = [
        f"{path.relative_to(TESTS)}:{line}: {sorted(vendors)}"
        for path in sorted(TESTS.rglob("*.py"))
        if TESTS / "support" not in path.parents
        and sum(f'"{vendor}"' in (text := path.read_text()) for vendor in BUILT_IN) > FEW
        for line, vendors in tables_in(text)
    ]
    assert not tables, "put it into tests/support, so that a tenth vendor can't be forgotten"


def test_a_table_is_told_from_a_few_exceptions() -> None:
    three = '{"fal": 1, "runware": 2, "byteplus": 3}'
    rows = ", ".join(f'pytest.param("{vendor}", 1)' for vendor in BUILT_IN)
    assert [line for line, _ in tables_in(f"x = 1\ny = {three}")] == [2]
    assert [len(vendors) for _, vendors in tables_in(f"x = [{rows}]")] == [len(BUILT_IN)]
    for allowed in (
        '{"fal": 1, "runware": 2}',
        '["fal", "runware", "byteplus"]',
        '{vendor: "fal" for vendor in VENDORS}',
    ):
        assert list(tables_in(allowed)) == []
