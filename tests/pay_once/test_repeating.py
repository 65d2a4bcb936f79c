"""A create is sent again under its own id only as long as the vendor can be trusted to remember that id."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.submissions.finder import Finder
from airflow_provider_seedance.submissions.record import SubmissionRecord
from tests.support.requests import MODELS, TAKES_IDS

from .helpers import PROMPT, conn_id


@pytest.mark.parametrize("vendor", TAKES_IDS)
@pytest.mark.parametrize(
    ("age", "creates"), [(timedelta(hours=23), 1), (timedelta(days=2), 0), (timedelta(days=-2), 0)]
)
def test_a_lost_create_of_long_ago_is_not_sent_again(vendor: str, age: timedelta, creates: int, sim: Simulator) -> None:
    request = VideoRequest(model=MODELS[vendor], prompt=PROMPT, duration=5)
    hook = SeedanceHook(conn_id(vendor))
    mark = hook.get_conn().adapter.draw_mark(request)
    intended_at = time.time() - age.total_seconds()
    record = SubmissionRecord({"prompt": "1"}, 0, intended_at, vendor, request.model, marker=mark)
    found = Finder(hook).find(record, request)
    assert (found is not None) == bool(creates)
    assert len(sim.creates()) == creates
