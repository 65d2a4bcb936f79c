"""The public functions for landing a video from your own code, defined in `airflow_provider_seedance.landing`."""

from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.path_template import run_facts

__all__ = ["land_video", "run_facts"]
