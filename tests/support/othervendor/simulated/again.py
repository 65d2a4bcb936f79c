"""The server side of Another Video."""

import json
from dataclasses import replace
from typing import ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Route, route
from tests.support.othervendor.simulated import SIMULATED as OTHER
from tests.support.othervendor.simulated.videos import Other

SIMULATED = replace(OTHER, name="again", server=f"{__name__}:Another")


class Another(Other):
    """Makes one video of each client-chosen id."""

    routes: ClassVar[tuple[Route, ...]] = (*Other.routes, route("POST", "/v1/status", "list", "status_of_many"))

    def create(self, call: Call) -> Answer:
        """``POST /{model}/requests``."""
        if self.world.find(self.name, self.chosen_id(call) or "") is not None:
            raise Refused("conflict", "there is a request with this id")
        return super().create(call)

    def chosen_id(self, call: Call) -> str | None:
        """From the header."""
        mark = call.headers.get("x-client-mark")
        return f"{call.params['model']}/{mark}" if mark else None

    def status_of_many(self, call: Call) -> Answer:
        """``POST /status`` with a list of ids; what has succeeded comes with its URL."""
        shown = []
        for asked in json.loads(call.body):
            video = self.world.find(self.name, asked["id"])
            if video is not None:
                url = signing.sign(self.world, call.origin, video, "mp4") if video.status == "succeeded" else None
                shown.append({**self._shown(video), "id": video.id, "url": url})
        return Answer.json(shown)
