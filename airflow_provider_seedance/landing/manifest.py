"""The manifest beside a landed object, by which a second run knows that there is nothing left to do."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

SUFFIX = ".manifest.json"
"""Added to the object's whole name."""


class Manifest(BaseModel):
    """One landed object. Holds no signed URL.

    :param source: identifies the original; for the same video, it is always the same text.
    :param uri: its URI, without the id of the connection that opens it.
    :param bytes: its length.
    :param sha256: of its content, in hex.
    :param content_type: by its bytes, whatever the file host said.
    :param duration: seconds, for a video.
    :param width: pixels, for a video.
    :param height: pixels, for a video.
    :param video_id: the vendor's id, where it is known.
    :param vendor: the vendor's name, where it is known.
    :param model: the requested model, where the vendor tells it.
    :param usage: the vendor's usage counts.
    :param published: `False` while the object of this manifest is replacing another one: only the hash tells which of
        the two is there.
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
        """The manifest as JSON text."""
        return self.model_dump_json(indent=2, exclude={"published"} if self.published else None) + "\n"

    @classmethod
    def from_json(cls, content: str) -> Manifest | None:
        """Reads a manifest, `None` if the text is something else."""
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON types, as handed on by XCom."""
        return self.model_dump(mode="json", exclude={"source", "published"})
