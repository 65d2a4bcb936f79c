"""Faults: misbehaviour on demand, by kind, vendor, call and number of times."""

import random
import threading
from typing import Any

CALLS = (
    *("create", "poll", "result", "list", "cancel", "media"),
    *("auth_probe", "info", "upload", "upload_url", "asset", "any"),
)

#: These prevent the call: nothing is created or billed.
BEFORE = frozenset(
    {
        *("reset_before", "http_429", "http_500", "http_502_html", "http_503", "http_status", "auth", "no_balance"),
        *("moderation_submit", "model_not_open", "stranger_page"),
    }
)
#: The call takes effect (a create is billed), but its answer is lost, delayed or damaged.
AFTER = frozenset(
    {
        *("reset_after", "timeout_after", "slow", "http_500_after", "http_502_html_after", "http_status_after"),
        *("torn_json", "missing_id", "not_json", "poisoned_text", "id_in_error"),
    }
)
#: The call is answered normally, but the video behaves differently afterwards.
FATE = frozenset(
    {
        *("moderation_output", "fail", "expire", "cancel", "stuck", "no_url", "relative_url", "unknown_status"),
        *("late_url", "flapping_status"),
    }
)
#: The answer has another documented or observed form of the vendor.
STYLE = frozenset({"answer_variant"})
KINDS = BEFORE | AFTER | FATE | STYLE


class Fault:
    """One fault.

    :param kind: one of :data:`KINDS`. The kinds and their options:

        * ``reset_before`` / ``reset_after``: a TCP reset before / after the call took effect (on media: half way)
        * ``slow`` / ``timeout_after``: the call takes effect at once; its answer comes after ``seconds`` (real; default
          2 / 3600)
        * ``http_429``: ``retry_after`` (seconds or an HTTP date; default no header), ``reset_after`` (seconds from now,
          sent as ``X-RateLimit-Reset`` in Unix time), ``code`` (e.g. Ark's "QuotaExceeded")
        * ``http_500``, ``http_503``, ``http_502_html``, ``http_status`` (``status``, default 408, ``body``,
          ``content_type``, default text/plain): refused;
          ``http_500_after``, ``http_502_html_after``, ``http_status_after``: the same answers, but the call took effect
        * ``stranger_page``: a web page from a proxy in front of the vendor, which refuses the call (``status``, default
          404; ``body``)
        * ``torn_json``, ``missing_id``, ``not_json``: the call took effect; HTTP 200 with an unusable body
        * ``poisoned_text``: the call took effect; its answer contains texts and numbers that can't be stored (half a
          surrogate pair, NUL, 10**400; ``text`` replaces the texts)
        * ``id_in_error`` (create): the call took effect; its normal answer comes with ``status`` (default 504)
        * ``moderation_submit``, ``no_balance``, ``auth``, ``model_not_open``: refused in the vendor's form; ``code``
          and ``message`` replace the vendor's usual ones
        * ``moderation_output``, ``fail``, ``expire``, ``cancel``, ``stuck``: the end of the video (``code``,
          ``message``); ``stuck`` = it never ends
        * ``no_url``, ``relative_url``: a success without a usable URL
        * ``late_url``: ``polls`` (default 1) answers show the success without its URL
        * ``flapping_status``: after the first answer with the success, ``polls`` (default 1) answers say "running"
        * ``unknown_status``: ``polls`` (default 1) answers show ``word`` (default "pondering") as the status
        * ``answer_variant``: options of the vendor, see the docstring of its module in ``simulator.vendors``; for
          example ``content_null=True`` for Ark
    :param vendor: only this vendor; ``None`` (default) = all
    :param on: the call, one of :data:`CALLS`; default "create" ("any" for ``answer_variant``). A kind in :data:`FATE`
        applies to the polled video for "poll", and to the new asset for "upload"
    :param times: the number of calls that it affects; default 1; ``None`` = no limit
    :param probability: chance per matching call, 0-1, from the simulator's seeded generator; default 1
    :param skip: the number of matching calls that pass first, not counting calls that another fault affects; default 0
    :param options: the options of the kind
    :raises ValueError: for an unknown kind or call, or a number out of range
    """

    __slots__ = ("fired", "kind", "on", "options", "probability", "skip", "times", "vendor")

    def __init__(
        self,
        kind: str,
        vendor: str | None = None,
        on: str | None = None,
        times: int | None = 1,
        probability: float = 1.0,
        skip: int = 0,
        **options: Any,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        self.on = on or ("any" if kind in STYLE else "create")
        if self.on not in CALLS:
            raise ValueError(f"unknown call {on!r}; known: {', '.join(CALLS)}")
        if not 0 <= probability <= 1 or skip < 0 or (times is not None and times < 0):
            raise ValueError("probability must be 0-1, skip and times 0 or more")
        self.kind, self.vendor, self.times = kind, vendor, times
        self.probability, self.skip, self.options = probability, skip, options
        #: The number of calls that it has affected.
        self.fired = 0

    def __repr__(self) -> str:
        """A short form for a test's failure message."""
        return f"Fault({self.kind!r}, vendor={self.vendor!r}, on={self.on!r}, fired={self.fired}, times={self.times})"


class FaultBook:
    """The active faults. Safe to change while the server runs.

    :param chance: the random generator for ``probability``
    :param vendors: the allowed names of a fault's ``vendor``
    """

    def __init__(self, chance: random.Random, vendors: tuple[str, ...]) -> None:
        self._chance, self._vendors = chance, vendors
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Activate faults, after the existing ones.

        :param faults: the faults
        :raises ValueError: for an unknown vendor
        """
        for fault in faults:
            if fault.vendor is not None and fault.vendor not in self._vendors:
                raise ValueError(f"unknown vendor {fault.vendor!r}; known: {', '.join(self._vendors)}")
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Remove all faults. Their effects on existing videos remain."""
        with self._lock:
            self._faults.clear()

    def __len__(self) -> int:
        return len(self._faults)

    def take(self, kinds: frozenset[str], vendor: str, calls: tuple[str, ...]) -> Fault | None:
        """The first fault of these kinds that applies to this call."""
        return next(iter(self._strike(kinds, vendor, calls, limit=1)), None)

    def take_all(self, kinds: frozenset[str], vendor: str, calls: tuple[str, ...]) -> list[Fault]:
        """All faults of these kinds that apply to this call."""
        return self._strike(kinds, vendor, calls, limit=None)

    def _strike(self, kinds: frozenset[str], vendor: str, calls: tuple[str, ...], limit: int | None) -> list[Fault]:
        if not self._faults:
            return []
        struck: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and fault.vendor in (None, vendor) and (fault.on == "any" or fault.on in calls):
                    if self._fires(fault):
                        struck.append(fault)
                    if limit is not None and len(struck) >= limit:
                        break
        return struck

    def _fires(self, fault: Fault) -> bool:
        if fault.times is not None and fault.fired >= fault.times:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.probability < 1 and self._chance.random() >= fault.probability:
            return False
        fault.fired += 1
        return True
