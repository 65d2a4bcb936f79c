"""fal's endpoints and their rules. An endpoint names the kind of video; for a model without one, the media decide."""

from __future__ import annotations

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.vendors.rules import MEDIA_FIELDS, OPTION_FIELDS, RULED_FIELDS, Route

_DOC = "fal.ai/models/bytedance"
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive", "auto")
FRAMES = ("first_frame", "last_frame")
REFERENCES = ("reference_images", "reference_videos", "reference_audios")
_MEDIA = ("https://", "http://", "data:")
_FIELDS = RULED_FIELDS - {
    *("watermark", "camera_fixed", "return_last_frame", "web_search", "execution_expires_after"),
}

TEXT, IMAGE, REFERENCE = "text-to-video", "image-to-video", "reference-to-video"
DRAFT = "bytedance/seedance-2.5/draft/complete"

_NEWER = frozenset({"task", "draft", "draft_id"})
FIELDS = _FIELDS | _NEWER
"""The fields that the API has a name for."""

# `seed` is documented as no input of reference-to-video. Some other endpoints have it, so the vendor decides there.
_KINDS = {
    TEXT: _FIELDS - {*FRAMES, *REFERENCES},
    IMAGE: _FIELDS - {*REFERENCES},
    REFERENCE: _FIELDS - {*FRAMES, "seed"},
}
_SMALL, _LARGE = ("480p", "720p"), ("480p", "720p", "1080p", "4k")


def _routes(family: str, page: str, resolutions: tuple[str, ...], *, newer: bool = False) -> tuple[Route, ...]:
    images, clips = (30, 10) if newer else (9, 3)
    known = FIELDS if newer else _FIELDS
    # The final video is made by an endpoint of its own. The draft's id is the only one of its inputs that is known.
    final = (("draft_id",), tuple(name for name in (*MEDIA_FIELDS, *OPTION_FIELDS) if name in known - {"draft_id"}))

    def route(title: str, model: str, fields: frozenset[str], required: tuple[str, ...] = ()) -> Route:
        return Route(
            title=title,
            models=(model,),
            source=f"{_DOC}/{page}",
            fields=fields,
            required=required,
            duration=(4, 30 if newer else 15),
            auto_duration=True,
            resolutions=resolutions,
            ratios=_RATIOS,
            most={"reference_images": images, "reference_videos": clips, "reference_audios": clips},
            most_media=50 if newer else 12,
            frames="first",
            excludes=((FRAMES, REFERENCES), (("seed",), REFERENCES), *([final] if "draft_id" in fields else [])),
            needs=(("task", REFERENCES),) if "task" in fields else (),
            draft_in="480p" if "draft" in fields else None,
            text_optional_with=("draft_id",) if "draft_id" in fields else (),
            # For 2.5 no page says that audio needs an image or a video.
            audio_needs=() if newer else ("reference_images", "reference_videos"),
            media=dict.fromkeys((*FRAMES, *REFERENCES), _MEDIA),
            # 1080p is in the schema of some endpoints, but the models' pages say 480p and 720p.
            seen={"resolution": ("1080p",)} if newer else {},
        )

    name = page.replace("seedance-", "Seedance ").replace("/", " ")
    kinds = [
        route(
            f"{name} {kind}",
            f"{family}/{kind}",
            frozenset(fields | ({"draft", "task"} if kind == REFERENCE else {"draft"}) if newer else fields),
            ("first_frame",) if kind == IMAGE else (),
        )
        for kind, fields in _KINDS.items()
    ]
    return (route(name, family, frozenset(known)), *kinds)


ROUTES = (
    *_routes("bytedance/seedance-2.0", "seedance-2.0", _LARGE),
    *_routes("bytedance/seedance-2.0/fast", "seedance-2.0/fast", _SMALL),
    *_routes("bytedance/seedance-2.0/mini", "seedance-2.0/mini", _SMALL),
    *_routes("bytedance/seedance-2.5", "seedance-2.5", _SMALL, newer=True),
    Route(
        title="Seedance 2.5 final of a draft",
        models=(DRAFT,),
        source=f"{_DOC}/seedance-2.5/draft/complete",
        fields=frozenset({"draft_id"}),
        text_optional_with=("draft_id", "extra"),
    ),
)

FAMILIES = tuple(route.models[0] for route in ROUTES[::4] if route.models[0] != DRAFT)
"""The models' names without a kind of video."""

ENDPOINTS = (*(f"{family}/{kind}" for family in FAMILIES for kind in _KINDS), DRAFT)
"""All documented endpoints."""


def endpoint_of(request: VideoRequest) -> str:
    """The endpoint for a request: its model, completed by the kind of video that its media imply."""
    model = request.model.strip("/")
    if request.draft_id and DRAFT.startswith(f"{model}/"):
        return DRAFT
    return f"{model}/{_kind_of(request)}" if model in FAMILIES else model


def endpoints_of(model: str) -> tuple[str, ...]:
    """All endpoints that a request for this model may have gone to, if its media aren't known."""
    model = model.strip("/")
    return tuple(f"{model}/{kind}" for kind in _KINDS) if model in FAMILIES else (model,)


def _kind_of(request: VideoRequest) -> str:
    if any(map(request.is_set, FRAMES)):
        return IMAGE
    return REFERENCE if any(map(request.is_set, REFERENCES)) else TEXT
