"""The server sides of the five vendors. They share routing only: each has its own rules, shapes and words."""

from airflow_provider_seedance.simulator.vendors.ark import Ark
from airflow_provider_seedance.simulator.vendors.base import Vendor
from airflow_provider_seedance.simulator.vendors.gmicloud import GMICloud
from airflow_provider_seedance.simulator.vendors.jimmyai import JimmyAI
from airflow_provider_seedance.simulator.vendors.modellix import Modellix
from airflow_provider_seedance.simulator.world import World


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
