"""How pollers that know of each other divide an account's rate: each has its slots, and its part of it. Arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

LONGEST_ROUND = 256
"""Slots until the division repeats itself, but for more pollers than that."""


@dataclass(frozen=True)
class Portion:
    """A poller's part of an account's rate.

    :param round: of the slots of one round, which are its own; the first one is the slot with the number 0.
    """

    round: tuple[bool, ...] = (True,)

    @property
    def width(self) -> float:
        """The part, up to 1."""
        return sum(self.round) / len(self.round)

    def first_slot(self, slot: int, every: int = 1) -> int:
        """The first slot of its own from this one on.

        :param slot: its number.
        :param every: 2: only those of each second round, and so on.
        """
        while not self.round[slot % len(self.round)] or slot // len(self.round) % every:
            slot += 1
        return slot

    def of(self, per_second: float) -> float:
        """How much of a rate it is: in whole requests a second, so that no second gets more from all together.

        :param per_second: the account's rate; where less than one is left, it is taken as it is.
        """
        part = per_second * self.width
        return float(floor(part + 1e-9)) if part >= 1 and self.width < 1 else part


WHOLE = Portion()


def portion_of(own: str, weights: Mapping[str, int]) -> Portion:
    """The portion of one poller; no slot is in those of two that know the same.

    Slots of the same poller are as far from each other as they can be: the one that has been left behind most comes
    next (smooth weighted round robin).

    :param own: its name.
    :param weights: what each waits for, by name, its own among them.
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
