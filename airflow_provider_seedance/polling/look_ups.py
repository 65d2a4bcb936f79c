"""Look-ups of a connection, shared by all triggers of a process that need it at about the same time."""

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
"""Seconds for which the result of a look-up serves newly started triggers."""

APART = 10.0
"""Seconds between look-ups after refused polls; the first one is done at once."""

Found = tuple["VendorAdapter", "ClientSettings"]
LookUp = Callable[[], Awaitable[Found]]


class SharedLookUp:
    """The look-ups of one connection in one event loop: one at a time, each for all callers that it can serve.

    If a trigger is cancelled during its look-up, the next trigger starts another. A failure is shared like a result, so
    that a thousand triggers don't query a hanging database one after the other.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._began = -inf
        self._found: Found | None = None
        self._failure: Exception | None = None
        self._not_before = -inf

    async def recent(self, look_up: LookUp) -> Found:
        """The connection as it was at most `FRESH` seconds ago.

        :param look_up: looks it up, if there is no recent result.
        :return: the result of the look-up.
        :raises Exception: any error of the look-up; it is raised only to callers that were already waiting.
        """
        arrived = time.monotonic()
        async with self._lock:
            if self._found is not None and arrived - self._began < FRESH:
                return self._found
            if self._began < arrived:
                await self._look_up(look_up)
            return self._result()

    async def after(self, moment: float, look_up: LookUp, *, apart: float = APART) -> Found:
        """The connection as it is after a given moment: it may have changed since an earlier look-up.

        :param moment: by the monotonic clock; the look-up begins later.
        :param look_up: looks it up.
        :param apart: seconds between such look-ups; one serves all polls that were refused meanwhile.
        :return: the result of the look-up.
        :raises Exception: any error of the look-up.
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
            # Without its traceback, which would keep the failed call's objects alive.
            found, failure = None, error.with_traceback(None)
        self._began, self._found, self._failure = began, found, failure

    def _result(self) -> Found:
        if self._found is None:
            raise (self._failure or RuntimeError("The connection was not looked up.")).with_traceback(None)
        return self._found
