"""What the simulator knows of Other Video."""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor, a_uuid

SIMULATED = SimulatedVendor(
    name="other",
    server=f"{__name__}.videos:Other",
    base_path="/v1",
    auth_scheme="Key",
    new_id=lambda chance, now, model: f"{model}/{a_uuid(chance, now, model)}",
)
