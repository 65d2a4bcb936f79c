"""Modellix: the model is part of the path. Its documents mention no list of tasks, no cancel, no idempotency key."""

from datetime import timedelta

from airflow_provider_seedance.api.vendors.descriptor import ByMedia, PollRates, Setting, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="modellix",
        title="Modellix",
        base_url="https://api.modellix.ai/api/v1",
        videos=f"{__name__}.videos:ModellixAdapter",
        assets=f"{__name__}.assets:ModellixAssets",
        models=("seedance-2.0-*",),
        families={
            family: ByMedia(text=f"{family}-t2v", images=f"{family}-i2v", videos=f"{family}-v2v")
            for family in ("seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini")
        },
        video_id_example="task-0123456789ab",
        settings=(
            Setting(
                "modellix_async_suffix",
                "Modellix: path ends in /async",
                "Modellix's reference has the suffix, its newer clients leave it out. Default yes.",
                kind="flag",
                default=True,
            ),
        ),
        retention=timedelta(hours=24),
        retention_note="Modellix keeps results for 24 hours (its skill) or 7 days (its plugin); plan for 24 hours.",
        rates=PollRates(get_per_second=100 / 60),  # 100 per minute and key, by an archived page that may be stale
    ),
)
