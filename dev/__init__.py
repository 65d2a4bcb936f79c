"""Tools for working on the provider, not shipped: a real Airflow on one machine, and the demo that runs on it."""
