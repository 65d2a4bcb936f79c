"""GMI Cloud."""

from tests.support.sample import Sample

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
        names_id={"error": "timeout", "request_id": "cgt-9"},
        probe=("/api/v1/ie/requestqueue/apikey/models", [], "The key works; 6 models are open to it."),
        refusals={
            "no room": "429",
            "key refused": "401",
        },
    ),
)
