"""OpenRouter: one API for several providers. Its OpenAPI document has no list, no cancel and no idempotency key."""

from airflow_provider_seedance.api.vendors.descriptor import PollRates, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        videos=f"{__name__}.videos:OpenRouterAdapter",
        # Other vendors, too, use its model names (`bytedance/seedance-2.0`), so `models` is empty.
        families={
            "seedance-2.0": "bytedance/seedance-2.0",
            "seedance-2.0-fast": "bytedance/seedance-2.0-fast",
            "seedance-2.5": "bytedance/seedance-2.5",
        },
        video_id_example="gen-vid-1779523200-abcdefghijklmnopqrst",
        retention_note=(
            "How long OpenRouter keeps results is not documented in numbers; where an answer tells when they end, that "
            "is what counts."
        ),
        rates=PollRates(get_per_second=5.0),  # ours: it publishes no limits, and advises a poll every 10 to 30 seconds
        has_callbacks=True,
        tells_cost=True,
        files_need_key=True,
    ),
)
