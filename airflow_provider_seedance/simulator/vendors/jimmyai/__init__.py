"""Jimmy AI. Its URLs are documented to work for about 3 days; whether anything is refunded is not documented."""

from airflow_provider_seedance.simulator.vendors.descriptor import DAY, SimulatedVendor, hexadecimal

SIMULATED = (
    SimulatedVendor(
        name="jimmyai",
        server=f"{__name__}.videos:JimmyAI",
        new_id=hexadecimal("vid_", 12),
        retention=3 * DAY,
        uncharged=(),
    ),
)
