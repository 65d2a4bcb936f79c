"""What all clients have in common: whom they call, and the flows of its calls."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_seedance.api.calls import Calls
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.settings import ClientSettings
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter


class BaseClient:
    """One vendor, and one account there.

    :param adapter: of the vendor.
    :param settings: where to call, with which key, and how patiently.
    :raises SeedanceConfigError: the key or the base URL can't be one.
    """

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        self.adapter = adapter
        self.settings = settings
        self._endpoint = Endpoint.of(adapter, settings)
        self.base_url = self._endpoint.base_url
        self._calls = Calls(adapter, self._endpoint.key, self._endpoint.account)

    def file_headers(self, url: str) -> dict[str, str]:
        """What must go with a GET of a result, and with nothing that it redirects to.

        :param url: of the result.
        :return: the key, where the vendor's files need it and the URL is one of its API; else nothing.
        """
        if not self.adapter.descriptor.files_need_key or not _is_below(url, self.base_url):
            return {}
        return {"Authorization": self._endpoint.headers["Authorization"]}


def _is_below(url: str, base_url: str) -> bool:
    """Whether a URL leads to the same scheme, host and port, below the same path."""
    try:
        there, base = urlsplit(url), urlsplit(base_url)
        is_same_host = (there.scheme, there.hostname, there.port) == (base.scheme, base.hostname, base.port)
    except ValueError:
        return False
    return is_same_host and there.path.startswith(f"{base.path.rstrip('/')}/")
