"""ByteDance's own Ark: BytePlus ModelArk outside China, Volcengine Ark in China. One API at two addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_provider_seedance.api.vendors.descriptor import PollRates, Setting, VendorDescriptor


def _families(prefix: str) -> dict[str, str]:
    return {
        "seedance-2.0": f"{prefix}-seedance-2-0-260128",
        "seedance-2.0-fast": f"{prefix}-seedance-2-0-fast-260128",
        "seedance-2.0-mini": f"{prefix}-seedance-2-0-mini-260615",
        "seedance-2.5": f"{prefix}-seedance-2-5-260628",
    }


_SHARED: dict[str, Any] = {
    "videos": f"{__name__}.videos:ArkAdapter",
    "video_id_example": "cgt-20260101120000-abcde",
    "settings": (
        Setting(
            "mark_safety_identifier",
            "BytePlus, Volcengine: mark submissions",
            "Sends an own `safety_identifier` with each video, unless the request has one, so that a submission whose "
            "answer was lost is found again. Default yes.",
            kind="flag",
            default=True,
        ),
    ),
    "retention": timedelta(hours=24),
    "retention_note": (
        "Ark keeps task records for 7 days and result URLs for 24 hours (docs.byteplus.com ModelArk 1521309)."
    ),
    "rates": PollRates(get_per_second=20, list_per_second=1),  # published, per account
    "batch_size": 500,
    "can_list": True,
    "list_window": timedelta(days=7),
    "list_note": "Ark lists the tasks of the last 7 days (docs.byteplus.com ModelArk 1521675).",
    "can_cancel": True,
    "has_callbacks": True,
}

DESCRIPTORS = (
    VendorDescriptor(
        name="byteplus",
        title="BytePlus ModelArk",
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        models=("dreamina-seedance-*",),
        families=_families("dreamina"),
        **_SHARED,
    ),
    VendorDescriptor(
        name="volcengine",
        title="Volcengine Ark",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        models=("doubao-seedance-*",),
        families=_families("doubao"),
        **_SHARED,
    ),
)
