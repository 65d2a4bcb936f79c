"""Divides an account's request rate among pollers that know each other, into slots of their own. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

LONGEST_ROUND = 256
"""The most slots of one round of the division, unless there are more pollers than that."""


@dataclass(frozen=True)
class Portion:
    """A poller's portion of an account's rate.

    :param round: for each slot of one round, from slot 0 on, whether it belongs to the poller. Default: all do.
    """

    round: tuple[bool, ...] = (True,)

    @property
    def width(self) -> float:
        """The portion as a fraction, from 0 to 1."""
        return sum(self.round) / len(self.round)

    def first_slot(self, slot: int, every: int = 1) -> int:
        """The number of the poller's first own slot, from a given slot on.

        :param slot: the number of the given slot.
        :param every: uses only one round in so many: 2 for every second round. Default: all rounds.
        """
        while not self.round[slot % len(self.round)] or slot // len(self.round) % every:
            slot += 1
        return slot

    def of(self, per_second: float) -> float:
        """The poller's rate, in requests per second.

        It is rounded down to whole requests, so that all pollers together never send more in any second; a rate below 1
        is kept as it is.

        :param per_second: the account's rate, in requests per second.
        """
        part = per_second * self.width
        return float(floor(part + 1e-9)) if part >= 1 and self.width < 1 else part


WHOLE = Portion()


def portion_of(own: str, weights: Mapping[str, int]) -> Portion:
    """The portion of one poller. Pollers that know the same weights never share a slot.

    The slots of each poller are spread as evenly as possible (smooth weighted round robin): the next slot goes to the
    poller that is furthest behind.

    :param own: the poller's name.
    :param weights: the number of jobs that each poller waits for, by name, including this poller.
    :return: the portion; the whole rate if there is no other poller.
    """
    total = sum(weights.values())
    scale = min(1.0, LONGEST_ROUND / total) if total else 1.0
    turns = {name: max(1, round(weight * scale)) for name, weight in sorted(weights.items())}
    if set(turns) <= {own}:
        return WHOLE
    length, behind = sum(turns.values()), dict.fromkeys(turns, 0)
    mine = []
    for _ in range(length):
        for name, weight in turns.items():
            behind[name] += weight
        following = max(behind, key=behind.__getitem__)
        behind[following] -= length
        mine.append(following == own)
    return Portion(tuple(mine))
