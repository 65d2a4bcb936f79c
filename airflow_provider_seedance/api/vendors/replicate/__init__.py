"""Replicate: predictions of official models. Their inputs and outputs are removed one hour after their end."""

from datetime import timedelta

from airflow_provider_seedance.api.vendors.descriptor import PollRates, Setting, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="replicate",
        title="Replicate",
        base_url="https://api.replicate.com/v1",
        videos=f"{__name__}.videos:ReplicateAdapter",
        assets=f"{__name__}.assets:ReplicateAssets",
        # Other vendors, too, use these model names, so `models` is empty.
        families={
            "seedance-2.0": "bytedance/seedance-2.0",
            "seedance-2.0-fast": "bytedance/seedance-2.0-fast",
            "seedance-2.5": "bytedance/seedance-2.5",
        },
        video_id_example="gm3qorzdhgbfurvjtvhg6dckhu",
        settings=(
            Setting(
                "replicate_draw_seed",
                "Replicate: draw a seed",
                "Sends a random seed with each video, unless the request has one, so that a submission whose answer "
                "was lost is found again within the hour. Default yes.",
                kind="flag",
                default=True,
            ),
        ),
        retention=timedelta(hours=1),
        retention_note=(
            "Replicate keeps predictions, but removes their inputs, outputs and files one hour after their end "
            "(replicate.com/docs, data retention): land the video in the task that creates it."
        ),
        rates=PollRates(get_per_second=50),  # published: 3,000 per minute
        can_list=True,
        list_note=(
            "Replicate lists predictions of all models: those whose model has no `seedance` in its name are left out. "
            "A prediction's inputs, and the mark with them, are removed one hour after its end."
        ),
        can_cancel=True,
        can_stop=True,
        has_callbacks=True,
    ),
)
