"""What a connection says, looked up once for all waiting triggers of a process that need it at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

FRESH = 60.0
"""Seconds for which a look-up serves the triggers that start."""

APART = 10.0
"""The most seconds between look-ups for refused polls; the first one is done at once."""

Found = tuple["VendorAdapter", "ClientSettings"]
LookUp = Callable[[], Awaitable[Found]]


class SharedLookUp:
    """The look-ups of one connection in one event loop: one at a time, each for all that it can serve.

    A trigger that is cancelled during its look-up leaves it to the next one. A failure is shared like a result, so that
    a database that hangs is not asked by a thousand triggers, one after the other.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._began = -inf
        self._found: Found | None = None
        self._failure: Exception | None = None
        self._not_before = -inf

    async def recent(self, look_up: LookUp) -> Found:
        """What the connection said at most `FRESH` seconds ago.

        :param look_up: looks it up, if that has not been done.
        :raises Exception: whatever the look-up failed with; a failure serves those only that waited for it.
        """
        arrived = time.monotonic()
        async with self._lock:
            if self._found is not None and arrived - self._began < FRESH:
                return self._found
            if self._began < arrived:
                await self._look_up(look_up)
            return self._result()

    async def after(self, moment: float, look_up: LookUp, *, apart: float = APART) -> Found:
        """What the connection says after a moment: it may have been changed since an earlier look-up.

        :param moment: by the monotonic clock; the look-up begins later than that.
        :param look_up: looks it up.
        :param apart: seconds between such look-ups: one of them serves all polls that were refused meanwhile.
        :raises Exception: whatever the look-up failed with.
        """
        while True:
            async with self._lock:
                if self._began > moment:
                    return self._result()
                pause = self._not_before - time.monotonic()
                if pause <= 0:
                    self._not_before = time.monotonic() + min(apart, APART)
                    await self._look_up(look_up)
                    return self._result()
            await asyncio.sleep(pause)

    async def _look_up(self, look_up: LookUp) -> None:
        began = time.monotonic()
        try:
            found, failure = await look_up(), None
        except Exception as error:
            # Without its traceback: that would keep alive whatever the failed call had in hand.
            found, failure = None, error.with_traceback(None)
        self._began, self._found, self._failure = began, found, failure

    def _result(self) -> Found:
        if self._found is None:
            raise (self._failure or RuntimeError("The connection was not looked up.")).with_traceback(None)
        return self._found
