"""What the create task tells the pages, and how a wait's log records say it to programs."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airflow_provider_seedance.api.errors import SeedanceRateLimitError, SubmissionUnknownError, TransientApiError
from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.compat.log_fields import tell, teller
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.tasks.request_facts import KEY, facts_of, request_told
from tests.airflow_layer.helpers import PROMPT, SIMPLE, conn_id

REQUEST = VideoRequest(
    model="m",
    prompt=PROMPT,
    duration=5,
    ratio="9:16",
    seed=7,
    first_frame="https://me:pw@cdn.example:8443/a.png?X-Tos-Signature=5ec4e7#x",
    last_frame="data:image/png;base64,5ec4e7",
    reference_images=("asset://abc", "https://cdn.example/b.png?token=5ec4e7", "weird 5ec4e7"),
)


def told(task: SeedanceCreateVideoOperator, error: Exception | None = None) -> list[dict[str, Any]]:
    """The XComs that are pushed around a submission, each as it is at that moment."""
    pushed: list[dict[str, Any]] = []

    def push(key: str, value: Any) -> None:
        assert key == KEY
        pushed.append(value)

    try:
        with request_told(task, SimpleNamespace(xcom_push=push), REQUEST):
            if error:
                raise error
    except type(error or RuntimeError()):
        assert error
    return pushed


def create(**arguments: Any) -> SeedanceCreateVideoOperator:
    return SeedanceCreateVideoOperator(**({"task_id": "create", "model": "m", "prompt": PROMPT} | arguments))


def test_what_was_asked_for_is_told_without_signatures_and_contents() -> None:
    (facts,) = told(create())
    assert facts == {
        "model": "m",
        "prompt": PROMPT,
        "duration": 5,
        "ratio": "9:16",
        "seed": 7,
        "first_frame": "https://cdn.example:8443/a.png",
        "last_frame": "data:image/png",
        "reference_images": ["asset://abc", "https://cdn.example/b.png", "…"],
        "seedance_conn_id": "seedance_default",
    }
    assert "5ec4e7" not in str(facts)


def test_the_prompt_is_told_only_where_the_setting_and_the_template_fields_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "prompt" not in facts_of(REQUEST, fields=["model"], with_prompt=True)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__PROMPTS_IN_XCOM", "False")
    (facts,) = told(create())
    assert PROMPT not in str(facts)
    assert facts["model"] == "m"


def test_a_secret_in_a_prompt_is_masked_as_in_the_rendered_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.providers.common.compat.sdk.redact", lambda value, name: "***" if name else value)
    assert facts_of(REQUEST, fields=["prompt"], with_prompt=True) == {"prompt": "***"}


def test_a_task_that_pushes_no_xcoms_tells_nothing() -> None:
    assert told(create(do_xcom_push=False)) == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(SeedanceRateLimitError("full"), "no_room"), (SubmissionUnknownError("lost"), "in_doubt")],
)
def test_an_order_that_found_no_room_or_is_in_doubt_says_so(error: Exception, outcome: str) -> None:
    before, after = told(create(), error)
    assert "outcome" not in before
    assert after["outcome"] == outcome
    assert after["prompt"] == PROMPT


def test_a_store_that_takes_no_xcom_never_fails_the_task() -> None:
    def push(key: str, value: Any) -> None:
        raise RuntimeError("the backend is down")

    with request_told(create(), SimpleNamespace(xcom_push=push), REQUEST):
        pass


def test_it_is_there_before_the_vendor_is_asked(sim: Simulator) -> None:
    bills: list[int] = []

    def push(key: str, value: Any) -> None:
        if key == KEY:
            bills.append(len(sim.ledger))

    task = create(**SIMPLE["modellix"], seedance_conn_id=conn_id("modellix"))
    names = {"dag_id": "d", "run_id": "r", "task_id": "create", "map_index": -1}
    ti = SimpleNamespace(xcom_push=push, try_number=1, max_tries=0, **names)
    task.execute(cast("Any", {"ti": ti}))
    assert bills == [0]
    assert len(sim.ledger) == 1


def test_a_wait_s_log_record_has_status_progress_and_reason_as_fields_of_its_own() -> None:
    from airflow_provider_seedance.api.models import Video, VideoStatus

    wait = Wait(VIDEO, "v", interval=1, deadline=None, started=0)
    video = Video(video_id="v", vendor="byteplus", status=VideoStatus.RUNNING, progress=40)
    structlog = pytest.importorskip("structlog", reason="Airflow 3's tasks log by structlog")
    with structlog.testing.capture_logs() as records:
        tell_it = teller(structlog.get_logger("airflow_provider_seedance"), "v")
        tell_it(wait.saw(video, 1))
        tell_it(wait.saw(video, 2))  # nothing new: nothing said
        tell_it(wait.missed(TransientApiError("HTTP 502 at 100 %"), 3))
    seen, missed = records
    fields = ("video_id", "video_status", "video_progress", "wait_reason", "log_level")
    assert [seen.get(name) for name in fields] == ["v", "running", 40, None, "info"]
    assert [missed.get(name) for name in fields] == ["v", "running", 40, "HTTP 502 at 100 %", "warning"]


def test_an_older_airflow_s_logger_takes_the_sentence_alone(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("seedance.older")
    with caplog.at_level(logging.INFO, log.name):
        tell(log, "40 % done", video_status="running")
    assert caplog.messages == ["40 % done"]
