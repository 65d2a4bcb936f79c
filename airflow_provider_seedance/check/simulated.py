"""Runs the tool against the simulator, to show that it works without any account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from airflow_provider_seedance.api.vendors import all_vendors
from airflow_provider_seedance.check.account import Account, NotRunError, account_at
from airflow_provider_seedance.hooks.connection import SeedanceConnection

_UNHURRIED = {"polls_per_second": 1000, "lists_per_second": 1000}


@contextmanager
def simulated_accounts(vendors: Sequence[str] | None = None) -> Iterator[list[Account]]:
    """An account at each of the simulator's vendors, on this machine.

    :param vendors: only these; default: all that package and simulator both have.
    :raises NotRunError: the simulator can't start, or has no such vendor.
    """
    from airflow_provider_seedance.simulator import Simulator

    known = all_vendors()
    try:
        # Long enough in the queue to be seen and cancelled there, on a busy machine.
        sim = Simulator(speed=20, queue_seconds=60, run_seconds=30).start()
    except (ImportError, OSError) as error:
        raise NotRunError(f"The simulator can't start: {error}") from None
    with ExitStack() as stack:
        stack.callback(sim.stop)
        names = vendors or [name for name in sim.vendors if name in known]
        if strange := [name for name in names if name not in sim.vendors or name not in known]:
            raise NotRunError(f"The simulator has no {', '.join(strange)}; choose from {', '.join(sim.vendors)}.")
        accounts = []
        for name in names:
            parts = json.loads(sim.connection_json(name, **_UNHURRIED))
            connection = SeedanceConnection(
                f"simulator-{name}", host=parts["host"], password=parts["password"], extra=parts["extra"]
            )
            account = account_at(connection)
            stack.callback(account.client.close)
            accounts.append(account)
        yield accounts
