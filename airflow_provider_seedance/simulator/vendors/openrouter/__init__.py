"""OpenRouter. The lifetime of its results is not documented; one day is a guess.

Nothing about refunds is documented.
"""

import random

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor


def _new_id(chance: random.Random, now: float, model: str) -> str:
    tail = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20))
    return f"gen-vid-{int(now)}-{tail}"


SIMULATED = (
    SimulatedVendor(
        name="openrouter",
        server=f"{__name__}.videos:OpenRouter",
        base_path="/api/v1",
        new_id=_new_id,
        uncharged=(),
    ),
)
