"""The pauses of a task on its worker. The long wait, for the video itself, takes place in the triggerer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pauses:
    """All pauses of a task on its worker, in seconds. The operator and the sensor pass them on.

    :param look_up: before each look-up of a create without an answer, since a vendor's list may lag behind. Default: 2
        and 8.
    :param rewrite: between the attempts to write the submission's record. Default: 1 and 2.
    :param reread: between the reads of a video that has succeeded, until a read shows its success. Default: 1, 2, 4
        and 8.
    :param room: before the next create, if the vendor has no room and names no delay. Default: 30.
    :param confirm: the longest pause between the polls with which a single poke confirms a refusal. It is used where
        each poke runs in its own process and doesn't know of the one before. Default: 5.
    :param cancel: the longest wait of a killed task for the result of its cancel. Default: 20.
    :param sleep: the function that waits for a number of seconds. Default: `time.sleep`.
    """

    look_up: Sequence[float] = (2.0, 8.0)
    rewrite: Sequence[float] = (1.0, 2.0)
    reread: Sequence[float] = (1.0, 2.0, 4.0, 8.0)
    room: float = 30.0
    confirm: float = 5.0
    cancel: float = 20.0
    sleep: Callable[[float], None] = time.sleep
