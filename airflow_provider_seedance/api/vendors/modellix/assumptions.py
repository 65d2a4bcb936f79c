"""Our assumptions about Modellix, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import (
    Assumption,
    Basis,
    FirstContact,
    Look,
    RefusedRequest,
    Verdict,
)
from airflow_provider_seedance.api.vendors.json_fields import dig
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

_DOCS = "docs.modellix.ai"


def _balance(response: HttpResponse) -> tuple[Verdict, str]:
    """Whether the balance is where the vendor's own client reads it. The report doesn't contain the amount."""
    if response.status_code != 200:
        return "can't tell", f"HTTP {response.status_code}"
    found = dig(response.json(), "data", "balance")
    is_amount = isinstance(found, int | float | str) and not isinstance(found, bool)
    return ("holds", "an amount is there") if is_amount else ("doesn't", "no amount at data.balance")


FIRST_CONTACT = {
    "modellix": FirstContact(
        smallest={"model": "seedance-2.0-fast-t2v", "duration": 4, "resolution": "480p"},
        refused=RefusedRequest(
            because=(
                "The model is part of the path, and what isn't there is answered 404; `prompt` is required and has at "
                f"least one character, else 400 ({_DOCS}/ways-to-use/api, the models' API schema)."
            ),
            extra={"prompt": ""},
        ),
        basis={
            "key.works": Basis("documented", f"{_DOCS}: GET /apikey/validate"),
            "key.refused": Basis("documented", f"{_DOCS}/ways-to-use/api: 401"),
            "id.unknown": Basis("documented", f"{_DOCS}/ways-to-use/api: 404"),
            "model.listed": Basis("documented", f"{_DOCS}: GET /models; the shape of its entries is not"),
            "request.refused": Basis("documented", f"{_DOCS}/ways-to-use/api: 400, 404"),
            "create.accepted": Basis("documented", f"{_DOCS}: data.task_id"),
            "status.known": Basis("documented", f"{_DOCS}/api-reference/query-task-result"),
            "video.delivered": Basis("documented", "task-result.schema.json: data.result.resources"),
            "url.life": Basis("the vendor's own client", "24 hours by its skill, 7 days by its plugin"),
        },
        also=("model.listed",),
        looks=(
            Look(
                Assumption(
                    "modellix.balance",
                    "The account's balance stands at data.balance of GET /team/balance.",
                    basis=Basis("the vendor's own client", "modellix-cli"),
                ),
                HttpRequest("GET", "/team/balance"),
                _balance,
            ),
        ),
    )
}
