"""Ark's documented rules for a create with Seedance 2.0 and 2.5, checked strictly.

Nulls count as absent, since Ark's SDK sends them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Refused

#: Documented, except for 5:4, which was observed to be accepted.
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive", "5:4")
SMALL, FULL, FOUR_K = ("480p", "720p"), ("480p", "720p", "1080p"), ("480p", "720p", "1080p", "4k")
FIELDS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "content": list,
    "safety_identifier": str,
    "callback_url": str,
    "return_last_frame": bool,
    "service_tier": str,
    "execution_expires_after": int,
    "priority": int,
    "generate_audio": bool,
    "draft": bool,
    "camera_fixed": bool,
    "watermark": bool,
    "seed": int,
    "resolution": str,
    "ratio": str,
    "duration": int,
    "frames": int,
    "tools": list,
    "output_format": str,
    "omni_reference_task_type": str,
}
#: Documented as not validated: it is ignored, and the task is made and billed.
UNCHECKED = ("framespersecond",)
#: URL schemes by item. Documented: videos as URLs or assets only; images and audio also as Base64.
FORMS = {
    "image_url": ("http://", "https://", "data:", "asset://"),
    "video_url": ("http://", "https://", "asset://"),
    "audio_url": ("http://", "https://", "data:", "asset://"),
}
ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}
LIMITS = {"first_frame": 1, "last_frame": 1, "reference_image": 9, "reference_video": 3, "reference_audio": 3}
LIMITS_25 = LIMITS | {"reference_image": 30, "reference_video": 10, "reference_audio": 10}
#: Documented for 2.5 only; that 2.0 refuses the last two is a guess.
ONLY_25 = ("draft", "output_format", "omni_reference_task_type")
#: Resolutions by the model's name without the vendor's prefix.
MODELS = {
    "seedance-2-0-260128": FOUR_K,
    "seedance-2-0-fast-260128": SMALL,
    "seedance-2-0-mini-260615": SMALL,
    "seedance-2-5-260628": FULL,
}
PREFIX = {"byteplus": "dreamina-", "volcengine": "doubao-"}
_ENDPOINT = re.compile(r"ep-[A-Za-z0-9-]+")


@dataclass(slots=True)
class Content:
    """The checked content items: the text, the roles of the media, and the id of the draft to finish."""

    text: str = ""
    roles: list[str] = field(default_factory=list)
    draft: str = ""


def invalid(param: str) -> Refused:
    """The refusal of an invalid parameter."""
    return Refused("bad_request", f"The parameter `{param}` specified in the request is not valid.", param=param)


def missing(param: str) -> Refused:
    """The refusal of a missing parameter."""
    return Refused("missing", f"The request is missing the `{param}` parameter.", param=param)


def resolutions(vendor: str, model: str) -> tuple[str, ...]:
    """The resolutions of a model. An endpoint id counts as the standard model.

    :raises Refused: "unknown_model"
    """
    if _ENDPOINT.fullmatch(model):
        return FOUR_K
    prefix = PREFIX[vendor]
    if not model.startswith(prefix) or (known := MODELS.get(model.removeprefix(prefix))) is None:
        raise Refused("unknown_model", f"The model or endpoint {model} does not exist or you do not have access to it.")
    return known


def without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its null fields."""
    return {name: value for name, value in body.items() if value is not None}


def _check_types(body: dict[str, Any]) -> None:
    for name, value in body.items():
        if name in UNCHECKED:
            continue
        wanted = FIELDS.get(name)
        # bool is an int in Python, but not in JSON.
        if wanted is None or not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise invalid(name)


def _check_item(item: Any) -> tuple[str, str]:
    """Check one content item.

    :return: its type, and its role, text or draft id
    """
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "text":
        if set(item) != {"type", "text"} or not isinstance(item["text"], str) or not item["text"]:
            raise invalid("content.text")
        return kind, item["text"]
    if kind == "draft_task":
        draft = item.get(kind)
        if set(item) != {"type", kind} or not isinstance(draft, dict) or not isinstance(draft.get("id"), str):
            raise invalid("content.draft_task")
        return kind, draft["id"]
    if not isinstance(kind, str) or kind not in FORMS:
        raise invalid("content.type")
    address = item.get(kind)
    # A role inside the URL object is a common mistake; it belongs next to it.
    if set(item) - {"type", kind, "role"} or not isinstance(address, dict) or set(address) != {"url"}:
        raise invalid(f"content.{kind}")
    if not isinstance(address["url"], str) or not address["url"].startswith(FORMS[kind]):
        raise invalid(f"content.{kind}.url")
    role = item.get("role")
    if role is not None and role not in ROLES[kind]:
        raise invalid("content.role")
    return kind, role or ""


