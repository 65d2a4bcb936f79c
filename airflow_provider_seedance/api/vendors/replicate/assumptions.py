"""Our assumptions about Replicate, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact

_DOCS = "replicate.com/docs"

FIRST_CONTACT = {
    "replicate": FirstContact(
        smallest={"model": "bytedance/seedance-2.0-fast", "duration": 4, "resolution": "480p"},
        also=("model.listed", "seed.repeated"),
        basis={
            "key.works": Basis("documented", f"{_DOCS}/reference/http: GET /account"),
            "key.refused": Basis("documented", f"{_DOCS}: 401"),
            "id.unknown": Basis("documented", f"{_DOCS}: 404"),
            "model.listed": Basis("documented", f"{_DOCS}/reference/http: GET /models/OWNER/NAME"),
            "list.answered": Basis("documented", f"{_DOCS}/reference/http: GET /predictions"),
            "list.page-size": Basis("documented", "100 a page; the rest is left out here"),
            "create.accepted": Basis("documented", f"{_DOCS}/reference/http"),
            "status.known": Basis("documented", "`aborted` by a changelog only"),
            "video.delivered": Basis("documented", "the models' schema: output is one address"),
            "url.life": Basis("documented", f"{_DOCS}/topics/predictions/data-retention"),
            "mark.repeated": Basis("inferred", "the documents' sample of a list shows the input"),
            "mark.unknown": Basis("inferred", "as mark.repeated"),
            "list.lag": Basis("inferred", "the list is called that of all predictions"),
            "cancel.queued": Basis("documented", f"{_DOCS}/reference/http: predictions.cancel"),
        },
    )
}
