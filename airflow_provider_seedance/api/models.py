"""One vocabulary for all vendors: the request (`VideoRequest`) and the result (`Video`)."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from airflow_provider_seedance.api.http.fields import Code, Id, Line, Name, Url, Usage, Whole


class VideoStatus(StrEnum):
    """The status of a video, in the same six words for every vendor."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        """Whether the status is final."""
        return self not in (VideoStatus.QUEUED, VideoStatus.RUNNING)


def _in_order(value: object) -> object:
    if isinstance(value, set | frozenset):
        raise PydanticCustomError("no_order", "a set has no order, which changes with each process; use a list")
    return () if value is None else value


MediaList = Annotated[tuple[str, ...], BeforeValidator(_in_order)]
"""URLs of reference media, in the order in which a prompt counts them. `None` counts as empty.

A bare string is refused, not split into its letters. A set is refused too: in the next worker its order is another one,
so that a retry would ask for something else.
"""

Word = Annotated[str, AfterValidator(str.lower)]
"""A keyword, stored in lower case: vendors compare exactly and would refuse `4K` or `Adaptive`."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Task = Annotated[Literal["reference", "edit", "extend"], BeforeValidator(_lower)]
"""The purpose of reference videos."""

OutputFormat = Annotated[Literal["mp4", "mov"], BeforeValidator(_lower)]
"""The container format of the video file."""


Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A whole number of the size that vendors and databases can hold."""


def _writable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, default=lambda _: None)  # whether other types can be sent is known only when they are
    except (TypeError, ValueError, RecursionError):
        raise PydanticCustomError(
            "not_writable",
            "can't be written as JSON, because of a key, the number of levels, or a number with thousands of digits",
        ) from None
    return value


Extra = Annotated[dict[str, Any], AfterValidator(_writable)]
"""Fields of the vendor's own, which can be written into a body."""


