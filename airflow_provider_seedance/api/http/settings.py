"""How a client is told where to call, with which key, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.http.retries import RetryPolicy

if TYPE_CHECKING:
    from airflow_provider_seedance.api.vendors.descriptor import PollRates

POLL_TIMEOUT = 15.0
"""Seconds that a poll of a waiting video may take, whatever trickles: unlike a create it is simply asked again."""

HUNG = 3.0
"""Seconds that any answer may take. A poll that lasts longer hangs: nobody waits for it beyond the own deadline."""


@dataclass(frozen=True)
class ClientSettings:
    """Whom to talk to, and how patiently.

    :param api_key: sent to the base URL only.
    :param base_url: whole, with its path; default: the vendor's own.
    :param connect_timeout: seconds for a connection.
    :param read_timeout: seconds without a byte of an answer; long, because a create cut off here stays in doubt.
    :param retry: see `RetryPolicy`.
    :param rates: how often waiting videos are asked for; default: the vendor's published limits.
    :param allow_private_hosts: whether reference media may be uploaded to private addresses that the vendor names.
    """

    api_key: str
    base_url: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    rates: PollRates | None = None
    allow_private_hosts: bool = False
