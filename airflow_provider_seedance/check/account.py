"""The account of an Airflow connection, which the tool asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from airflow_provider_seedance.api.client import RetryPolicy, SeedanceClient
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.pricing import Prices
from airflow_provider_seedance.hooks.connection import SeedanceConnection

PATIENT = RetryPolicy(attempts=3, patience=30.0)
"""Reads are tried three times, to rule out accidents. A create is never repeated once it was sent."""


class NotRunError(Exception):
    """Nothing was asked or bought; the message tells the reason."""


@dataclass(frozen=True)
class Account:
    """An account at a vendor.

    :param name: the connection's id, for the names of files.
    :param client: the client with the account's key.
    :param prices: the user's own.
    :param pause: waits for some seconds, between the tries of a call.
    """

    name: str
    client: SeedanceClient
    prices: Prices = field(default_factory=dict)
    pause: Callable[[float], None] = time.sleep


@contextmanager
def connected(conn_id: str) -> Iterator[Account]:
    """Opens the account of an Airflow connection.

    :param conn_id: the connection's id.
    :raises NotRunError: the connection can't be used.
    """
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    try:
        connection = SeedanceHook(conn_id).connection
        account = account_at(connection)
    except SeedanceError as error:
        raise NotRunError(str(error)) from None
    except AirflowNotFoundException:
        raise NotRunError(f"The connection {conn_id!r} isn't defined. Nothing was sent.") from None
    except Exception as error:  # its text may quote the connection
        why = type(error).__name__
        raise NotRunError(f"The connection {conn_id!r} can't be read ({why}). Nothing was sent.") from None
    with account.client:
        yield account


def account_at(connection: SeedanceConnection) -> Account:
    """The account of a connection. The caller closes its client.

    :param connection: its settings.
    :raises SeedanceConfigError: the connection can't be used.
    """
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    settings = replace(connection.settings, retry=PATIENT)
    client = SeedanceClient(connection.adapter, settings, pause=SeedanceHook.pause)
    return Account(connection.conn_id, client, connection.prices, SeedanceHook.pause)
