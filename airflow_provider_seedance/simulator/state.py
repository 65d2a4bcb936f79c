"""The state of one simulator, and the few operations that change it."""

import random
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.simulator.assets import ASSET_ENDINGS, AssetStatus, SimulatedAsset, digest
from airflow_provider_seedance.simulator.clock import Clock
from airflow_provider_seedance.simulator.faults import FATE, Fault, FaultBook
from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor
from airflow_provider_seedance.simulator.videos import (
    ENDINGS,
    Bill,
    Picture,
    RecordedRequest,
    SimulatedVideo,
    Status,
)

#: The number of recorded requests other than creates; creates are never dropped.
REQUESTS_KEPT = 50_000


@dataclass(slots=True)
class Settings:
    """The parameters of :class:`airflow_provider_seedance.simulator.Simulator`."""

    speed: float = 20.0
    api_key: str = "sk-simulator"
    seed: int = 0
    queue_seconds: float = 5.0
    run_seconds: float = 55.0
    retention: float | Mapping[str, float] | None = None
    rate_limits: bool = False
    gmi_cancel: bool = False
    asset_seconds: float = 20.0
    known_assets_only: bool = False


def _retention(given: float | Mapping[str, float] | None, vendors: Mapping[str, SimulatedVendor]) -> dict[str, float]:
    """The retention by vendor: one number for all, or the vendors' defaults, overridden by a mapping."""
    if given is not None and not isinstance(given, Mapping):
        return dict.fromkeys(vendors, float(given))
    if unknown := set(given or ()) - set(vendors):
        raise ValueError(f"unknown vendor in retention: {', '.join(sorted(unknown))}")
    return {name: vendor.retention for name, vendor in vendors.items()} | dict(given or {})


class World:
    """State shared by the server's thread and the caller's; ``lock`` guards every change."""

    def __init__(self, settings: Settings, vendors: Mapping[str, SimulatedVendor]) -> None:
        self.settings, self.vendors = settings, vendors
        self.retention = _retention(settings.retention, vendors)
        self.lock = threading.RLock()
        self.chance = random.Random(settings.seed)  # noqa: S311  - reproducible ids, not secrets
        self.clock = Clock(settings.speed)
        self.faults = FaultBook(self.chance, tuple(vendors))
        self.secret = secrets.token_bytes(32)
        self.videos: dict[str, SimulatedVideo] = {}
        self.assets: dict[str, SimulatedAsset] = {}
        self.bills: list[Bill] = []
        self.creates: list[RecordedRequest] = []
        self.others: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.max_rate_seen: dict[tuple[str, str], int] = {}
        self._recent: dict[tuple[str, str], deque[float]] = {}
        self._minute: dict[str, deque[float]] = {}
        self._number = 0

    def reset(self) -> None:
        """Delete everything but the settings, and set the clock back to real time. Ids are not used again."""
        with self.lock:
            self.clock = Clock(self.settings.speed)
            self.faults.clear()
            for store in (self.videos, self.assets, self.bills, self.creates, self.others, self.counts):
                store.clear()
            self.max_rate_seen.clear()
            self._recent.clear()
            self._minute.clear()

    # -- requests ------------------------------------------------------------------------------------------------

    def record(self, request: RecordedRequest) -> None:
        """Record a request, and update the number of requests of its kind within the last second."""
        with self.lock:
            self._number += 1
            request.number = self._number
            (self.creates if request.call == "create" else self.others).append(request)
            key, mark = (request.vendor, request.call), time.monotonic()
            self.counts[key] += 1
            recent = self._recent.setdefault(key, deque())
            recent.append(mark)
            while recent[0] <= mark - 1.0:
                recent.popleft()
            self.max_rate_seen[key] = max(self.max_rate_seen.get(key, 0), len(recent))
            if self.settings.rate_limits:
                self._minute.setdefault(request.vendor, deque()).append(mark)

    def rate(self, vendor: str, call: str) -> int:
        """The number of such calls within the last real second, including the current one."""
        return len(self._recent.get((vendor, call), ()))

    def rate_per_minute(self, vendor: str) -> int:
        """The number of all calls to a vendor within the last real minute; counted only with ``rate_limits``."""
        recent, oldest = self._minute.get(vendor, deque()), time.monotonic() - 60.0
        while recent and recent[0] <= oldest:
            recent.popleft()
        return len(recent)

    def requests(self) -> list[RecordedRequest]:
        """All recorded requests, in order."""
        with self.lock:
            return sorted([*self.creates, *self.others], key=lambda request: request.number)

    # -- videos --------------------------------------------------------------------------------------------------

    def accept(
        self,
        vendor: str,
        *,
        model: str,
        prompt: str,
        request: dict[str, Any],
        picture: Picture,
        expires_after: float | None = None,
        seed: int | None = None,
        video_id: str | None = None,
    ) -> SimulatedVideo:
        """Accept a create: adds a video and a bill.

        :param vendor: the vendor's name
        :param model: the model's name in the request
        :param prompt: the prompt, for the rendered file
        :param request: the accepted body
        :param picture: the properties of the rendered file
        :param expires_after: simulated seconds after which an unfinished video expires; default: never
        :param seed: the seed; default, and if negative: a random one
        :param video_id: an id that the client has chosen; default: a new one
        """
        with self.lock:
            video = SimulatedVideo(
                id=video_id or self._new_id(vendor, model),
                vendor=vendor,
                model=model,
                prompt=prompt,
                request=request,
                picture=picture,
                clock=self.clock,
                born=self.clock.simulated(),
                created_at=self.clock.now(),
                queue_seconds=self.settings.queue_seconds,
                run_seconds=self.settings.run_seconds,
                expires_after=expires_after,
                seed=self.chance.randrange(1, 100_000) if seed is None or seed < 0 else seed,
            )
            self.videos[video.id] = video
            self.bills.append(Bill(vendor, video.id, model, video.created_at, request))
            return video

    def _new_id(self, vendor: str, model: str) -> str:
        while True:
            candidate = self.vendors[vendor].new_id(self.chance, self.clock.now(), model)
            if candidate not in self.videos:
                return candidate

    def find(self, vendor: str, video_id: str) -> SimulatedVideo | None:
        """The vendor's video with this id; ``None`` if there is none (any more)."""
        video = self.videos.get(video_id)
        return video if video and video.vendor == vendor and not video.deleted else None

    def finish(self, video: SimulatedVideo, status: Status, code: str | None, message: str | None) -> None:
        """End a video now, whatever was planned for it."""
        with self.lock:
            video.forced_end = (status, self.clock.simulated())
            video.error_code, video.error_message = code, message

    def finish_named(self, video_id: str, status: Status, code: str | None, message: str | None) -> None:
        """Like :meth:`finish`, by id.

        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is not final
        """
        if status not in ENDINGS:
            raise ValueError(f"{status!r} is no end; known: {', '.join(ENDINGS)}")
        if video_id not in self.videos:
            raise KeyError(f"no video {video_id!r}; known: {', '.join(self.videos) or 'none'}")
        self.finish(self.videos[video_id], status, code, message)

    # -- reference media -----------------------------------------------------------------------------------------

    def new_asset_id(self) -> str:
        """A new id for an asset."""
        return f"asset_{self.chance.getrandbits(64):016x}"

    def add_asset(
        self,
        vendor: str,
        library: str,
        *,
        name: str,
        url: str,
        kind: str | None,
        seconds: float = 0.0,
        content: bytes | None = None,
        content_type: str | None = None,
        asset_id: str | None = None,
    ) -> SimulatedAsset:
        """Add stored or registered media. A fault of kind ``FATE`` on "upload" changes the result of the review.

        :param seconds: simulated seconds of the review; default: 0, active at once
        """
        with self.lock:
            asset = SimulatedAsset(
                id=asset_id or self.new_asset_id(),
                vendor=vendor,
                library=library,
                name=name,
                url=url,
                clock=self.clock,
                born=self.clock.simulated(),
                created_at=self.clock.now(),
                seconds=seconds,
                kind=kind,
                content_type=content_type,
                size=None if content is None else len(content),
                sha256=None if content is None else digest(content),
            )
            for fault in self.faults.take_all(FATE, vendor, ("upload",)) if seconds else ():
                doom_asset(asset, fault)
            self.assets[asset.id] = asset
            return asset

    def finish_asset(self, asset_id: str, status: AssetStatus, reason: str | None) -> None:
        """End the review of an asset now.

        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is not final
        """
        if status not in ASSET_ENDINGS:
            raise ValueError(f"{status!r} is no end; known: {', '.join(ASSET_ENDINGS)}")
        if asset_id not in self.assets:
            raise KeyError(f"no asset {asset_id!r}; known: {', '.join(self.assets) or 'none'}")
        with self.lock:
            self.assets[asset_id].forced, self.assets[asset_id].reason = status, reason

    def settle(self) -> None:
        """Mark the bills of videos that the vendor doesn't charge for, by their final status."""
        with self.lock:
            for bill in self.bills:
                video = self.videos.get(bill.video_id)
                if video and not bill.refunded:
                    bill.refunded = video.status in self.vendors[bill.vendor].uncharged


