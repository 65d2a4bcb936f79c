"""One poller per connection and triggerer process: all its waiting triggers share one HTTP client and one loop.

It asks first for what has waited longest since its last poll, for many videos at once where the vendor allows it, and
keeps to the connection's request rate for all of them together. It logs nothing: each watcher logs its own news.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow.providers.common.compat.sdk import Stats

from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceError,
    TransientApiError,
)
from airflow_provider_seedance.api.polling import Decision, Outcome, Wait
from airflow_provider_seedance.triggers.pace import Pace

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings
    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.api.vendors.base import VendorAdapter

JITTER = 0.1
"""First polls are spread over this share of the interval, so that videos submitted together don't stay in step."""

EARLY = 0.5
"""A video may ride in a batch that goes out anyway once this share of its interval has passed."""

LATE = 1.0
"""Seconds by which a last poll may miss its deadline; if it would be later, the wait is given up without it."""

MOST_IN_FLIGHT = 16
"""Requests under way at once."""

LookUp = Callable[[], Awaitable[tuple["VendorAdapter", "ClientSettings"]]]


class Watch:
    """One video that somebody waits for.

    :param wait: decides what each poll means.
    """

    def __init__(self, wait: Wait, now: float) -> None:
        self.wait = wait
        self.due = now
        self.last_polled = 0.0
        self.gone = False
        self.in_flight = False
        self.single = False
        """Whether it was missing from a batch and has to be asked for by itself."""
        self._news: asyncio.Queue[Decision] = asyncio.Queue()

    def tell(self, decision: Decision) -> None:
        """Hands a decision to whoever waits, if it says anything."""
        if decision.outcome is not Outcome.WAIT or decision.note or decision.error:
            self._news.put_nowait(decision)

    async def next(self) -> Decision:
        """The next decision that says anything."""
        return await self._news.get()


