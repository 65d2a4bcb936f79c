"""An Airflow as production has it: PostgreSQL, Redis, Celery, two of what can be two, and all of it restarted."""
