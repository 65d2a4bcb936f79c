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
    )
    for vendor, prefix in (("byteplus", "dreamina"), ("volcengine", "doubao"))
)
