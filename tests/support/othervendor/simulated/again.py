"""The server side of Another Video."""

from dataclasses import replace

from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused
from tests.support.othervendor.simulated import SIMULATED as OTHER
from tests.support.othervendor.simulated.videos import Other

SIMULATED = replace(OTHER, name="again", server=f"{__name__}:Another")


class Another(Other):
    """Makes one video of each client-chosen id."""

    def create(self, call: Call) -> Answer:
        """``POST /{model}/requests``."""
        if self.world.find(self.name, self.chosen_id(call) or "") is not None:
            raise Refused("conflict", "there is a request with this id")
        return super().create(call)

    def chosen_id(self, call: Call) -> str | None:
        """From the header."""
        mark = call.headers.get("x-client-mark")
        return f"{call.params['model']}/{mark}" if mark else None
