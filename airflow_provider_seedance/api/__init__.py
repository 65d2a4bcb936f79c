"""The Seedance API without Airflow: requests, videos, errors, vendors' dialects and an HTTP client."""
