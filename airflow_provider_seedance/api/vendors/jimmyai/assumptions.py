"""Our assumptions about Jimmy AI, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import (
    Assumption,
    Basis,
    FirstContact,
    Look,
    RefusedRequest,
    Verdict,
)
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

_DOCS = "docs.jimmyai.cn"


def _code_of_success(response: HttpResponse) -> tuple[Verdict, str]:
    """Whether a success has one of the known codes. The documents give two, 0 and 20000; clients also accept 200."""
    code = response.json_object().get("code")
    if response.status_code != 200 or not isinstance(code, int | str) or isinstance(code, bool):
        return "can't tell", f"HTTP {response.status_code}, with no code"
    known = str(code) in ("0", "200", "20000")
    shown = repr(code) if known or isinstance(code, int) else "another text"
    return ("holds" if known else "doesn't"), f"code {shown}"


FIRST_CONTACT = {
    "jimmyai": FirstContact(
        smallest={"model": "seedance2.0-fast-i2v", "duration": 4},
        refused=RefusedRequest(
            because=(
                "`model`, `prompt` and `duration` are required (its OpenAPI document), a bad request has code 20002 "
                "(its skill), and a model that doesn't exist has no configuration and is refused (its FAQ)."
            ),
            extra={"prompt": "", "duration": 0},
        ),
        basis={
            "key.works": Basis("documented", f"{_DOCS}: GET /api/open-api/v1/key/balance"),
            "key.refused": Basis("documented", "its skill: code 20001; the HTTP status is not documented"),
            "id.unknown": Basis("a guess", "20002 is the documented code of a bad request"),
            "request.refused": Basis("documented", "its skill: code 20002; its FAQ: a model without configuration"),
            "create.accepted": Basis("documented", f"{_DOCS}: data.task_id"),
            "status.known": Basis("documented", f"{_DOCS}/en/api-reference/common/query, FAQ"),
            "video.delivered": Basis("documented", f"{_DOCS}: data.result.video_url"),
            "url.life": Basis("documented", "its OpenAPI document: about 3 days"),
        },
        looks=(
            Look(
                Assumption(
                    "jimmyai.code",
                    "The code of a success is 0, 200 or 20000, as a number or a text.",
                    basis=Basis("documented", "the prose shows 0, the OpenAPI example '20000'; 200 was observed"),
                ),
                HttpRequest("GET", "/api/open-api/v1/key/balance"),
                _code_of_success,
            ),
        ),
    )
}
