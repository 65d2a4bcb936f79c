"""Jimmy AI's documented routes, and the check of a create against them.

Where its documents contradict each other, the widest limit applies (Full up to 15 s, MD from 1 s, 480p on SP). Guesses:
the ratios of SP, Mini, GZ and 933, of which the documents give examples or nothing, and the combinations of media that
2.5 refuses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Refused

THREE = ("16:9", "9:16", "1:1")
SIX = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
HTTPS, ASSET = "https://", "asset://"


@dataclass(frozen=True, slots=True)
class JimmyRoute:
    """One route and its limits; ``None`` = not stated. Without a ``fixed`` resolution the request has a choice."""

    name: str
    seconds: tuple[int, int] = (4, 15)
    ratios: tuple[str, ...] = SIX
    forms: tuple[str, ...] = (HTTPS,)
    fixed: str | None = None
    resolutions: tuple[str, ...] = ("480p", "720p", "1080p")
    max_images: int | None = None
    frames_count: bool = False
    max_videos: int | None = None
    max_audios: int | None = None
    audio_with_frames: bool = True
    both_frames: bool = False
    max_prompt: int | None = None


_FULL = re.compile(r"sd2_mx_(?P<video>video_)?(?P<fast>fast_)?(?P<res>720p|1080p|2k|4k)")
# "seedance2.0-mini-{res}" and "...-video" are aliases from the vendor's newer pages.
_MINI = re.compile(r"seedance2\.0-mini(?:-(?P<res>480p|720p|1080p))?(?:-video)?")
_SP = JimmyRoute("SP", forms=(HTTPS, ASSET))
_MD = JimmyRoute(
    "MD", (1, 15), THREE, fixed="720p", max_images=4, max_videos=3, max_audios=0, both_frames=True, max_prompt=5000
)
_NAMED = {
    "seedance2.0-sp": _SP,
    "seedance2.0-fast-sp": _SP,
    "seedance2.0-of-sp": _SP,
    "seedance2.0-of-fast-sp": _SP,
    "seedance2.0-mini-sp": JimmyRoute("Mini special", resolutions=("480p", "720p")),
    "seedance2.0-md": _MD,
    "seedance2.0-fast-md": _MD,
    "seedance2.0-fast-i2v": JimmyRoute(
        "Fast I2V", (1, 15), THREE, fixed="720p", max_images=9, frames_count=True, max_videos=0, max_audios=0,
        max_prompt=5000,
    ),
    "seedance2.0-std": JimmyRoute("STD", fixed="720p", max_images=9, max_audios=3, audio_with_frames=False),
    # For 933 only two names and the field `generate_audio` are documented.
    "seedance2.0-933": JimmyRoute("933"),
}  # fmt: skip
_933 = re.compile(r"sd2-933-(?P<res>480p|720p|1080p)")
# The newer site writes "seedance2.0-gz-720p, …-fast, …-mini"; the beginning of the last two is a guess.
_GZ = re.compile(r"seedance2\.0-gz-(?P<res>720p)?-?(?:fast|mini)?")
_ROUTE_GZ = JimmyRoute("GZ", max_images=9, max_videos=3, max_audios=3)
_25 = re.compile(r"seedance-2\.5.*|seedance2\.5-gz.*")
_ROUTE_25 = JimmyRoute("2.5", (4, 30), THREE, max_images=30, max_videos=10, max_audios=10)


def route_of(model: str) -> JimmyRoute:
    """The route of a model name.

    :raises Refused: "unknown_model"
    """
    if model in _NAMED:
        return _NAMED[model]
    if (full := _FULL.fullmatch(model)) and not (full["fast"] and full["res"] in ("2k", "4k")):
        videos = None if full["video"] else 0
        return JimmyRoute("Full", ratios=(*SIX, "Adaptive"), forms=(ASSET,), fixed=full["res"], max_videos=videos)
    if mini := _MINI.fullmatch(model):
        return JimmyRoute("Mini", fixed=mini["res"])
    if named := _933.fullmatch(model):
        return JimmyRoute("933", fixed=named["res"])
    if _GZ.fullmatch(model):
        return _ROUTE_GZ
    raise Refused("unknown_model", "配置不存在")


def route_of_25(model: str) -> JimmyRoute:
    """The route of a 2.5 model; these have their own path.

    :raises Refused: "unknown_model"
    """
    if _25.fullmatch(model):
        return _ROUTE_25
    raise Refused("unknown_model", "配置不存在")


def _bad(message: str, param: str) -> Refused:
    return Refused("bad_request", message, param=param)


def _text(body: dict[str, Any], name: str, required: bool = False) -> str:
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise _bad(f"{name} must be a non-empty string" if required else f"{name} must be a string", name)
    return value


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _bad(f"{name} must be an array of non-empty strings", name)
    return value


def _enum(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value and value not in allowed:
        raise _bad(f"{name} must be one of {', '.join(allowed)}", name)


@dataclass(frozen=True, slots=True)
class _Media:
    """The media of a create."""

    images: list[str]
    first: str
    last: str
    videos: list[str]
    audios: list[str]

    @property
    def frames(self) -> int:
        return bool(self.first) + bool(self.last)


def _check_media(media: _Media, rule: JimmyRoute) -> None:
    if media.images and media.frames:
        raise _bad("images cannot be combined with first_image/last_image", "images")
    if media.audios and not (media.images or media.videos or media.frames):
        raise _bad("reference_audios cannot be used alone", "reference_audios")
    if media.audios and media.frames and not rule.audio_with_frames:
        raise _bad(f"{rule.name}: frame mode does not support reference_audios", "reference_audios")
    if rule.both_frames and media.frames == 1:
        raise _bad(f"{rule.name}: frame mode needs both first_image and last_image", "first_image")
    images = len(media.images) + (media.frames if rule.frames_count else 0)
    _check_count(images, rule.max_images, "images", rule)
    _check_count(len(media.videos), rule.max_videos, "reference_videos", rule)
    _check_count(len(media.audios), rule.max_audios, "reference_audios", rule)
    named = [("images", url) for url in media.images] + [("first_image", media.first), ("last_image", media.last)]
    named += [("reference_videos", url) for url in media.videos] + [("reference_audios", url) for url in media.audios]
    for name, url in named:
        if url and not url.startswith(rule.forms):
            raise _bad(f"{rule.name}: {name} must be {' or '.join(rule.forms)}", name)


def _check_count(count: int, limit: int | None, name: str, rule: JimmyRoute) -> None:
    if limit == 0 and count:
        raise _bad(f"{rule.name} does not support {name}", name)
    if limit is not None and count > limit:
        raise _bad(f"{rule.name}: at most {limit} {name}", name)


def check(body: dict[str, Any], route_of: Callable[[str], JimmyRoute] = route_of) -> tuple[JimmyRoute, str]:
    """Check a create. Unknown fields pass, since it is unknown whether Jimmy AI refuses them.

    :param body: the body of the create
    :param route_of: finds the route of a model on the called path
    :return: the route and the ratio; "Adaptive" and a missing ratio become 16:9, or 9:16 for "portrait"
    :raises Refused: "unknown_model" or "bad_request"
    """
    rule = route_of(_text(body, "model", required=True))
    prompt = _text(body, "prompt", required=True)
    if rule.max_prompt is not None and len(prompt) > rule.max_prompt:
        raise _bad(f"{rule.name}: prompt must be at most {rule.max_prompt} characters", "prompt")
    seconds = body.get("duration")
    low, high = rule.seconds
    if type(seconds) is not int or not low <= seconds <= high:
        raise _bad(f"{rule.name}: duration is required, an integer {low}-{high}", "duration")
    if rule.fixed is None:  # on the other routes the field is documented as ignored
        _enum(_text(body, "resolution"), rule.resolutions, "resolution")
    if not isinstance(body.get("generate_audio", True), bool):
        raise _bad("generate_audio must be a boolean", "generate_audio")
    ratio, orientation = _text(body, "ratio"), _text(body, "orientation")
    _enum(ratio, rule.ratios, "ratio")
    _enum(orientation, ("landscape", "portrait"), "orientation")
    frames = _text(body, "first_image"), _text(body, "last_image")
    videos, audios = _texts(body, "reference_videos"), _texts(body, "reference_audios")
    _check_media(_Media(_texts(body, "images"), *frames, videos, audios), rule)
    if not ratio or ratio == "Adaptive":
        ratio = "9:16" if orientation == "portrait" else "16:9"
    return rule, ratio
