"""BytePlus and Volcengine."""

from tests.support.sample import Sample

SAMPLES = tuple(
    Sample(
        vendor=vendor,
        model=f"{prefix}-seedance-2-0-fast-260128",
        sized_model=f"{prefix}-seedance-2-0-fast-260128",
        large_model=f"{prefix}-seedance-2-0-260128",
        create=(
            "/contents/generations/tasks",
            {"model": f"{prefix}-seedance-2-0-260128", "content": [{"type": "text", "text": "a paper boat"}]},
        ),
        poll="/contents/generations/tasks/",
        url_at=("content", "video_url"),
        course=("queued", "running", "succeeded", "failed"),
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
