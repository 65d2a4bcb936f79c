"""One poller per connection and triggerer process: all its waiting triggers share one HTTP client and one loop.

The job that has waited longest since its last poll comes first. Where the vendor allows it, one request asks for many
jobs. The connection's request rate applies to all of them together, videos and assets alike. The poller logs nothing:
each trigger logs the progress of its own job.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextvars import Context
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceAuthError, SeedanceError, TransientApiError
from airflow_provider_seedance.api.jobs import Decision, Job, Outcome, Wait
from airflow_provider_seedance.polling.in_flight import InFlight
from airflow_provider_seedance.polling.metrics import PollMetrics
from airflow_provider_seedance.polling.presence import Board, Presence, account_of
from airflow_provider_seedance.polling.rate_limiter import LONGEST_PAUSE
from airflow_provider_seedance.polling.schedule import Schedule, Turn
from airflow_provider_seedance.polling.wait_queue import Read, Watch, read_video

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

JITTER = 0.1
"""First polls are spread over this share of the interval, so that videos submitted together don't stay in step."""

SLICE = 25
"""Jobs of a list that are handled in one go, before the event loop can run other triggers."""

# A proxy or gateway may answer so too: long URLs are often refused there.
_TOO_LONG = (400, 413, 414, 431)
_PASSING = (408, 409, 425)
_IDLE = 60.0
_CHECK_DEADLINES = 0.5


