"""How long a task waits on its worker. Waiting for the video itself is the triggerer's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pauses:
    """All pauses of a task on its worker, in seconds, and how they are spent: operator and sensor hand them down.

    :param look_up: before each look-up of a create that got no answer: a vendor's list may lag behind.
    :param rewrite: between the tries to write the submission's record.
    :param reread: between the reads of a video that has succeeded, as long as they don't show it.
    :param room: until the next try while the vendor has no room and doesn't say how long that will last.
    :param confirm: at most, between the polls by which one poke makes sure of a refusal, where the pokes are processes
        of their own and no poke knows of the one before.
    :param cancel: at most, until a task that is killed goes on without knowing whether its video was cancelled.
    :param sleep: waits.
    """

    look_up: Sequence[float] = (2.0, 8.0)
    rewrite: Sequence[float] = (1.0, 2.0)
    reread: Sequence[float] = (1.0, 2.0, 4.0, 8.0)
    room: float = 30.0
    confirm: float = 5.0
    cancel: float = 20.0
    sleep: Callable[[float], None] = time.sleep
