"""What the tests know about a vendor beyond its descriptor: valid requests, in our words and in the vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """Valid requests to one vendor.

    :param vendor: its name.
    :param model: takes a prompt alone, or with `least`.
    :param sized_model: takes a prompt with duration, resolution 720p and ratio 16:9.
    :param large_model: takes a prompt with a duration and 480p, 720p or 1080p.
    :param create: path (below the base URL) and body of a create in the vendor's own words.
    :param poll: path of a poll, without the id that follows.
    :param url_at: where a poll's answer holds the URL of the finished video.
    :param least: fields that have to stand beside model and prompt.
    """

    vendor: str
    model: str
    sized_model: str
    large_model: str
    create: tuple[str, Mapping[str, Any]]
    poll: str
    url_at: tuple[str | int, ...]
    least: Mapping[str, Any] = field(default_factory=dict)
