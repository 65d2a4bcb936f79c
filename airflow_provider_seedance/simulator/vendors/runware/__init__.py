"""Runware. How long a result's URL lives by default is not documented in numbers; a day is a guess."""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor

SIMULATED = (
    SimulatedVendor(
        name="runware",
        server=f"{__name__}.videos:Runware",
        base_path="/v1",
        uncharged=(),
    ),
)
