"""GMI Cloud: a request queue. Requests can be listed and models described; no cancel is documented."""

from airflow_provider_seedance.api.vendors.descriptor import Setting, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="gmicloud",
        title="GMI Cloud",
        base_url="https://console.gmicloud.ai/api/v1/ie/requestqueue/apikey",
        videos=f"{__name__}.videos:GMICloudAdapter",
        assets=f"{__name__}.assets:GMICloudAssets",
        models=("seedance-2-0-*", "seedance-2-5-*"),
        families={
            "seedance-2.0": "seedance-2-0-260128",
            "seedance-2.0-fast": "seedance-2-0-fast-260128",
            "seedance-2.5": "seedance-2-5-260628",
        },
        video_id_example="0d6c9a52-6f0e-4c0b-9f53-0d3a1b0e7c11",
        settings=(
            Setting("gmicloud_organization_id", "GMI Cloud: organization id", "Sent as X-Organization-ID, if set."),
            Setting(
                "draw_seed",
                "GMI Cloud: draw a seed",
                "Sends a random seed with each video, unless the request has one, so that a submission whose answer "
                "was lost is found again. Default yes.",
                kind="flag",
                default=True,
            ),
        ),
        retention_note="GMI Cloud does not say how long it keeps requests and result URLs.",
        can_list=True,
        list_note=(
            "GMI Cloud lists one model at a time, and doesn't say how far back: videos of models that neither the "
            "ledger nor the connection names are not seen."
        ),
    ),
)
