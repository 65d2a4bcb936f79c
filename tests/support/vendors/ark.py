"""BytePlus and Volcengine."""

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
from airflow_provider_seedance.api.models import VideoStatus
from tests.support.sample import Answers, Sample

ID = "cgt-20261120000000-aaaaa"


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    times = {"created_at": 1790000000, "updated_at": 1790000120}
    content = {} if url is ... else {"content": {"video_url": url}}
    return {"id": ID, "model": "dreamina-seedance-2-0-fast-260128", "status": word} | times | content | more


def _failed(video_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"id": video_id, "status": "failed", "error": {"code": said, "message": said}}


def _error(code: str, text: str = "said") -> dict[str, Any]:
    return {"error": {"code": code, "message": f"{text}. Request id: 0217", "param": "", "type": ""}}


def _any(
    shaped: Any,
    *,
    ids: Any,
    status: Any,
    urls: Any,
    error: Any,
    reason: Any,
    numbers: Any,
    times: Any,
    usage: Any,
    **_: Any,
) -> st.SearchStrategy[Any]:
    content, dates = shaped(video_url=urls, last_frame_url=urls), {"created_at": times, "updated_at": times}
    body = shaped(id=ids, status=status, content=content, error=reason, usage=usage, duration=numbers, **dates)
    body |= shaped(error=shaped(code=error, message=error))
    return st.one_of(body, shaped(total=numbers, items=st.lists(body, max_size=2)))


_AUTH, _QUOTA = (SeedanceAuthError, SeedanceAuthError), (SeedanceQuotaError, SeedanceQuotaError)
_REJECTED, _NOT_FOUND = (RequestRejectedError, RequestRejectedError), (RequestRejectedError, VideoNotFoundError)
_MODERATION, _RATE = (SeedanceModerationError, RequestRejectedError), (SeedanceRateLimitError, TransientApiError)
_UNKNOWN = (SubmissionUnknownError, TransientApiError)

ERRORS = (
    (400, "MissingParameter", _REJECTED),
    (400, "InvalidParameter", _REJECTED),
    (400, "InvalidParameter.duration", _REJECTED),
    (400, "InvalidEndpoint.ClosedEndpoint", _REJECTED),
    (400, "InputTextSensitiveContentDetected", _MODERATION),
    (400, "InputImageSensitiveContentDetected", _MODERATION),
    (400, "InputTextRiskDetection", _MODERATION),
    (401, "AuthenticationError", _AUTH),
    (401, "NeverHeardOf", _AUTH),
    (403, "AccessDenied", _AUTH),
    (403, "NeverHeardOf", _AUTH),
    (403, "AccountOverdueError", _QUOTA),
    (404, "ModelNotOpen", _AUTH),
    (404, "InvalidEndpointOrModel.NotFound", _REJECTED),
    (404, "UnsupportedModel", _REJECTED),
    (404, "ResourceNotFound", _NOT_FOUND),
    (404, "NeverHeardOf", _NOT_FOUND),
    (429, "ModelAccountRpmRateLimitExceeded", _RATE),
    (429, "NeverHeardOf", _RATE),
    (429, "QuotaExceeded", _RATE),
    (429, "AccountQuotaExceeded", _QUOTA),
    (429, "CodingPlanQuotaExceeded", _QUOTA),
    (429, "SetLimitExceeded", _QUOTA),
    (403, "OperationDenied.ServiceOverdue", _QUOTA),
    (400, "SensitiveContentDetected", _MODERATION),
    (400, "SensitiveContentDetected.SevereViolation", _MODERATION),
    (400, "ContentSecurityDetectionError", _RATE),
    (400, "InvalidSubscription", _QUOTA),
    (405, "InvalidAction", _REJECTED),
    (415, "InvalidParameter", _REJECTED),
    (500, "InternalServiceError", _UNKNOWN),
    (500, "AuthenticationError", _UNKNOWN),
)

ANSWERS = Answers(
    video_id=ID,
    words={status.value: status.value for status in VideoStatus},
    shown=_shown,
    accepted=({"id": ID}, {"id": ID, "safety_identifier": "me"}),
    errors={f"{status}-{code}": (status, _error(code), *kinds) for status, code, kinds in ERRORS},
    refusal=lambda status, text: _error(
        {400: "InvalidParameter", 401: "AuthenticationError"}.get(status, "InvalidAction"), text
    ),
    failed=_failed,
    any=_any,
    unknown_id=_error("ResourceNotFound"),
    quotes_request_id=True,
    forms=(
        (404, {"error": {"code": "ResourceNotFound", "message": "no", "param": "", "type": "NotFound"}}),
        (500, {"error": {"code": "InternalServiceError", "message": ""}}),
    ),
)

SAMPLES = tuple(
    Sample(
        vendor=vendor,
        model=f"{prefix}-seedance-2-0-fast-260128",
        sized_model=f"{prefix}-seedance-2-0-fast-260128",
        large_model=f"{prefix}-seedance-2-0-260128",
        model_25=f"{prefix}-seedance-2-5-260628",
        create=(
            "/contents/generations/tasks",
            {"model": f"{prefix}-seedance-2-0-260128", "content": [{"type": "text", "text": "a paper boat"}]},
        ),
        poll="/contents/generations/tasks/",
        url_at=("content", "video_url"),
        course=("queued", "running", "succeeded", "failed"),
        answers=ANSWERS,
        names_id=names_id,
        probe=(
            "/api/v3/contents/generations/tasks",
            [("page_num", "1"), ("page_size", "1")],
            "The key works; 0 videos in the last 7 days.",
        ),
        refusals={
            "no room": "429 `ModelAccountRpmRateLimitExceeded` and others",
            "no balance or quota": "403 `AccountOverdueError`",
            "key refused": "401 `AuthenticationError`",
            "model not open": "404 `ModelNotOpen`",
            "refused by moderation": "400 `InputTextSensitiveContentDetected` and others",
        },
    )
    for vendor, prefix, names_id in (
        ("byteplus", "dreamina", {"id": "cgt-9"}),
        ("volcengine", "doubao", {"id": "cgt-9", "error": {"code": "InternalServiceError", "message": "timeout"}}),
    )
)
