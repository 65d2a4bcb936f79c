"""The settings of a client: address, key, time-outs and rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.http.retries import RetryPolicy

if TYPE_CHECKING:
    from airflow_provider_seedance.api.vendors.descriptor import PollRates

POLL_TIMEOUT = 15.0
"""Time limit of a poll in seconds, however slowly its answer comes: unlike a create, it is simply repeated."""

HUNG = 3.0
"""Seconds that any answer may take. A longer poll counts as hanging: no wait goes beyond its deadline for it."""


@dataclass(frozen=True)
class ClientSettings:
    """The settings of a client.

    :param api_key: sent only to the base URL.
    :param base_url: whole, with its path; default: the vendor's own.
    :param connect_timeout: seconds for opening a connection. Default 10.
    :param read_timeout: seconds without a byte of an answer. Default 120: the outcome of a create that is cut off here
        stays unknown.
    :param retry: see `RetryPolicy`.
    :param rates: request rates of polls; default: the vendor's published limits.
    :param allow_private_hosts: whether reference media may be uploaded to private addresses that the vendor names.
        Default: no.
    """

    api_key: str
    base_url: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    rates: PollRates | None = None
    allow_private_hosts: bool = False
