"""Whatever comes from outside: any answer, through everything that it passes on its way into Airflow."""
