"""The proxy of the second chaos run does what it says, and says what it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from airflow_provider_seedance.simulator import Simulator
from dev.chaos_proxy import KINDS, PASSED_ON, Proxy, fate_of, proxy_before, spoilt_calls

PATIENCE = 60.0
BODY = {"model": "seedance-2-0-fast-260128", "payload": {"prompt": "a paper boat"}}
HONEST = {
    "page 403": 403,
    "page 404": 404,
    "json 404": 404,
    "page 502": 502,
    "page 502 after": 502,
    "page 504 after": 504,
}


def create(url: str, sim: Simulator, patience: float = PATIENCE) -> int | str:
    """The status of one call, on a connection of its own, or what it ended with."""
    address = url + sim.base_url("gmicloud").removeprefix(sim.url) + "/requests"

    async def call() -> int:
        async with httpx.AsyncClient(timeout=None, verify=False) as client:
            headers = {"Authorization": f"Bearer {sim.api_key}"}
            return (await client.post(address, json=BODY, headers=headers)).status_code

    try:
        return asyncio.run(asyncio.wait_for(call(), patience))
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def has_bills(sim: Simulator, count: int) -> bool:
    return len(sim.ledger) == count


def test_what_is_not_spoilt_passes_as_it_is(seedance_simulator: Simulator, tmp_path: Path) -> None:
    with proxy_before(seedance_simulator.url, seed=0, log=tmp_path / "log", share=0) as url:
        assert create(url, seedance_simulator) == 200
    assert len(seedance_simulator.ledger) == 1
    (seen,) = seedance_simulator.creates()
    assert fate_of(seen.headers) == ""
    assert spoilt_calls(tmp_path / "log") == []


def test_each_kind_of_trouble_is_what_it_is_called_and_is_told_apart(
    seedance_simulator: Simulator, tmp_path: Path
) -> None:
    sim, log = seedance_simulator, tmp_path / "log"
    to_come, left = Proxy(("127.0.0.1", 1), 1.0, 0, log), set(KINDS)
    with proxy_before(sim.url, seed=0, log=log, share=1.0) as url:
        while left:
            kind, spoilt, bills = to_come.choose(), len(spoilt_calls(log)), len(sim.ledger)
            heard = create(url, sim, patience=1.0 if kind == "drip after" else PATIENCE)
            if kind in PASSED_ON:
                wait_for(partial(has_bills, sim, bills + 1))
                assert fate_of(sim.creates()[-1].headers) == kind
            else:
                assert (len(spoilt_calls(log)), len(sim.ledger)) == (spoilt + 1, bills)
                assert spoilt_calls(log)[-1].kind == kind
                assert "a paper boat" in spoilt_calls(log)[-1].body
            assert heard == HONEST[kind] if kind in HONEST else isinstance(heard, str), kind
            left.discard(kind)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_spoils_the_same_calls(seed: int, tmp_path: Path) -> None:
    first, second = (Proxy(("127.0.0.1", 1), 0.05, seed, tmp_path / "log") for _ in range(2))
    chosen = [first.choose() for _ in range(2000)]
    assert chosen == [second.choose() for _ in range(2000)]
    assert 0.03 < sum(map(bool, chosen)) / len(chosen) < 0.07
