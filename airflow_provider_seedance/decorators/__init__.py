"""Airflow task decorators of the Seedance provider."""
