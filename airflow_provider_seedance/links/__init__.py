"""Airflow operator links of the Seedance provider."""
