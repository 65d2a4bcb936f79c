"""Misbehaviour on demand: what can go wrong, for whom and how often."""

import random
import threading
from typing import Any

CALLS = (
    *("create", "poll", "result", "list", "cancel", "media"),
    *("auth_probe", "info", "upload", "upload_url", "asset", "any"),
)

#: Struck instead of the call: nothing is created, nothing billed.
BEFORE = frozenset(
    {
        *("reset_before", "http_429", "http_500", "http_502_html", "http_503", "http_status", "auth", "no_balance"),
        *("moderation_submit", "model_not_open", "stranger_page"),
    }
)
#: The call takes effect (a create is billed), then the answer is lost, late or spoilt.
AFTER = frozenset(
    {
        *("reset_after", "timeout_after", "slow", "http_500_after", "http_502_html_after", "http_status_after"),
        *("torn_json", "missing_id", "not_json", "poisoned_text", "id_in_error"),
    }
)
#: The call is answered well, but the video comes to another end.
FATE = frozenset(
    {
        *("moderation_output", "fail", "expire", "cancel", "stuck", "no_url", "relative_url", "unknown_status"),
        *("late_url", "flapping_status"),
    }
)
#: The answer takes another of the vendor's documented or observed forms.
STYLE = frozenset({"answer_variant"})
KINDS = BEFORE | AFTER | FATE | STYLE


class Fault:
    """One thing that goes wrong.

    :param kind: one of :data:`KINDS`. Options per kind:

        * ``reset_before`` / ``reset_after``: a TCP reset before / after the call took effect (on media: half way)
        * ``slow`` / ``timeout_after``: ``seconds`` (real; default 2 / 3600) until the answer, which took effect at once
        * ``http_429``: ``retry_after`` (seconds or an HTTP date; default no header), ``reset_after`` (seconds from now,
          sent as ``X-RateLimit-Reset`` in unix time), ``code`` (Ark: e.g. "QuotaExceeded")
        * ``http_500``, ``http_503``, ``http_502_html``, ``http_status`` (``status``, default 408, ``body``,
          ``content_type``, default text/plain): refused;
          ``http_500_after``, ``http_502_html_after``, ``http_status_after``: the same, though the call took effect
        * ``stranger_page``: refused by something in front of the vendor, with a web page (``status``, default 404;
          ``body``)
        * ``torn_json``, ``missing_id``, ``not_json``: took effect, HTTP 200, unusable body
        * ``poisoned_text``: took effect, and is well answered, but with texts and numbers among it that nobody can keep
          (half an emoji, NUL, 10**400; ``text`` replaces the first two)
        * ``id_in_error`` (create): took effect, and its answer comes with ``status`` (default 504)
        * ``moderation_submit``, ``no_balance``, ``auth``, ``model_not_open`` (Ark): refused in the vendor's shape;
          ``code`` and ``message`` replace the vendor's usual ones
        * ``moderation_output``, ``fail``, ``expire``, ``cancel``, ``stuck``: how the video ends (``code``, ``message``)
        * ``no_url``, ``relative_url``: a success without a usable URL
        * ``late_url``: ``polls`` (default 1) answers show the success without its URL
        * ``flapping_status``: once the success was shown, ``polls`` (default 1) answers say "running" again
        * ``unknown_status``: ``polls`` (default 1) polls show ``word`` (default "pondering")
        * ``answer_variant``: see the vendors' modules for their options, e.g. Jimmy AI ``code="20000"``, ``flat=True``,
          ``http_errors=True``; GMI Cloud ``outcome="media_urls"``, ``error="outcome"``; Modellix
          ``status="completed"``; Ark ``content_null=True``
    :param vendor: only this vendor; ``None`` (default) = all
    :param on: which call; default "create" ("any" for ``answer_variant``). A fate on "poll" strikes the polled
        video, one on "upload" the asset that it makes
    :param times: how often it strikes; ``None`` = for ever
    :param probability: chance per matching call, 0-1, from the simulator's seeded generator
    :param skip: let so many matching calls pass first; calls that another fault strikes do not count
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
        #: How often it has struck.
        self.fired = 0

    def __repr__(self) -> str:
        """Short enough for a test's failure message."""
        return f"Fault({self.kind!r}, vendor={self.vendor!r}, on={self.on!r}, fired={self.fired}, times={self.times})"


class FaultBook:
    """The faults in force. Safe to change while the server runs.

    :param chance: the generator that decides about ``probability``
    :param vendors: the names that a fault's ``vendor`` can have
    """

    def __init__(self, chance: random.Random, vendors: tuple[str, ...]) -> None:
        self._chance, self._vendors = chance, vendors
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Put faults in force, after those already there.

        :raises ValueError: for an unknown vendor
        """
        for fault in faults:
            if fault.vendor is not None and fault.vendor not in self._vendors:
                raise ValueError(f"unknown vendor {fault.vendor!r}; known: {', '.join(self._vendors)}")
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Lift all faults; what they did to existing videos stays."""
        with self._lock:
            self._faults.clear()

    def __len__(self) -> int:
        return len(self._faults)

    def take(self, kinds: frozenset[str], vendor: str, calls: tuple[str, ...]) -> Fault | None:
        """The first fault of these kinds that strikes this call."""
        return next(iter(self._strike(kinds, vendor, calls, limit=1)), None)

    def take_all(self, kinds: frozenset[str], vendor: str, calls: tuple[str, ...]) -> list[Fault]:
        """All faults of these kinds that strike this call."""
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
