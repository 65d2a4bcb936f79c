"""The rules in OpenRouter's own list of models, which replace inferred ones. Pure.

The names of the list's fields are from the vendor's own client. A missing, empty or malformed field states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.vendors.rules import Route

SOURCE = "OpenRouter's own list of models, GET /videos/models"

_WORD = re.compile(r"[\w:.]{1,16}", re.ASCII)
_MOST = 200  # values of one field


def entries_in(data: object) -> dict[str, Mapping[str, Any]]:
    """The entries of the list by model.

    :param data: the decoded list.
    :return: the entries, each under both names of its model.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, Mapping):
            names = (entry.get(key) for key in ("canonical_slug", "id"))
            found |= {name: entry for name in names if isinstance(name, str) and name}
    return found


def stated_route(request: VideoRequest, entry: Mapping[str, Any], inferred: Route) -> Route:
    """The route of a request's model: the rules that the list states, and the inferred ones for the rest.

    :param request: the request; `generate_audio` counts as unsupported only if it asks for sound.
    :param entry: the model's entry in the list.
    :param inferred: the route that applies without a list.
    """
    durations = tuple(number for number in _values(entry, "supported_durations") if type(number) is int)
    resolutions, ratios = _words(entry, "supported_resolutions"), _words(entry, "supported_aspect_ratios")
    frames = _words(entry, "supported_frame_images")
    missing = {name for name in ("first_frame", "last_frame") if frames and name not in frames}
    if entry.get("seed") is False:
        missing.add("seed")
    if entry.get("generate_audio") is False and request.generate_audio:
        missing.add("generate_audio")
    stated = {name for name, told in (("duration", durations), ("resolution", resolutions), ("ratio", ratios)) if told}
    return replace(
        inferred,
        source=SOURCE,
        fields=inferred.fields - missing,
        duration=None if durations else inferred.duration,
        durations=durations,
        resolutions=resolutions or inferred.resolutions,
        ratios=ratios or inferred.ratios,
        observed=inferred.observed - stated,
    )


def _values(entry: Mapping[str, Any], name: str) -> list[Any]:
    values = entry.get(name)
    return values if isinstance(values, list) and len(values) <= _MOST else []


def _words(entry: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(value for value in _values(entry, name) if isinstance(value, str) and _WORD.fullmatch(value))
