"""Gives every test session an Airflow home of its own: the user's is never read or written."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from pathlib import Path

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings

# Airflow reads its configuration when it is first imported, so this can't wait for a fixture.
_HOME = tempfile.TemporaryDirectory(prefix="seedance-airflow-", ignore_cleanup_errors=True)
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    # Airflow's own limit would turn off the alarm of pytest-timeout, and a test that hangs would hang for ever.
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "0",
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parent.parent / "example_dags"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME.name}/airflow.db",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "SEEDANCE_OUTPUT": f"file://{_HOME.name}/videos",
}

# In the background of a shell it is ignored, also by the processes that tests start and stop by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test demands a speed of the machine, also not where it fetches a file by itself: httpx gives up after five seconds.
DEFAULT_TIMEOUT_CONFIG.connect = DEFAULT_TIMEOUT_CONFIG.read = DEFAULT_TIMEOUT_CONFIG.write = 120.0
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

MOST_SECONDS = {"slow": 1800, "stack": 900, "ui": 900}
"""By marker: the time after which a test has failed. For all others it is in pyproject.toml."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        seconds = [most for marker, most in MOST_SECONDS.items() if item.get_closest_marker(marker)]
        if seconds and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(max(seconds)))


def pytest_collection_finish() -> None:
    """Spares the garbage collector what is there by now, 15,000 tests and all of Airflow."""
    gc.collect()
    gc.freeze()


pytest_plugins = ["airflow_provider_seedance.simulator.pytest_plugin"]


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """A migrated database, for tests that run DAGs in this process."""
    from airflow.utils.db import initdb

    from tests.any_airflow import keep_api_server

    initdb()
    keep_api_server()


@pytest.fixture(autouse=True)
def _no_vendor_has_told_anything_yet() -> None:
    """What one test's vendor has told of its models is no other test's."""
    from airflow_provider_seedance.api.stated_rules import STATED

    STATED.forget()


@pytest.fixture(autouse=True)
def _runware_does_not_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A create whose answer is lost is sent again at once."""
    from airflow_provider_seedance.api.vendors.runware.videos import RunwareAdapter

    monkeypatch.setattr(RunwareAdapter, "pauses", (0.0, 0.0))


@pytest.fixture(autouse=True)
def _clearing_keeps_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Task state outlives a clear here, as on Airflow 3.3; `tests/pay_once/test_loops.py` has the other way."""
    from airflow_provider_seedance.submissions import submitter

    monkeypatch.setattr(submitter, "clearing_discards_state", lambda: False)


@pytest.fixture
def submission_records(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A place for what tasks note: Airflow's own, below 3.3 the ledger."""
    from tests.any_airflow import AIRFLOW

    if AIRFLOW < (3, 3):
        monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path_factory.mktemp('ledger')}")


def pytest_sessionfinish() -> None:
    _HOME.cleanup()
