"""The one video that is bought, from create to end. A file beside the report makes sure that it is paid once."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from airflow_provider_seedance.api.client import SeedanceClient
from airflow_provider_seedance.api.errors import (
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import signed_url_expiry
from airflow_provider_seedance.check.asking import PROMPT, no_such_id, read_many
from airflow_provider_seedance.check.file_look import first_bytes
from airflow_provider_seedance.check.seen import Purchase, described

SEED = 20261126
"""The seed, if the model takes one and the vendor's mark isn't one."""

LISTED_WITHIN = 120.0
"""Seconds for which the list is searched for the new video."""

URL_WITHIN = 120.0
"""Seconds that a success may lack its URL."""

_READS_OF_AN_END = 3
"""Reads after the end: some vendors show a success, and then again a running video."""

_LOOKS_AT_THE_FILE = 3

_FIRST_LOOKS = (0.0, 2.0, 3.0, 5.0)
_SKEW = timedelta(days=1)


class PurchaseFile:
    """The file in which the purchase is noted before anything is sent. As long as it exists, nothing is bought.

    :param path: the file, beside the report.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Purchase | None:
        """The purchase of an earlier run, `None` if there is none.

        :raises ValueError: the file can't be read, so it is unknown what was bought.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return Purchase.of(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValueError(f"{self.path} can't be read, so nobody knows what an earlier run bought.") from None

    def claim(self, purchase: Purchase) -> None:
        """Notes that a video is about to be bought.

        :param purchase: the purchase to note.
        :raises FileExistsError: another run was faster.
        """
        with self.path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(asdict(purchase)))
            file.flush()
            os.fsync(file.fileno())

    def save(self, purchase: Purchase) -> None:
        """Replaces the noted purchase."""
        temporary = self.path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(purchase), indent=1))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def forget(self) -> None:
        """Removes the file, as nothing was bought."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Pace:
    """The pace at which the video is watched.

    :param interval: seconds between two reads. Default 10.
    :param timeout: seconds after which the watch ends. Default 3,600.
    """

    interval: float = 10.0
    timeout: float = 3600.0

    look_ups: ClassVar[tuple[float, ...]] = (2.0, 8.0)
    """Seconds before each look-up of a video whose create was not answered."""


def account_of(client: SeedanceClient) -> str:
    """Identifies an account in its file, without its address."""
    return hashlib.sha256(f"{client.adapter.name}|{client.base_url}".encode()).hexdigest()[:16]


def planned(client: SeedanceClient, fields: dict[str, object]) -> tuple[VideoRequest, str | None]:
    """The request to buy, and the mark in it."""
    request = VideoRequest.model_validate({**fields, "prompt": PROMPT})
    mark = client.adapter.draw_mark(request)
    if mark is not None:
        request = client.adapter.mark(request, mark)
    route = client.adapter.route_of(request.model)
    if request.seed is None and route is not None and "seed" in route.fields:
        request = request.model_copy(update={"seed": SEED})
    return request, mark


def buy(
    client: SeedanceClient,
    fields: dict[str, object],
    file: PurchaseFile,
    noted: Callable[[Purchase], None],
) -> Purchase:
    """Sends one create, once.

    :param client: of the account.
    :param fields: of the request.
    :param file: keeps the purchase.
    :param noted: called with the purchase before it is sent, and again once its outcome is known.
    :raises FileExistsError: another run has bought, or is buying.
    """
    request, mark = planned(client, fields)
    shown = request.model_dump(exclude={"prompt", "extra"}, exclude_defaults=True)
    purchase = Purchase(account_of(client), shown, time.time(), mark=mark, seed=request.seed)
    file.claim(purchase)
    noted(purchase)
    try:
        video = client.create_video(request, wait_for_room=False)
    except SubmissionUnknownError as error:
        purchase.outcome, purchase.video_id, purchase.refusal = "unknown", error.video_id, described(error)
    except SeedanceError as error:
        # By its class: any other error means that nothing was created.
        purchase.outcome, purchase.refusal = ("unknown" if error.may_be_billed else "refused"), described(error)
    else:
        purchase.outcome, purchase.video_id = "bought", video.video_id
    purchase.accepted_at = time.time()
    try:
        noted(purchase)
    finally:
        if purchase.outcome == "refused":
            file.forget()
        else:
            file.save(purchase)
    return purchase


def look_up(client: SeedanceClient, purchase: Purchase, file: PurchaseFile) -> None:
    """Looks up a video whose create was not answered, by its mark, never by similarity."""
    if purchase.video_id or not purchase.mark:
        return
    since = datetime.fromtimestamp(purchase.sent_at, tz=UTC) - _SKEW
    for delay in Pace.look_ups:
        time.sleep(delay)
        try:
            found = client.find_videos(purchase.mark, model=str(purchase.request["model"]), since=since)
        except SeedanceError:
            continue
        if len(found) == 1:
            purchase.video_id, purchase.outcome = found[0].video_id, "bought"
            purchase.accepted_at = purchase.accepted_at or purchase.sent_at
            file.save(purchase)
            return


