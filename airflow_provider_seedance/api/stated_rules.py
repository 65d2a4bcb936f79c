"""The limits of models as their vendors state them, read once and kept for an hour by this process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.http.steps import Steps
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

log = logging.getLogger(__name__)

FRESH = 3600.0
"""Seconds for which a list counts. One that could not be read isn't asked for again for as long."""

PATIENCE = 5.0
"""Seconds that asking may take: nothing depends on the answer."""


@dataclass(frozen=True)
class _Kept:
    told: Any
    at: float


class StatedRules:
    """The lists of all accounts.

    :param now: a clock in seconds that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[str, _Kept] = {}

    def known(self, account: str) -> Any:
        """The list as the vendor gave it; `None` if it was not read, or more than an hour ago.

        :param account: identifies the account, without its key.
        """
        kept = self._kept.get(account)
        return kept.told if kept is not None and self._now() - kept.at < FRESH else None

    def ask(self, account: str, adapter: VendorAdapter) -> Steps[None]:
        """Reads the list, unless it was read in the past hour. A failure is logged, and the call goes on.

        :param account: see `known`.
        :param adapter: of the vendor; most have no such list, and nothing is asked.
        """
        step = adapter.ask_rules()
        kept = self._kept.get(account)
        if step is None or (kept is not None and self._now() - kept.at < FRESH):
            return
        # Before the answer, so that calls in the meantime don't ask as well.
        self._kept[account] = _Kept(None, self._now())
        try:
            told = yield from replace(step, seconds=PATIENCE, once=True)
        except SeedanceError as error:
            log.info("%s did not tell its models' limits (%s).", adapter.title, type(error).__name__)
            return
        self._kept[account] = _Kept(told, self._now())

    def forget(self) -> None:
        """Forgets all, as if the process had just begun."""
        self._kept.clear()


STATED = StatedRules()
"""The lists that this process has read."""
