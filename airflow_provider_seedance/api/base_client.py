"""The base of all clients: the vendor's address, the account, and the flows of the calls."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_seedance.api.calls import Calls
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.settings import ClientSettings
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter


class BaseClient:
    """One vendor, and one account there.

    :param adapter: the vendor's adapter.
    :param settings: address, key, time-outs and rates.
    :raises SeedanceConfigError: the key or the base URL is not valid.
    """

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        self.adapter = adapter
        self.settings = settings
        self._endpoint = Endpoint.of(adapter, settings)
        self.base_url = self._endpoint.base_url
        self._calls = Calls(adapter, self._endpoint.key, self._endpoint.account)

    def file_headers(self, url: str) -> dict[str, str]:
        """Headers for the GET of a result; they must not be sent to the target of a redirect.

        :param url: the result's URL.
        :return: the key's header, if the vendor's files need it and the URL belongs to its API; else none.
        """
        if not self.adapter.descriptor.files_need_key or not _is_below(url, self.base_url):
            return {}
        return {"Authorization": self._endpoint.headers["Authorization"]}


def _is_below(url: str, base_url: str) -> bool:
    """Whether a URL has the same scheme, host and port as the base URL, and a path below its path."""
    try:
        there, base = urlsplit(url), urlsplit(base_url)
        is_same_host = (there.scheme, there.hostname, there.port) == (base.scheme, base.hostname, base.port)
    except ValueError:
        return False
    return is_same_host and there.path.startswith(f"{base.path.rstrip('/')}/")
