"""First contact: asks a real account about what we only read.

    python -m airflow_provider_seedance.check --conn-id seedance_default

It asks what is free, says for each assumption (`api.vendors.assumptions`) whether it holds, doesn't, or can't be
told, and writes a report without secrets. With `--buy-one` it buys one video, after a typed confirmation, and checks
the rest. See `docs/first-contact.md`.
"""