class Poller:
    """Polls for all watchers of one connection.

    :param adapter: the vendor.
    :param settings: whom to ask, how often.
    """

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        self.settings = settings
        self._adapter = adapter
        self._client = PollingClient(adapter, settings)
        self.generation = 0
        """Counts changes of the client, so that the first of many watchers with a refused key renews it for all."""
        self.renewing = asyncio.Lock()
        rates = settings.rates or adapter.rates
        self._singles = Pace(rates.get_per_second)
        self._batches = Pace(rates.list_per_second)
        self._batch_size = adapter.most_ids_per_request
        self._tags = {"vendor": adapter.name}
        self._order = count()
        self._later: list[tuple[float, int, Watch]] = []
        self._ready: list[tuple[float, int, Watch]] = []
        self._deadlines: list[tuple[float, int, Watch]] = []
        self._watchers: set[Watch] = set()
        self._wake = asyncio.Event()
        self._requests: set[asyncio.Task[None]] = set()
        # A context of its own: the loop must not inherit the first trigger's, or its logs would land with that task.
        self._loop = asyncio.create_task(self._run(), context=contextvars.Context(), name="seedance-poller")
        self._loop.add_done_callback(self._loop_ended)

    def join(self, wait: Wait) -> Watch:
        """Begins to poll for a video."""
        now = time.time()
        # Not at once: whoever joins has just read the video, or submitted it.
        first = now + wait.interval * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret
        watch = Watch(wait, first if wait.deadline is None else min(first, max(now, wait.deadline)))
        self._watchers.add(watch)
        if wait.deadline is not None:
            heapq.heappush(self._deadlines, (wait.deadline, next(self._order), watch))
        self._schedule(watch)
        return watch

    def leave(self, watch: Watch) -> bool:
        """Stops polling for a video; says whether nobody is left."""
        watch.gone = True
        self._watchers.discard(watch)
        return not self._watchers

    async def close(self) -> None:
        """Stops the loop and closes all connections."""
        tasks = [self._loop, *self._requests]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def renew(self, settings: ClientSettings) -> None:
        """Goes on with other settings: the connection has changed."""
        old = self._client
        self._client, self.settings = PollingClient(self._adapter, settings), settings
        self.generation += 1
        await old.aclose()

    def resume(self, watch: Watch) -> None:
        """Polls again for a video whose last decision was taken back."""
        watch.due = time.time()
        self._schedule_if_there(watch)

    def _loop_ended(self, loop: asyncio.Task[None]) -> None:
        """Should the loop ever fail, nobody is left waiting for it."""
        if not loop.cancelled():
            for watch in self._watchers:
                watch.tell(_broken(loop.exception()))

    def _schedule(self, watch: Watch) -> None:
        heapq.heappush(self._later, (watch.due, next(self._order), watch))
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            now = time.time()
            self._give_up_what_cannot_be_asked_in_time(now)
            self._collect_ready(now)
            pause = self._send_what_is_due(now)
            # Not `wait_for`: before Python 3.12 it can lose a cancellation that comes with the wake-up.
            alarm = asyncio.get_running_loop().call_later(max(0.0, pause), self._wake.set)
            try:
                await self._wake.wait()
            finally:
                alarm.cancel()

    def _give_up_what_cannot_be_asked_in_time(self, now: float) -> None:
        """A pause that the vendor asked for doesn't extend a deadline. Otherwise there is one last poll at it."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, order, watch = heapq.heappop(self._deadlines)
            if watch.gone:
                continue
            if not watch.in_flight and min(self._singles.wait(now), self._batches.wait(now)) > LATE:
                watch.gone = True
                watch.tell(watch.wait.put_off(now))
            else:
                heapq.heappush(self._deadlines, (now + LATE, order, watch))

    def _collect_ready(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, order, watch = heapq.heappop(self._later)
            if not watch.gone:
                heapq.heappush(self._ready, (watch.last_polled, order, watch))

    def _send_what_is_due(self, now: float) -> float:
        """Starts at most one request; returns the seconds until there may be more to do."""
        while self._ready and self._ready[0][2].gone:
            heapq.heappop(self._ready)
        if not self._ready:
            return self._until_next(now, self._later[0][0] if self._later else now + 60.0)
        if len(self._requests) >= MOST_IN_FLIGHT:
            return 60.0  # a request that ends wakes the loop
        single = self._batch_size < 2 or self._ready[0][2].single or len(self._watchers) < 2
        pace = self._singles if single else self._batches
        wait = pace.wait(now)
        if wait > 0:
            return self._until_next(now, now + wait)
        pace.take(now)
        watches = [heapq.heappop(self._ready)[2]] if single else self._fill_batch(now)
        task = asyncio.create_task(self._request(watches, pace), context=contextvars.Context())
        self._requests.add(task)
        task.add_done_callback(self._request_ended)
        return 0.0

    def _until_next(self, now: float, moment: float) -> float:
        return min(moment, self._deadlines[0][0] if self._deadlines else moment) - now

    def _request_ended(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._wake.set()

    def _fill_batch(self, now: float) -> list[Watch]:
        batch: list[Watch] = []
        kept: list[tuple[float, int, Watch]] = []
        while self._ready and len(batch) < self._batch_size:
            entry = heapq.heappop(self._ready)
            if entry[2].single and not entry[2].gone:
                kept.append(entry)
            elif not entry[2].gone:
                batch.append(entry[2])
        for entry in kept:
            heapq.heappush(self._ready, entry)
        while self._later and len(batch) < self._batch_size:
            due, _, watch = self._later[0]
            if watch.gone:
                heapq.heappop(self._later)
                continue
            if due - now > (1 - EARLY) * watch.wait.interval or watch.single:
                break
            heapq.heappop(self._later)
            batch.append(watch)
        return batch

    async def _request(self, watches: list[Watch], pace: Pace) -> None:
        now = time.time()
        for watch in watches:
            watch.in_flight = True
        Stats.incr("seedance.polls", tags=self._tags)
        Stats.gauge("seedance.poll_batch_size", len(watches), tags=self._tags)
        Stats.gauge("seedance.waiting_videos", len(self._watchers), tags=self._tags)
        Stats.timing("seedance.poll_lateness", max(0.0, now - min(w.due for w in watches)) * 1000, tags=self._tags)
        try:
            try:
                found = await self._ask(watches)
            except SeedanceError as error:
                self._failed(watches, error)
            else:
                pace.went_well(time.time())
                self._answered(watches, found)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # Whatever it is, nobody is left waiting for an answer that will not come.
            for watch in watches:
                watch.tell(_broken(error))
            if not isinstance(error, Exception):
                raise
        finally:
            for watch in watches:
                watch.in_flight = False

    async def _ask(self, watches: list[Watch]) -> dict[str, Video]:
        ids = [watch.wait.video_id for watch in watches]
        videos = [await self._client.get_video(ids[0])] if len(ids) == 1 else await self._client.get_many(ids)
        return {video.video_id: video for video in videos}

    def _answered(self, watches: Sequence[Watch], found: dict[str, Video]) -> None:
        now = time.time()
        for watch in watches:
            watch.last_polled = now
            video = found.get(watch.wait.video_id)
            if video is None:
                # Nothing is concluded from a list: the video is asked for by itself.
                watch.single = True
                self.resume(watch)
            else:
                watch.single = False
                self._decided(watch, watch.wait.saw(video, now), now)

    def _failed(self, watches: Sequence[Watch], error: SeedanceError) -> None:
        now = time.time()
        if isinstance(error, TransientApiError) and error.status_code == 429:
            # Not the videos' failure: the whole connection slows down, nobody counts it against a video.
            Stats.incr("seedance.polls_refused", tags=self._tags)
            for each in (self._singles, self._batches):
                each.slow_down(now, error.retry_after)
            for watch in watches:
                decision = watch.wait.put_off(now)
                watch.tell(decision)
                if decision.outcome is Outcome.WAIT:
                    self.resume(watch)
            return
        if len(watches) > 1 and isinstance(error, RequestRejectedError):
            # Perhaps the list of ids is too long for something on the way: ask for fewer, at last for one at a time.
            self._batch_size = max(1, min(self._batch_size, len(watches)) // 2)
            for watch in watches:
                self.resume(watch)
            return
        for watch in watches:
            watch.last_polled = now
            self._decided(watch, watch.wait.missed(error, now), now)

    def _decided(self, watch: Watch, decision: Decision, now: float) -> None:
        watch.tell(decision)
        if decision.outcome is Outcome.WAIT:
            watch.due = now + decision.delay
            self._schedule_if_there(watch)

    def _schedule_if_there(self, watch: Watch) -> None:
        if not watch.gone:
            self._schedule(watch)


def _broken(error: BaseException | None) -> Decision:
    """Our own failure: a retry of the task waits on."""
    return Decision(Outcome.FAILED, error=TransientApiError(f"The poller failed: {type(error).__name__}."))


_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], Poller]] = WeakKeyDictionary()

_closing: set[asyncio.Task[None]] = set()
"""Pollers that are being closed; the event loop alone doesn't keep the tasks alive."""


