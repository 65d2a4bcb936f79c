"""Jimmy AI."""

from tests.support.sample import Sample

SAMPLES = (
    Sample(
        vendor="jimmyai",
        model="seedance2.0-fast-i2v",
        sized_model="seedance2.0-fast-sp",
        large_model="seedance2.0-sp",
        create=(
            "/api/open-api/v1/seedance/videos",
            {"model": "seedance2.0-sp", "prompt": "a paper boat", "duration": 5},
        ),
        poll="/api/open-api/v1/videos/",
        url_at=("data", "result", "video_url"),
        course=("queued", "processing", "completed", "failed"),
        names_id={"code": "-1", "msg": "timeout", "data": {"task_id": "cgt-9"}},
        probe=("/api/open-api/v1/key/balance", [], "The key works; its quota is unlimited."),
        least={"duration": 5},
        refusals={
            "no balance or quota": "code `20002`, with the text of its FAQ",
            "key refused": "code `20001`",
        },
    ),
)
