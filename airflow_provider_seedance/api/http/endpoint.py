"""The address and the headers of one client's calls, checked once, when the client is made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.addresses import leads_inside
from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.http.intake import ACCEPT_ENCODING
from airflow_provider_seedance.api.http.network import Proxy, proxy_for
from airflow_provider_seedance.api.http.scrubbing import Scrubber

if TYPE_CHECKING:
    from airflow_provider_seedance.api.http.messages import HttpRequest
    from airflow_provider_seedance.api.http.settings import ClientSettings
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter


@dataclass(frozen=True)
class Endpoint:
    """The address of a vendor's API, and the account that calls it.

    :param title: the vendor's name, for people.
    :param base_url: whole, with its path, without a slash at its end.
    :param usual_base_url: the vendor's own, as documented.
    :param host: host and port of the base URL.
    :param proxy: the proxy that the environment asks for, if any.
    :param key: the API key.
    :param headers: sent with each request.
    :param allow_private_hosts: whether a signed URL may lead to a private address.
    """

    title: str
    base_url: str
    usual_base_url: str
    host: str
    proxy: Proxy | None = field(repr=False)
    key: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    allow_private_hosts: bool

    @classmethod
    def of(cls, adapter: VendorAdapter, settings: ClientSettings) -> Endpoint:
        """The endpoint that the settings describe.

        :param adapter: the vendor's adapter.
        :param settings: key, base URL and other settings of the client.
        :raises SeedanceConfigError: the key or the base URL is not valid.
        """
        key = settings.api_key.strip()
        if not key or not key.isascii() or not key.isprintable():
            raise SeedanceConfigError(f"The API key for {adapter.title} is missing or holds characters no key has.")
        base_url = (settings.base_url or adapter.default_base_url).rstrip("/")
        if not base_url.startswith(("https://", "http://")):
            raise SeedanceConfigError(f"The base URL for {adapter.title} must begin with https:// or http://.")
        try:
            host = urlsplit(base_url).netloc.rpartition("@")[2]
            proxy = proxy_for(base_url)
        except ValueError:
            raise SeedanceConfigError(f"The base URL for {adapter.title} is not a URL.") from None
        headers = {
            "Authorization": f"{adapter.descriptor.auth_scheme} {key}",
            "User-Agent": f"airflow-provider-seedance/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        return cls(
            title=adapter.title,
            base_url=base_url,
            usual_base_url=adapter.default_base_url,
            host=host,
            proxy=proxy,
            key=key,
            headers=headers,
            allow_private_hosts=settings.allow_private_hosts,
        )

    @property
    def account(self) -> str:
        """Identifies the account: a hash of its address and key."""
        return hashlib.sha256(f"{self.base_url}\n{self.key}".encode()).hexdigest()

    def url_of(self, http: HttpRequest) -> str:
        """The URL of a request, without its query."""
        is_usual = self.base_url == self.usual_base_url.rstrip("/")
        return (http.origin if http.origin and is_usual else self.base_url) + http.path

    def scrubber(self) -> Scrubber:
        """Removes the key from texts."""
        return Scrubber(self.key)

    def may_send_to(self, url: str) -> bool:
        """Whether a file may be sent to a signed URL.

        The URL comes from outside; only the host of the base URL is the user's own choice.

        :param url: the signed URL.
        """
        own = urlsplit(url).hostname == urlsplit(self.base_url).hostname
        return own or self.allow_private_hosts or not leads_inside(url)
