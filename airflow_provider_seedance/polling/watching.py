"""From a trigger to the poller of its connection: joining, leaving, and moving on when the connection changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow_provider_seedance.api.errors import SeedanceApiError
from airflow_provider_seedance.api.jobs import Decision, Outcome, Wait
from airflow_provider_seedance.polling.look_ups import Found, LookUp, SharedLookUp
from airflow_provider_seedance.polling.poller import Poller, may_be_the_key
from airflow_provider_seedance.polling.presence import open_board
from airflow_provider_seedance.polling.wait_queue import Read, read_video

if TYPE_CHECKING:
    from airflow_provider_seedance.polling.wait_queue import Watch


@dataclass
class _Shared:
    """The pollers and look-ups that the triggers of one event loop share.

    :param pollers: by connection id, vendor and address.
    :param look_ups: by connection id.
    """

    pollers: dict[tuple[str, ...], Poller] = field(default_factory=dict)
    look_ups: dict[str, SharedLookUp] = field(default_factory=dict)


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()

_closing: set[asyncio.Task[None]] = set()
"""Pollers that are being closed; the event loop alone doesn't keep the tasks alive."""


def shared() -> _Shared:
    """The pollers and look-ups of the running event loop."""
    return _shared.setdefault(asyncio.get_running_loop(), _Shared())


class Watcher:
    """One trigger's side of the poller that polls its job.

    :param conn_id: the connection's id.
    :param wait: decides what each poll means.
    :param look_up: looks the connection up.
    :param read: reads the job by itself.
    :param found: adapter and settings of the connection.
    :param started: the moment at which the trigger asked for these, by the monotonic clock.
    """

    def __init__(
        self, conn_id: str, wait: Wait[Any], look_up: LookUp, read: Read, *, found: Found, started: float
    ) -> None:
        self._conn_id, self._wait, self._look_up, self._read = conn_id, wait, look_up, read
        self._started = started
        self._join(_poller_for(conn_id, found))

    async def next(self) -> Decision[Any]:
        """Waits for the next decision that has anything new in it; the last one is final."""
        while True:
            decision = await self.watch.next()
            refused, never_seen = may_be_the_key(decision), _was_never_seen(decision)
            if not refused and not never_seen:
                return decision
            if await self._connection_has_changed(since=self.watch.last_polled if refused else self._started):
                self._wait.start_afresh()
                continue
            if decision.outcome is Outcome.WAIT:
                self._poller.put(self.watch)
            return decision

    def leave(self) -> asyncio.Task[None] | None:
        """Stops polling for the job.

        :return: the task that closes the poller, if nothing else waits at it.
        """
        if not self._poller.leave(self.watch):
            return None
        pollers = shared().pollers
        for identity in [identity for identity, poller in pollers.items() if poller is self._poller]:
            del pollers[identity]
        # In its own task: Airflow cancels a trigger again and again, which would leave sockets open.
        closing = asyncio.create_task(self._poller.close(), context=Context())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        return closing

    def _join(self, poller: Poller) -> None:
        self._poller, self._generation = poller, poller.generation
        self.watch: Watch = poller.join(self._wait, self._read)

    async def _connection_has_changed(self, since: float) -> bool:
        """Whether the connection has changed, so that the job is now polled with a new key or at another address.

        :param since: a moment by the monotonic clock; a later look-up decides.
        """
        if self._poller.is_broken:
            return False  # which says nothing about the connection
        if self._poller.generation == self._generation:
            look_ups, apart = shared().look_ups[self._conn_id], self._wait.interval
            try:
                poller = _poller_for(self._conn_id, await look_ups.after(since, self._look_up, apart=apart))
            except Exception:
                return False  # the refusal is what the task should report
            if poller is not self._poller:
                self.leave()
                self._join(poller)
                return True
            if poller.generation == self._generation:
                return False
        self._generation = self._poller.generation
        self._poller.resume(self.watch)
        return True


@asynccontextmanager
async def watching(conn_id: str, wait: Wait[Any], look_up: LookUp, read: Read = read_video) -> AsyncIterator[Watcher]:
    """Polls for a job, together with all other jobs of its connection in this process.

    :param conn_id: the connection's id.
    :param wait: decides what each poll means.
    :param look_up: looks the connection up; called if no other trigger has done so lately, or if a poll was refused.
    :param read: reads the job by itself.
    """
    started = time.monotonic()
    found = await shared().look_ups.setdefault(conn_id, SharedLookUp()).recent(look_up)
    # From here to the join nothing is awaited: the poller could be closed meanwhile.
    watcher = Watcher(conn_id, wait, look_up, read, found=found, started=started)
    try:
        yield watcher
    finally:
        if closing := watcher.leave():
            await asyncio.shield(closing)


def _poller_for(conn_id: str, found: Found) -> Poller:
    """The poller for the connection as it is now; the caller joins it at once.

    :raises SeedanceConfigError: the connection can't be used; existing pollers go on as before.
    """
    adapter, settings = found
    pollers = shared().pollers
    identity = (conn_id, adapter.name, settings.base_url or "")
    poller = pollers.get(identity)
    if poller is None or poller.is_broken:
        poller = pollers[identity] = Poller(conn_id, adapter, settings, open_board())
    elif not poller.polls_with(adapter, settings):
        poller.renew(adapter, settings)
    return poller


def _was_never_seen(decision: Decision[Any]) -> bool:
    """Whether the wait fails for a job that the vendor has never shown.

    The job may be at another address: the trigger's first look-up was shared, and may be older than the job.
    """
    failed = decision.outcome is Outcome.FAILED and decision.job is None
    return failed and isinstance(decision.error, SeedanceApiError)
