"""GMI Cloud."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from tests.support.sample import Answers, Sample

ID = "11111111-2222-4333-8444-555555555555"


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    times = {"created_at": 1790000000, "updated_at": 1790000120, "queued_at": 1790000000}
    outcome = {} if url is ... else {"video_url": url, "media_urls": [{"url": url}]}
    return {"request_id": ID, "model": "seedance-2-0-fast-260128", "status": word, "outcome": outcome} | times | more


def _failed(video_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"request_id": video_id, "status": "failed", "error": {"code": said, "message": said}}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, reason: Any, times: Any, **_: Any
) -> st.SearchStrategy[Any]:
    media = st.lists(shaped(url=urls), max_size=2)
    outcome = shaped(video_url=urls, thumbnail_image_url=urls) | shaped(media_urls=media, error=reason)
    body = shaped(request_id=ids, status=status, outcome=outcome, created_at=times, updated_at=times)
    body |= shaped(error=reason)
    listed = shaped(requests=st.lists(body, max_size=2), has_more=st.booleans())
    return st.one_of(body, listed, shaped(model_ids=st.lists(ids)))


_AUTH, _QUOTA = (SeedanceAuthError, SeedanceAuthError), (SeedanceQuotaError, SeedanceQuotaError)
_REJECTED, _UNKNOWN = (RequestRejectedError, RequestRejectedError), (SubmissionUnknownError, TransientApiError)
_NOT_FOUND = (RequestRejectedError, VideoNotFoundError)
_REAL_PERSON = "Backend error (400): the input image may contain real person"
_UNREACHABLE = "Backend error (400): cannot download image"

ANSWERS = Answers(
    video_id=ID,
    words={
        "queued": "queued created",
        "running": "processing dispatched",
        "succeeded": "success",
        "failed": "failed",
        "cancelled": "cancelled canceled",
    },
    shown=_shown,
    accepted=(_shown("queued"),),
    errors={
        "401": (401, {"error": "unauthorized"}, *_AUTH),
        "403": (403, {"error": "forbidden"}, *_AUTH),
        "402": (402, {"error": "insufficient balance"}, *_QUOTA),
        "403-balance": (403, {"error": "Insufficient balance"}, *_QUOTA),
        "404": (404, {"error": "request not found"}, *_NOT_FOUND),
        "400": (400, {"message": "payload is required"}, *_REJECTED),
        "422": (422, {"detail": [{"loc": ["payload"]}]}, *_REJECTED),
        "429": (429, {"error": "rate limit exceeded"}, SeedanceRateLimitError, TransientApiError),
        "500": (500, {"error": "internal error"}, *_UNKNOWN),
        "500-real-person": (500, {"error": _REAL_PERSON}, SeedanceModerationError, TransientApiError),
        "500-unreachable-media": (500, {"error": _UNREACHABLE}, RequestRejectedError, TransientApiError),
        "500-array": (500, {"error": "Backend error (403)"}, RequestRejectedError, TransientApiError),
        "500-key": (500, {"error": "Backend error (401): no"}, SeedanceAuthError, TransientApiError),
        "500-model": (500, {"error": "Backend error (404): no"}, RequestRejectedError, TransientApiError),
        "500-room": (500, {"error": "Backend error (429): no"}, SeedanceRateLimitError, TransientApiError),
        "500-time": (500, {"error": "Backend error (408): no"}, *_UNKNOWN),
        "500-odd": (500, {"error": "Backend error (999): no"}, *_UNKNOWN),
        "404-detail": (404, {"detail": "request not found"}, *_NOT_FOUND),
        "402-detail": (402, {"detail": "insufficient balance"}, *_QUOTA),
        "403-detail": (403, {"detail": {"message": "insufficient balance"}}, *_QUOTA),
        "500-backend-500": (500, {"error": "Backend error (500)"}, *_UNKNOWN),
        "502-backend-400": (502, {"error": "Backend error (400)"}, *_UNKNOWN),
        "200-error": (200, {"error": "odd"}, *_UNKNOWN),
    },
    refusal=lambda status, text: {"error": text, "request_id": "0217"},
    failed=_failed,
    any=_any,
    unknown_id={"error": "x"},
    quotes_request_id=True,
    forms=(
        (404, {"error": "no"}),
        (404, {"message": "no"}),
        (404, {"detail": "no", "request_id": "r-1"}),
        (422, {"detail": [{"loc": ["payload"], "msg": "no"}]}),
        (500, {"error": {"code": "x", "message": "no", "status": 400}}),
        (500, {"error": "Backend error (400): no", "trace": "x"}),
    ),
)

SAMPLES = (
    Sample(
        vendor="gmicloud",
        model="seedance-2-0-fast-260128",
        sized_model="seedance-2-0-fast-260128",
        large_model="seedance-2-0-260128",
        create=("/requests", {"model": "seedance-2-0-fast-260128", "payload": {"prompt": "a paper boat"}}),
        poll="/requests/",
        url_at=("outcome", "video_url"),
        course=("queued", "processing", "success", "failed"),
        answers=ANSWERS,
        names_id={"error": "timeout", "request_id": "cgt-9"},
        probe=("/api/v1/ie/requestqueue/apikey/models", [], "The key works; 6 models are open to it."),
        refusals={
            "no room": "429",
            "key refused": "401",
        },
    ),
)
