"""What was landed, kept beside the object: how a second run knows that the first one has done it all."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

SUFFIX = ".manifest.json"
"""Follows the object's whole name."""


class Manifest(BaseModel):
    """One landed object. Holds no signed URL.

    :param source: what it is a copy of; the same video again gives the same words.
    :param uri: where it is, without the id of the connection that opens it.
    :param bytes: its length.
    :param sha256: of its content, in hex.
    :param content_type: as found in its bytes, whatever the file host said.
    :param duration: seconds, for a video.
    :param width: pixels, for a video.
    :param height: pixels, for a video.
    :param video_id: the vendor's id, where it is known.
    :param vendor: which vendor, where it is known.
    :param model: the model that was asked for, where the vendor says it.
    :param usage: what the vendor counted.
    :param published: `False` while the object of this manifest is about to replace another one: which of the two is
        there, only the hash tells.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    uri: str
    bytes: int
    sha256: str
    content_type: str
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    video_id: str | None = None
    vendor: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    published: bool = True

    def to_json(self) -> str:
        """As it is kept."""
        return self.model_dump_json(indent=2, exclude={"published"} if self.published else None) + "\n"

    @classmethod
    def from_json(cls, content: str) -> Manifest | None:
        """What was kept, `None` if it is something else."""
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON types, as handed on by XCom."""
        return self.model_dump(mode="json", exclude={"source", "published"})
