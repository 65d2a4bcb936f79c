"""The vendors. Only this package contains a vendor's field names, paths and statuses.

Each folder in here is one vendor's: its `__init__` holds `DESCRIPTORS` and imports only the classes for them. Other
distributions add vendors by the entry-point group `airflow_provider_seedance.vendors` (see `docs/adding-a-vendor.md`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules, resolve_name
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceConfigError, UnsupportedByVendorError
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES, VendorDescriptor

if TYPE_CHECKING:
    from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

log = logging.getLogger(__name__)

ENTRY_POINTS = "airflow_provider_seedance.vendors"
"""The entry-point group: each entry has the vendor's name, and leads to its `VendorDescriptor`."""

BUILT_IN: dict[str, VendorDescriptor] = {
    descriptor.name: descriptor
    for folder in iter_modules(__path__)
    if folder.ispkg
    for descriptor in import_module(f"{__name__}.{folder.name}").DESCRIPTORS
}
"""The vendors of this package by name."""

VENDORS: tuple[str, ...] = tuple(BUILT_IN)
"""The names of the vendors of this package."""


def find_vendor(name: str) -> VendorDescriptor:
    """Finds a vendor by name. Entry points are read only if it isn't a built-in one.

    :param name: the value of `vendor` in the connection's extra.
    :return: the vendor's descriptor.
    :raises SeedanceConfigError: there is no such vendor, or its entry point can't be loaded.
    """
    found = BUILT_IN.get(name) or _added().get(name)
    if found is not None:
        return found
    broken = f" Its entry point can't be loaded: {_broken()[name]}." if name in _broken() else ""
    raise SeedanceConfigError(f"Unknown vendor {name!r}; choose one of {', '.join(all_vendors())}.{broken}")


def all_vendors() -> dict[str, VendorDescriptor]:
    """All vendors by name: the built-in ones, and those of entry points that can be loaded."""
    return {**BUILT_IN, **_added()}


def make_adapter(
    vendor: str, settings: Mapping[str, Any] | None = None, models: Mapping[str, str] | None = None
) -> VendorAdapter:
    """A vendor's adapter, ready to use.

    :param vendor: the vendor's name.
    :param settings: the vendor's own settings; missing ones have their defaults.
    :param models: the account's own models by family, where they differ from the vendor's; default: none.
    :return: the adapter.
    :raises SeedanceConfigError: there is no such vendor.
    """
    descriptor = find_vendor(vendor)
    adapter_class: type[VendorAdapter] = resolve_name(descriptor.videos)
    adapter = adapter_class(descriptor, settings)
    adapter.models = dict(models or {})
    return adapter


def make_asset_adapter(vendor: VendorAdapter) -> AssetAdapter:
    """A vendor's adapter for reference media.

    :param vendor: its adapter for videos.
    :return: the adapter.
    :raises UnsupportedByVendorError: the vendor documents no call for uploads.
    """
    if vendor.descriptor.assets is None:
        raise UnsupportedByVendorError(
            f"{vendor.title} documents no call by which an API key uploads reference media. Nothing was sent. "
            "Pass public URLs to the create operator (images and audio also as data URIs), or `asset://` ids that "
            "you have already."
        )
    adapter_class: type[AssetAdapter] = resolve_name(vendor.descriptor.assets)
    return adapter_class(vendor)


def vendor_of_model(model: str) -> str | None:
    """The name of the only vendor that has a model of this name.

    :param model: the model's name.
    :return: the vendor's name; `None` for endpoint ids (`ep-...`), families, unknown names and names that several
        vendors have.
    """
    if model in FAMILIES:
        return None
    having = [vendor.name for vendor in BUILT_IN.values() if vendor.has_model(model)]
    having = having or [vendor.name for vendor in _added().values() if vendor.has_model(model)]
    return having[0] if len(having) == 1 else None


def forget_entry_points() -> None:
    """Reads the entry points again at the next use, for a distribution that was installed into a running process."""
    _entry_points.cache_clear()


@cache
def _entry_points() -> tuple[dict[str, VendorDescriptor], dict[str, str]]:
    """The vendors that other distributions add, and the reasons why some can't be loaded."""
    added: dict[str, VendorDescriptor] = {}
    broken: dict[str, str] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in BUILT_IN:
            log.warning("The entry point %s is left out: %r is a built-in vendor.", point.value, point.name)
            continue
        try:
            added[point.name] = _load(point)
        except Exception as error:  # code of other distributions must not break the vendors of this package
            broken[point.name] = f"{type(error).__name__}: {error}"
            log.warning("The vendor %r is left out: its entry point %s fails (%r).", point.name, point.value, error)
    return added, broken


def _load(point: EntryPoint) -> VendorDescriptor:
    found = point.load()
    if not isinstance(found, VendorDescriptor):
        raise TypeError(f"{point.value} is no VendorDescriptor")
    if found.name != point.name:
        raise ValueError(f"the entry point is named {point.name!r}, its descriptor {found.name!r}")
    return found


def _added() -> dict[str, VendorDescriptor]:
    return _entry_points()[0]


def _broken() -> dict[str, str]:
    return _entry_points()[1]
