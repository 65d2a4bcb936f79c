"""The demo's parts that need no Airflow."""

import io
from pathlib import Path

import pytest

from dev.demo_run import VendorView, vendor_and_step
from dev.mp4 import inspect
from dev.screen import Screen, table


@pytest.mark.parametrize("task_id", ["create_byteplus", "byteplus.create", "byteplus.create_byteplus"])
def test_a_task_is_attributed_to_its_vendor_however_it_is_grouped(task_id: str) -> None:
    assert vendor_and_step(task_id) == ("byteplus", "create")


def test_what_a_vendor_is_doing_fits_into_80_columns() -> None:
    task = {"state": "scheduled"}
    view = VendorView("volcengine", {"create": task, "wait": task, "store": task}, "id", "succeeded", 100)
    assert len(view.line(1)) < 80


def test_the_time_waited_is_from_the_order_to_the_finished_video() -> None:
    view = VendorView(
        "byteplus",
        {"create": {"end_date": "2026-11-20T08:00:00.5Z"}, "wait": {"end_date": "2026-11-20T08:00:13Z"}},
    )
    assert view.waited == 12.5


def test_a_log_gets_only_the_lines_that_changed() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.show({"a": "one", "b": "two"})
    screen.show({"a": "one", "b": "three"})
    assert [line.split()[-1] for line in out.getvalue().splitlines()] == ["one", "two", "three"]


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    assert table(["a", "b"], [["longer", "x"]]) == "a       b\n------  -\nlonger  x"


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.mp4"
    path.write_text("<html>expired</html>" * 100)
    with pytest.raises(ValueError, match=r"page\.mp4"):  # PyAV's own error is a ValueError too
        inspect(path)
