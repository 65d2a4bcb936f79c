"""GMI Cloud. The lifetime of its URLs is unknown: 24 hours is a guess, as is the style of their signatures."""

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor

SIMULATED = (
    SimulatedVendor(
        name="gmicloud",
        server=f"{__name__}.videos:GMICloud",
        base_path="/api/v1/ie/requestqueue/apikey",
        uncharged=("failed", "cancelled"),
        signature_prefix="X-Goog-",
    ),
)
