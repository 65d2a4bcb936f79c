"""`callback_url` of Ark goes through `extra`: to the wire as it is, and into no log."""

from __future__ import annotations

import logging

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator

from .helpers import CREATE, run, states

CALLBACK = "https://hooks.example/seedance?token=5ec4e7&dag=a%20b"


@pytest.mark.dag
def test_a_callback_url_is_sent_unchanged_and_not_logged(
    sim: Simulator, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with DAG("callback", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", extra={"callback_url": CALLBACK}, **CREATE)
    with caplog.at_level(logging.INFO):
        assert states(run(dag)) == {"create": "success"}
    assert sim.ledger[0].request["callback_url"] == CALLBACK
    # Airflow 3.0 prints what it hears from the task at DEBUG.
    printed = [line for line in "".join(capfd.readouterr()).splitlines() if "[debug" not in line]
    assert "5ec4e7" not in "\n".join([*printed, caplog.text])
