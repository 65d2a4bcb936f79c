"""The names for a program without Airflow: the clients, sync and async, their settings, and the steps of a call."""

from airflow_provider_seedance.api.async_client import AsyncSeedanceClient as AsyncSeedanceClient
from airflow_provider_seedance.api.http.retries import RetryPolicy as RetryPolicy
from airflow_provider_seedance.api.http.settings import HUNG as HUNG
from airflow_provider_seedance.api.http.settings import POLL_TIMEOUT as POLL_TIMEOUT
from airflow_provider_seedance.api.http.settings import ClientSettings as ClientSettings
from airflow_provider_seedance.api.http.steps import Call as Call
from airflow_provider_seedance.api.polling_client import PollingClient as PollingClient
from airflow_provider_seedance.api.sync_client import SeedanceClient as SeedanceClient
