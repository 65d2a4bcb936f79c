"""Simulators and connections, as the tests of "pay once" have them."""

from tests.pay_once.conftest import _no_waiting as _no_waiting
from tests.pay_once.conftest import _quick as _quick
from tests.pay_once.conftest import _still as _still
from tests.pay_once.conftest import quick as quick
from tests.pay_once.conftest import sim as sim
