"""The server sides of the vendors. They share routing only: each has its own rules, shapes and words.

Each folder in here is a vendor: its ``__init__`` holds ``SIMULATED``, a tuple of :class:`SimulatedVendor`. Others are
given to :class:`~airflow_provider_seedance.simulator.Simulator`, or named by the entry-point group
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
"""Their names."""


def all_vendors(given: Iterable[SimulatedVendor] = ()) -> dict[str, SimulatedVendor]:
    """The built-in vendors, those of entry points, and those given, by name; the later win."""
    found = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINTS):
        try:
            vendor = point.load()
            if not isinstance(vendor, SimulatedVendor):
                raise TypeError(f"{point.value} is no SimulatedVendor")
            found.setdefault(vendor.name, vendor)
        except Exception as error:  # somebody else's code must not break the simulator
            log.warning("The simulated vendor %r is left out: %s fails (%r).", point.name, point.value, error)
    return found | {vendor.name: vendor for vendor in given}
