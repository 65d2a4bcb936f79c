"""Pollers in several processes know of each other by the ledger, which is never in the way of a poll."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakSet

import pytest

from airflow_provider_seedance.api.client import ClientSettings
from airflow_provider_seedance.ledger.presence import Sign
from airflow_provider_seedance.polling import presence, watching
from airflow_provider_seedance.polling.ledger_thread import LedgerThread
from airflow_provider_seedance.polling.presence import DEAD_AFTER, Neighbours, Presence, account_of, open_board
from airflow_provider_seedance.simulator import Simulator
from tests.support.boards import SharedBoard

from .helpers import Connect, cancel, ids_in, reads, start, submit, until

PATIENCE = 60.0
OWN = Sign("own", 1, 10)


class Table:
    """Other pollers' signs; may be away, or hang."""

    def __init__(self, *others: Sign) -> None:
        self.others, self.left, self.told = list(others), list[str](), 0
        self.is_away, self.go_on, self.asked = False, threading.Event(), threading.Semaphore(0)
        self.go_on.set()
        self.stands, self.is_hanging = set[str](), False

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        self.told += 1
        self.asked.release()
        self.is_hanging = not self.go_on.is_set()
        is_over = self.go_on.wait(PATIENCE)
        self.is_hanging = False
        assert is_over
        self.stands.add(sign.poller)
        if self.is_away:
            raise OSError("no such host")
        return [*self.others, sign]

    async def asked_again(self, times: int) -> None:
        while self.asked.acquire(blocking=False):
            pass
        for _ in range(times):
            assert await asyncio.to_thread(self.asked.acquire, timeout=PATIENCE)

    def leave(self, poller: str) -> None:
        self.left.append(poller)
        self.stands.discard(poller)


class Kept:
    """A presence that is kept, and each division that it told."""

    def __init__(self, table: Table) -> None:
        self.divisions: asyncio.Queue[dict[str, int]] = asyncio.Queue()
        self.presence = Presence(table, lambda: "account", lambda: 10, self._divide)
        self.task = asyncio.create_task(self.presence.keep())

    def _divide(self, own: str, waiting: dict[str, int]) -> None:
        self.divisions.put_nowait({("own" if name == own else name): jobs for name, jobs in waiting.items()})

    async def next(self) -> dict[str, int]:
        return await asyncio.wait_for(self.divisions.get(), PATIENCE)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task}, timeout=PATIENCE)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "EVERY", 0.01)
    monkeypatch.setattr(presence, "_ledger", LedgerThread())


def test_a_newcomer_counts_at_once_and_one_that_makes_no_more_signs_soon_does_not() -> None:
    neighbours, other = Neighbours(), Sign("other", 7, 500)
    assert neighbours.alive([OWN, other], 0.0) == {"own": 10, "other": 500}
    assert neighbours.alive([Sign("own", 2, 10), other], DEAD_AFTER) == {"own": 10, "other": 500}
    assert neighbours.alive([Sign("own", 3, 10), other], DEAD_AFTER + 1) == {"own": 10}
    assert neighbours.alive([Sign("own", 4, 10), Sign("other", 8, 400)], DEAD_AFTER + 2) == {"own": 10, "other": 400}


def test_what_another_s_clock_says_plays_no_part() -> None:
    neighbours = Neighbours()
    for beat, now in enumerate((1e9, 1e9 + 10, 1e9 + 20)):
        assert neighbours.alive([Sign("own", beat, 1), Sign("other", beat * 100, 1)], now) == {"own": 1, "other": 1}


async def test_a_poller_hears_of_the_others_and_takes_its_sign_away_when_it_ends() -> None:
    table = Table(Sign("other", 1, 30))
    kept = Kept(table)
    assert await kept.next() == {"other": 30, "own": 10}
    await kept.end()
    assert len(table.left) == 1


async def test_a_ledger_that_is_away_leaves_the_last_division_for_a_while_and_then_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(Sign("other", 1, 30))
    kept = Kept(table)
    assert await kept.next() == {"other": 30, "own": 10}
    table.is_away = True
    await table.asked_again(5)
    while not kept.divisions.empty():
        assert await kept.next() == {"other": 30, "own": 10}
    monkeypatch.setattr(presence, "FORGETS_AFTER", 0.0)
    assert await kept.next() == {"own": 1}
    assert [record.levelname for record in caplog.records if "no such host" in record.message] == ["WARNING"]
    table.is_away = False
    while await kept.next() != {"other": 30, "own": 10}:
        pass
    await kept.end()


