"""What all clients have in common: whom they call, and the flows of its calls."""

from __future__ import annotations

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
        self._calls = Calls(adapter, self._endpoint.key)
