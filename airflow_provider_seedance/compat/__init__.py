"""Differences between Airflow's versions, one file for each."""
