"""The vendors. Nothing outside this package knows a vendor's field name, path or status."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import SeedanceConfigError, UnsupportedByVendorError

if TYPE_CHECKING:
    from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter, VendorOptions

# Adapters are named, not imported: choosing one loads that one.
_ADAPTERS = {
    "jimmyai": ("jimmyai.videos", "JimmyAIAdapter"),
    "gmicloud": ("gmicloud.videos", "GMICloudAdapter"),
    "modellix": ("modellix.videos", "ModellixAdapter"),
    "byteplus": ("ark.videos", "BytePlusAdapter"),
    "volcengine": ("ark.videos", "VolcengineAdapter"),
}

_ASSET_ADAPTERS = {
    "jimmyai": ("jimmyai.assets", "JimmyAIAssets"),
    "gmicloud": ("gmicloud.assets", "GMICloudAssets"),
    "modellix": ("modellix.assets", "ModellixAssets"),
}

VENDORS: tuple[str, ...] = tuple(_ADAPTERS)
"""The names that a connection's `vendor` can have."""

# How each vendor's model names begin: what a literal model name alone tells when a DAG is parsed.
_MODEL_PREFIXES = (
    (("sd2_mx_", "sd2-933-", "seedance2.0-", "seedance2.5-gz"), "jimmyai"),
    (("seedance-2-0-",), "gmicloud"),
    (("seedance-2.0-",), "modellix"),
    (("dreamina-seedance-",), "byteplus"),
    (("doubao-seedance-",), "volcengine"),
)


def adapter_class(vendor: str) -> type[VendorAdapter]:
    """The adapter of a vendor.

    :raises SeedanceConfigError: for a name that isn't in `VENDORS`.
    """
    if vendor not in _ADAPTERS:
        raise SeedanceConfigError(f"Unknown vendor {vendor!r}; choose one of {', '.join(VENDORS)}.")
    module, name = _ADAPTERS[vendor]
    found: type[VendorAdapter] = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def make_adapter(vendor: str, options: VendorOptions | None = None) -> VendorAdapter:
    """A vendor's adapter, ready to use."""
    return adapter_class(vendor)(options)


def make_asset_adapter(vendor: VendorAdapter) -> AssetAdapter:
    """What a vendor has for reference media.

    :raises UnsupportedByVendorError: its documents name no call for it.
    """
    if vendor.name not in _ASSET_ADAPTERS:
        raise UnsupportedByVendorError(
            f"{vendor.title} documents no call by which an API key uploads reference media. Nothing was sent. "
            "Pass public URLs to the create operator (images and audio also as data URIs), or `asset://` ids that "
            "you have already."
        )
    module, name = _ASSET_ADAPTERS[vendor.name]
    found: type[AssetAdapter] = getattr(import_module(f"{__name__}.{module}"), name)
    return found(vendor)


def vendor_of_model(model: str) -> str | None:
    """The vendor whose documents know a model name of this form, `None` for endpoint ids (`ep-...`) and new names."""
    return next((vendor for prefixes, vendor in _MODEL_PREFIXES if model.startswith(prefixes)), None)
