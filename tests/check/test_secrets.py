"""The report can be attached to an issue: no key, no signed URL, nothing of the account's."""

from __future__ import annotations

import json
import os

import pytest

from airflow_provider_seedance.check.asking import PROMPT
from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.loud import loud as loud

from .helpers import Answered, Asked, Bent, Run, told

KEY = "sk-very-secret-0123456789abcdef"


@pytest.mark.parametrize("vendor", ["byteplus", "gmicloud", "jimmyai", "modellix"])
def test_no_secret_is_in_what_is_written_or_printed(vendor: str, run: Run, loud: None) -> None:
    with Simulator(speed=20, queue_seconds=10, run_seconds=10, api_key=KEY) as sim:
        run.connect(sim, vendor)
        result = run("--buy-one")
    assert result.code == 0
    assert vendor in VENDORS
    for secret in (KEY, "Signature", "Expires=", ".mp4?", PROMPT, sim.url):
        assert secret not in result.text, secret


def test_a_key_that_the_vendor_quotes_in_its_code_is_left_out(still: Simulator, run: Run) -> None:
    def quoting(asked: Asked, ask: object) -> Answered:
        return told(
            {"error": {"code": f"Bad.{still.api_key}", "message": still.api_key, "param": "", "type": "x"}}, 403
        )

    with Bent(still, quoting) as bent:
        run.connect(still, "byteplus", bent.url)
        result = run()
    assert result.code == 4
    assert still.api_key not in result.text


def test_nothing_of_the_vendors_text_is_told(still: Simulator, run: Run) -> None:
    words = "account 2100000001 of Jane Doe owes 12.50"

    def talkative(asked: Asked, ask: object) -> Answered:
        return told({"error": {"code": "AccountOverdueError", "message": words, "param": "", "type": "Forbidden"}}, 403)

    with Bent(still, talkative) as bent:
        run.connect(still, "byteplus", bent.url)
        result = run()
    assert result.code == 4
    assert "Jane" not in result.text


@pytest.mark.parametrize(
    ("connection", "told_why"),
    [
        (None, "isn't defined"),
        ({"conn_type": "seedance", "password": KEY, "extra": {"vendor": "nobody"}}, "nobody"),
        ({"conn_type": "seedance", "extra": {"vendor": "byteplus"}}, "password is empty"),
    ],
)
def test_a_connection_that_cannot_be_used_is_no_run(
    connection: object, told_why: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_FIRST_ONE", raising=False)
    if connection is not None:
        monkeypatch.setitem(os.environ, "AIRFLOW_CONN_FIRST_ONE", json.dumps(connection))
    result = run()
    assert (result.code, result.report) == (2, {})
    assert KEY not in result.text
    assert told_why in result.text


def test_an_account_that_is_not_reached_says_so(still: Simulator, run: Run) -> None:
    run.connect(still, "byteplus", "http://127.0.0.1:1")
    result = run()
    assert result.code == 4
    assert set(result.verdicts.values()) == {"can't tell"}
