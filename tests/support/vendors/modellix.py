"""Modellix."""

from tests.support.sample import Sample

SAMPLES = (
    Sample(
        vendor="modellix",
        model="seedance-2.0-t2v",
        sized_model="seedance-2.0-fast-t2v",
        large_model="seedance-2.0-t2v",
        create=("/bytedance/seedance-2.0-t2v/async", {"prompt": "a paper boat"}),
        poll="/tasks/",
        url_at=("data", "result", "resources", 0, "url"),
        course=("pending", "processing", "success", "failed"),
        names_id={"code": 504, "message": "timeout", "data": {"task_id": "cgt-9"}},
        probe=("/api/v1/apikey/validate", [], "The key works; balance: 1000."),
        refusals={
            "no room": "429",
            "no balance or quota": "402",
            "key refused": "401",
        },
    ),
)
