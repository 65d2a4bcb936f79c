"""GMI Cloud's published payload table, checked. It states no counts or combinations of media, so all of them pass."""

from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Refused

MODELS = (
    "seedance-2-0-260128",
    "seedance-2-0-fast-260128",
    "seedance-2-5-260628",
    "seedance-2-0-260128-upscale",
    "seedance-1-0-pro-250528",
    "seedance-1-0-pro-fast-251015",
)
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
#: Documented, except for 4k, which was observed to be accepted, as was a duration of -1.
RESOLUTIONS = ("480p", "720p", "1080p", "4k")
FLAGS = ("watermark", "generate_audio", "web_search")
FRAMES = ("first_frame", "last_frame")
REFERENCES = ("reference_images", "reference_videos", "reference_audios")


def _bad(message: str, param: str) -> Refused:
    return Refused("bad_request", message, param=param)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _check_media(payload: dict[str, Any]) -> None:
    for name in FRAMES:
        frame = payload.get(name, "")
        if not isinstance(frame, str):  # observed: an array is answered with a backend error
            raise Refused("backend", "Backend error (403): access denied", param=name)
        if frame and not _is_url(frame):
            raise _bad(f"{name} must be a publicly accessible URL", name)
    for name in REFERENCES:
        urls = payload.get(name, [])
        if not isinstance(urls, list) or not all(_is_url(url) for url in urls):
            raise _bad(f"{name} must be an array of publicly accessible URLs", name)
    assets = payload.get("reference_asset_ids", [])
    if not isinstance(assets, list) or not all(isinstance(asset, str) and asset for asset in assets):
        raise _bad("reference_asset_ids must be an array of asset ids", "reference_asset_ids")


def check(payload: dict[str, Any], model: str) -> None:
    """Check a payload. Unknown fields pass, since it is unknown whether GMI Cloud refuses them.

    :raises Refused: "bad_request", or "backend" for a frame that is not a string
    """
    prompt = payload.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise _bad("prompt is required", "prompt")
    duration = payload.get("duration", 5)
    # For 2.5 GMI Cloud documents nothing but the name; the limit is ByteDance's.
    longest = 30 if model.startswith("seedance-2-5") else 15
    if type(duration) is not int or not (4 <= duration <= longest or duration == -1):
        raise _bad(f"duration must be an integer 4-{longest}", "duration")
    if payload.get("resolution", "720p") not in RESOLUTIONS:
        raise _bad(f"resolution must be one of {', '.join(RESOLUTIONS)}", "resolution")
    if payload.get("ratio", "16:9") not in RATIOS:
        raise _bad(f"ratio must be one of {', '.join(RATIOS)}", "ratio")
    seed = payload.get("seed")
    if seed is not None and (type(seed) is not int or not 0 <= seed <= 4294967295):
        raise _bad("seed must be an integer 0-4294967295 or null", "seed")
    for name in FLAGS:
        if not isinstance(payload.get(name, False), bool):
            raise _bad(f"{name} must be true or false", name)
    _check_media(payload)
