"""The thread in which a process's pollers talk to the ledger."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class LedgerThread:
    """Does blocking work in one thread, in the order in which it was asked for.

    The event loop's own threads are few, and look up the hosts of all polls: a ledger that hangs would soon hold them
    all. One thread is enough, since all pollers of a process write to the same ledger. It is a daemon, so that a ledger
    that hangs doesn't keep the process from ending.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Future[Any], list[Callable[[], Any]]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Does some work after all that was asked for earlier.

        :param work: the work, which blocks.
        :return: its outcome; cancelling it forgets the work, unless the work has begun.
        """
        outcome: Future[T] = Future()
        job = [work]
        outcome.add_done_callback(lambda _: job.clear())  # cancelled work must not keep its poller in memory
        self._queue.put((outcome, job))
        if self._thread is None or not self._thread.is_alive():  # at first, and in a fork
            self._thread = threading.Thread(target=self._work, name="seedance-ledger", daemon=True)
            self._thread.start()
        return asyncio.wrap_future(outcome)

    def _work(self) -> None:
        while True:
            outcome, job = self._queue.get()
            if not outcome.set_running_or_notify_cancel():
                continue
            try:
                outcome.set_result(job[0]())
            except BaseException as error:
                outcome.set_exception(error)
            del outcome, job
