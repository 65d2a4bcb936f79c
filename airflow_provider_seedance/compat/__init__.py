"""What one Airflow version needs and another does not: one file per difference."""
