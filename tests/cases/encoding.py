"""What takes events and XComs over, and what is stored: Airflow's own encoders, and the rules of PostgreSQL's texts."""

from __future__ import annotations

import json
from typing import Any

from tests.any_airflow import AIRFLOW


def survives_the_triggerer(payload: Any) -> Any:
    """The event's payload after the way from the triggerer's runner to its supervisor, and into the database."""
    from airflow.triggers.base import TriggerEvent

    event: Any = TriggerEvent(payload)  # type: ignore[no-untyped-call]
    if AIRFLOW >= (3, 1):
        import msgspec
        from airflow.sdk.execution_time import comms

        # What `messages.TriggerStateChanges` dumps, in the frame that the runner sends.
        frame = comms._RequestFrame(id=1, body={"events": [(1, event.model_dump())]})
        back = msgspec.msgpack.decode(bytes(frame.as_bytes()[4:]))
        assert back[1]["events"][0][1]["payload"] == payload
    return survives_the_database(payload)


def survives_as_xcom(value: Any) -> Any:
    """An XCom after the way from the task to its supervisor, and into the database."""
    if AIRFLOW >= (3, 1):
        import msgspec
        from airflow.sdk.execution_time import comms

        sent = comms.SetXCom(key="k", value=value, dag_id="d", run_id="r", task_id="t")
        frame = comms._RequestFrame(id=1, body=sent.model_dump())
        assert msgspec.msgpack.decode(bytes(frame.as_bytes()[4:]))[1]["value"] == value
    return survives_the_database(value)


def survives_the_database(value: Any) -> Any:
    """The value as JSON of strict readers, in a PostgreSQL text or jsonb column: no NUL, no half of a character."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    assert "\x00" not in text
    assert "\\u0000" not in text
    back = json.loads(text.encode())  # strict UTF-8
    assert back == value
    return back
