"""Our assumptions about Runware, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact

_DOCS = "runware.ai/docs/platform"
_CLIENT = Basis("the vendor's own client", "runware 0.5.24 (PyPI)")
_OTHERS = Basis("observed by others", "clients of api.runware.ai")

FIRST_CONTACT = {
    "runware": FirstContact(
        smallest={"model": "bytedance:seedance@2.0-mini", "duration": 4, "resolution": "480p", "ratio": "16:9"},
        why_no_refused=(
            "The codes of refusals are documented, and no page says that a request without a model or a prompt is "
            "always refused."
        ),
        basis={
            "key.works": Basis("observed by others", "modelSearch; no call is documented for it"),
            "key.refused": Basis("documented", f"{_DOCS}/errors: invalidApiKey"),
            "ids.unknown": _OTHERS,
            "create.accepted": Basis("documented", f"{_DOCS}/introduction"),
            "create.repeatable": Basis("documented", f"{_DOCS}/errors: conflictTaskUUID; and the vendor's own client"),
            "read.at-once": Basis("inferred", "the vendor's own client asks a second after the create"),
            "status.known": Basis("documented", f"{_DOCS}/task-polling: processing, success, error"),
            "video.delivered": _CLIENT,
            "url.open": _OTHERS,
            "ids.exact": Basis("documented", f"{_DOCS}/task-polling: several tasks in one request"),
            "model.listed": _CLIENT,
        },
        also=("model.listed",),
        left_out={
            "id.unknown": "An unknown id is left out of the answer, and that is no proof that there is no such video.",
        },
    )
}
