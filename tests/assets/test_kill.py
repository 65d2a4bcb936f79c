"""SIGKILL while media are uploaded and waited for: the next attempt loses no asset, and sends nothing twice that the
record of the first one holds.

What was stored but never recorded is stored again: the vendor has no list in which it could be recognised, and a stored
file costs nothing.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.task_life import Ti, begin_in_a_process
from dev.task_life import watch as run_trigger
from tests.transfers.server import FileServer

from .helpers import PNG, called

CONN = "seedance_jimmyai"
PATIENCE = 120.0
LONG = 600.0

Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def _records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ledger: what is in this process's memory dies with it."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}/ledger")


def step(fields: Fields, method: str = "execute", event: Any = None) -> dict[str, Any]:
    """What one worker process does: to the end, or until it defers. It gives the result, or the trigger as stored."""
    from airflow.providers.common.compat.sdk import TaskDeferred

    operator = SeedanceUploadAssetOperator(task_id="upload", seedance_conn_id=CONN, poll_interval=0.05, **fields)
    context = cast("Any", {"ti": Ti(task_id="upload")})
    try:
        if method == "execute":
            return {"result": operator.execute(context)}
        return {"result": operator.execute_complete(context, event)}
    except TaskDeferred as deferral:
        return {"trigger": deferral.trigger.serialize()}


def killed(moment: Callable[[], bool], function: Callable[..., Any], *args: Any) -> None:
    """Calls the function in a process that is killed at a moment."""
    process, said = begin_in_a_process(function, *args)
    until = time.monotonic() + PATIENCE
    while not moment():
        assert not said.poll(), f"it ended before that: {said.recv()}"
        assert time.monotonic() < until, "the moment did not come"
        time.sleep(0.005)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL


def kept(sim: Simulator) -> Counter[str]:
    """How many the vendor has, by library."""
    return Counter(asset.library for asset in sim.assets.values())


@dataclass(frozen=True)
class Place:
    """Where a worker process dies.

    :param name: for the test's.
    :param slow: how many uploads pass before the one whose answer comes too late; `None`: no answer does.
    :param moment: what the vendor has seen by then.
    :param after: what the vendor has in the end.
    """

    name: str
    slow: int | None
    moment: Callable[[Simulator], bool]
    after: dict[str, int]


PLACES = (
    Place("the file is stored, and not recorded", 0, lambda sim: kept(sim)["files"] == 1, {"files": 2, "sp": 1}),
    Place("the file is recorded, its registration is not", 1, lambda sim: kept(sim)["sp"] == 1, {"files": 1, "sp": 2}),
    Place("it is recorded and waited for", None, lambda sim: called(sim, "asset") > 0, {"files": 1, "sp": 1}),
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_worker_that_is_killed_sends_nothing_twice_that_it_has_recorded(
    place: Place, sim: Simulator, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"source": str(files / "girl.png"), "library": "sp", "deferrable": False}
    if place.slow is not None:
        sim.faults.add(Fault("slow", on="upload", skip=place.slow, seconds=LONG))
    killed(lambda: place.moment(sim), step, fields)
    sim.faults.clear()
    monkeypatch.setattr(sim._world.settings, "asset_seconds", 0.0)
    for asset_id in sim.assets:
        sim.finish_asset(asset_id)
    result = step(fields)["result"]
    assert kept(sim) == place.after
    assert sim.assets[result["asset_id"]].library == "sp"
    assert result["status"] == "active"


def test_a_worker_that_is_killed_while_it_fetches_the_source_uploads_it_whole_afterwards(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sim.connection_json("jimmyai", allow_private_hosts=True)
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN.upper()}", connection)
    content = PNG + bytes(1_000_000)
    with FileServer(content) as host:
        host.pause = 0.2
        fields = {"source": host.url(), "library": "files"}
        killed(lambda: host.sent > 0, step, fields)
        assert kept(sim) == {}
        host.pause = 0
        step(fields)
    (asset,) = sim.assets.values()
    assert asset.size == len(content)


def test_a_triggerer_that_is_killed_is_replaced_by_one_that_waits_for_the_same_asset(
    sim: Simulator, files: Path
) -> None:
    fields = {"source": str(files / "girl.png"), "library": "sp"}
    path, kwargs = step(fields)["trigger"]
    killed(lambda: called(sim, "asset") > 1, run_trigger, path, kwargs)
    registered = next(asset.id for asset in sim.assets.values() if asset.library == "sp")
    sim.finish_asset(registered)
    event = run_trigger(path, kwargs)
    result = step(fields, "execute_complete", event)["result"]
    assert (result["asset_id"], result["status"]) == (registered, "active")
    assert kept(sim) == {"files": 1, "sp": 1}


def test_a_worker_that_is_killed_when_it_resumes_leaves_the_asset_to_the_retry(sim: Simulator, files: Path) -> None:
    fields = {"source": str(files / "girl.png"), "library": "sp"}
    path, kwargs = step(fields)["trigger"]
    registered = next(asset.id for asset in sim.assets.values() if asset.library == "sp")
    sim.finish_asset(registered)
    event = run_trigger(path, kwargs)
    seen = called(sim, "asset")
    sim.faults.add(Fault("slow", on="asset", seconds=LONG))
    killed(lambda: called(sim, "asset") > seen, step, fields, "execute_complete", event)
    sim.faults.clear()
    path, kwargs = step(fields)["trigger"]  # a retry is a new attempt: it waits again
    result = step(fields, "execute_complete", run_trigger(path, kwargs))["result"]
    assert (result["asset_id"], result["status"]) == (registered, "active")
    assert kept(sim) == {"files": 1, "sp": 1}
