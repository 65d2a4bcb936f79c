"""Modellix: the model is part of the path. No list of tasks, no cancel, no idempotency: by absence in its documents."""

from datetime import timedelta

from airflow_provider_seedance.api.vendors.descriptor import PollRates, Setting, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="modellix",
        title="Modellix",
        base_url="https://api.modellix.ai/api/v1",
        videos=f"{__name__}.videos:ModellixAdapter",
        assets=f"{__name__}.assets:ModellixAssets",
        models=("seedance-2.0-*",),
        video_id_example="task-0123456789ab",
        settings=(
            Setting(
                "modellix_async_suffix",
                "Modellix: path ends in /async",
                "Modellix's reference has the suffix, its newer clients leave it out.",
                kind="flag",
                default=True,
            ),
        ),
        retention=timedelta(hours=24),
        retention_note="Modellix keeps results for 24 hours (its skill) or 7 days (its plugin); plan for 24 hours.",
        rates=PollRates(get_per_second=100 / 60),  # 100 a minute and key, by an archived page that may be stale
    ),
)
