"""The settings in an Airflow connection, checked. Pure; shared by the sync and the async path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_seedance.api.budgets import Budgets, read_budgets
from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.extra_json import decoded
from airflow_provider_seedance.api.pricing import Prices, read_prices
from airflow_provider_seedance.api.vendors import BUILT_IN, all_vendors, find_vendor, make_adapter
from airflow_provider_seedance.api.vendors.descriptor import PollRates, Setting, VendorDescriptor
from airflow_provider_seedance.api.vendors.families import read_models
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
from airflow_provider_seedance.get_provider_info import connection_fields

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_seedance.api.client import ClientSettings


@dataclass(frozen=True)
class SeedanceConnection:
    """The settings in an Airflow connection, looked up once and read where they are needed.

    Each part is checked only when it is read: unreadable prices must not block access to a paid video, and a URL that
    works needs no key.

    :param conn_id: the connection's id.
    :param host: the base URL, if it is not the vendor's own.
    :param password: the API key.
    :param port: must be empty.
    :param schema: must be empty.
    :param extra: everything else.
    """

    conn_id: str
    host: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, connection: Connection, extra: Mapping[str, Any] | None = None) -> SeedanceConnection:
        """Reads one of Airflow's connections.

        :param connection: as it was looked up.
        :param extra: its decoded extra, given where decoding would block; default: decoded here.
        :return: its settings, unchecked.
        """
        return cls(
            conn_id=connection.conn_id,
            host=connection.host,
            password=connection.password,
            port=connection.port,
            schema=connection.schema,
            extra=connection.extra_dejson if extra is None else extra,
        )

    @property
    def adapter(self) -> VendorAdapter:
        """The adapter of the connection's vendor, with its settings.

        :raises SeedanceConfigError: naming the connection and what is missing or wrong.
        """
        return self._read[0]

    @property
    def settings(self) -> ClientSettings:
        """The settings of a client.

        :raises SeedanceConfigError: naming the connection and what is missing or wrong.
        """
        return self._read[1]

    @property
    def vendor(self) -> str | None:
        """The vendor's name in the connection, whether such a vendor exists or not; `None` if it is empty."""
        return str(self.extra.get("vendor") or "").strip().lower() or None

    @property
    def account(self) -> str:
        """An account's identity without its key: connection id, vendor and address.

        :raises SeedanceConfigError: naming the connection and what is missing or wrong.
        """
        base_url = (self.settings.base_url or self.adapter.default_base_url).rstrip("/")
        return "|".join((self.conn_id, self.adapter.name, base_url))

    @property
    def prices(self) -> Prices:
        """The user's own prices by model, empty if there are none.

        :raises SeedanceConfigError: naming the connection and each place that is wrong.
        """
        try:
            return read_prices(self.extra.get("prices"))
        except ValueError as error:
            raise SeedanceConfigError(f"Connection {self.conn_id!r}: {error}") from None

    @property
    def budgets(self) -> Budgets:
        """The most that may be spent on this connection.

        :raises SeedanceConfigError: naming the connection and each place that is wrong.
        """
        try:
            return read_budgets(self.extra.get("budgets"))
        except ValueError as error:
            raise SeedanceConfigError(f"Connection {self.conn_id!r}: {error} Nothing was sent.") from None

    @property
    def allow_private_hosts(self) -> bool:
        """Whether videos may be fetched from private and loopback addresses, such as a test server's or a mirror's.

        Reference media may then be uploaded to such addresses, too (`ClientSettings`).

        :raises SeedanceConfigError: naming the connection.
        """
        try:
            return _flag(self.extra, "allow_private_hosts", False)
        except ValueError as error:
            raise SeedanceConfigError(f"Connection {self.conn_id!r}: {error} Nothing was fetched.") from None

    @property
    def unknown_settings(self) -> str | None:
        """A sentence that names the keys of the extra which this provider doesn't know; `None` if it knows all of them.

        That is no error, because people keep their own notes there. But a misspelt limit is a limit that isn't kept.
        """
        fields = connection_fields(all_vendors())
        unknown = sorted(set(map(str, self.extra)) - set(fields))
        if not unknown:
            return None
        guesses = [guess for name in unknown for guess in get_close_matches(name, fields, n=1)]
        meant = f"; perhaps you mean `{'`, `'.join(guesses)}`" if guesses else ""
        return f"The extra holds what is no setting of this provider: `{'`, `'.join(unknown)}`{meant}."

    @cached_property
    def _read(self) -> tuple[VendorAdapter, ClientSettings]:
        from airflow_provider_seedance.api.client import ClientSettings

        defaults, extra = ClientSettings(api_key=""), self.extra
        try:
            vendor = _vendor(extra)
            if self.port or self.schema:
                part = "port" if self.port else "schema"
                raise ValueError(
                    f"the {part} is set; put the whole base URL, with scheme, port and path, into the host."
                )
            settings = ClientSettings(
                api_key=_key(self.password),
                base_url=_base_url(self.host),
                connect_timeout=_seconds(extra, "connect_timeout", defaults.connect_timeout),
                read_timeout=_seconds(extra, "read_timeout", defaults.read_timeout),
                rates=_rates(extra, vendor),
                allow_private_hosts=_flag(extra, "allow_private_hosts", False),
            )
            # Other vendors' settings are checked too: it is better to refuse a senseless value before anything is paid.
            for other in BUILT_IN.values():
                for setting in other.settings:
                    _setting(extra, setting)
            own = {setting.name: _setting(extra, setting) for setting in vendor.settings}
            models = _models(extra)
        except ValueError as error:
            raise SeedanceConfigError(f"Connection {self.conn_id!r}: {error} Nothing was sent.") from None
        return make_adapter(vendor.name, own, models), settings


