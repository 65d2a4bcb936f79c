"""Other Video: a vendor that doesn't exist, and lives in the tests only. `docs/adding-a-vendor.md` shows it."""

from airflow_provider_seedance.api.vendors.descriptor import PollRates, Setting, VendorDescriptor

DESCRIPTOR = VendorDescriptor(
    name="other",
    title="Other Video",
    base_url="https://api.other.example/v1",
    videos=f"{__name__}.videos:OtherAdapter",
    auth_scheme="Key",
    models=("other-seedance-*",),
    video_id_example="other-seedance-2/0d6c9a52-6f0e-4c0b-9f53-0d3a1b0e7c11",
    settings=(Setting("other_region", "Other Video: region", "Sent as X-Region. Default `eu`.", default="eu"),),
    retention_note="Other Video does not say how long it keeps results.",
    rates=PollRates(get_per_second=10),
    can_list=True,
    can_cancel=True,
)