#: The end of a video by the kind of a fault.
_ENDINGS = {
    "moderation_output": "failed",
    "fail": "failed",
    "expire": "expired",
    "cancel": "cancelled",
    "stuck": "stuck",
}


def doom_asset(asset: SimulatedAsset, fault: Fault) -> None:
    """Apply a fault to an asset; "fail", "moderation_output", "stuck" and "unknown_status" have an effect."""
    if fault.kind == "unknown_status":
        asset.unknown_word = str(fault.options.get("word", "pondering"))
        asset.unknown_reads = int(fault.options.get("polls", 1))
    elif fault.kind == "stuck":
        asset.ending = "stuck"
    elif fault.kind in ("fail", "moderation_output"):
        asset.ending, asset.reason = "failed", fault.options.get("message", "the asset was refused")


def doom(video: SimulatedVideo, fault: Fault, usual_errors: Mapping[str, tuple[str, str]]) -> None:
    """Apply a fault to a video.

    :param video: the video
    :param fault: a fault of :data:`~airflow_provider_seedance.simulator.faults.FATE`
    :param usual_errors: the vendor's error code and message by fault kind, used unless the fault has its own
    """
    if fault.kind == "no_url":
        video.url_form = "none"
    elif fault.kind == "relative_url":
        video.url_form = "relative"
    elif fault.kind == "unknown_status":
        video.unknown_word = str(fault.options.get("word", "pondering"))
        video.unknown_polls = int(fault.options.get("polls", 1))
    elif fault.kind == "late_url":
        video.late_polls = int(fault.options.get("polls", 1))
    elif fault.kind == "flapping_status":
        video.flapping_polls = int(fault.options.get("polls", 1))
    elif video.end() is None:  # the end of an ended video can't change
        video.ending = _ENDINGS[fault.kind]
        code, message = usual_errors.get(fault.kind, (None, None))
        video.error_code = fault.options.get("code", code)
        video.error_message = fault.options.get("message", message)