def _vendor(extra: Mapping[str, Any]) -> VendorDescriptor:
    if not isinstance(extra, Mapping):
        choices = ", ".join(all_vendors())
        raise ValueError(f"extra is no JSON object, so it has no `vendor`; choose one of {choices}.")
    vendor = str(extra.get("vendor") or "").strip().lower()
    if not vendor:
        raise ValueError(f"extra has no `vendor`; choose one of {', '.join(all_vendors())}.")
    try:
        return find_vendor(vendor)
    except SeedanceConfigError as error:
        raise ValueError(str(error)) from None


def _models(extra: Mapping[str, Any]) -> dict[str, str]:
    """The account's own models by family: the form stores a JSON object, other tools may store its text."""
    value = extra.get("models")
    if value in (None, "", {}):
        return {}
    return read_models(decoded("models", value))


def _setting(extra: Mapping[str, Any], setting: Setting) -> bool | str | None:
    """The connection's value for a setting of its vendor."""
    if setting.kind == "flag":
        return _flag(extra, setting.name, bool(setting.default))
    return _header(extra, setting.name) or setting.default


def _key(password: str | None) -> str:
    key = (password or "").strip()
    if not key:
        raise ValueError("the password is empty; it holds the API key.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the password holds characters that no API key has; it is the bare key, without `Bearer`.")
    return key


def _base_url(host: str | None) -> str | None:
    host = (host or "").strip()
    if not host:
        return None
    url = host if "://" in host else f"https://{host}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ValueError("the host is no base URL; it begins with https:// or http:// or is left empty.")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the base URL in the host must hold no user, password, query or fragment.")
    return f"{parts.scheme}://{url.partition('://')[2]}"


def _seconds(extra: Mapping[str, Any], name: str, default: float) -> float:
    return _number(extra, name, default, unit=" of seconds")


def _number(extra: Mapping[str, Any], name: str, default: float, unit: str = "") -> float:
    value = extra.get(name)
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"extra `{name}` must be a number{unit} above 0.")
    return number


def _rates(extra: Mapping[str, Any], vendor: VendorDescriptor) -> PollRates:
    published = vendor.rates
    return PollRates(
        get_per_second=_number(extra, "polls_per_second", published.get_per_second),
        list_per_second=_number(extra, "lists_per_second", published.list_per_second),
    )


_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def _flag(extra: Mapping[str, Any], name: str, default: bool) -> bool:
    value = extra.get(name)
    if value in (None, ""):
        return default
    found = _WORDS.get(str(value).strip().lower())
    if found is None:
        raise ValueError(f"extra `{name}` must be true or false.")
    return found


def _header(extra: Mapping[str, Any], name: str) -> str | None:
    value = str(extra.get(name) or "").strip()
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"extra `{name}` holds characters that can't be sent in a header.")
    return value or None