class Watch:
    """Follows the video to its end, and notes each observation.

    :param client: of the account.
    :param purchase: the purchase; gets the observations.
    :param file: keeps the purchase.
    :param pace: see `Pace`.
    """

    def __init__(self, client: SeedanceClient, purchase: Purchase, file: PurchaseFile, pace: Pace) -> None:
        self._client, self._purchase, self._file, self._pace = client, purchase, file, pace
        self._video_id = purchase.video_id or ""
        self._accepted = purchase.accepted_at or purchase.sent_at

    def _age(self) -> float:
        return round(time.time() - self._accepted, 1)

    def follow(self, *, cancel: bool = False) -> None:
        """Follows the video until its end, or until the time is up.

        :param cancel: whether to cancel it first.
        """
        is_new = not self._purchase.course
        video = self._read()
        if is_new and cancel:
            self._cancel(video)
        self._find(_FIRST_LOOKS if is_new else (0.0,))
        started, ends = time.monotonic(), 0
        while True:
            video = self._read() or video
            ends = ends + 1 if self._is_over(video) else 0
            if ends == _READS_OF_AN_END or time.monotonic() - started > self._pace.timeout:
                break
            time.sleep(self._pace.interval)
            self._find((0.0,))
        if video is not None and ends:
            self._end(video)

    def _read(self) -> Video | None:
        purchase = self._purchase
        try:
            video = self._client.get_video(self._video_id)
        except (TransientApiError, VideoNotFoundError) as error:
            if not purchase.read_at_once:
                purchase.read_at_once = described(error)
                self._file.save(purchase)
            return None
        purchase.read_at_once = purchase.read_at_once or "yes"
        word = video.undocumented_status
        if word:  # an undocumented word, which the client takes for running
            purchase.undocumented = list(dict.fromkeys([*purchase.undocumented, word]))
        elif video.status.value != purchase.last_status:
            purchase.course.append((video.status.value, self._age()))
        if video.video_url and purchase.url_late is None:
            succeeded = next((after for status, after in purchase.course if status == VideoStatus.SUCCEEDED), None)
            purchase.url_late = None if succeeded is None else max(0.0, self._age() - succeeded)
        self._file.save(purchase)
        return video

    def _is_over(self, video: Video | None) -> bool:
        if video is None or not video.status.is_terminal:
            return False
        since = self._purchase.course[-1][1] if self._purchase.course else 0.0
        return video.status is not VideoStatus.SUCCEEDED or video.is_deliverable or self._age() - since > URL_WITHIN

    def _cancel(self, video: Video | None) -> None:
        """Cancels the video if it is queued; for an ended video, this call does other things at some vendors."""
        purchase = self._purchase
        purchase.status_before_cancel = video.status.value if video else "unknown"
        if video is None or video.status is not VideoStatus.QUEUED:
            purchase.cancel = "too late"
            return
        try:
            self._client.cancel_video(self._video_id)
            purchase.cancel = "done"
        except SeedanceError as error:
            purchase.cancel = described(error)
        self._file.save(purchase)

    def _find(self, delays: tuple[float, ...]) -> None:
        purchase = self._purchase
        if not purchase.mark or not self._client.adapter.can_list or purchase.listed_after is not None:
            return
        since = datetime.fromtimestamp(purchase.sent_at, tz=UTC) - _SKEW
        for delay in delays:
            if self._age() > LISTED_WITHIN:
                return
            time.sleep(min(delay, self._pace.interval))
            asked = self._age()
            try:
                found = self._client.find_videos(purchase.mark, model=str(purchase.request["model"]), since=since)
            except SeedanceError:
                continue
            purchase.list_looked_for = asked
            purchase.strangers_by_mark = sum(video.video_id != self._video_id for video in found)
            if any(video.video_id == self._video_id for video in found):
                purchase.listed_after = asked
                break
        self._file.save(purchase)

    def _end(self, video: Video) -> None:
        purchase = self._purchase
        purchase.told_seed = video.seed
        if video.video_url and video.status is VideoStatus.SUCCEEDED:
            ends = signed_url_expiry(video.video_url)
            since = video.completed_at or datetime.now(tz=UTC)
            purchase.url_life = None if ends is None else round((ends - since).total_seconds())
            purchase.file = self._first_look(video.video_url)
        if self._client.adapter.most_ids_per_request > 1:
            purchase.by_ids = self._by_ids()
        purchase.is_over = True
        self._file.save(purchase)

    def _first_look(self, url: str) -> str:
        """Looks at the file, several times if need be: some hosts answer the first requests with 404 or 403."""
        found = ""
        for _ in range(_LOOKS_AT_THE_FILE):
            found = first_bytes(url, allow_private_hosts=self._client.settings.allow_private_hosts)
            if not found.startswith("HTTP "):
                break
            time.sleep(self._pace.interval)
        return found

    def _by_ids(self) -> str:
        asked = [self._video_id, no_such_id(self._client.adapter)]
        try:
            found = {video.video_id for video in read_many(self._client.adapter, self._client.settings, asked)}
        except SeedanceError as error:
            return described(error)
        if found == {self._video_id}:
            return "exact"
        return "without the video" if self._video_id not in found else f"with {len(found) - 1} other(s)"


def without_account(purchase: Purchase) -> Purchase:
    """The purchase as it is shown in the report."""
    return replace(purchase, account="")
