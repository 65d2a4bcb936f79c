"""The provider's pages in Airflow's UI, and their routes in Airflow's API server."""
