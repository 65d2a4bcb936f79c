"""Each vendor of the simulator is asked, over real HTTP, as a user asks."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter
from airflow_provider_seedance.api.vendors.assumptions import assumptions_about, first_contact, smallest_request
from airflow_provider_seedance.check.command import main
from airflow_provider_seedance.check.judging import judged_keys
from airflow_provider_seedance.simulator import VENDORS, Simulator

from .helpers import Run

vendors = pytest.mark.parametrize("vendor", [name for name in VENDORS if name in BUILT_IN])


@vendors
def test_what_is_free_leaves_no_video_and_no_bill(vendor: str, still: Simulator, run: Run) -> None:
    run.connect(still, vendor)
    result = run()
    assert (result.code, result.broken, still.ledger) == (0, [], [])
    assert result.verdicts["key.works"] == "holds"
    assert all(verdict == "can't tell" for key, verdict in result.verdicts.items() if key.startswith("url."))


@vendors
def test_one_video_is_bought_and_the_rest_is_checked_with_it(vendor: str, moving: Simulator, run: Run) -> None:
    run.connect(moving, vendor)
    result = run("--buy-one")
    assert (result.code, result.broken) == (0, [])
    assert [bill.vendor for bill in moving.ledger] == [vendor]
    expected = {"create.accepted", "read.at-once", "status.known", "status.order", "video.delivered"}
    if BUILT_IN[vendor].can_list:
        expected |= {"list.answered", "mark.repeated", "list.lag"} - set(first_contact(BUILT_IN[vendor]).left_out)
    assert expected <= {key for key, verdict in result.verdicts.items() if verdict == "holds"}
    assert result.report["purchase"]["video_id"] in moving.videos


@vendors
def test_a_create_is_sent_for_its_refusal_only_where_documents_say_that_it_is_refused(
    vendor: str, still: Simulator, run: Run
) -> None:
    contact = first_contact(BUILT_IN[vendor])
    run.connect(still, vendor)
    result = run()
    if contact.refused is None:
        assert still.creates() == []
        assert result.seen["request.refused"].startswith("can't be told without paying")
    else:
        basis = {item.key: item.basis for item in assumptions_about(BUILT_IN[vendor])}["request.refused"]
        assert basis.mark == "documented"
        assert [request.answered for request in still.creates()] != []
        assert len(still.creates()) == 1
        assert result.verdicts["request.refused"] == "holds"


def test_with_reads_only_no_create_is_sent_at_all(still: Simulator, run: Run) -> None:
    run.connect(still, "byteplus")
    result = run("--reads-only")
    assert (result.code, still.creates()) == (0, [])
    assert {request.method for request in still.requests} == {"GET"}


@pytest.mark.parametrize("vendor", BUILT_IN)
def test_somebody_asks_about_each_assumption(vendor: str) -> None:
    contact = first_contact(BUILT_IN[vendor])
    own = {look.assumption.key for look in contact.looks}
    keys = [item.key for item in assumptions_about(BUILT_IN[vendor])]
    assert set(keys) <= judged_keys() | own
    assert len(keys) == len(set(keys))
    assert smallest_request(make_adapter(vendor)) is not None


@pytest.mark.parametrize("vendor", BUILT_IN)
def test_what_a_vendors_folder_says_is_about_assumptions_that_exist(vendor: str) -> None:
    contact = first_contact(BUILT_IN[vendor])
    keys = judged_keys() | {look.assumption.key for look in contact.looks}
    assert set(contact.basis) <= keys
    assert set(contact.left_out) <= keys
    assert set(contact.also) <= keys


def test_the_tool_proves_itself_against_the_simulator(
    tmp_path: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    report = f"{tmp_path}/proof"
    arguments = ["--against-simulator", "--vendor", "byteplus", "--vendor", "gmicloud", "--report", report]
    assert main([*arguments, "--buy-one", "--cancel-it"]) == 0
    told = capsys.readouterr().out
    assert "BytePlus ModelArk:" in told
    assert "GMI Cloud:" in told
    cancelled = [line.split() for line in told.splitlines() if "cancel.queued" in line]
    assert cancelled == [["holds", "cancel.queued", "cancelled"]]


@pytest.mark.parametrize(
    ("vendor", "arguments", "models", "asked"),
    [
        ("byteplus", ["--model", "seedance-2.0"], None, "dreamina-seedance-2-0-260128"),
        ("byteplus", ["--model", "ep-20260101-abcde"], None, "ep-20260101-abcde"),
        ("byteplus", [], {"seedance-2.0": "ep-20260101-abcde"}, "ep-20260101-abcde"),
        ("gmicloud", ["--model", "seedance-2.0-fast"], None, "seedance-2-0-fast-260128"),
    ],
)
def test_a_family_and_what_the_account_has_for_it_may_be_asked_about(
    vendor: str, arguments: list[str], models: dict[str, str] | None, asked: str, still: Simulator, run: Run
) -> None:
    run.connect(still, vendor, models=models)
    result = run("--reads-only", *arguments)
    assert (result.code, result.report["model"]) == (0, asked)


def test_a_family_that_the_vendor_has_not_is_no_run(still: Simulator, run: Run) -> None:
    run.connect(still, "gmicloud")
    result = run("--model", "seedance-2.0-mini")
    assert (result.code, still.requests) == (2, [])
    assert "documents no equivalent" in result.text
