"""What a whole run at DEBUG level leaves behind: no key, no signed URL and no prompt but where the user put them."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator

import pytest

from dev.chaos import PROMPT, Report

from .conftest import CHAOS_KEY

pytestmark = pytest.mark.stack

AIRFLOWS_OWN = re.compile(r"^logs/scheduler\.log: .*Received message from task runner \[supervisor\].*type='Set\w+'\)$")
"""At DEBUG, Airflow's supervisor writes every message of a task into the log of the worker process: XComs and rendered
fields, of any operator. No provider can keep that from it; it is in no task's log, and in none above DEBUG."""
PROMPT_PART = PROMPT.partition(",")[0]
SIGNATURE = re.compile(r"Signature=[0-9a-f]{8}")


def rows(chaos: Report) -> Iterator[tuple[str, str, str]]:
    """Every value in Airflow's database: table, column, text."""
    with contextlib.closing(sqlite3.connect(f"file:{chaos.home / 'airflow.db'}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            cursor = database.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    yield table, column, text


def log_lines(chaos: Report) -> Iterator[tuple[str, str]]:
    """Every line of every log: file, text."""
    for path in sorted((chaos.home / "logs").rglob("*")):
        if path.is_file():
            for line in path.read_text(errors="replace").splitlines():
                yield str(path.relative_to(chaos.home)), line


def places_in_database(chaos: Report, wanted: re.Pattern[str] | str) -> set[str]:
    pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
    return {f"{table}.{column}" for table, column, text in rows(chaos) if pattern.search(text)}


def keys_of_xcoms_with(chaos: Report, wanted: str) -> set[str]:
    """Keys of the XComs that hold a text."""
    with contextlib.closing(sqlite3.connect(f"file:{chaos.home / 'airflow.db'}?mode=ro", uri=True)) as database:
        return {key for key, value in database.execute("SELECT key, value FROM xcom") if wanted in str(value)}


def log_lines_with(chaos: Report, wanted: re.Pattern[str] | str) -> list[str]:
    pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
    found = [f"{file}: {line}" for file, line in log_lines(chaos) if pattern.search(line)]
    return [line[:600] for line in found if not AIRFLOWS_OWN.search(line)]


def test_the_run_did_log_at_debug_level_and_did_deliver(chaos: Report) -> None:
    assert any("debug" in line for _file, line in log_lines(chaos))
    assert any(task.delivered for task in chaos.tasks)


def test_the_key_is_in_no_log_and_nowhere_in_the_database(chaos: Report) -> None:
    assert [line for _file, line in log_lines(chaos) if CHAOS_KEY in line] == []
    assert places_in_database(chaos, CHAOS_KEY) == set()


def test_signed_urls_are_in_xcom_only(chaos: Report) -> None:
    assert places_in_database(chaos, SIGNATURE) == {"xcom.value"}
    assert log_lines_with(chaos, SIGNATURE) == []


def test_the_prompt_is_only_where_the_user_wrote_it_or_sees_it_rendered(chaos: Report) -> None:
    user_sees = {"rendered_task_instance_fields.rendered_fields", "serialized_dag.data", "dag_code.source_code"}
    for_the_pages = {"xcom.value"}  # off with `[seedance] prompts_in_xcom`
    assert places_in_database(chaos, PROMPT_PART) <= user_sees | for_the_pages
    assert keys_of_xcoms_with(chaos, PROMPT_PART) <= {"seedance_asked"}
    assert log_lines_with(chaos, PROMPT_PART) == []


def test_trigger_rows_and_events_hold_no_key_no_prompt_and_no_url(chaos: Report) -> None:
    assert any("poll_interval" in row for row in chaos.stored), "no trigger was seen"
    for row in chaos.stored:
        assert CHAOS_KEY not in row
        assert PROMPT_PART not in row
        assert "http" not in row
