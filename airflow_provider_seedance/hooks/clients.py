"""From an Airflow connection to the clients of its vendor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_seedance.exceptions import airflow_errors

# The HTTP client and the adapters are imported where they are used, so that DAG files stay cheap to parse.
if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import AsyncSeedanceClient, ClientSettings, RetryPolicy, SeedanceClient
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
    from airflow_provider_seedance.hooks.connection import SeedanceConnection


class HookClients(BaseHook):
    """Makes clients from a connection.

    :param seedance_conn_id: the connection's id.
    :param retry: in place of the sync client's own policy, for callers that repeat calls themselves.
    """

    conn_name_attr = "seedance_conn_id"
    default_conn_name = "seedance_default"
    conn_type = "seedance"
    hook_name = "Seedance"

    def __init__(
        self, seedance_conn_id: str = default_conn_name, retry: RetryPolicy | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.seedance_conn_id = seedance_conn_id
        self._retry = retry
        self._connection: SeedanceConnection | None = None
        self._client: SeedanceClient | None = None

    @staticmethod
    def pause(seconds: float) -> None:
        """Waits between the tries of a call, the pages of a list and the polls of `wait_for_video`.

        :param seconds: how long.
        """
        time.sleep(seconds)

    @staticmethod
    async def pause_async(seconds: float) -> None:
        """Waits in the async methods.

        :param seconds: how long.
        """
        await asyncio.sleep(seconds)

    @property
    def connection(self) -> SeedanceConnection:
        """The connection, looked up once in the life of this hook, because a look-up takes a while.

        To see a new key in a long wait, make a new hook or call `aget_client_settings`, as triggers do.

        :raises AirflowNotFoundException: the connection is not defined.
        """
        if self._connection is None:
            from airflow_provider_seedance.hooks.connection import SeedanceConnection

            self._connection = SeedanceConnection.of(self.get_connection(self.seedance_conn_id))
        return self._connection

    @property
    def account(self) -> str:
        """An account's identity without its key: connection id, vendor and address.

        :raises SeedanceConfigError: the connection can't be used.
        """
        with airflow_errors():
            return self.connection.account

    def get_conn(self) -> SeedanceClient:
        """The sync client of this hook, kept open between calls.

        :return: a client; `close` closes it.
        :raises SeedanceConfigError: the connection can't be used.
        """
        if self._client is None:
            from airflow_provider_seedance.api.client import SeedanceClient

            with airflow_errors():
                connection = self.connection
                adapter, settings = connection.adapter, connection.settings
                if odd := connection.unknown_settings:
                    self.log.warning("Connection %r: %s", self.seedance_conn_id, odd)
                settings = replace(settings, retry=self._retry) if self._retry else settings
                self._client = SeedanceClient(adapter, settings, pause=self.pause)
        return self._client

    async def aget_conn(self, *, retry: RetryPolicy | None = None) -> AsyncSeedanceClient:
        """A new async client, from the connection as it is now.

        :param retry: in place of the client's own policy, for callers that repeat calls themselves.
        :return: a client; the caller closes it, for example by `async with`.
        :raises SeedanceConfigError: the connection can't be used.
        """
        from airflow_provider_seedance.api.client import AsyncSeedanceClient

        adapter, settings = await self.aget_client_settings()
        with airflow_errors():
            settings = replace(settings, retry=retry) if retry else settings
            return AsyncSeedanceClient(adapter, settings, pause=self.pause_async)

    async def aget_client_settings(self) -> tuple[VendorAdapter, ClientSettings]:
        """The adapter and the settings of the connection as it is now, for triggers, which share one client.

        :return: the vendor's adapter and the client's settings.
        :raises AirflowNotFoundException: the connection is not defined.
        :raises SeedanceConfigError: the connection can't be used.
        """
        from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson

        from airflow_provider_seedance.hooks.connection import SeedanceConnection

        try:
            connection = await get_async_connection(self.seedance_conn_id)
        except AirflowNotFoundException:
            # `dag.test()` can't look up stored connections asynchronously (Airflow 3.3 and before); a thread can.
            connection = await asyncio.to_thread(self.get_connection, self.seedance_conn_id)
        # Decoding masks the extra's secrets, which must not block the event loop.
        extra = await get_async_extra_dejson(connection)
        with airflow_errors():
            read = SeedanceConnection.of(connection, extra)
            return read.adapter, read.settings

    def close(self) -> None:
        """Closes the sync client."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def test_connection(self) -> tuple[bool, str]:
        """Makes one free call without side effects.

        :return: whether it succeeded, and a sentence with the result.
        """
        from airflow_provider_seedance.api.client import RetryPolicy, SeedanceClient
        from airflow_provider_seedance.hooks.connection import SeedanceConnection

        try:
            connection = SeedanceConnection.of(self.get_connection(self.seedance_conn_id))
            adapter, settings = connection.adapter, connection.settings
            # A person is waiting at the form, and Airflow ends the test after a minute.
            connect, read = min(settings.connect_timeout, 10.0), min(settings.read_timeout, 20.0)
            quick = replace(settings, retry=RetryPolicy(attempts=1), connect_timeout=connect, read_timeout=read)
            with SeedanceClient(adapter, quick) as client:
                return True, " ".join(filter(None, (client.probe(), connection.unknown_settings)))
        except Exception as error:
            return False, str(error) or type(error).__name__

    @asynccontextmanager
    async def _async_client(self) -> AsyncIterator[AsyncSeedanceClient]:
        """A client for one call; its errors are raised in Airflow's terms."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                yield client
