"""Reference media: the upload (`AssetUpload`, `MediaFile`), its place at the vendor (`Library`), and its result."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.http.fields import Address, Code, Id, Line, Name, Url, Whole
from airflow_provider_seedance.api.http.messages import HttpRequest

AssetKind = Literal["image", "video", "audio", "text"]
KINDS: tuple[str, ...] = get_args(AssetKind)

SCHEME = "asset://"

# Each machine has its own registry of types; these are the ones in the vendors' tables.
_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".m4v": "video/x-m4v",
    ".flv": "video/x-flv",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
}


class AssetStatus(StrEnum):
    """The state of an asset, in the same three words for every vendor."""

    PROCESSING = "processing"
    ACTIVE = "active"
    FAILED = "failed"

    @property
    def is_terminal(self) -> bool:
        """Whether the state is final."""
        return self is not AssetStatus.PROCESSING


class AssetUpload(BaseModel):
    """The options of an upload.

    :param library: one of the vendor's libraries; `None`: its file store, `files`.
    :param kind: `image`, `video`, `audio` or `text`; `None`: told from the name.
    :param name: the asset's name at the vendor; `None`: the file's.
    :param url: a public URL, for libraries that fetch the media themselves.
    :param extra: merged into the body last, unchecked; the whole body where that is not documented.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    library: str | None = None
    kind: AssetKind | None = None
    name: str | None = Field(default=None, min_length=1)
    url: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class MediaAsset(BaseModel):
    """One asset at one vendor, as it was last seen.

    :param asset: the reference for the create operator: `asset://ID`, or a URL.
    :param asset_id: the vendor's id, where it gives one.
    :param vendor: the vendor's name, as in the connection's extra.
    :param library: the vendor's library that holds it.
    :param status: see `AssetStatus`; in libraries without states, assets are `active` at once.
    :param kind: `image`, `video`, `audio` or `text`, as far as known.
    :param name: its name at the vendor.
    :param url: its URL at the vendor, if the vendor gives one.
    :param size: its length in bytes, as far as known.
    :param content_type: MIME type, as far as known.
    :param reason: the vendor's own words for why it failed.
    """

    model_config = ConfigDict(frozen=True)

    asset: Address
    asset_id: Id | None = None
    vendor: str
    library: str
    status: AssetStatus
    kind: Name | None = None
    name: Name | None = None
    url: Url = None
    size: Whole = None
    content_type: Name | None = None
    reason: Line | None = None

    undocumented_status: Code | None = Field(default=None, exclude=True, repr=False)
    """The vendor's word for the status, if it isn't documented; such an asset counts as processing."""

    @property
    def is_deliverable(self) -> bool:
        """Whether the asset can be used."""
        return self.status is AssetStatus.ACTIVE

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON types, as handed on by XCom."""
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class MediaFile:
    """An opened file.

    :param name: with its suffix, by which vendors tell the type.
    :param content: readable and seekable, at its beginning.
    :param size: its length in bytes.
    """

    name: str
    content: BinaryIO
    size: int

    @property
    def suffix(self) -> str:
        """`.png`: lower case, with its dot; empty if there is none."""
        return suffix_of(self.name)

    @property
    def content_type(self) -> str:
        """The MIME type that goes with the name."""
        return content_type_of(self.name) or "application/octet-stream"


@dataclass(frozen=True)
class UploadRequest(HttpRequest):
    """A request whose body is a file.

    :param file: the file to send.
    :param form_field: the field of a multipart form; `None`: the bare bytes.
    :param url: a URL in place of the base URL; the key is not sent there.
    """

    file: MediaFile | None = None
    form_field: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Library:
    """One library for media at a vendor, as documented.

    :param name: its name in `library=`.
    :param source: the document.
    :param takes: `file`: the bytes; `url`: a public URL that the vendor fetches; `body`: a body written by the caller.
    :param suffixes: the accepted file suffixes by kind; a missing kind is not accepted. Empty: not documented.
    :param kinds: the accepted kinds, where no suffixes are documented.
    :param most_bytes: the largest file; `None`: not documented.
    :param has_states: whether an asset has to become active before it can be used.
    """

    name: str
    source: str
    takes: Literal["file", "url", "body"]
    suffixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: tuple[str, ...] = KINDS
    most_bytes: int | None = None
    has_states: bool = False


def to_upload(fields: AssetUpload | Mapping[str, Any]) -> AssetUpload:
    """An `AssetUpload` from a dict.

    :raises InvalidRequestError: for unknown fields and wrong values; the values stay out of the message.
    """
    if isinstance(fields, AssetUpload):
        return fields
    try:
        return AssetUpload.model_validate(dict(fields))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = tuple(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)
        raise InvalidRequestError(f"Nothing was sent. {'; '.join(problems)}.", problems) from None


def kind_of(name: str) -> str | None:
    """`image`, `video`, `audio` or `text` by the suffix of a path or URL; `None` if it doesn't tell."""
    kind = (content_type_of(name) or "").partition("/")[0]
    return kind if kind in KINDS else None


def content_type_of(name: str) -> str | None:
    """The MIME type by the suffix of a path or URL."""
    suffix = suffix_of(name)
    return _TYPES.get(suffix) or mimetypes.types_map.get(suffix)


def suffix_of(name: str) -> str:
    """`.png` of a path or URL: lower case, with its dot; empty if there is none."""
    return PurePosixPath(path_of(name)).suffix.lower()


def path_of(name: str) -> str:
    """A path, or the path of a URL without its query."""
    try:
        return urlsplit(name).path if "://" in name else name
    except ValueError:
        return name


def check_file(file: MediaFile, kind: str | None, library: Library, title: str) -> None:
    """Refuses a file that the library's document forbids.

    :raises InvalidRequestError: naming the rule and its source.
    """
    _check_kind(kind, library, title)
    problems = []
    if file.size < 1:
        problems.append(f"{file.name} is empty")
    if library.most_bytes is not None and file.size > library.most_bytes:
        problems.append(f"{file.name} has {file.size} bytes, {title} takes {library.most_bytes}")
    allowed = library.suffixes.get(kind or "", ())
    if library.suffixes and file.suffix not in allowed:
        problems.append(f"{file.name}: as {kind} {title} takes {', '.join(allowed)}")
    if problems:
        raise InvalidRequestError(f"Nothing was sent. {'; '.join(problems)} [{library.source}].", tuple(problems))


def check_url(upload: AssetUpload, kind: str | None, library: Library, title: str) -> None:
    """Refuses an upload by URL that the library can't take.

    :raises InvalidRequestError: naming the rule and its source.
    """
    _check_kind(kind, library, title)
    if not (upload.url or "").startswith(("https://", "http://")):
        raise InvalidRequestError(f"Nothing was sent. {title}'s {library.name} library takes a public URL.")


def _check_kind(kind: str | None, library: Library, title: str) -> None:
    kinds = tuple(library.suffixes) or library.kinds
    if kind in kinds:
        return
    what = f"not {kind}" if kind else "and the name doesn't tell which it is; set `kind`"
    message = f"kind: {title}'s {library.name} library takes {', '.join(kinds)}, {what} [{library.source}]"
    raise InvalidRequestError(f"Nothing was sent. {message}.", (message,))
