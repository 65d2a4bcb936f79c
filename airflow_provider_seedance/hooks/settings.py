"""What a connection says, checked: pure, shared by the sync and the async path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.vendors.base import VendorAdapter, VendorOptions

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings


def read_connection(
    conn_id: str, *, host: str | None, password: str | None, port: int | None, extra: Mapping[str, Any]
) -> tuple[VendorAdapter, ClientSettings]:
    """The vendor's adapter and the client's settings that a connection asks for.

    :raises SeedanceConfigError: naming the connection and what is missing or wrong.
    """
    from airflow_provider_seedance.api.client import ClientSettings

    def wrong(problem: str) -> SeedanceConfigError:
        return SeedanceConfigError(f"Connection {conn_id!r}: {problem} Nothing was sent.")

    choices = ", ".join(VENDORS)
    vendor = str(extra.get("vendor") or "").strip().lower()
    if not vendor:
        raise wrong(f"extra has no `vendor`; choose one of {choices}.")
    if vendor not in VENDORS:
        raise wrong(f"unknown vendor {vendor!r}; choose one of {choices}.")
    if not (password or "").strip():
        raise wrong("the password is empty; it holds the API key.")
    if port:
        raise wrong("the port is set; put the whole base URL, with port and path, into the host.")
    defaults = ClientSettings(api_key="")
    options = VendorOptions(
        modellix_async_suffix=_flag(extra, "modellix_async_suffix", VendorOptions.modellix_async_suffix),
        gmicloud_organization_id=str(extra.get("gmicloud_organization_id") or "") or None,
    )
    try:
        settings = ClientSettings(
            api_key=(password or "").strip(),
            base_url=_base_url(host),
            connect_timeout=_seconds(extra, "connect_timeout", defaults.connect_timeout),
            read_timeout=_seconds(extra, "read_timeout", defaults.read_timeout),
        )
    except ValueError as error:
        raise wrong(str(error)) from None
    return make_adapter(vendor, options), settings


def _base_url(host: str | None) -> str | None:
    host = (host or "").strip()
    if not host:
        return None
    return host if "://" in host else f"https://{host}"


def _seconds(extra: Mapping[str, Any], name: str, default: float) -> float:
    value = extra.get(name)
    if value in (None, ""):
        return default
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"extra `{name}` must be a number of seconds above 0.")
    return seconds


def _flag(extra: Mapping[str, Any], name: str, default: bool) -> bool:
    value = extra.get(name)
    if value in (None, ""):
        return default
    return value if isinstance(value, bool) else str(value).strip().lower() in ("true", "1", "yes", "on")
