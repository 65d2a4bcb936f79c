"""Checks a request before anything is sent: all of it when it is rendered, its literals when the DAG is parsed."""

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

    :param fields: its fields by name; a `VideoRequest` is returned as it is.
    :return: the request.
    :raises InvalidRequestError: for unknown fields and wrong types; the values stay out of the message.
    """
    if isinstance(fields, VideoRequest):
        return fields
    try:
        return VideoRequest.model_validate(dict(fields))
    except ValidationError as error:
        raise _invalid(_in_words(error)) from None


def for_vendor(request: VideoRequest, adapter: VendorAdapter) -> VideoRequest:
    """Replaces a model family by the name that this vendor or this account has for it.

    :param request: the request; one without a family is returned as it is.
    :param adapter: the vendor's adapter.
    :return: the request with the vendor's own model name.
    :raises InvalidRequestError: the vendor has no equivalent of the family.
    """
    return with_own_model(request, adapter.descriptor, adapter.models, all_vendors().values())


def check_request(request: VideoRequest, adapter: VendorAdapter, told: Any = None) -> list[str]:
    """Checks a request against the documented rules.

    :param request: the request.
    :param adapter: the vendor's adapter.
    :param told: the vendor's own list of its models' limits, see `VendorAdapter.ask_rules`; default: none.
    :return: warnings about a request that may be sent.
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
    """Checks the rules that can be checked when a DAG is parsed: those whose fields are all literals.

    The vendor is inferred from the model's name, since the connection isn't looked up. Everything else is checked when
    the task runs.

    :param fields: the request's fields as the user wrote them.
    :param templates: the names of the fields that get their value only at run time.
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
    """Checks a model family. The vendor isn't known yet, so a request is refused only if every vendor of the family
    would refuse it.
    """
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
    # For an undocumented model only one rule remains: the vendor's API must have a name for each field.
    route = (
        stated
        or _route(request, adapter)
        or Route(
            *("", (), "no word for it in this API"),
            fields=adapter.fields,
            text_optional_with=adapter.text_optional_with,
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
