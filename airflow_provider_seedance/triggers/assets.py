"""The trigger that waits until a vendor has looked at reference media."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.asset_polling import AssetDecision, AssetWait
from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.client import HUNG, POLL_TIMEOUT, AsyncSeedanceClient, RetryPolicy
from airflow_provider_seedance.api.errors import (
    SeedanceApiError,
    SeedanceConfigError,
    SeedanceError,
    TransientApiError,
)
from airflow_provider_seedance.api.http.json_values import outgoing
from airflow_provider_seedance.api.polling import Outcome
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.triggers.seedance import SETTLED_AFTER


class SeedanceAssetTrigger(BaseTrigger):
    """Fires once, when the asset is active or refused, the deadline has passed, or looking makes no sense any more.

    Its arguments are stored in plain text, so there is no key and no URL among them.

    :param seedance_conn_id: the connection's id.
    :param asset_id: the vendor's id.
    :param library: which of the vendor's libraries it is in.
    :param deadline: Unix time at which the wait is given up: absolute, so that a restart doesn't extend it.
    :param poll_interval: seconds between looks.
    :param query: the status call's query, where that is not documented.
    """

    def __init__(
        self,
        *,
        seedance_conn_id: str,
        asset_id: str,
        library: str,
        deadline: float,
        poll_interval: float = 5.0,
        query: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.asset_id = asset_id
        self.library = library
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.query = query

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as stored in Airflow's database."""
        kwargs: dict[str, Any] = {
            "seedance_conn_id": self.seedance_conn_id,
            "asset_id": self.asset_id,
            "library": self.library,
            "deadline": self.deadline,
            "poll_interval": self.poll_interval,
        }
        if self.query:
            kwargs["query"] = dict(self.query)
        return "airflow_provider_seedance.triggers.assets.SeedanceAssetTrigger", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Looks until there is something to say, says it once."""
        started = time.time()
        decision = await self._wait(started)
        if self.task_instance is not None:
            await asyncio.sleep(max(0.0, started + SETTLED_AFTER - time.time()))
        yield TriggerEvent(asset_event(self.asset_id, decision))  # type: ignore[no-untyped-call]

    async def _wait(self, started: float) -> AssetDecision:
        wait = AssetWait(self.asset_id, interval=self.poll_interval, deadline=self.deadline, started=started)
        while True:
            try:
                # One try per look: `AssetWait` counts the failures.
                async with await SeedanceHook(self.seedance_conn_id).aget_conn(retry=RetryPolicy(attempts=1)) as client:
                    while True:
                        try:
                            decision = wait.saw(await self._look(client), time.time())
                        except SeedanceError as error:
                            decision = wait.missed(error, time.time())
                        if self._tell(decision) is not Outcome.WAIT:
                            return decision
                        await asyncio.sleep(decision.delay)
            except AirflowNotFoundException:
                missing = SeedanceConfigError(f"Connection {self.seedance_conn_id!r} is not defined.")
                decision = wait.missed(missing, time.time())
            except SeedanceError as error:
                decision = wait.missed(error, time.time())
            except Exception as error:
                # The class name alone keeps secrets out of the event.
                self.log.exception("Looking up connection %s failed", self.seedance_conn_id)
                decision = wait.missed(TransientApiError(f"No connection: {type(error).__name__}"), time.time())
            if self._tell(decision) is not Outcome.WAIT:
                return decision
            await asyncio.sleep(decision.delay)

    async def _look(self, client: AsyncSeedanceClient) -> MediaAsset:
        """Looks once. However long the vendor takes, the wait ends in time."""
        patience = max(HUNG, min(POLL_TIMEOUT, self.deadline - time.time()))
        try:
            async with asyncio.timeout(patience):
                return await client.get_asset(self.asset_id, library=self.library, query=self.query)
        except TimeoutError:
            raise TransientApiError(f"There was no answer within {patience:.0f} s.") from None

    def _tell(self, decision: AssetDecision) -> Outcome:
        if decision.note:
            (self.log.warning if decision.warn else self.log.info)(decision.note)
        return decision.outcome


_FACTS = ("vendor", "code", "status_code", "request_id")


def asset_event(asset_id: str, decision: AssetDecision) -> dict[str, Any]:
    """The one event of a wait, in plain JSON types; it is stored, so it holds no URL."""
    event: dict[str, Any] = {"asset_id": asset_id, "outcome": decision.outcome.value, "error": None}
    if decision.error is not None:
        facts = {name: getattr(decision.error, name) for name in _FACTS if hasattr(decision.error, name)}
        kind = next(base.__name__ for base in type(decision.error).__mro__ if base.__module__ == errors.__name__)
        event["error"] = {"kind": kind, "message": str(decision.error), "facts": facts}
    return cast("dict[str, Any]", outgoing(event))


def read_asset_event(event: Any) -> tuple[str, SeedanceError | None]:
    """The asset's id and why the wait failed, if it did.

    :raises TransientApiError: for an event that no trigger of this package writes.
    """
    if not isinstance(event, dict) or not isinstance(event.get("asset_id"), str):
        raise TransientApiError(f"The trigger's event can't be read (it is a {type(event).__name__}).")
    asset_id, found = event["asset_id"], event.get("error")
    if event.get("outcome") == Outcome.SUCCEEDED.value:
        return asset_id, None
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        raise TransientApiError(f"The trigger's event for asset {asset_id} can't be read.")
    kind, message, facts = getattr(errors, str(found.get("kind")), None), found["message"], found.get("facts")
    if isinstance(kind, type) and issubclass(kind, SeedanceApiError):
        known = {k: v for k, v in facts.items() if k in _FACTS} if isinstance(facts, dict) else {}
        return asset_id, kind(message, **known)
    if isinstance(kind, type) and issubclass(kind, SeedanceError):
        return asset_id, kind(message)
    return asset_id, SeedanceError(message)
