"""Jimmy AI: many routes behind one endpoint. Its documents mention no list, no cancel and no idempotency key."""

from datetime import timedelta

from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="jimmyai",
        title="Jimmy AI",
        base_url="https://www.jimmyai.cn",
        videos=f"{__name__}.videos:JimmyAIAdapter",
        assets=f"{__name__}.assets:JimmyAIAssets",
        models=("sd2_mx_*", "sd2-933-*", "seedance2.0-*", "seedance-2.5-*", "seedance2.5-gz*"),
        # Of several routes for a family, the most capable one: all media, URLs and assets, a choice of resolutions.
        families={
            "seedance-2.0": "seedance2.0-sp",
            "seedance-2.0-fast": "seedance2.0-fast-sp",
            "seedance-2.0-mini": "seedance2.0-mini",
            "seedance-2.5": "seedance-2.5-sp",
        },
        video_id_example="vid_0123456789ab",
        retention=timedelta(days=3),
        retention_note="Jimmy AI keeps result URLs for about 3 days (docs.jimmyai.cn).",
    ),
)
