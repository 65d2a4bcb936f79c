"""The inputs of fal's endpoints, checked as by its runners: after the request was accepted.

Refusing unknown fields is a guess; fal may ignore them.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

RATIOS = ("auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
APP = "bytedance"


class Tier(NamedTuple):
    """The limits of a family of endpoints: resolutions, seconds, and the number of references by kind."""

    resolutions: tuple[str, ...]
    longest: int
    images: int
    clips: int
    files: int


_TIERS = {
    f"{APP}/seedance-2.0": Tier(("480p", "720p", "1080p", "4k"), 15, 9, 3, 12),
    f"{APP}/seedance-2.0/fast": Tier(("480p", "720p"), 15, 9, 3, 12),
    f"{APP}/seedance-2.0/mini": Tier(("480p", "720p"), 15, 9, 3, 12),
    # fal's pages contradict each other about 1080p.
    f"{APP}/seedance-2.5": Tier(("480p", "720p", "1080p"), 30, 30, 10, 50),
}
KINDS = ("text-to-video", "image-to-video", "reference-to-video")
ENDPOINTS = {f"{family}/{kind}": (tier, kind) for family, tier in _TIERS.items() for kind in KINDS}
DRAFT = f"{APP}/seedance-2.5/draft/complete"

_FIELDS = {
    "text-to-video": {"seed"},
    "image-to-video": {"seed", "image_url", "end_image_url"},
    "reference-to-video": {"image_urls", "video_urls", "audio_urls"},
}
_COMMON = {"prompt", "resolution", "duration", "aspect_ratio", "generate_audio", "bitrate_mode", "end_user_id"}
_NEWER = {"text-to-video": {"draft"}, "image-to-video": {"draft"}, "reference-to-video": {"draft", "task"}}
_CHOICES = {
    "aspect_ratio": RATIOS,
    "bitrate_mode": ("standard", "high"),
    "task": ("reference", "editing", "extension"),
}

Error = dict[str, Any]


def error(field: str, kind: str, message: str, given: Any = None) -> Error:
    """One entry of a model error."""
    link = f"https://docs.fal.ai/errors#{kind}"
    return {"loc": ["body", field], "msg": message, "type": kind, "url": link, "input": given, "ctx": {}}


def check(endpoint: str, body: dict[str, Any], drafts: Collection[str] = ()) -> list[Error]:
    """The runner's errors for an input; empty if it is valid.

    :param endpoint: the endpoint
    :param body: the input
    :param drafts: the ids of the drafts that can be finished; default: none
    """
    if endpoint == DRAFT:
        return _final(body.get("draft_id"), drafts)
    if body.get("draft") and body.get("resolution", "480p") != "480p":
        return [error("resolution", "value_error", "A draft is made in 480p", body["resolution"])]
    tier, kind = ENDPOINTS[endpoint]
    fields = _COMMON | _FIELDS[kind] | (_NEWER[kind] if "2.5" in endpoint else set())
    found = [error(name, "value_error", "Unknown field", body[name]) for name in body if name not in fields]
    found += _plain(body, tier)
    if kind == "image-to-video":
        found += _frames(body)
    if kind == "reference-to-video":
        found += _references(body, tier, "2.5" in endpoint)
    return found


def _final(draft_id: object, drafts: Collection[str]) -> list[Error]:
    """The errors of a final video; the type for an unknown draft is a guess."""
    if draft_id is None:
        return [error("draft_id", "missing", "Field required")]
    return [] if draft_id in drafts else [error("draft_id", "value_error", "No such draft", draft_id)]


def _plain(body: dict[str, Any], tier: Tier) -> list[Error]:
    found = []
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        found.append(error("prompt", "missing", "Field required", prompt))
    durations = ("auto", *map(str, range(4, tier.longest + 1)))
    for name, choices in {**_CHOICES, "resolution": tier.resolutions, "duration": durations}.items():
        if name in body and not (isinstance(body[name], str) and body[name] in choices):
            found.append(error(name, "one_of", f"Input should be one of {', '.join(choices)}", body[name]))
    found += [
        error(name, "value_error", "Input should be a valid boolean", body[name])
        for name in ("generate_audio", "draft")
        if name in body and not isinstance(body[name], bool)
    ]
    if type(body.get("seed", 0)) is not int:
        found.append(error("seed", "value_error", "Input should be a valid integer", body["seed"]))
    if not isinstance(body.get("end_user_id", ""), str):
        found.append(error("end_user_id", "value_error", "Input should be a valid string", body["end_user_id"]))
    return found


def _is_medium(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://", "data:"))


def _frames(body: dict[str, Any]) -> list[Error]:
    if "image_url" not in body:
        return [error("image_url", "missing", "Field required")]
    names = [name for name in ("image_url", "end_image_url") if name in body]
    return [
        error(name, "file_download_error", "Failed to download the file.", body[name])
        for name in names
        if not _is_medium(body[name])
    ]


def _references(body: dict[str, Any], tier: Tier, is_newer: bool) -> list[Error]:
    found, count = [], 0
    for name, most in (("image_urls", tier.images), ("video_urls", tier.clips), ("audio_urls", tier.clips)):
        items = body.get(name, [])
        if not isinstance(items, list) or not all(map(_is_medium, items)):
            found.append(error(name, "file_download_error", "Failed to download the file.", items))
            continue
        count += len(items)
        if len(items) > most:
            found.append(error(name, "sequence_too_long", f"At most {most} items", items))
    if count > tier.files:
        found.append(error("image_urls", "sequence_too_long", f"At most {tier.files} files"))
    if not count:
        found.append(error("image_urls", "missing", "At least one reference is required"))
    alone = body.get("audio_urls") and not (body.get("image_urls") or body.get("video_urls"))
    if alone and not is_newer:
        found.append(error("audio_urls", "value_error", "Audio needs an image or a video", body["audio_urls"]))
    return found
