"""What was confirmed, and by whom, stands in one file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.api.vendors.assumptions import assumptions_about

CONFIRMED = Path(__file__).parents[2] / "docs" / "confirmed.json"


def test_each_confirmation_is_about_an_assumption_and_has_a_witness_and_a_day() -> None:
    for entry in json.loads(CONFIRMED.read_text(encoding="utf-8"))["confirmed"]:
        assert entry["key"] in {assumption.key for assumption in assumptions_about(BUILT_IN[entry["vendor"]])}
        assert entry["verdict"] in ("holds", "doesn't")
        assert date.fromisoformat(entry["on"])
        assert all(entry[name] for name in ("seen", "by", "version", "report"))
