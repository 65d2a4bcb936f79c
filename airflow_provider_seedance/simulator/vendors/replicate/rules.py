"""The inputs of Replicate's Seedance models, checked against the schema before a prediction is made.

The schema allows any duration from -1 on. Combinations of media are refused here, too; the real models may check them
only when they run.
"""

from typing import Any, NamedTuple

from airflow_provider_seedance.simulator.vendors.base import Refused

#: Documented, except for 9:21, which was seen once in the schema.
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive", "9:21")


class Model(NamedTuple):
    """The limits of a model: resolutions, seconds, and the number of references by kind."""

    resolutions: tuple[str, ...]
    longest: int
    images: int
    clips: int
    is_newer: bool = False


MODELS = {
    "bytedance/seedance-2.0": Model(("480p", "720p", "1080p"), 15, 9, 3),
    "bytedance/seedance-2.0-fast": Model(("480p", "720p"), 15, 9, 3),
    # Observed by third parties in the live schema; reports about 1080p differ.
    "bytedance/seedance-2.5": Model(("480p", "720p", "1080p"), 30, 30, 10, is_newer=True),
}
_REFERENCES = ("reference_images", "reference_videos", "reference_audios")
_FIELDS = {
    *("prompt", "image", "last_frame_image", "duration", "resolution", "aspect_ratio", "generate_audio", "seed"),
    *_REFERENCES,
}
_NEWER = {"output_format", "watermark"}


def invalid(field: str, message: str) -> Refused:
    """The refusal of one field."""
    return Refused("bad_request", f"- input.{field}: {message}", param=f"input.{field}")


def is_too_short(given: dict[str, Any]) -> bool:
    """Whether the maker of the model refuses this duration when the prediction runs: inferred from its own limits."""
    return bool(0 <= given.get("duration", 5) < 4)


def properties(model: Model) -> dict[str, Any]:
    """A rough form of the input's fields in the model's schema."""
    shown: dict[str, Any] = {name: {"title": name} for name in sorted(_fields(model))}
    shown["duration"] = {"type": "integer", "minimum": -1, "maximum": model.longest, "default": 5}
    return shown


def _fields(model: Model) -> set[str]:
    return _FIELDS | _NEWER if model.is_newer else _FIELDS


def check(model: Model, given: dict[str, Any]) -> None:
    """Check an input.

    :param model: the model's limits
    :param given: the input
    :raises Refused: "bad_request"
    """
    for name in given:
        if name not in _fields(model):
            raise Refused("bad_request", f"- input: Additional property {name} is not allowed", param=f"input.{name}")
    media = [name for name in ("image", "last_frame_image", *_REFERENCES) if given.get(name)]
    prompt = given.get("prompt")
    if not isinstance(prompt, str | None) or (not prompt and not (model.is_newer and media)):
        raise invalid("prompt", "is required")
    _check_plain(model, given)
    _check_media(model, given)


def _check_plain(model: Model, given: dict[str, Any]) -> None:
    duration = given.get("duration", 5)
    if type(duration) is not int:
        raise invalid("duration", "Invalid type. Expected: integer")
    if duration > model.longest:
        raise invalid("duration", f"Must be less than or equal to {model.longest}")
    if duration < -1:
        raise invalid("duration", "Must be greater than or equal to -1")
    choices = {"resolution": model.resolutions, "aspect_ratio": RATIOS, "output_format": ("mp4", "mov")}
    for name, allowed in choices.items():
        if name in given and given[name] not in allowed:
            words = ", ".join(f'"{word}"' for word in allowed)
            raise invalid(name, f"{name} must be one of the following: {words}")
    for name in ("generate_audio", "watermark"):
        if not isinstance(given.get(name, False), bool):
            raise invalid(name, "Invalid type. Expected: boolean")
    if type(given.get("seed", 0)) is not int:
        raise invalid("seed", "Invalid type. Expected: integer")


def _is_uri(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://", "data:"))


def _check_media(model: Model, given: dict[str, Any]) -> None:
    for name in ("image", "last_frame_image"):
        if name in given and not _is_uri(given[name]):
            raise invalid(name, "Does not match format 'uri'")
    most = {"reference_images": model.images, "reference_videos": model.clips, "reference_audios": model.clips}
    for name in _REFERENCES:
        items = given.get(name, [])
        if not isinstance(items, list) or not all(map(_is_uri, items)):
            raise invalid(name, "Does not match format 'uri'")
        if len(items) > most[name]:
            raise invalid(name, f"Array must have at most {most[name]} items")
    frames = [name for name in ("image", "last_frame_image") if given.get(name)]
    references = [name for name in _REFERENCES if given.get(name)]
    if frames and references:
        raise invalid(frames[0], "Cannot be used with reference images, videos or audios")
    if frames == ["last_frame_image"]:
        raise invalid("last_frame_image", "Only together with image")
    if references == ["reference_audios"]:
        raise invalid("reference_audios", "Needs a reference image or video")
