"""fal. The lifetime of its files is a setting of the account or of the request; the 24 hours here are a guess.

fal's three hosts (queue, platform API, uploads) are one here, since their paths don't overlap. The URLs of files are
signed here, unlike fal's.

The ids of videos are ``owner/app/request`` here, since fal needs the app to find a request.
"""

import random

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor, a_uuid


def new_id(chance: random.Random, now: float, model: str) -> str:
    """The first two parts of the endpoint and a UUID."""
    return f"{'/'.join(model.split('/')[:2])}/{a_uuid(chance, now, model)}"


SIMULATED = (
    SimulatedVendor(
        name="fal",
        server=f"{__name__}.videos:Fal",
        auth_scheme="Key",
        new_id=new_id,
    ),
)
