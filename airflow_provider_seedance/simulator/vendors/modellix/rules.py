"""Modellix's published request schemas by slug, checked.

Only the schema of fast-i2v was available; t2v (text only) and v2v (needs ``video_urls``) follow the vendor's page.
"""

import re
from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Refused

SLUG = re.compile(r"seedance-2\.0-(?P<tier>fast-|mini-)?(?P<mode>t2v|i2v|v2v)")
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
PLAIN = ("duration", "ratio", "resolution", "generate_audio", "camera_fixed", "seed", "return_last_frame", "prompt")
IMAGES = ("first_frame_image", "last_frame_image", "reference_images", "audio_urls")
_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{16,}")


def _bad(message: str, param: str) -> Refused:
    return Refused("bad_request", message, param=param)


def resolutions(tier: str | None, mode: str) -> tuple[str, ...]:
    """The resolutions of a slug: fast and mini up to 720p, others up to 1080p, text-to-video also 4k."""
    if tier:
        return ("480p", "720p")
    return ("480p", "720p", "1080p", "4k") if mode == "t2v" else ("480p", "720p", "1080p")


def _check_int(body: dict[str, Any], name: str, low: int, high: int) -> None:
    value = body.get(name, low)
    if type(value) is not int or not low <= value <= high:
        raise _bad(f"{name} must be an integer {low}-{high}", name)


def _is_url(value: str) -> bool:
    return value.startswith(("http://", "https://"))


def _is_image(value: str) -> bool:
    return _is_url(value) or value.startswith("data:") or bool(_BASE64.fullmatch(value))


def _check_media(body: dict[str, Any]) -> None:
    for name in ("first_frame_image", "last_frame_image"):
        if name in body and not (isinstance(body[name], str) and _is_image(body[name])):
            raise _bad(f"{name} must be a URL or Base64", name)
    for name, limit, good in (
        ("reference_images", 9, _is_image),
        ("audio_urls", 3, _is_url),
        ("video_urls", 3, _is_url),
    ):
        if name not in body:
            continue
        items = body[name]
        if not isinstance(items, list) or not 1 <= len(items) <= limit:
            raise _bad(f"{name} must be an array of 1-{limit} items", name)
        if not all(isinstance(item, str) and good(item) for item in items):
            raise _bad(f"{name} must hold URLs", name)
    if "reference_images" in body and ("first_frame_image" in body or "last_frame_image" in body):
        raise _bad("reference_images cannot be used with first_frame_image or last_frame_image", "reference_images")


def check(slug: str, body: dict[str, Any]) -> None:
    """Check a create.

    :param slug: the model in the path
    :param body: the body of the create
    :raises Refused: "unknown_model" or "bad_request"
    """
    match = SLUG.fullmatch(slug)
    if not match:
        raise Refused("unknown_model", f"model bytedance/{slug} does not exist")
    tier, mode = match["tier"], match["mode"]
    allowed = {*PLAIN, "execution_expires_after"}
    allowed |= set(IMAGES) if mode != "t2v" else set()
    allowed |= {"video_urls"} if mode == "v2v" else set()
    if unknown := sorted(set(body) - allowed):
        raise _bad(f"{unknown[0]} is not a field of {slug}", unknown[0])
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= 10000:
        raise _bad("prompt must be a string of 1-10000 characters", "prompt")
    if mode == "v2v" and "video_urls" not in body:
        raise _bad("video_urls is required", "video_urls")
    _check_int(body, "duration", 4, 15)
    _check_int(body, "seed", -1, 4294967295)
    _check_int(body, "execution_expires_after", 3600, 259200)
    for name, values in (("ratio", RATIOS), ("resolution", resolutions(tier, mode))):
        if name in body and body[name] not in values:
            raise _bad(f"{name} must be one of {', '.join(values)}", name)
    for name in ("generate_audio", "camera_fixed", "return_last_frame"):
        if not isinstance(body.get(name, False), bool):
            raise _bad(f"{name} must be true or false", name)
    _check_media(body)
