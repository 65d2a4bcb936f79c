"""The check pays once, and only when somebody at a terminal says so."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from airflow_provider_seedance.check import buying
from airflow_provider_seedance.check.buying import PurchaseFile
from airflow_provider_seedance.check.command import CONFIRMATION
from airflow_provider_seedance.check.seen import Purchase
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import Run


def test_without_a_terminal_nothing_is_bought(moving: Simulator, run: Run) -> None:
    run.connect(moving, "byteplus")
    result = run("--buy-one", types=None)
    assert (result.code, moving.ledger) == (2, [])
    assert "on a terminal" in result.text
    assert result.verdicts["key.works"] == "holds"  # what is free was asked all the same


@pytest.mark.parametrize("typed", ["", "y", "yes", "Buy One Video!", "buy"])
def test_only_the_whole_confirmation_buys(typed: str, moving: Simulator, run: Run) -> None:
    run.connect(moving, "gmicloud")
    result = run("--buy-one", types=typed)
    assert (result.code, moving.ledger) == (2, [])
    assert not (run.folder / "report.purchase.json").exists()


@pytest.mark.parametrize(
    ("prices", "shown"),
    [
        ({"*": {"currency": "USD", "per_second": 0.05}}, "Price: 0.2 USD"),
        (None, "Price: unknown"),
    ],
)
def test_the_price_is_shown_before_anybody_confirms(prices: object, shown: str, moving: Simulator, run: Run) -> None:
    run.connect(moving, "byteplus", prices=prices)
    assert shown in run("--buy-one", types="no").text


def test_a_vendor_that_quotes_prices_is_asked_for_it(moving: Simulator, run: Run) -> None:
    run.connect(moving, "runware")
    result = run("--buy-one", types="no")
    assert re.search(r"Price: [0-9.]+ USD\.", result.text)
    assert (result.code, moving.ledger) == (2, [])


def test_an_interrupted_run_goes_on_with_its_video_and_buys_no_second(
    moving: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.connect(moving, "byteplus")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(buying.Watch, "_find", interrupted)
        first = run("--buy-one")
    bought = [bill.video_id for bill in moving.ledger]
    assert first.code == 3
    assert first.report["purchase"]["video_id"] == bought[0]
    assert f"`{bought[0]}`" in (run.folder / "report.md").read_text()
    second = run("--buy-one", types="nobody is asked")
    assert (second.code, second.broken) == (0, [])
    assert [bill.video_id for bill in moving.ledger] == bought


def test_a_create_without_an_answer_is_found_by_its_mark(moving: Simulator, run: Run) -> None:
    moving.faults.add(Fault("reset_after", on="create"))
    run.connect(moving, "byteplus")
    result = run("--buy-one")
    assert result.code == 0
    assert result.report["purchase"]["refusal"].startswith("SubmissionUnknownError")
    assert [bill.video_id for bill in moving.ledger] == [result.report["purchase"]["video_id"]]


def test_a_create_without_an_answer_stays_in_doubt_where_there_is_no_list(moving: Simulator, run: Run) -> None:
    moving.faults.add(Fault("reset_after", on="create"))
    run.connect(moving, "jimmyai")
    first = run("--buy-one")
    assert first.code == 3
    assert "Nobody knows whether a video was bought" in first.text
    again = run("--buy-one")
    assert again.code == 3
    assert len(moving.ledger) == 1


def test_a_process_that_is_killed_before_the_answer_leaves_a_note_that_forbids_a_second_create(
    moving: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.connect(moving, "jimmyai")

    class Killed(BaseException):
        """What nothing catches."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("airflow_provider_seedance.check.buying.SeedanceClient.create_video", kill)
        with pytest.raises(Killed):
            run("--buy-one", "--reads-only")
    assert json.loads((run.folder / "report.purchase.json").read_text())["outcome"] == "sent"
    assert run("--buy-one").code == 3
    assert moving.ledger == []


