"""Replicate: inputs, outputs and files are gone an hour after the end. Its URLs are signed here; the real ones
are not.

What failed or cancelled runs cost is documented nowhere, so they stay charged.
"""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor, base32

SIMULATED = (
    SimulatedVendor(
        name="replicate",
        server=f"{__name__}.videos:Replicate",
        base_path="/v1",
        new_id=base32(26),
        retention=3600.0,
        uncharged=(),
    ),
)
