"""Which contender is measured with how many videos, how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One column of one table.

    :param contender: a key of `CONTENDERS`.
    :param videos: how many wait.
    :param interval: seconds between polls.
    :param rounds: how often it is measured; the tables show medians.
    :param settle: seconds from the last start until polling is even.
    :param window: seconds in which CPU time is counted.
    :param patience: seconds after the last video is ready before the rest is given up.
    """

    contender: str
    videos: int
    interval: float
    rounds: int
    settle: float = 0.5
    window: float = 5.0
    patience: float = 10.0


EVERYBODY = ("ours-single", "ours-batch", "ours-runware", "http", "http-kept", "httpx", "httpx-shared", "openai")

FULL = (
    *(
        Cell(name, 1_000, 4.0, rounds=3)
        for name in ("ours-single", "ours-batch", "ours-runware", "http", "http-kept", "httpx-shared")
    ),
    # The default interval. Vendors allow one LIST a second, so each video's turn comes every 20 s.
    Cell("ours-batch", 10_000, 10.0, rounds=3, settle=12.0, window=10.0, patience=60.0),
    # It needs most of a core. On a loaded machine it opens a hundred clients before it asks anything: a longer window.
    Cell("httpx", 100, 4.0, rounds=3, window=15.0),
    *(Cell(name, 100, 4.0, rounds=1) for name in EVERYBODY if name != "httpx"),
    Cell("ours-single", 10_000, 10.0, rounds=1, patience=30.0),
)
"""Who is too slow for a number of videos isn't run with it: its cell says so, and a note says how far it would get."""

QUICK = tuple(
    Cell(name, 100, 1.0, rounds=1, settle=0.2, window=1.5, patience=2.0)
    for name in ("ours-single", "ours-batch", "ours-runware", "http", "http-kept", "httpx-shared")
)


def in_order(cells: tuple[Cell, ...]) -> Iterator[Cell]:
    """Round after round, so that a disturbance of the machine hits all contenders alike."""
    for number in range(max(cell.rounds for cell in cells)):
        yield from (cell for cell in cells if number < cell.rounds)
