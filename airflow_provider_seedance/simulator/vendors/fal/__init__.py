"""fal. How long its files live is a setting of the account or of the request: 24 hours is a guess.

Its three hosts (queue, platform API, uploads) are one here, as for a client with a base URL of its own: no path of one
is a path of another. URLs of files are signed here, though fal's are not.

The ids of videos here are ``owner/app/request``: a request's own id leads to it only below its app.
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
