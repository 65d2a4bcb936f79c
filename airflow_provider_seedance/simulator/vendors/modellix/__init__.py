"""Modellix. Its documents give both 24 hours and 7 days as the lifetime of URLs; the shorter one applies here.

Nothing about refunds is documented.
"""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor, hexadecimal

SIMULATED = (
    SimulatedVendor(
        name="modellix",
        server=f"{__name__}.videos:Modellix",
        base_path="/api/v1",
        new_id=hexadecimal("task-", 12),
        uncharged=(),
    ),
)
