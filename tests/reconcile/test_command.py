"""The command: its arguments, what it prints, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.reconcile.command import main, moment
from airflow_provider_seedance.simulator import Simulator
from tests.ledger.conftest import CONN_ID, Database
from tests.support.loud import loud as loud

from .helpers import Story

NOW = 1_795_000_000.0
LOOK = ["--settle", "0", "--since", "1h"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36h", NOW - 36 * 3600),
        ("7d", NOW - 7 * 86_400),
        ("0h", NOW),
        ("2026-11-26", 1_795_651_200.0),
        ("2026-11-26T01:00", 1_795_654_800.0),
        ("2026-11-26T01:00:00+08:00", 1_795_626_000.0),
        ("2026-11-26T01:00:00Z", 1_795_654_800.0),
    ],
)
def test_a_moment_is_iso_8601_or_how_long_ago(text: str, expected: float) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "arguments", [["--since", "yesterday"], ["--since", "1h", "--until", "2h"], ["--most-ids", "0"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    assert "error: --" in capsys.readouterr().err


def test_an_orphan_is_printed_and_the_exit_code_is_1(
    ledger: Database, sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(sim)
    orphan, delivered = story.orphaned("byteplus"), story.delivered("jimmyai")
    capsys.readouterr()
    assert main(LOOK) == 1
    printed = capsys.readouterr().out
    assert orphan in printed
    assert "dag.create[1] run" in printed
    assert "0.5 USD" in printed
    assert "Look at this: orphan 1." in printed
    assert delivered not in printed
    assert main([*LOOK, "--all", "--conn-id", "seedance_jimmyai"]) == 0
    assert delivered in capsys.readouterr().out


def test_json_goes_to_the_terminal_and_the_whole_result_to_a_file(
    ledger: Database, sim: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path, loud: None
) -> None:
    orphan = Story(sim).orphaned("modellix")
    capsys.readouterr()
    assert main([*LOOK, "--json", "--report", str(tmp_path / "report.json")]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "report.json").read_text())
    assert [row["video_id"] for row in printed["rows"]] == [orphan]
    assert printed["counts"] == {"orphan": 1}
    assert printed["calls_for_action"] is True


def test_an_orphan_is_landed(
    ledger: Database, sim: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    orphan = Story(sim).orphaned("byteplus")
    assert main([*LOOK, "--land-to", f"file://{tmp_path}/"]) == 0
    assert f"{tmp_path}/{orphan}.mp4" in capsys.readouterr().out
    assert (tmp_path / f"{orphan}.mp4").is_file()


def test_a_ledger_that_is_away_and_none_at_all_are_told(
    ledger: Database, sim: Simulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.go_away()
    assert main(LOOK) == 2
    assert "The ledger (connection 'seedance_ledger') can't be used now" in capsys.readouterr().err
    monkeypatch.delenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID")
    assert main(LOOK) == 2
    assert "ledger_conn_id" in capsys.readouterr().err
    assert main([*LOOK, "--conn-id", "seedance_jimmyai"]) == 2
    assert "There is no ledger in a database" in capsys.readouterr().out


def test_a_connection_that_is_not_there_is_named(
    ledger: Database, sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LOOK, "--conn-id", "nobody_s", "--conn-id", "seedance_jimmyai"]) == 2
    assert "The connection 'nobody_s' can't be read" in capsys.readouterr().out


@pytest.mark.slow
def test_it_runs_as_a_module_and_prints_nothing_but_json(ledger: Database, sim: Simulator, tmp_path: Path) -> None:
    orphan = Story(sim).orphaned("byteplus")
    command = [sys.executable, "-m", "airflow_provider_seedance.reconcile", *LOOK, "--ledger-conn-id", CONN_ID]
    command += ["--json", "--land-to", f"file://{tmp_path}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"][0]["uri"] == f"file://{tmp_path}/{orphan}.mp4"
