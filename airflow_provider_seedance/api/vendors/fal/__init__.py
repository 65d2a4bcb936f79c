"""fal: a queue with separate calls for status and result. An endpoint stands for a model and a kind of video."""

from datetime import timedelta

from airflow_provider_seedance.api.vendors.descriptor import Setting, VendorDescriptor

DESCRIPTORS = (
    VendorDescriptor(
        name="fal",
        title="fal",
        base_url="https://queue.fal.run",
        videos=f"{__name__}.videos:FalAdapter",
        assets=f"{__name__}.assets:FalAssets",
        auth_scheme="Key",
        # Other vendors, too, use names without a kind (`bytedance/seedance-2.0`).
        models=("bytedance/seedance-2.[05]/*",),
        families={
            "seedance-2.0": "bytedance/seedance-2.0",
            "seedance-2.0-fast": "bytedance/seedance-2.0/fast",
            "seedance-2.0-mini": "bytedance/seedance-2.0/mini",
            "seedance-2.5": "bytedance/seedance-2.5",
        },
        video_id_example="bytedance/seedance-2.0/764cabcf-b745-4b3e-ae38-1200304cf45b",
        settings=(
            Setting(
                "mark_end_user_id",
                "fal: mark submissions",
                "Sends an own `end_user_id` with each video, unless the request has one, so that a submission whose "
                "answer was lost is found again. fal hands it on to ByteDance. Default yes.",
                kind="flag",
                default=True,
            ),
            Setting(
                "fal_file_seconds",
                "fal: lifetime of files",
                "Seconds for which fal keeps a finished video's file. Default: as set in the fal account.",
            ),
        ),
        retention_note=(
            "How long fal keeps files is a setting of the account, or `fal_file_seconds` of the connection; what was "
            "asked for and answered can be read for about 30 days (docs.fal.ai)."
        ),
        can_list=True,
        list_window=timedelta(days=30),
        list_note=(
            "fal lists requests at the endpoints that this provider knows, and keeps what was asked for, the mark with "
            "it, for about 30 days (docs.fal.ai); whether it lists what has not ended is not documented."
        ),
        can_cancel=True,
        can_stop=True,
        has_callbacks=True,
    ),
)
