"""Judges a request before anything is sent: rendered requests in full, literals already when a DAG is parsed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import REQUEST_FIELDS, VideoRequest
from airflow_provider_seedance.api.vendors import BUILT_IN, all_vendors, make_adapter, vendor_of_model
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES
from airflow_provider_seedance.api.vendors.families import with_own_model
from airflow_provider_seedance.api.vendors.rules import Problem, Route, check
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter


def to_request(fields: VideoRequest | Mapping[str, Any]) -> VideoRequest:
    """A `VideoRequest` from a dict.

    :raises InvalidRequestError: for unknown fields and wrong types; the values stay out of the message.
    """
    if isinstance(fields, VideoRequest):
        return fields
    try:
        return VideoRequest.model_validate(dict(fields))
    except ValidationError as error:
        raise _invalid(_in_words(error)) from None


def for_vendor(request: VideoRequest, adapter: VendorAdapter) -> VideoRequest:
    """The request as this vendor, and this account, understands it: with its own name in place of a model family.

    :raises InvalidRequestError: the vendor has no equivalent of the family.
    """
    return with_own_model(request, adapter.descriptor, adapter.models, all_vendors().values())


def check_request(request: VideoRequest, adapter: VendorAdapter, told: Any = None) -> list[str]:
    """Warnings about a request that may be sent.

    :param told: what the vendor has said itself of its models' limits, see `VendorAdapter.ask_rules`.
    :raises InvalidRequestError: naming every documented rule that it breaks.
    """
    stated = None if told is None else adapter.stated_route(request, told)
    problems = _problems(request, adapter, stated)
    fatal = [problem.message for problem in problems if problem.is_fatal]
    if fatal:
        raise _invalid(fatal)
    warnings = [f"{problem.message}." for problem in problems]
    if stated is not None or _route(request, adapter) is not None:
        return warnings
    known = ", ".join(name for route in adapter.routes for name in route.models)
    return [
        *warnings,
        f"No {adapter.title} document names the model {request.model!r}; it is sent as it is. Known: {known}.",
    ]


def check_literals(fields: Mapping[str, Any], templates: Collection[str]) -> None:
    """Judges what can be judged when a DAG is parsed: rules whose fields are all literals, by the model's name alone.

    The connection isn't looked up, so what depends on the vendor alone waits until the task runs.

    :param fields: the request's fields as the user wrote them.
    :param templates: the names of those that only get their value at run time.
    :raises InvalidRequestError: naming every rule that is certainly broken.
    """
    stand_ins = {"model": "template", "prompt": "template"}
    literal = {name: value for name, value in fields.items() if name not in templates}
    request = to_request({name: stand_ins[name] for name in templates if name in stand_ins} | literal)
    if "model" in templates:
        return
    if request.model in FAMILIES:
        _check_family(request, templates)
        return
    vendor = vendor_of_model(request.model)
    if vendor is not None and (fatal := _broken(request, make_adapter(vendor), templates)):
        raise _invalid(fatal)


def _check_family(request: VideoRequest, templates: Collection[str]) -> None:
    """Judges a model family: the vendor isn't known yet, so only what every vendor of the family refuses is refused."""
    verdicts = []
    for vendor in all_vendors().values():
        if request.model in vendor.families:
            adapter = make_adapter(vendor.name)
            fatal = _broken(for_vendor(request, adapter), adapter, templates)
            if not fatal:
                return
            verdicts += fatal
    raise _invalid(verdicts)


def _broken(request: VideoRequest, adapter: VendorAdapter, templates: Collection[str]) -> list[str]:
    problems = [problem for problem in _problems(request, adapter) if problem.depends_on.isdisjoint(templates)]
    return [problem.message for problem in problems if problem.is_fatal]


def _route(request: VideoRequest, adapter: VendorAdapter) -> Route | None:
    return next((route for route in adapter.routes if route.has(request.model)), None)


def _problems(request: VideoRequest, adapter: VendorAdapter, stated: Route | None = None) -> list[Problem]:
    # With a model that nobody documented only the limits of the dialect remain: a field it has no word for.
    route = (
        stated
        or _route(request, adapter)
        or Route(
            *("", (), "no word for it in this API"),
            fields=adapter.fields,
            text_is_optional_beside=adapter.text_is_optional_beside,
        )
    )

    def takers_of(field: str, value: str | None) -> str:
        def takes(other: Route) -> bool:
            return field in other.fields and (value is None or not other.tasks or value in other.tasks)

        others = (other for other in adapter.routes if not other.has(request.model))
        routes = list(dict.fromkeys(other.title for other in others if takes(other)))
        if routes:
            return f"{adapter.title} routes that do: {', '.join(routes)}"
        titles = [vendor.title for vendor in map(make_adapter, BUILT_IN) if any(map(takes, vendor.routes))]
        return f"vendors that do: {', '.join(titles) or 'none'}"

    return check(request, route, adapter.title, takers_of)


def _invalid(problems: list[str]) -> InvalidRequestError:
    return InvalidRequestError(f"Nothing was sent. {'; '.join(problems)}.", tuple(problems))


def _in_words(error: ValidationError) -> list[str]:
    words = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            words.append(f"{where}: no such field; there are {', '.join(REQUEST_FIELDS)}")
        else:
            words.append(f"{where}: {item['msg']}")
    return words
