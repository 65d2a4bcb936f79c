"""Replicate. Inputs, outputs and files are removed one hour after the end. Unlike the real ones, its URLs are signed.

The cost of failed and cancelled runs is not documented, so they stay charged.
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