class Watcher:
    """One trigger's view of its poller."""

    def __init__(self, poller: Poller, wait: Wait, look_up: LookUp) -> None:
        self._poller = poller
        self._look_up = look_up
        self._generation = poller.generation
        self.watch = poller.join(wait)

    async def next(self) -> Decision:
        """The next decision that says anything; the last one is final."""
        while True:
            decision = await self.watch.next()
            if not isinstance(decision.error, SeedanceAuthError) or not await self._key_has_changed():
                return decision
            self._poller.resume(self.watch)

    async def _key_has_changed(self) -> bool:
        """The key was refused: it may have been rotated. Whoever comes first looks it up again for all."""
        async with self._poller.renewing:
            if self._poller.generation == self._generation:
                try:
                    _, settings = await self._look_up()
                except Exception:
                    return False  # the refusal is what people should hear of
                if settings == self._poller.settings:
                    return False
                await self._poller.renew(settings)
            self._generation = self._poller.generation
            return True


@asynccontextmanager
async def watching(conn_id: str, wait: Wait, look_up: LookUp) -> AsyncIterator[Watcher]:
    """Has a video polled for, together with all others of its connection in this process.

    :param conn_id: the connection's id.
    :param wait: what is waited for.
    :param look_up: looks the connection up; called once, and again if the key is refused.
    """
    adapter, settings = await look_up()
    pollers = _pollers.setdefault(asyncio.get_running_loop(), {})
    identity = (conn_id, adapter.name, settings.base_url or "")
    poller = pollers.get(identity)
    if poller is None:
        poller = pollers[identity] = Poller(adapter, settings)
    elif poller.settings != settings:
        await poller.renew(settings)
    watcher = Watcher(poller, wait, look_up)
    try:
        yield watcher
    finally:
        if poller.leave(watcher.watch):
            if pollers.get(identity) is poller:
                del pollers[identity]
            # In a task of its own: Airflow cancels a trigger again and again, and would leave sockets open.
            closing = asyncio.create_task(poller.close(), context=contextvars.Context())
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)
            await asyncio.shield(closing)
