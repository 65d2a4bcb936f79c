"""Replicate's models and their rules: for 2.0 from its pages, for 2.5 as observed by third parties in its schema."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.api.vendors.rules import RULED_FIELDS, Route

FRAMES = ("first_frame", "last_frame")
REFERENCES = ("reference_images", "reference_videos", "reference_audios")
_MEDIA = ("https://", "http://", "data:")
_FIELDS = RULED_FIELDS - {"watermark", "camera_fixed", "return_last_frame", "web_search"}
_SHARED: dict[str, Any] = {
    "auto_duration": True,
    "ratios": ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"),
    "frames": "first",
    "excludes": ((FRAMES, REFERENCES),),
    "audio_needs": ("reference_images", "reference_videos"),
    "media": dict.fromkeys((*FRAMES, *REFERENCES), _MEDIA),
    "expires": (5, 10**9),
}


def _older(model: str, title: str, resolutions: tuple[str, ...]) -> Route:
    return Route(
        title=title,
        models=(model,),
        source=f"replicate.com/{model}/api",
        fields=frozenset(_FIELDS),
        # The model's page allows -1 to 15. A lower limit of 4 is only inferred, and a refusal costs nothing.
        duration=(1, 15),
        resolutions=resolutions,
        most={"reference_images": 9, "reference_videos": 3, "reference_audios": 3},
        seen={"ratio": ("9:21",)},
        **_SHARED,
    )


ROUTES = (
    _older("bytedance/seedance-2.0", "Seedance 2.0", ("480p", "720p", "1080p")),
    _older("bytedance/seedance-2.0-fast", "Seedance 2.0 fast", ("480p", "720p")),
    Route(
        title="Seedance 2.5",
        models=("bytedance/seedance-2.5",),
        source="replicate.com/bytedance/seedance-2.5, its schema as read by others",
        fields=frozenset(_FIELDS | {"watermark", "output_format"}),
        duration=(1, 30),
        resolutions=("480p", "720p"),
        most={"reference_images": 30, "reference_videos": 10, "reference_audios": 10},
        text_optional_with=(*FRAMES, *REFERENCES),
        adaptive_for=FRAMES,
        observed=frozenset({"duration", "resolution", "ratio", *FRAMES, *REFERENCES}),
        **_SHARED,
    ),
)