class VideoRequest(BaseModel):
    """A request for one video. Fields at their default are not sent, so that the vendor's own default applies.

    Media are `https://` URLs; `asset://ID` where the vendor has an asset library; `data:` URIs where it takes base64.

    :param model: the vendor's model name or route, for example `dreamina-seedance-2-0-260128` or
        `seedance2.0-fast-i2v`, or a model family such as `seedance-2.0`.
    :param prompt: a description of the video. Optional with an image or a video, where the route allows that.
    :param duration: length in whole seconds; `-1` lets the model choose, where the route supports it.
    :param resolution: `480p`, `720p`, `1080p` or `4k`, where the route has a choice.
    :param ratio: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9` or `adaptive`, where the route supports it.
    :param first_frame: URL of the image that the video starts with.
    :param last_frame: URL of the image that the video ends with.
    :param reference_images: URLs of images for style or subject; most routes refuse them together with frames.
    :param reference_videos: URLs of videos to follow, edit or extend, see `task`.
    :param reference_audios: URLs of sounds to follow; many routes require an image or a video with them.
    :param seed: for repeatable results; `-1` is random on Modellix.
    :param generate_audio: whether the video has sound.
    :param watermark: whether the vendor puts its watermark on the video.
    :param camera_fixed: whether the camera stands still.
    :param return_last_frame: whether the last frame is also returned as an image.
    :param web_search: whether the model may search the web.
    :param execution_expires_after: seconds after which the vendor abandons an unfinished video.
    :param task: the purpose of the reference videos: `reference` (follow them), `edit` or `extend`. 2.5 only.
    :param draft: whether to make a 480p preview; its `draft_id` then makes the final video. 2.5 only.
    :param draft_id: the draft from which to make the final video, as in `Video.draft_id`. 2.5 only.
    :param output_format: container of the file, `mp4` or `mov`.
    :param extra: the vendor's own fields by name, merged into the body last and unchecked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    model: str = Field(min_length=1)
    prompt: Annotated[str, BeforeValidator(lambda value: "" if value is None else value)] = ""
    duration: Number | None = None
    resolution: Word | None = None
    ratio: Word | None = None
    first_frame: str | None = None
    last_frame: str | None = None
    reference_images: MediaList = ()
    reference_videos: MediaList = ()
    reference_audios: MediaList = ()
    seed: Number | None = None
    generate_audio: bool | None = None
    watermark: bool | None = None
    camera_fixed: bool | None = None
    return_last_frame: bool | None = None
    web_search: bool | None = None
    execution_expires_after: Number | None = None
    task: Task | None = None
    draft: bool | None = None
    draft_id: str | None = None
    output_format: OutputFormat | None = None
    extra: Extra = Field(default_factory=dict)

    _mark: str | None = PrivateAttr(default=None)

    @property
    def mark(self) -> str | None:
        """The mark by which the vendor's list identifies this one submission. It isn't a property of the video."""
        return self._mark

    def marked(self, mark: str) -> VideoRequest:
        """A copy of the request with a mark, see `VendorAdapter.mark`."""
        copy = self.model_copy()
        copy._mark = mark  # noqa: SLF001 - of its own class
        return copy

    def is_set(self, field: str) -> bool:
        """Whether the field has a value: `False` is one; `None` and empty lists, texts and mappings are none."""
        return getattr(self, field) not in (None, (), {}, "")


REQUEST_FIELDS: tuple[str, ...] = tuple(VideoRequest.model_fields)


class VideoError(BaseModel):
    """Why a video failed, in the vendor's own words."""

    model_config = ConfigDict(frozen=True)

    code: Code | None = None
    message: Line = ""

    blames_request: bool = Field(default=False, exclude=True, repr=False)
    """Whether this vendor's code blames the request, so that a repetition would fail, too."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part) or "the vendor gave no reason"


class Video(BaseModel):
    """One video at one vendor, as last seen.

    :param video_id: the vendor's id (task id, request id).
    :param vendor: the vendor's name, as in the connection's extra.
    :param model: the requested model, where the vendor names it.
    :param status: see `VideoStatus`.
    :param video_url: URL of the video file, once succeeded. A signed URL gives access to anyone who holds it.
    :param last_frame_url: URL of an image of the last frame, if requested and supported.
    :param thumbnail_url: URL of a preview image, where the vendor makes one.
    :param url_expires_at: when the URLs stop working; `None` if the vendor doesn't say.
    :param progress: percentage from 0 to 100, where the vendor reports it.
    :param error: the reason for the failure.
    :param usage: the vendor's usage counters, for example `{"completion_tokens": 108900}`.
    :param created_at: when the vendor accepted the request.
    :param completed_at: when the video ended.
    :param seed: the seed of the video, where it is known; the same seed asks for the same take again.
    :param draft_id: of a draft: the id with which the final video is requested.
    """

    model_config = ConfigDict(frozen=True)

    video_id: Id
    vendor: str
    model: Name | None = None
    status: VideoStatus
    video_url: Url = None
    last_frame_url: Url = None
    thumbnail_url: Url = None
    url_expires_at: datetime | None = None
    progress: Whole = None
    error: VideoError | None = None
    usage: Usage = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    seed: int | None = None
    draft_id: Code | None = None

    undocumented_status: Code | None = Field(default=None, exclude=True, repr=False)
    """The vendor's word for the status, if it is undocumented; such a video counts as running."""

    mark: Name | None = Field(default=None, exclude=True, repr=False)
    """The mark of its submission, as the vendor repeats it; see `VendorAdapter.draw_mark`."""

    result_removed: str | None = Field(default=None, exclude=True, repr=False)
    """Why the file is gone, if the vendor says that it has removed the result."""

    made_seconds: Whole = Field(default=None, exclude=True)
    """Length of the finished video in seconds, where the vendor reports it. Tasks return it as `seconds`."""

    made_resolution: Name | None = Field(default=None, exclude=True)
    """Resolution of the finished video, such as `720p`, where the vendor reports it."""

    @property
    def is_deliverable(self) -> bool:
        """Whether it succeeded with a URL for the download; vendors have answered with relative keys and nulls, too."""
        return self.status is VideoStatus.SUCCEEDED and self.video_url is not None

    def to_dict(self) -> dict[str, Any]:
        """The video as JSON types, for XCom; times are ISO 8601 strings in UTC."""
        return self.model_dump(mode="json")
