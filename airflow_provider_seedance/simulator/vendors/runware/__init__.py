"""Runware. The default lifetime of a result's URL is not documented; one day is a guess."""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor

SIMULATED = (
    SimulatedVendor(
        name="runware",
        server=f"{__name__}.videos:Runware",
        base_path="/v1",
        uncharged=(),
    ),
)
