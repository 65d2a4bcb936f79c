"""Writes runs with videos in all states into the database of a running stack, through Airflow's own models.

`python -m tests.ui.seed DAG COUNT < videos.json`, in the stack's environment. The JSON is a list of finished videos, as
the hook returns them, of which the seeded ones get their facts.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.models.dag_version import DagVersion
from airflow.models.dagrun import DagRun
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

PROMPTS = (
    "A paper boat in the rain, filmed from above",
    "The harbour at sunrise, gulls, soft light",
    "A lighthouse in a storm, slow dolly in",
    "A violin made of glass, turning slowly",
    "Steam over a cup of tea, macro, morning light",
    "A night train crosses a viaduct, seen from the valley",
    "A dancer in an empty warehouse, one long take",
    "Snow falls on a market square, people with umbrellas",
    "<img src=x onerror=\"document.title='broken'\"> is only text, and so is </script>",
    "夕暮れの海辺を歩く猫、ゆっくりとしたカメラワーク",
)
MARKUP = 8
"""Which of them is markup."""

STEPS = ("create", "wait", "store")

# The states of (create, wait, store), or of (one_task,): every state that a task can be shown in. "expired" is a
# success of some days ago.
COURSES: tuple[tuple[str | None, ...], ...] = (
    ("success", "success", "success"),
    ("success", "deferred", None),
    ("success", "success", "running"),
    ("success", "failed", "upstream_failed"),
    ("success",),
    ("success", "expired", "failed"),
    ("success", "running", None),
    ("failed", "upstream_failed", "upstream_failed"),
    ("deferred",),
    ("success", "up_for_reschedule", None),
    ("success", "queued", None),
    ("success", "skipped", "skipped"),
    ("up_for_retry", None, None),
    ("success", "expired", "success"),
    ("running", None, None),
    ("failed",),
    ("success", "scheduled", None),
    ("removed", "removed", "removed"),
    ("success", "success", "skipped"),
    ("queued", None, None),
)


def facts_of(dag_id: str, video: Mapping[str, Any], number: int, began: datetime, *, expired: bool) -> dict[str, Any]:
    """What a finished video's task hands on, with an id of its own."""
    now = datetime.now(UTC)
    until = now + timedelta(hours=-1 if expired else 20)
    ordered = began + timedelta(seconds=2)
    return {
        **video,
        "video_id": f"{video['video_id']}-{dag_id}-{number}",
        "url_expires_at": until.isoformat(),
        "created_at": ordered.isoformat(),
        "completed_at": (ordered + timedelta(seconds=70 + number % 7 * 13)).isoformat(),
        "seconds": 5,
        "tokens": 90_000 + number % 9 * 11_000,
    }


def seed(dag_id: str, count: int, videos: Sequence[Mapping[str, Any]]) -> None:
    """Adds `count` videos, one run each, spread over the last six days."""
    now = datetime.now(UTC)
    with create_session() as session:
        dag = SerializedDagModel.get_dag(dag_id, session=session)
        version = DagVersion.get_latest_version(dag_id, session=session)
        assert dag is not None, dag_id
        assert version is not None, dag_id
        for number in range(count):
            course = COURSES[number % len(COURSES)]
            began = now - timedelta(minutes=3 + number * (6 * 24 * 60 - 30) / count)
            run_id = f"seeded__{number:04}"
            run = DagRun(
                dag_id,
                run_id,
                run_after=began,
                start_date=began,
                run_type=DagRunType.MANUAL,
                # The DAG is paused, so the scheduler leaves this alone.
                state=DagRunState.RUNNING,
                triggered_by=DagRunTriggeredByType.REST_API,
            )
            run.created_dag_version_id = version.id
            session.add(run)
            session.flush()
            video = videos[number % len(videos)]
            done = facts_of(dag_id, video, number, began, expired="expired" in course)
            for task_id, state in zip(("one_task",) if len(course) == 1 else STEPS, course, strict=True):
                wanted = "success" if state == "expired" else state
                ti = TaskInstance(
                    dag.get_task(task_id),
                    dag_version_id=version.id,
                    run_id=run_id,
                    state=TaskInstanceState(wanted) if wanted else None,
                )
                if wanted not in (None, "queued", "scheduled", "upstream_failed", "skipped", "removed"):
                    ti.start_date = began
                    ti.try_number = 1
                if wanted in ("success", "failed"):
                    ti.end_date = began + timedelta(seconds=2 if task_id == "create" else 80)
                session.add(ti)
                session.flush()
                if ti.start_date:
                    session.add(RenderedTaskInstanceFields(ti, False, _fields(task_id, video, done, number)))
                for key, value in _told(task_id, wanted, done).items():
                    where = {"dag_run_id": run.id, "dag_id": dag_id, "run_id": run_id, "task_id": task_id}
                    session.add(XComModel(**where, key=key, value=value))


def _fields(task_id: str, video: Mapping[str, Any], done: Mapping[str, Any], number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"seedance_conn_id": f"seedance_{video['vendor']}"}
    if task_id in ("wait", "store"):
        return fields | {"video_id": done["video_id"]}
    return fields | {"model": video["model"], "prompt": PROMPTS[number % len(PROMPTS)], "duration": 5}


def _told(task_id: str, state: str | None, done: Mapping[str, Any]) -> dict[str, Any]:
    if task_id == "create" and state == "success":
        late = {"completed_at", "video_url", "last_frame_url", "thumbnail_url", "url_expires_at", "tokens", "usage"}
        ordered = {name: None if name in late else value for name, value in done.items()}
        return {"return_value": ordered | {"status": "queued"}, "video_id": done["video_id"]}
    if task_id == "store" and state == "success":
        return {"return_value": _manifest(done)}
    if state == "success":
        return {"return_value": dict(done)}
    return {"video_id": done["video_id"]} if task_id == "one_task" else {}


def _manifest(done: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "uri": f"s3://videos/2026/{done['video_id']}.mp4",
        "bytes": 3_481_216,
        "sha256": hashlib.sha256(done["video_id"].encode()).hexdigest(),
        "content_type": "video/mp4",
        "duration": 5.04,
        "width": 1280,
        "height": 720,
        "video_id": done["video_id"],
        "vendor": done["vendor"],
        "model": done["model"],
    }


if __name__ == "__main__":
    seed(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin))
