"""The simulated vendors. They share nothing but the routing: each has its own rules and forms of answers.

Each folder in here is one vendor's: its ``__init__`` holds ``SIMULATED``, a tuple of :class:`SimulatedVendor`. More
vendors are passed to :class:`~airflow_provider_seedance.simulator.Simulator`, or come from the entry-point group
``airflow_provider_seedance.simulated_vendors``.
"""

import logging
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor

log = logging.getLogger(__name__)

ENTRY_POINTS = "airflow_provider_seedance.simulated_vendors"

BUILT_IN: dict[str, SimulatedVendor] = {
    vendor.name: vendor
    for folder in iter_modules(__path__)
    if folder.ispkg
    for vendor in import_module(f"{__name__}.{folder.name}").SIMULATED
}
"""The vendors of this package by name."""

VENDORS: tuple[str, ...] = tuple(BUILT_IN)
"""The names of the vendors of this package."""


def all_vendors(given: Iterable[SimulatedVendor] = ()) -> dict[str, SimulatedVendor]:
    """All simulated vendors by name.

    :param given: more vendors; they replace built-in ones and those of entry points with the same name. Default: none
    """
    found = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINTS):
        try:
            vendor = point.load()
            if not isinstance(vendor, SimulatedVendor):
                raise TypeError(f"{point.value} is no SimulatedVendor")
            found.setdefault(vendor.name, vendor)
        except Exception as error:  # code of other distributions must not break the simulator
            log.warning("The simulated vendor %r is left out: %s fails (%r).", point.name, point.value, error)
    return found | {vendor.name: vendor for vendor in given}
