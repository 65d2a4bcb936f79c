"""Our assumptions about fal, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact

_DOCS = "docs.fal.ai"
_CLIENT = "fal-client 1.0.3 on PyPI"

FIRST_CONTACT = {
    "fal": FirstContact(
        smallest={"model": "bytedance/seedance-2.0/mini", "duration": 4, "resolution": "480p"},
        why_no_refused="The queue accepts any input of a known endpoint; no document says what it answers for others.",
        basis={
            "key.works": Basis("inferred", "the account's own requests aren't shown without a key"),
            "key.refused": Basis("documented", f"{_DOCS}: 401"),
            "id.unknown": Basis("observed by others", "404 with a text in `detail`"),
            "list.answered": Basis("documented", f"{_DOCS}: GET /v1/models/requests/by-endpoint"),
            "list.page-size": Basis("documented", f"{_DOCS}: limit, at most 100"),
            "create.accepted": Basis("documented", f"{_DOCS}: request_id"),
            "read.at-once": Basis("inferred", "the answer to a create holds the status URL"),
            "status.known": Basis("documented", f"{_DOCS}: IN_QUEUE, IN_PROGRESS, COMPLETED"),
            "status.order": Basis("inferred", "the order in which the documents name them"),
            "video.delivered": Basis("documented", "the models' API pages: video.url"),
            "url.open": Basis("documented", "samples of v3.fal.media"),
            "mark.repeated": Basis("inferred", "`json_input` is taken for what was sent, `end_user_id` among it"),
            "mark.unknown": Basis("inferred", "as mark.repeated"),
            "list.lag": Basis("a guess", "the list is sorted by the end, so that what hasn't ended may be missing"),
            "cancel.queued": Basis("documented", f"{_DOCS}: PUT cancel_url; the status after it is inferred"),
        },
    )
}
