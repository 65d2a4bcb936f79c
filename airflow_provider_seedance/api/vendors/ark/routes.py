"""Ark's models and their rules, the same at both addresses except for the prefix of the model names."""

from typing import Any

from airflow_provider_seedance.api.vendors.rules import NEWER_FIELDS, RULED_FIELDS, Route

_DOC = "docs.byteplus.com/en/docs/ModelArk/1520757, www.volcengine.com/docs/82379/1520757"
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
FRAMES = ("first_frame", "last_frame")
_REFERENCES = ("reference_images", "reference_videos", "reference_audios")
TEXT_OPTIONAL_WITH = (*FRAMES, "reference_images", "reference_videos")
FIELDS = RULED_FIELDS | NEWER_FIELDS
_IMAGE = ("https://", "http://", "data:", "asset://")
_VIDEO = ("https://", "http://", "asset://")


_SHARED: dict[str, Any] = {
    "source": _DOC,
    "auto_duration": True,
    "ratios": _RATIOS,
    "frames": "first",
    "web_search_needs_text_only": True,
    "media": {
        "first_frame": _IMAGE,
        "last_frame": _IMAGE,
        "reference_images": _IMAGE,
        "reference_videos": _VIDEO,
        "reference_audios": _IMAGE,
    },
    "expires": (3600, 259200),
}


def _route(title: str, *models: str, resolutions: tuple[str, ...]) -> Route:
    # `seed` is documented for 1.x only, but 2.0 was observed to repeat it, so it is allowed. `camera_fixed` is
    # documented as unsupported; `False` was observed to be accepted.
    return Route(
        title=title,
        models=models,
        fields=RULED_FIELDS - {"camera_fixed"},
        duration=(4, 15),
        resolutions=resolutions,
        most={"reference_images": 9, "reference_videos": 3, "reference_audios": 3},
        excludes=((FRAMES, _REFERENCES),),
        audio_needs=("reference_images", "reference_videos"),
        text_optional_with=TEXT_OPTIONAL_WITH,
        seen={"camera_fixed": (False,), "ratio": ("5:4",)},
        **_SHARED,
    )


ROUTES = (
    _route(
        "Seedance 2.0 fast and mini",
        "dreamina-seedance-2-0-fast-*",
        "dreamina-seedance-2-0-mini-*",
        "doubao-seedance-2-0-fast-*",
        "doubao-seedance-2-0-mini-*",
        resolutions=("480p", "720p"),
    ),
    _route(
        "Seedance 2.0",
        "dreamina-seedance-2-0-[0-9]*",
        "doubao-seedance-2-0-[0-9]*",
        resolutions=("480p", "720p", "1080p", "4k"),
    ),
    Route(
        title="Seedance 2.5",
        models=("dreamina-seedance-2-5-*", "doubao-seedance-2-5-*"),
        fields=FIELDS - {"seed", "camera_fixed"},
        duration=(4, 30),
        resolutions=("480p", "720p", "1080p"),
        most={"reference_images": 30, "reference_videos": 10, "reference_audios": 10},
        # Documented: the final video is made from one content item, the draft, with the draft's text and media.
        excludes=((FRAMES, _REFERENCES), (("draft_id",), ("prompt", *FRAMES, *_REFERENCES))),
        text_optional_with=(*TEXT_OPTIONAL_WITH, "draft_id"),
        adaptive_for=(*FRAMES, "edit", "extend"),
        chosen_for=("edit",),
        draft_in="480p",
        **_SHARED,
    ),
)
