"""A local server that stands in for the vendors: test a DAG without spending.

It speaks the dialects of Jimmy AI, GMI Cloud, Modellix, BytePlus Ark and Volcengine Ark at their real paths, renders
real MP4 files, keeps a ledger of what would have been billed, and misbehaves on demand. It knows nothing of this
package's client, so that it can prove the client wrong. Needs the extra ``simulator`` to start.
"""

from airflow_provider_seedance.simulator.faults import Fault
from airflow_provider_seedance.simulator.simulator import Simulator
from airflow_provider_seedance.simulator.vendors import VENDORS
from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor
from airflow_provider_seedance.simulator.videos import Bill, RecordedRequest, SimulatedVideo

__all__ = ["VENDORS", "Bill", "Fault", "RecordedRequest", "SimulatedVendor", "SimulatedVideo", "Simulator"]