def check_content(items: list[Any], *, newer: bool) -> Content:
    """Check the content items and their combination.

    :param newer: whether the model is Seedance 2.5
    :raises Refused: "missing" or "bad_request"
    """
    content = Content()
    kinds: list[str] = []
    for kind, value in map(_check_item, items):
        kinds.append(kind)
        if kind == "text":
            content.text = f"{content.text} {value}".strip()
        elif kind == "draft_task":
            content.draft = value
        else:
            # A single image without a role is a first frame: documented on older pages, inferred for 2.0.
            content.roles.append(value)
    if not kinds:
        raise missing("content")
    if content.draft and (not newer or len(kinds) > 1):
        raise invalid("content.draft_task")
    if "" in content.roles:
        if kinds.count("image_url") != 1 or len(content.roles) != 1:
            raise invalid("content.role")
        content.roles = ["first_frame"]
    _check_mixture(content.roles, newer)
    return content


def _check_mixture(roles: list[str], newer: bool) -> None:
    for role, limit in (LIMITS_25 if newer else LIMITS).items():
        if roles.count(role) > limit:
            raise invalid("content")
    frames = {role for role in roles if role.endswith("_frame")}
    references = {role for role in roles if role.startswith("reference_")}
    if frames and references:
        raise invalid("content")
    if frames == {"last_frame"} or (references == {"reference_audio"} and not newer):
        raise invalid("content")


def _between(body: dict[str, Any], name: str, low: int, high: int, *also: int) -> None:
    value = body.get(name)
    if value is not None and not low <= value <= high and value not in also:
        raise invalid(name)


def _check_unsupported(body: dict[str, Any], newer: bool) -> None:
    """Refuse fields that only other models support.

    ``draft: false`` and the tier "default" pass, since a task shows them; ``camera_fixed: false`` was observed to pass
    on 2.0.
    """
    if "frames" in body:
        raise invalid("frames")
    if body.get("camera_fixed") or (newer and "camera_fixed" in body):
        raise invalid("camera_fixed")
    if body.get("service_tier", "default") != "default":
        raise invalid("service_tier")
    if newer and "seed" in body:
        raise invalid("seed")
    for name in () if newer else ONLY_25:
        if body.get(name):
            raise invalid(name)


def _check_25(body: dict[str, Any], content: Content) -> None:
    """Check the fields of 2.5 in combination with other fields."""
    task = body.get("omni_reference_task_type", "auto")
    if task not in ("auto", "reference", "edit", "extend"):
        raise invalid("omni_reference_task_type")
    if body.get("output_format", "mp4") not in ("mp4", "mov"):
        raise invalid("output_format")
    is_framed = any(role.endswith("_frame") for role in content.roles)
    if (is_framed or task in ("edit", "extend")) and body.get("ratio", "adaptive") != "adaptive":
        raise invalid("ratio")
    if task == "edit" and body.get("duration", 5) != -1:
        raise invalid("duration")
    if body.get("draft") and body.get("resolution", "480p") != "480p":
        raise invalid("resolution")


def _check_tools(body: dict[str, Any], content: Content) -> None:
    tools = body.get("tools")
    if tools and (content.roles or any(tool != {"type": "web_search"} for tool in tools)):
        raise invalid("tools")


def check(vendor: str, body: dict[str, Any]) -> Content:
    """Check a create.

    :param vendor: the vendor's name, which decides about the prefix of the model's name
    :param body: the body without nulls
    :return: the checked content
    :raises Refused: "missing", "bad_request" or "unknown_model"
    """
    _check_types(body)
    for name in ("model", "content"):
        if not body.get(name):
            raise missing(name)
    renders = resolutions(vendor, body["model"])
    newer = "seedance-2-5" in body["model"]
    content = check_content(body["content"], newer=newer)
    _check_unsupported(body, newer)
    if newer:
        _check_25(body, content)
    if body.get("resolution", "720p") not in renders:
        raise invalid("resolution")
    if body.get("ratio", "adaptive") not in RATIOS:
        raise invalid("ratio")
    _between(body, "duration", 4, 30 if newer else 15, -1)
    _between(body, "execution_expires_after", 3600, 259200)
    _between(body, "priority", 0, 9)
    _between(body, "seed", -1, 4294967295)
    if len(body.get("safety_identifier", "")) > 64:
        raise invalid("safety_identifier")
    if not body.get("callback_url", "https://").startswith(("http://", "https://")):
        raise invalid("callback_url")
    _check_tools(body, content)
    return content
