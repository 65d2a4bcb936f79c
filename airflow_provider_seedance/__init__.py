"""Apache Airflow provider for Seedance 2.0 video generation. This module holds the version only."""

__version__ = "0.1.0"
