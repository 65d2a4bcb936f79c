"""Our assumptions about Ark, with their sources."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.assumptions import Basis, FirstContact, RefusedRequest

_PAGES = "docs.byteplus.com/en/docs/ModelArk"
_SDK = "byteplus-python-sdk-v2 3.0.63, volcengine-python-sdk 5.0.54"


def _contact(prefix: str) -> FirstContact:
    return FirstContact(
        smallest={"model": f"{prefix}-seedance-2-0-fast-260128", "duration": 4, "resolution": "480p"},
        # Two reasons for a refusal, each documented. An unknown field would be none: `framespersecond` is documented as
        # not validated, and such a task is billed.
        refused=RefusedRequest(
            because=(
                "`model` and `content` are required, else 400 MissingParameter; a model that doesn't exist is 404 "
                f"InvalidEndpointOrModel.NotFound ({_PAGES}/1520757, 1299023)."
            ),
            extra={"content": []},
        ),
        basis={
            "key.works": Basis("documented", f"{_PAGES}/1521675: the list, one item"),
            "key.refused": Basis("documented", f"{_PAGES}/1299023: 401 AuthenticationError"),
            "id.unknown": Basis("a guess", "no page shows the answer for a task that doesn't exist"),
            "ids.unknown": Basis("inferred", f"{_PAGES}/1521675: filter.task_ids is a filter"),
            "list.answered": Basis("documented", f"{_PAGES}/1521675"),
            "list.page-size": Basis("documented", f"{_PAGES}/1521675: page_size"),
            "list.by-status": Basis("documented", f"{_PAGES}/1521675: filter.status"),
            "list.by-model": Basis(
                "documented",
                f"{_PAGES}/1521675: filter.model, described as an exact match on the endpoint id; look-ups go without",
            ),
            "mark.unknown": Basis("inferred", f"{_SDK}: safety_identifier is a field of the task"),
            "request.refused": Basis("documented", f"{_PAGES}/1520757, 1299023"),
            "create.accepted": Basis("documented", f"{_PAGES}/1520757"),
            "status.known": Basis("documented", f"{_PAGES}/1521309; `expired`: the callback and delete pages"),
            "video.delivered": Basis("documented", f"{_PAGES}/1521309: content.video_url"),
            "url.life": Basis("documented", f"{_PAGES}/1521309: 24 hours"),
            "ids.exact": Basis("the vendor's own client", f"{_SDK}: list(task_ids=[...])"),
            "mark.repeated": Basis("the vendor's own client", f"{_SDK}: safety_identifier of the task"),
            "list.lag": Basis("a guess", "no page says how soon a task is listed"),
            "seed.repeated": Basis("observed by others", "seed is listed for 1.x only, and 2.0 was seen to repeat it"),
            "cancel.queued": Basis("documented", f"{_PAGES}/1521720: a queued task is cancelled"),
        },
        also=("list.by-status", "list.by-model", "seed.repeated"),
    )


FIRST_CONTACT = {"byteplus": _contact("dreamina"), "volcengine": _contact("doubao")}
