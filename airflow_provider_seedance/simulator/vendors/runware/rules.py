"""The rules for a ``videoInference`` task for Seedance at Runware, checked strictly.

Documented: the fields of every task, media values, ``ttl`` and ``outputQuality``. Observed in third-party code: sizes,
durations, no seed for 2.5, and no width and height with frames. Guesses: a required prompt even with media, and a size
chosen by the vendor if neither ``resolution`` nor ``width`` is given.
"""

import re
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.simulator.media.sizes import SIZES
from airflow_provider_seedance.simulator.vendors.base import Refused
from airflow_provider_seedance.simulator.videos import Picture

A_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
A_V4_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FIELDS: dict[str, tuple[type, ...]] = {
    "taskType": (str,),
    "taskUUID": (str,),
    "model": (str,),
    "positivePrompt": (str,),
    "duration": (int, str),
    "width": (int,),
    "height": (int,),
    "resolution": (str,),
    "inputs": (dict,),
    "settings": (dict,),
    "seed": (int,),
    "deliveryMethod": (str,),
    "outputType": (str,),
    "outputFormat": (str,),
    "outputQuality": (int,),
    "numberResults": (int,),
    "includeCost": (bool,),
    "ttl": (int,),
    "webhookURL": (str,),
    "uploadEndpoint": (str,),
}
INPUTS = ("frameImages", "referenceImages", "referenceVideos", "referenceAudios", "video")
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")


@dataclass(frozen=True, slots=True)
class Model:
    """The limits of a model: resolutions, seconds, the number of references by kind, and whether it takes a seed."""

    resolutions: tuple[str, ...]
    longest: int
    most: dict[str, int]
    seeds: bool = True


_MOST_20 = {"referenceImages": 9, "referenceVideos": 3, "referenceAudios": 3}
_MOST_25 = {"referenceImages": 30, "referenceVideos": 10, "referenceAudios": 10}
MODELS = {
    "bytedance:seedance@2.0": Model(("480p", "720p", "1080p", "4k"), 15, _MOST_20),
    "bytedance:seedance@2.0-fast": Model(("480p", "720p"), 15, _MOST_20),
    "bytedance:seedance@2.0-mini": Model(("480p", "720p"), 15, _MOST_20),
    "bytedance:seedance@2.5": Model(("480p", "720p", "1080p"), 30, _MOST_25, seeds=False),
}


def refused(code: str, param: str, message: str) -> Refused:
    """A refusal with the vendor's code."""
    return Refused("bad_request", message, param=param, code=code)


def sizes(model: str) -> dict[tuple[int, int], tuple[str, str]]:
    """The sizes of a model in pixels, each with its resolution and ratio."""
    found = {}
    for resolution in MODELS[model].resolutions:
        for ratio in RATIOS:
            size = SIZES[resolution][ratio]
            if model.endswith("@2.5") and resolution == "480p":
                size = {"16:9": (854, 480), "9:16": (480, 854)}.get(ratio, size)
            found[size] = (resolution, ratio)
    return found


def check_frame(task: dict[str, Any]) -> None:
    """Check the fields of a task: known names and types, and a UUID as its id."""
    for name, value in task.items():
        wanted = FIELDS.get(name)
        if wanted is None:
            raise refused("unknownParameter", name, f"Unknown parameter '{name}'.")
        if not isinstance(value, wanted) or (wanted[0] is int and isinstance(value, bool)):
            raise refused(f"invalid{name[0].upper()}{name[1:]}", name, f"Invalid value for '{name}'.")
    if not A_V4_UUID.fullmatch(task.get("taskUUID", "").lower()):
        raise refused("invalidTaskUUID", "taskUUID", "The 'taskUUID' parameter must be a UUID v4.")


def check_media(value: Any, param: str) -> str:
    """Check one media value: an https URL, a UUID of the media storage, or a data URI."""
    if isinstance(value, str) and (value.startswith(("https://", "data:")) or A_UUID.fullmatch(value)):
        return value
    raise refused("invalidMedia", param, f"'{param}' must be a public https URL, a UUID or a data URI.")


