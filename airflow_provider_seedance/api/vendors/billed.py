"""Reads the billed facts of a video from the body that is actually sent, with `extra` merged into it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Places = Mapping[str, tuple[str, ...]]
"""For `model`, `duration` and `resolution`: the path of keys to the value in a vendor's body."""

_SEVERAL = frozenset(
    {
        *("n", "count", "batch_size", "num_outputs", "num_samples"),
        *("num_videos", "number_of_videos", "sample_count", "video_count", "numberResults"),
    }
)
"""Fields that ask an API for several videos at once; of our vendors, Runware documents one (`numberResults`)."""

_FRAMES = frozenset(("frames", "num_frames"))

_IN_TEXT = re.compile(r"--(?:rs|resolution|dur|duration|frames)\s+\S")
"""Ark's older form, options at the end of the prompt: `--rs 1080p --dur 10`."""


@dataclass(frozen=True)
class Billed:
    """The facts of a request on which its price can depend.

    :param model: the model that is billed.
    :param duration: as in the body; `None` if it isn't there.
    :param resolution: as in the body; `None` if it isn't there.
    :param unclear: the reason why the cost of the request can't be determined; `None` if it can.
    :param size_unclear: the reason why length and resolution can't be determined; `None` if they can.
    """

    model: Any
    duration: Any = None
    resolution: Any = None
    unclear: str | None = None
    size_unclear: str | None = None


def read_billed(body: Mapping[str, Any], places: Places, model: str) -> Billed:
    """Reads the billed facts from a body.

    :param body: the body that is sent.
    :param places: where the facts are in the body.
    :param model: the model, for a body that doesn't contain it.
    :return: the facts, or the reason why they can't be determined.
    """
    found = {name: _at(body, path) for name, path in places.items()}
    found.setdefault("model", model)
    unclear = size_unclear = None
    for path, value in _everything(body):
        name = path[-1]
        if name in found and path != places.get(name) and value != found[name]:
            # Only the vendor knows which of the two values applies.
            unclear = f"{name!r} stands in the request twice, with different values"
        elif name in _SEVERAL and value not in (None, 1, "1"):
            unclear = f"{name!r} may ask for several videos"
        elif name in _FRAMES and value is not None:
            size_unclear = f"the length is given in {name!r}"
        elif isinstance(value, str) and _IN_TEXT.search(value):
            size_unclear = "the prompt holds commands such as `--dur`"
    if not isinstance(found["model"], str):
        unclear = "'model', as it is sent, is no name"
    return Billed(**found, unclear=unclear, size_unclear=size_unclear)


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        body = body.get(key) if isinstance(body, Mapping) else None
    return body


def _everything(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value in the body with the keys that lead to it; lists add no key."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _everything(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _everything(item, path or ("",))
