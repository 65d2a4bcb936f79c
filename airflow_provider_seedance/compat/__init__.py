"""Differences between versions of Airflow, one file each."""
