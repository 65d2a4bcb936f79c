"""Our assumptions about GMI Cloud, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact

_DOC = "docs.gmicloud.ai/inference-engine/api-reference/video-api-reference"

FIRST_CONTACT = {
    "gmicloud": FirstContact(
        smallest={"model": "seedance-2-0-fast-260128", "duration": 4, "resolution": "480p"},
        why_no_refused=(
            "GMI Cloud documents that `prompt` is required, but not how a submit without it, or for a model that "
            "doesn't exist, is answered; it bills at the submit, and was seen to queue requests that failed minutes "
            "later."
        ),
        basis={
            "key.works": Basis("documented", f"{_DOC}: GET /models"),
            "key.refused": Basis("observed by others", "401 and 403"),
            "id.unknown": Basis("observed by others", "404"),
            "list.answered": Basis("documented", f"{_DOC}: GET /requests; its query was observed"),
            "list.page-size": Basis("observed by others", "the query's limit"),
            "list.by-model": Basis("observed by others", "model_id is needed"),
            "mark.unknown": Basis("observed by others", "as mark.repeated"),
            "model.listed": Basis("documented", f"{_DOC}: GET /models/{{model_id}}"),
            "create.accepted": Basis("documented", f"{_DOC}: POST /requests"),
            "status.known": Basis("documented", f"{_DOC}; `created` and `dispatched` were observed"),
            "video.delivered": Basis("documented", f"{_DOC}: outcome.video_url; media_urls was observed"),
            "mark.repeated": Basis("observed by others", "the list repeats the payload, and with it the seed"),
            "list.lag": Basis("a guess", "no page says how soon a request is listed"),
        },
        also=("list.by-model", "model.listed"),
    )
}
