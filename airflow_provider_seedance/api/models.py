"""One vocabulary for all vendors: what is asked for (`VideoRequest`) and what comes back (`Video`)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from airflow_provider_seedance.api.http.fields import Code, Id, Line, Name, Url, Usage, Whole


class VideoStatus(StrEnum):
    """Where a video stands, in the same six words for every vendor."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        """Whether the status can't change any more."""
        return self not in (VideoStatus.QUEUED, VideoStatus.RUNNING)


def _none_is_empty(value: object) -> object:
    return () if value is None else value


MediaList = Annotated[tuple[str, ...], BeforeValidator(_none_is_empty)]
"""URLs of reference media. `None` counts as empty; a bare string is refused instead of being read letter by letter."""

Word = Annotated[str, AfterValidator(str.lower)]
"""One of a few words, in any letters: vendors compare them exactly, `4K` and `Adaptive` would be refused."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Task = Annotated[Literal["reference", "edit", "extend"], BeforeValidator(_lower)]
"""What reference videos are for."""

OutputFormat = Annotated[Literal["mp4", "mov"], BeforeValidator(_lower)]
"""The container of the file."""


class VideoRequest(BaseModel):
    """What to generate. Fields that are left at their default are not sent, so that the vendor's own default applies.

    Media are `https://` URLs; `asset://ID` where the vendor has an asset library; `data:` URIs where it takes base64.

    :param model: the vendor's model name or route, for example `dreamina-seedance-2-0-260128`, `seedance2.0-fast-i2v`.
    :param prompt: what the video shows. It may be left out beside an image or a video, where the route says so.
    :param duration: length in whole seconds; `-1` lets the model choose, where the route has it.
    :param resolution: `480p`, `720p`, `1080p` or `4k`, where the route has a choice.
    :param ratio: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9` or `adaptive`, where the route has it.
    :param first_frame: image the video starts with.
    :param last_frame: image the video ends with.
    :param reference_images: images of style or subject; most routes refuse them together with frames.
    :param reference_videos: videos to follow.
    :param reference_audios: sounds to follow; never alone.
    :param seed: for repeatable results; `-1` is random on Modellix.
    :param generate_audio: whether the video has sound.
    :param watermark: whether the vendor's mark is put on the picture.
    :param camera_fixed: whether the camera stands still.
    :param return_last_frame: whether the last frame is returned as an image too.
    :param web_search: whether the model may look things up.
    :param execution_expires_after: seconds after which the vendor gives an unfinished video up.
    :param task: what reference videos are for: `reference` (follow them), `edit` or `extend`. 2.5 only.
    :param draft: whether a preview in 480p is made, from which `draft_id` makes the final video. 2.5 only.
    :param draft_id: the draft that the final video is made from, as `Video.draft_id` names it. 2.5 only.
    :param output_format: `mp4` or `mov`.
    :param extra: merged into the body last, unchecked: for what this class has no word for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    model: str = Field(min_length=1)
    prompt: Annotated[str, BeforeValidator(lambda value: "" if value is None else value)] = ""
    duration: int | None = None
    resolution: Word | None = None
    ratio: Word | None = None
    first_frame: str | None = None
    last_frame: str | None = None
    reference_images: MediaList = ()
    reference_videos: MediaList = ()
    reference_audios: MediaList = ()
    seed: int | None = None
    generate_audio: bool | None = None
    watermark: bool | None = None
    camera_fixed: bool | None = None
    return_last_frame: bool | None = None
    web_search: bool | None = None
    execution_expires_after: int | None = None
    task: Task | None = None
    draft: bool | None = None
    draft_id: str | None = None
    output_format: OutputFormat | None = None
    extra: dict[str, Any] = Field(default_factory=dict)

    _mark: str | None = PrivateAttr(default=None)

    @property
    def mark(self) -> str | None:
        """By what this one submission shall be recognised at the vendor; no field, as it says nothing of the video."""
        return self._mark

    def marked(self, mark: str) -> VideoRequest:
        """The same request with a mark, see `VendorAdapter.mark`."""
        copy = self.model_copy()
        copy._mark = mark  # noqa: SLF001 - of its own class
        return copy

    def is_set(self, field: str) -> bool:
        """Whether the caller asked for anything in this field (`False` counts; `None` and an empty list don't)."""
        return getattr(self, field) not in (None, (), {}, "")


REQUEST_FIELDS: tuple[str, ...] = tuple(VideoRequest.model_fields)


class VideoError(BaseModel):
    """Why a video failed, in the vendor's own words."""

    model_config = ConfigDict(frozen=True)

    code: Code | None = None
    message: Line = ""

    blames_request: bool = Field(default=False, exclude=True, repr=False)
    """Whether the code is one by which this vendor says that the request was wrong, so that it fails each time."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part) or "the vendor gave no reason"


class Video(BaseModel):
    """One video at one vendor, as it was last seen.

    :param video_id: the vendor's id (task id, request id).
    :param vendor: the vendor's name, as in the connection's extra.
    :param model: the model that was asked for, where the vendor says it.
    :param status: see `VideoStatus`.
    :param video_url: where the MP4 is, once succeeded. Signed URLs give access to whoever holds them.
    :param last_frame_url: image of the last frame, if asked for and supported.
    :param thumbnail_url: preview image, where the vendor makes one.
    :param url_expires_at: when the URLs stop working, as far as the vendor says; `None` where it doesn't.
    :param progress: 0 to 100, where the vendor says it.
    :param error: why it failed.
    :param usage: what the vendor counted, for example `{"completion_tokens": 108900}`.
    :param created_at: when the vendor accepted it.
    :param completed_at: when it ended.
    :param seed: what the video is made from, where that is known: with it the same take can be asked for again.
    :param draft_id: of a draft: by what the final video is asked for.
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
    """The vendor's word for the status, when nobody ever documented it; such a video counts as running."""

    mark: Name | None = Field(default=None, exclude=True, repr=False)
    """By what its submission is recognised, as the vendor repeats it; see `VendorAdapter.draw_mark`."""

    result_removed: str | None = Field(default=None, exclude=True, repr=False)
    """Why there is nothing to fetch any more, where the vendor says that it has removed what it made."""

    made_seconds: Whole = Field(default=None, exclude=True)
    """Length of the finished video, where the vendor says it. Tasks hand it on as `seconds`."""

    made_resolution: Name | None = Field(default=None, exclude=True)
    """Resolution of the finished video in the request's words, where the vendor says it."""

    @property
    def is_deliverable(self) -> bool:
        """Whether it succeeded with a URL that can be downloaded; vendors have put relative keys and nulls there."""
        return self.status is VideoStatus.SUCCEEDED and self.video_url is not None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON types, as handed on by XCom; times are ISO 8601 strings in UTC."""
        return self.model_dump(mode="json")