def test_with_a_full_disk_the_id_is_on_the_screen(
    moving: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run.connect(moving, "byteplus")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PurchaseFile, "save", full)
    with pytest.raises(OSError, match="No space"):
        run("--buy-one")
    assert f"Bought: {moving.ledger[0].video_id}" in capsys.readouterr().out


def test_a_refused_create_leaves_no_note(moving: Simulator, run: Run) -> None:
    moving.faults.add(Fault("no_balance", on="create", skip=1))
    run.connect(moving, "byteplus")
    result = run("--buy-one")
    assert (result.code, moving.ledger) == (0, [])
    assert result.verdicts["create.accepted"] == "can't tell"
    assert not (run.folder / "report.purchase.json").exists()


def test_nothing_is_bought_after_a_create_that_had_to_be_refused_was_not(moving: Simulator, run: Run) -> None:
    moving.faults.add(Fault("http_500", on="create"))
    run.connect(moving, "byteplus")
    result = run("--buy-one")
    assert result.code == 3
    assert len(moving.creates()) == 1
    assert "Nothing is bought" in result.text


@pytest.mark.parametrize("fault", ["http_500", "reset_after"])
def test_a_create_that_had_to_be_refused_and_was_not_is_never_sent_again(
    fault: str, still: Simulator, run: Run
) -> None:
    still.faults.add(Fault("http_status", on="create", status=500) if fault == "http_500" else Fault("reset_before"))
    run.connect(still, "byteplus")
    first, second, third = run(), run(), run()
    assert [first.code, second.code, third.code] == [3, 3, 3]
    assert len(still.creates()) == 1
    assert first.seen["request.refused"] == third.seen["request.refused"]


def test_a_report_that_cannot_be_read_is_not_overwritten(still: Simulator, run: Run) -> None:
    (run.folder / "report.json").write_text("[]")
    run.connect(still, "byteplus")
    assert run.code() == 2
    assert still.creates() == []


def test_another_accounts_note_is_not_taken_for_ones_own(moving: Simulator, run: Run) -> None:
    run.connect(moving, "jimmyai")
    assert run("--buy-one").code == 0
    run.connect(moving, "modellix")
    result = run("--buy-one")
    assert result.code == 2
    assert "another --report" in result.text


def test_a_torn_note_forbids_everything(moving: Simulator, run: Run) -> None:
    (run.folder / "report.purchase.json").write_text("")
    run.connect(moving, "byteplus")
    assert run("--buy-one").code == 2
    assert moving.creates() == []


def test_of_two_runs_at_once_one_buys(tmp_path: Path) -> None:
    file = PurchaseFile(tmp_path / "report.purchase.json")
    file.claim(Purchase("a", {}, time.time()))
    with pytest.raises(FileExistsError):
        file.claim(Purchase("a", {}, time.time()))


def test_a_note_of_a_later_version_can_be_read(tmp_path: Path) -> None:
    file = PurchaseFile(tmp_path / "report.purchase.json")
    file.claim(Purchase("a", {"model": "m"}, 1.0, course=[("queued", 0.0)]))
    stored = json.loads(file.path.read_text()) | {"new": 1}
    file.path.write_text(json.dumps(stored))
    assert file.read() == Purchase("a", {"model": "m"}, 1.0, course=[("queued", 0.0)])


def test_on_a_terminal_the_program_buys_from_a_connection_in_the_environment(moving: Simulator, tmp_path: Path) -> None:
    address = quote(moving.base_url("jimmyai"), safe="")
    uri = f"seedance://:{moving.api_key}@{address}/?vendor=jimmyai&allow_private_hosts=true"
    program = [sys.executable, "-m", "airflow_provider_seedance.check", "--conn-id", "one", "--buy-one"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "AIRFLOW_CONN_ONE": uri, "AIRFLOW_HOME": str(tmp_path / "airflow")}
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [*program, "--poll-interval", "0.2", "--report", str(tmp_path / "it")],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, "PYTHONPATH": root},
        text=True,
    ) as process:
        os.write(ours, f"{CONFIRMATION}\n".encode())
        told, _ = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, told
    assert len(moving.ledger) == 1
    assert "create.accepted" in told
