"""The pauses of a task on its worker. The wait for the video itself is in the triggerer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pauses:
    """All pauses of a task on its worker, in seconds; operator and sensor pass them on.

    :param look_up: before each look-up of a create without an answer, since a vendor's list may lag behind.
    :param rewrite: between the tries to write the submission's record.
    :param reread: between the reads of a succeeded video, as long as they don't show its success.
    :param room: until the next try, if the vendor has no room and doesn't say for how long.
    :param confirm: the most seconds between the polls by which one poke confirms a refusal, if each poke is its own
        process and doesn't know of the one before.
    :param cancel: the most seconds for which a killed task waits for the result of its cancel.
    :param sleep: waits for some seconds.
    """

    look_up: Sequence[float] = (2.0, 8.0)
    rewrite: Sequence[float] = (1.0, 2.0)
    reread: Sequence[float] = (1.0, 2.0, 4.0, 8.0)
    room: float = 30.0
    confirm: float = 5.0
    cancel: float = 20.0
    sleep: Callable[[float], None] = time.sleep
