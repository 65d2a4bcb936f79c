"""ByteDance's own Ark: BytePlus and Volcengine."""

from dataclasses import replace

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor, dated

_BYTEPLUS = SimulatedVendor(
    name="byteplus",
    server=f"{__name__}.videos:Ark",
    base_path="/api/v3",
    new_id=dated("cgt-"),
    uncharged=("failed", "cancelled", "expired"),
    signature_prefix="X-Tos-",  # `X-Tos-Expires` was observed in a URL, the other names are guesses
)
SIMULATED = (_BYTEPLUS, replace(_BYTEPLUS, name="volcengine"))