class Poller:
    """Polls for all waiting triggers of one connection.

    :param conn_id: the connection's id, for the metrics.
    :param adapter: the vendor's adapter.
    :param settings: address, key and rates.
    :param board: where pollers in other processes are heard of; default: nowhere.
    """

    longest_pause = LONGEST_PAUSE
    """The most seconds between two polls of a job, whatever the vendor asks for, unless its own interval is longer."""

    def __init__(
        self, conn_id: str, adapter: VendorAdapter, settings: ClientSettings, board: Board | None = None
    ) -> None:
        self._client = PollingClient(adapter, settings, self._asked_further)
        self._adapter, self._settings = adapter, settings
        to_wall = time.time() - time.monotonic()
        self._schedule = Schedule(settings.rates or adapter.rates, adapter.most_ids_per_request, to_wall)
        self.generation = 0
        """Counts changes of the client, so that an earlier trigger can see that there was one."""
        self._list_met_a_page = False
        self._metrics = PollMetrics(adapter.name, conn_id)
        self._watchers: set[Watch] = set()
        self._wake = asyncio.Event()
        self._requests = InFlight()
        self._retiring: set[asyncio.Task[None]] = set()
        # An own context, for its requests too: in the first trigger's, its log lines would go to that task.
        self._loop = asyncio.create_task(self._run(), context=Context(), name="seedance-poller")
        self._loop.add_done_callback(self._loop_ended)
        self._background = [asyncio.create_task(self._presence(board), context=Context())] if board else []

    @property
    def is_broken(self) -> bool:
        """Whether the loop has ended, so that nothing is polled any more."""
        return self._loop.done()

    def join(self, wait: Wait[Any], read: Read = read_video) -> Watch:
        """Begins to poll for a job.

        :param wait: decides what each poll means.
        :param read: reads the job alone.
        :return: the job's place at this poller; its decisions come from `Watch.next`.
        """
        wall, now = time.time(), time.monotonic()
        # Not at once: the job has just been submitted, or read.
        first = wait.interval * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret
        if wait.deadline is not None:
            first = min(first, max(0.0, wait.deadline - wall))
        watch = Watch(wait, due=now + first, now=now, read=read)
        self._watchers.add(watch)
        self.put(watch)
        return watch

    def leave(self, watch: Watch) -> bool:
        """Stops polling for a job.

        :param watch: the job's, as `join` returned it.
        :return: whether it was the last one.
        """
        watch.gone = True
        self._watchers.discard(watch)
        self._schedule.forget_the_gone(len(self._watchers))
        return not self._watchers

    async def close(self) -> None:
        """Stops the loop and closes all connections."""
        tasks = [self._loop, *self._background, *self._requests]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._retiring, return_exceptions=True)
        await self._client.aclose()
        self._metrics.waiting(0)

    def polls_with(self, adapter: VendorAdapter, settings: ClientSettings) -> bool:
        """Whether the connection is unchanged."""
        return (adapter.settings, settings) == (self._adapter.settings, self._settings)

    def renew(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        """Goes on with the changed connection: another key, another rate.

        :param adapter: the vendor's adapter, with the connection's settings.
        :param settings: address, key and rates.
        :raises SeedanceConfigError: the changed connection can't be used; this poller goes on as before.
        """
        old, self._client = self._client, PollingClient(adapter, settings, self._asked_further)
        self._adapter, self._settings = adapter, settings
        self._schedule.change(settings.rates or adapter.rates, adapter.most_ids_per_request)
        self.generation += 1
        # The old client is closed after its last answer, so that requests under way don't fail.
        retiring = asyncio.create_task(_close_after(set(self._requests), old), context=Context())
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        self._wake.set()

    def resume(self, watch: Watch) -> None:
        """Polls at once for a job whose last decision was taken back."""
        watch.due = time.monotonic()
        self.put(watch)

    def put(self, watch: Watch) -> None:
        """Polls for a job when it is due."""
        self._schedule.put(watch)
        self._wake.set()

    async def _presence(self, board: Board) -> None:
        """Divides the account's rate with the pollers of other processes."""

        def divide(own: str, waiting: dict[str, int]) -> None:
            self._schedule.divide(own, waiting, time.time() - time.monotonic())
            self._metrics.pollers(len(waiting))
            self._wake.set()

        def account() -> str:
            return account_of(self._adapter.name, self._settings)

        await Presence(board, account, lambda: len(self._watchers), divide).keep()

    def _loop_ended(self, loop: asyncio.Task[None]) -> None:
        """Ends every wait, should the loop ever fail."""
        error = None if loop.cancelled() else loop.exception()
        for watch in self._watchers:
            watch.tell(_broken(error))

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._step(time.monotonic(), time.time())
            # Not `wait_for`: before Python 3.12 it can lose a cancellation that comes with the wake-up.
            alarm = asyncio.get_running_loop().call_later(max(0.0, pause), self._wake.set)
            try:
                await self._wake.wait()
            finally:
                alarm.cancel()

    def _step(self, now: float, wall: float) -> float:
        """Starts at most one request; returns the seconds until there may be more to do."""
        for watch in [*self._schedule.give_up(now, wall), *self._requests.give_up(wall)]:
            watch.gone = True
            watch.tell(watch.wait.put_off(wall))
        if self._requests.is_full(now):
            return _CHECK_DEADLINES  # a request that ends wakes the loop
        if turn := self._schedule.take(now, wall):
            task = asyncio.create_task(self._request(turn))
            self._requests.begin(task, turn, now, wall)
            task.add_done_callback(self._request_ended)
        return min(self._schedule.until_next(now, wall), self._requests.until_next(wall), _IDLE)

    def _request_ended(self, task: asyncio.Task[None]) -> None:
        self._requests.end(task, time.monotonic())
        self._wake.set()

    async def _request(self, turn: Turn) -> None:
        try:
            await self._ask(turn)
        except BaseException as error:
            # Whatever the error is, no wait may go on for an answer that will never come.
            for watch in turn.watches:
                watch.tell(_broken(error))
            if not isinstance(error, Exception):
                raise
        finally:
            self._schedule.ended(turn, time.monotonic())

    def _asked_further(self) -> None:
        """Counts the second request of a read, which is sent at once."""
        self._schedule.asked_further(time.monotonic())

    async def _ask(self, turn: Turn) -> None:
        watches = turn.watches
        late = max(0.0, time.monotonic() - min(watch.due for watch in watches))
        self._metrics.polled(len(watches), late, waiting=len(self._watchers))
        ids, generation = [watch.wait.job_id for watch in watches], self.generation
        found: dict[str, Job] = {}
        failure: Exception | None = None
        try:
            if turn.is_list:
                found = {video.video_id: video for video in await self._client.get_many(ids)}
            else:
                found = {ids[0]: await watches[0].read(self._client, ids[0])}
        except Exception as error:
            failure = error
        wall, now = time.time(), time.monotonic()
        if isinstance(failure, TransientApiError) and failure.status_code == 429:
            self._refused(turn, failure, now)
        elif failure is None:
            self._list_met_a_page = self._list_met_a_page and not turn.is_list
            for number, watch in enumerate(watches, 1):
                self._answered(watch, found.get(watch.wait.job_id), wall, now)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
        elif generation != self.generation:
            for watch in watches:
                self.put(watch)  # the connection has changed meanwhile, and this failure was the old one's
        elif turn.is_list:
            self._list_failed(watches, failure, wall, now)
        elif isinstance(failure, SeedanceError):
            self._decided(watches[0], watches[0].wait.missed(failure, wall), now)
        else:
            raise failure

    def _refused(self, turn: Turn, error: TransientApiError, now: float) -> None:
        """Pauses the whole connection after a 429, which is no failure of its jobs and not counted against them."""
        self._metrics.refused()
        self._schedule.refused(turn, now, error.retry_after)
        for watch in turn.watches:
            self.put(watch)

    def _answered(self, watch: Watch, job: Job | None, wall: float, now: float) -> None:
        # A list that leaves a job out proves nothing: the job is asked for alone.
        watch.single = job is None or not watch.wait.kind.is_listed
        if job is None:
            self.put(watch)
            return
        try:
            self._decided(watch, watch.wait.saw(job, wall), now)
        except Exception as error:
            watch.tell(_broken(error))  # but no other wait of the list

    def _list_failed(self, watches: list[Watch], error: Exception, wall: float, now: float) -> None:
        """Handles a failed list. It ends no wait: its length, lists as such, or one odd id may be to blame."""
        status = error.status_code if isinstance(error, SeedanceApiError) else None
        is_refusal = status is not None and 400 <= status < 500 and status not in _PASSING
        # A proxy's page may be a hiccup; twice in a row, it may be about lists.
        is_first_page = isinstance(error, TransientApiError) and status not in _TOO_LONG and not self._list_met_a_page
        self._list_met_a_page = is_refusal and isinstance(error, TransientApiError)
        if status is not None and is_refusal and not is_first_page:
            self._schedule.shorten_lists(len(watches) // 2 if status in _TOO_LONG else 1, now)
            for watch in watches:
                self.put(watch)
            return
        for watch in watches:
            decision = watch.wait.missed(error, wall) if isinstance(error, SeedanceError) else None
            if decision is None or decision.error is error:
                watch.single = True
                self.put(watch)
            else:
                self._decided(watch, decision, now)

    def _decided(self, watch: Watch, decision: Decision[Any], now: float) -> None:
        watch.last_polled, watch.refusals = now, 0
        watch.tell(decision)
        if decision.outcome is Outcome.WAIT:
            # Bounded: in an hour of `Retry-After` the video's URL might expire.
            watch.due = now + min(decision.delay, max(watch.wait.interval, self.longest_pause))
            if not may_be_the_key(decision):  # else its `Watcher` looks for another key first
                self.put(watch)


def may_be_the_key(decision: Decision[Any]) -> bool:
    """Whether a rotated key could explain the failed poll."""
    error = decision.error or decision.doubt
    return isinstance(error, SeedanceAuthError) or (isinstance(error, SeedanceApiError) and error.status_code == 401)


def _broken(error: BaseException | None) -> Decision[Any]:
    """The decision after a failure of our own: a retry of the task goes on waiting."""
    return Decision(Outcome.FAILED, error=TransientApiError(f"The poller failed: {type(error).__name__}."))


async def _close_after(requests: set[asyncio.Task[None]], client: PollingClient) -> None:
    if requests:
        await asyncio.wait(requests)
    await client.aclose()
