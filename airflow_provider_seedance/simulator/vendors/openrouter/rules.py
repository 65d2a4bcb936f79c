"""The check of a video request to OpenRouter: its fields, and the limits of each model.

The fields and their values are from the vendor's own client. The limits of the models are guesses, from ByteDance's.
"""

from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Refused
from airflow_provider_seedance.simulator.videos import Picture

FIELDS: dict[str, type] = {
    "model": str,
    "prompt": str,
    "duration": int,
    "resolution": str,
    "aspect_ratio": str,
    "size": str,
    "seed": int,
    "generate_audio": bool,
    "frame_images": list,
    "input_references": list,
    "callback_url": str,
    "previous_job_id": str,
    "provider": dict,
    "session_id": str,
    "user": str,
    "trace": dict,
}
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
#: Resolutions, and seconds of the longest video, by model.
MODELS = {
    "bytedance/seedance-2.0": (("480p", "720p", "1080p", "4K"), 15),
    "bytedance/seedance-2.0-fast": (("480p", "720p"), 15),
    "bytedance/seedance-2.5": (("480p", "720p", "1080p"), 30),
}
PARTS = ("image_url", "audio_url", "video_url")


def described(model: str) -> dict[str, Any]:
    """A model's entry in the list of models; the names of its fields are from the vendor's own client."""
    resolutions, longest = MODELS[model]
    return {
        "id": model,
        "canonical_slug": f"{model}-20260415",
        "name": model,
        "created": 1776211200,
        "supported_durations": list(range(4, longest + 1)),
        "supported_resolutions": list(resolutions),
        "supported_aspect_ratios": list(RATIOS),
        "supported_sizes": None,
        "supported_frame_images": ["first_frame", "last_frame"],
        "generate_audio": True,
        "seed": True,
        "allowed_passthrough_parameters": ["watermark"],
        "pricing_skus": {"video_tokens": "0.000007"},
        **dict.fromkeys(("upscale_factor", "creativity", "hugging_face_id")),
    }


def _bad(message: str) -> Refused:
    return Refused("bad_request", message)


def _check_part(part: Any, kinds: tuple[str, ...], frame: bool) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in kinds:
        raise _bad("input: unsupported type")
    wanted = {"type", kind, "frame_type"} if frame else {"type", kind}
    address = part.get(kind)
    if set(part) != wanted or not isinstance(address, dict) or set(address) != {"url"}:
        raise _bad(f"input: malformed {kind}")
    if not isinstance(address["url"], str) or not address["url"].startswith(("https://", "data:")):
        raise _bad(f"input: {kind} must be an https URL or a data URI")
    if frame and part["frame_type"] not in ("first_frame", "last_frame"):
        raise _bad("frame_images: frame_type must be first_frame or last_frame")


def _check_media(body: dict[str, Any]) -> None:
    frames = body.get("frame_images", [])
    for part in frames:
        _check_part(part, ("image_url",), frame=True)
    if len({part["frame_type"] for part in frames}) < len(frames):
        raise _bad("frame_images: each frame_type once")
    for part in body.get("input_references", []):
        _check_part(part, PARTS, frame=False)


def check(body: dict[str, Any]) -> Picture:
    """Check a create.

    :param body: the body of the create
    :return: the properties of the rendered file
    :raises Refused: "bad_request" or "unknown_model"
    """
    for name, value in body.items():
        wanted = FIELDS.get(name)
        if wanted is None or not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise _bad(f"{name}: unrecognized or of a wrong type")
    known = MODELS.get(body.get("model", ""))
    if known is None:
        raise Refused("unknown_model", "No endpoints found for this model.")
    resolutions, longest = known
    _check_media(body)
    if not body.get("prompt", "").strip() and not body.get("frame_images"):
        raise _bad("prompt: required")
    duration = body.get("duration", 5)
    if not 4 <= duration <= longest:
        raise _bad(f"duration: must be one of 4 to {longest}")
    if body.get("resolution", "720p") not in resolutions:
        raise _bad(f"resolution: must be one of {', '.join(resolutions)}")
    if body.get("aspect_ratio", "16:9") not in RATIOS:
        raise _bad(f"aspect_ratio: must be one of {', '.join(RATIOS)}")
    if "size" in body and {"resolution", "aspect_ratio"} & body.keys():
        raise _bad("size: instead of resolution and aspect_ratio")
    if not body.get("callback_url", "https://").startswith("https://"):
        raise _bad("callback_url: must be https")
    resolution = body.get("resolution", "720p").lower()
    return Picture(duration, resolution, body.get("aspect_ratio", "16:9"), body.get("generate_audio", True))