def _check_inputs(task: dict[str, Any], model: Model) -> None:
    inputs = task.get("inputs", {})
    for name, value in inputs.items():
        if name not in INPUTS:
            raise refused("unknownParameter", f"inputs.{name}", f"Unknown parameter 'inputs.{name}'.")
        if name == "video":
            check_media(value, "inputs.video")
            continue
        if not isinstance(value, list) or not value:
            raise refused("arrayTooSmall", f"inputs.{name}", f"'inputs.{name}' needs at least one element.")
        if len(value) > model.most.get(name, 2):
            raise refused("valueTooLarge", f"inputs.{name}", f"'inputs.{name}' has too many elements.")
        for item in value:
            if name != "frameImages":
                check_media(item, f"inputs.{name}")
            elif not isinstance(item, dict) or set(item) != {"image", "frame"}:
                raise refused("invalidFrameImages", "inputs.frameImages", "Each needs 'image' and 'frame'.")
            else:
                check_media(item["image"], "inputs.frameImages.image")
    frames = [item["frame"] for item in inputs.get("frameImages", [])]
    if frames not in ([], ["first"], ["last"], ["first", "last"]):
        raise refused("invalidFrameImages", "inputs.frameImages", "'frame' must be 'first' or 'last', each once.")
    if frames and any(name.startswith("reference") for name in inputs):
        raise refused("incompatibleParameters", "inputs", "frameImages and references can't be combined.")


def _check_size(task: dict[str, Any], model: Model) -> tuple[str, str]:
    """Check the size, and return its resolution and ratio."""
    inputs = task.get("inputs", {})
    if ("width" in task) != ("height" in task):
        raise refused("missingHeight" if "width" in task else "missingWidth", "width", "Both are needed.")
    if "width" in task:
        if "resolution" in task or "frameImages" in inputs or "video" in inputs:
            raise refused("incompatibleParameters", "width", "'width' can't be combined with it.")
        found = sizes(task["model"]).get((task["width"], task["height"]))
        if found is None:
            raise refused("unsupportedDimensions", "width", "Unsupported dimensions for this model.")
        return found
    resolution = str(task.get("resolution", "720p"))
    if resolution not in model.resolutions:
        raise refused("unsupportedParameter", "resolution", f"Unsupported resolution '{resolution}'.")
    return resolution, "16:9"


def _check_choices(task: dict[str, Any]) -> None:
    choices = {
        "deliveryMethod": ("async",),
        "outputType": ("URL",),
        "outputFormat": ("MP4", "WEBM", "MOV"),
        "numberResults": (1,),
    }
    for name, allowed in choices.items():
        if name in task and task[name] not in allowed:
            raise refused("unsupportedParameter", name, f"'{name}' must be one of {', '.join(map(str, allowed))}.")
    if task.get("deliveryMethod") is None:
        raise refused("missingDeliveryMethod", "deliveryMethod", "Video needs 'deliveryMethod': 'async'.")
    if task.get("ttl", 60) < 60:
        raise refused("invalidTtl", "ttl", "'ttl' must be at least 60.")
    if not 20 <= task.get("outputQuality", 95) <= 99:
        raise refused("invalidOutputQuality", "outputQuality", "'outputQuality' must be 20-99.")
    settings = task.get("settings", {})
    if set(settings) - {"audio"} or not isinstance(settings.get("audio", True), bool):
        raise refused("unknownParameter", "settings", "Unknown setting.")


def check(task: dict[str, Any]) -> Picture:
    """Check a ``videoInference`` task.

    :param task: the task
    :return: the properties of the rendered file
    :raises Refused: "bad_request" or "unknown_model"
    """
    check_frame(task)
    model = MODELS.get(task.get("model", ""))
    if model is None:
        raise Refused("unknown_model", "The 'model' is not available.", param="model")
    _check_choices(task)
    inputs = task.get("inputs", {})
    if not task.get("positivePrompt", "").strip():
        raise refused("missingPositivePrompt", "positivePrompt", "'positivePrompt' is required.")
    duration = task.get("duration", 5)
    if duration == "auto" and "video" in inputs and task["model"].endswith("@2.5"):
        duration = 5
    if not isinstance(duration, int) or not 4 <= duration <= model.longest:
        raise refused("unsupportedDuration", "duration", f"'duration' must be 4 to {model.longest}.")
    if "seed" in task and not model.seeds:
        raise refused("unsupportedParameter", "seed", "'seed' is not supported by this model.")
    _check_inputs(task, model)
    resolution, ratio = _check_size(task, model)
    # WEBM is not rendered here.
    container = "mov" if task.get("outputFormat") == "MOV" else "mp4"
    return Picture(duration, resolution, ratio, task.get("settings", {}).get("audio", True), container=container)
