"""What Airflow's UI gets from this provider."""
