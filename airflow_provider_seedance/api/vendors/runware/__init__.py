"""Runware: the client chooses the id, and each id is accepted only once. No list and no cancel are documented."""

from airflow_provider_seedance.api.vendors.descriptor import PollRates, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="runware",
        title="Runware",
        base_url="https://api.runware.ai/v1",
        videos=f"{__name__}.videos:RunwareAdapter",
        assets=f"{__name__}.assets:RunwareAssets",
        models=("bytedance:seedance@*",),
        families={
            "seedance-2.0": "bytedance:seedance@2.0",
            "seedance-2.0-fast": "bytedance:seedance@2.0-fast",
            "seedance-2.0-mini": "bytedance:seedance@2.0-mini",
            "seedance-2.5": "bytedance:seedance@2.5",
        },
        video_id_example="0b0a3b62-6d1c-4c0a-9f52-7b9a2a1f5d10",
        retention_note=(
            "Runware documents a field `ttl` for the life of the URL and no figure for its default; plan for 24 hours."
        ),
        rates=PollRates(get_per_second=5.0, list_per_second=1.0),  # ours: it publishes no limits
        # Ours: several tasks in one request are documented, their largest number isn't. After a refusal for the length
        # half as many are asked for.
        batch_size=500,
        has_callbacks=True,
        tells_cost=True,
        quotes_prices=True,
        create_is_repeatable=True,
    ),
)
