"""Replicate."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from tests.support.sample import Answers, Sample, numbered

ID, MODEL = "gm3qorzdhgbfurvjtvhg6dckhu", "bytedance/seedance-2.0-fast"


def _shown(word: Any, url: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": ID, "model": MODEL, "status": word, "input": {}, "output": url, "error": None, **more}


def _failed(own_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"id": own_id, "status": "failed", "output": None, "error": said}


def _error(status: int, text: str = "said", title: str = "Said") -> dict[str, Any]:
    return {"title": title, "detail": text, "status": status}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, numbers: Any, times: Any, **_: Any
) -> st.SearchStrategy[Any]:
    given = shaped(prompt=error, seed=numbers)
    made = shaped(id=ids, status=status, output=urls | st.lists(urls, max_size=2), error=error, input=given)
    made |= shaped(id=ids, status=status, output=urls, completed_at=times | error, metrics=shaped(total_time=numbers))
    problem = shaped(title=error, detail=error, status=numbers) | shaped(detail=error)
    return st.one_of(made, problem, shaped(results=st.lists(made, max_size=2), next=urls), shaped(username=error))


_REFUSED = (RequestRejectedError, RequestRejectedError)

ANSWERS = Answers(
    video_id=ID,
    words={
        "queued": "starting",
        "running": "processing",
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "canceled aborted",
    },
    shown=_shown,
    accepted=(_shown("starting"), _shown("processing"), {"id": ID}),
    errors=numbered(
        (401, _error(401, title="Unauthenticated"), SeedanceAuthError, SeedanceAuthError),
        (402, _error(402, title="Insufficient credit"), SeedanceQuotaError, SeedanceQuotaError),
        (404, _error(404), RequestRejectedError, VideoNotFoundError),
        (422, _error(422, title="Input validation failed") | {"invalid_fields": []}, *_REFUSED),
        (429, {"detail": "Request was throttled."}, SeedanceRateLimitError, TransientApiError),
        (500, _error(500), SubmissionUnknownError, TransientApiError),
        (504, _error(504), SubmissionUnknownError, TransientApiError),
    ),
    refusal=_error,
    failed=_failed,
    any=_any,
    unknown_id=_error(404, "The requested resource could not be found."),
)

SAMPLES = (
    Sample(
        vendor="replicate",
        model=MODEL,
        sized_model=MODEL,
        large_model="bytedance/seedance-2.0",
        model_25="bytedance/seedance-2.5",
        create=(f"/models/{MODEL}/predictions", {"prompt": "a paper boat"}),
        wrap=lambda given: {"input": dict(given)},
        poll="/predictions/",
        url_at=("output",),
        probe=("/v1/account", [], "The key works."),
        course=("starting", "processing", "succeeded", "failed"),
        answers=ANSWERS,
        refusals={
            "no room": "429",
            "no balance or quota": "402 `Insufficient credit`",
            "key refused": "401 `Unauthenticated`",
        },
    ),
)
