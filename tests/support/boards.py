"""A place in memory where pollers leave their signs, as those of several triggerers do in the ledger's database."""

from __future__ import annotations

from airflow_provider_seedance.ledger.presence import Sign


class SharedBoard:
    """All pollers of the process share it.

    :ivar signs: the latest sign of each poller.
    """

    def __init__(self) -> None:
        self.signs: dict[str, Sign] = {}

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        """Leaves a sign, and returns those of all pollers."""
        self.signs[sign.poller] = sign
        return list(self.signs.values())

    def leave(self, poller: str) -> None:
        """Takes the poller's sign away."""
        self.signs.pop(poller, None)
