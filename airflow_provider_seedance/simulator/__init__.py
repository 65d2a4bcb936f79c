"""A local server that stands in for the vendors, for testing a DAG at no cost.

It answers like the vendors' APIs at their real paths, renders real video files, keeps a ledger of the videos that would
have been billed, and misbehaves on demand. It shares no code with this package's client, so a mistake of the client
can't be hidden by the same mistake here. Needs the extra ``simulator`` to start.
"""

from airflow_provider_seedance.simulator.faults import Fault
from airflow_provider_seedance.simulator.simulator import Simulator
from airflow_provider_seedance.simulator.vendors import VENDORS
from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor
from airflow_provider_seedance.simulator.videos import Bill, RecordedRequest, SimulatedVideo

__all__ = ["VENDORS", "Bill", "Fault", "RecordedRequest", "SimulatedVendor", "SimulatedVideo", "Simulator"]