async def test_a_ledger_that_hangs_is_asked_once_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "FORGETS_AFTER", 0.0)
    table = Table(Sign("other", 1, 30))
    table.go_on.clear()
    kept = Kept(table)
    assert await kept.next() == {"own": 1}
    assert await kept.next() == {"own": 1}
    assert table.told == 1
    table.go_on.set()
    while await kept.next() != {"other": 30, "own": 10}:
        pass
    await kept.end()


async def test_ledgers_that_hang_take_no_thread_from_those_that_look_hosts_up() -> None:
    """The event loop has few; if they all hung, no poll that needs a new connection would be sent any more."""
    loop, table = asyncio.get_running_loop(), Table()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    table.go_on.clear()
    kept = [Kept(table) for _ in range(3)]
    await until(lambda: table.told == 1, "a heartbeat that hangs")
    await asyncio.wait_for(loop.getaddrinfo("127.0.0.1", 80), PATIENCE / 2)
    table.go_on.set()
    for each in kept:
        await each.end()


def test_a_process_ends_though_its_ledger_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LEAVING", 0.01)
    table = Table()
    table.go_on.clear()

    async def polls() -> None:
        kept = Kept(table)
        await until(lambda: table.told == 1, "a heartbeat that hangs")
        await kept.end()

    asyncio.run(polls())
    assert table.is_hanging
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "seedance-ledger")
    table.go_on.set()


async def test_a_poller_that_ends_during_a_heartbeat_does_not_stand_in_the_table_afterwards() -> None:
    table = Table()
    table.go_on.clear()
    kept = Kept(table)
    await until(lambda: table.told == 1, "a heartbeat that hangs")
    kept.task.cancel()
    await asyncio.sleep(0.05)  # time for a farewell that doesn't wait for the heartbeat
    table.go_on.set()
    await asyncio.wait({kept.task}, timeout=PATIENCE)
    assert (len(table.left), table.stands) == (1, set())


async def test_a_heartbeat_that_fails_after_its_poller_has_ended_is_no_error_of_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "LEAVING", 0.01)
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    table = Table()
    table.go_on.clear()
    kept = Kept(table)
    await until(lambda: table.told == 1, "a heartbeat that hangs")
    await kept.end()
    table.is_away = True
    table.go_on.set()
    await until(lambda: bool(table.stands), "its failure")
    del kept
    await asyncio.sleep(0.05)
    gc.collect()
    assert told == []


async def test_pollers_that_come_and_go_while_the_ledger_hangs_leave_no_thread_and_no_memory_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "LEAVING", 0.01)
    before, table, living = threading.active_count(), Table(), WeakSet[Presence]()
    table.go_on.clear()
    for _ in range(20):
        kept = Kept(table)
        living.add(kept.presence)
        await asyncio.sleep(0)
        await kept.end()
        del kept
    gc.collect()
    assert threading.active_count() <= before + 1
    assert len(living) <= 1  # the one whose heartbeat hangs
    table.go_on.set()


def test_an_account_is_the_same_by_whatever_connection_and_its_name_tells_nothing_of_the_key() -> None:
    settings = ClientSettings(api_key="sk-secret-0123456789")
    name = account_of("byteplus", settings)
    assert name == account_of("byteplus", ClientSettings(api_key="sk-secret-0123456789", read_timeout=1.0))
    assert "secret" not in name
    others = (
        account_of("volcengine", settings),
        account_of("byteplus", ClientSettings(api_key="sk-other-0123456789")),
        account_of("byteplus", ClientSettings(api_key="sk-secret-0123456789", base_url="https://ark.example")),
    )
    assert len({name, *others}) == 4


def test_without_a_ledger_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", raising=False)
    assert open_board() is None


async def test_two_pollers_on_one_account_both_get_their_lists_in_real_time(
    sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = SharedBoard()
    monkeypatch.setattr(watching, "open_board", lambda: table)
    names = [connect("byteplus", name=name, lists_per_second=4, polls_per_second=1) for name in ("one", "two")]
    ids = submit("byteplus", 20)
    halves = {name: ids[number::2] for number, name in enumerate(names)}
    tasks = [task for name, half in halves.items() for task in start(half, name, poll_interval=0.2)]
    await until(lambda: len(table.signs) == 2 and all(sign.beat > 2 for sign in table.signs.values()), "both signs")
    before = len(reads(sim))

    def lists_for(half: list[str]) -> int:
        return sum(r.call == "list" and bool(set(ids_in(r)) & set(half)) for r in reads(sim)[before:])

    await until(lambda: all(lists_for(half) >= 4 for half in halves.values()), "four lists of each")
    await cancel(tasks)
    await until(lambda: not table.signs, "their farewell")
