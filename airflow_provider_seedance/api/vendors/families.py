"""Replaces the names of model families, which all vendors share, by the vendor's or the account's own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES, ByMedia, VendorDescriptor


def with_own_model(
    request: VideoRequest, vendor: VendorDescriptor, models: Mapping[str, str], others: Iterable[VendorDescriptor]
) -> VideoRequest:
    """Replaces a family by the vendor's own name; a request with another model stays as it is.

    :param request: the user's request. If the vendor has a model for each kind of input, its media decide.
    :param vendor: the vendor.
    :param models: the account's own models by family, which take precedence over the vendor's.
    :param others: the vendors that the message may suggest.
    :return: the request with the vendor's own model.
    :raises InvalidRequestError: the vendor has no equivalent.
    """
    family = request.model
    if family not in FAMILIES:
        return request
    name = models.get(family) or vendor.families.get(family)
    if name is None:
        raise _no_equivalent(family, vendor, models, others)
    if isinstance(name, ByMedia):
        name = _by_media(request, name)
    return request.model_copy(update={"model": name})


def read_models(value: Any) -> dict[str, str]:
    """The table `models` of a connection's extra, decoded.

    :param value: the decoded JSON value in the extra.
    :return: the account's own models by family.
    :raises ValueError: the table isn't valid; the message says why.
    """
    if not isinstance(value, Mapping):
        raise ValueError('extra `models` must be a JSON object, for example {"seedance-2.0": "ep-20260101-abcde"}.')
    for family, name in value.items():
        if family not in FAMILIES:
            raise ValueError(f"extra `models`: {family!r} is no model family; there are {', '.join(FAMILIES)}.")
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"extra `models`: {family} must be the name of a model or an endpoint.")
        if name.strip() in FAMILIES:
            raise ValueError(f"extra `models`: {family} must be a name of the vendor's, not a family.")
    return {family: name.strip() for family, name in value.items()}


def _by_media(request: VideoRequest, names: ByMedia) -> str:
    if request.is_set("reference_videos"):
        return names.videos
    media = ("first_frame", "last_frame", "reference_images", "reference_audios")
    return names.images if any(map(request.is_set, media)) else names.text


def _no_equivalent(
    family: str, vendor: VendorDescriptor, models: Mapping[str, str], others: Iterable[VendorDescriptor]
) -> InvalidRequestError:
    known = [name for name in FAMILIES if name in models or name in vendor.families]
    choices = f"families that it has: {', '.join(known)}" if known else "it has none of the families"
    having = [other.title for other in others if family in other.families]
    problem = (
        f"model: {vendor.title} documents no equivalent of {family}; {choices}; vendors that have {family}: "
        f"{', '.join(having) or 'none'}. If the account has one, name it in the connection's `models`"
    )
    return InvalidRequestError(f"Nothing was sent. {problem}.", (problem,))
