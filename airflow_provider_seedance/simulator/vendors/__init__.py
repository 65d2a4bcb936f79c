"""The server sides of the five vendors. They share routing only: each has its own rules, shapes and words."""

from airflow_provider_seedance.simulator.state import World
from airflow_provider_seedance.simulator.vendors.ark.videos import Ark
from airflow_provider_seedance.simulator.vendors.base import Vendor
from airflow_provider_seedance.simulator.vendors.gmicloud.videos import GMICloud
from airflow_provider_seedance.simulator.vendors.jimmyai.videos import JimmyAI
from airflow_provider_seedance.simulator.vendors.modellix.videos import Modellix


def all_vendors(world: World) -> dict[str, Vendor]:
    """Every vendor by its name, over one world."""
    vendors: list[Vendor] = [
        JimmyAI(world),
        GMICloud(world),
        Modellix(world),
        Ark(world, "byteplus"),
        Ark(world, "volcengine"),
    ]
    return {vendor.name: vendor for vendor in vendors}
