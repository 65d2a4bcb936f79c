"""Our assumptions about OpenRouter, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact

_API = "openrouter.ai/docs/api_reference/videos"
_CLIENT = Basis("the vendor's own client", "openrouter 1.3.84 (PyPI)")

FIRST_CONTACT = {
    "openrouter": FirstContact(
        smallest={"model": "bytedance/seedance-2.0-fast", "duration": 4, "resolution": "480p"},
        why_no_refused="No page says that a request without a prompt, or for an unknown model, is always refused.",
        basis={
            "key.works": Basis("documented", "openrouter.ai/docs: GET /key"),
            "key.refused": Basis("documented", f"{_API}: 401"),
            "id.unknown": Basis("documented", f"{_API}: 404"),
            "create.accepted": Basis("documented", f"{_API}: 202 with id"),
            "status.known": _CLIENT,
            "video.delivered": Basis("documented", f"{_API}: urls, unsigned_urls"),
            "url.open": Basis("documented", f"{_API}: urls are signed"),
            "model.listed": _CLIENT,
        },
        also=("model.listed",),
    )
}
