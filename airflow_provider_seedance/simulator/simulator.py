"""The face of the simulator: start it, look at what it saw, make it misbehave."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_seedance.simulator.assets import AssetStatus, SimulatedAsset
from airflow_provider_seedance.simulator.faults import FaultBook
from airflow_provider_seedance.simulator.media import INSTALL
from airflow_provider_seedance.simulator.state import Settings, World
from airflow_provider_seedance.simulator.vendors import all_vendors
from airflow_provider_seedance.simulator.vendors.descriptor import SimulatedVendor
from airflow_provider_seedance.simulator.videos import Bill, RecordedRequest, SimulatedVideo, Status

if TYPE_CHECKING:
    from airflow_provider_seedance.simulator.app import App
    from airflow_provider_seedance.simulator.server import Server


class Simulator:
    """A local stand-in for the vendors, on one port of 127.0.0.1. A context manager.

    It costs nothing and calls nobody: media addresses in requests are checked for their form, never fetched.

    :param speed: how many times faster than in life videos queue and run (default 20)
    :param api_key: the only key it takes
    :param port: 0 (default) = any free one
    :param seed: makes ids and faults with a probability repeatable
    :param retention: seconds for which a video's URL lives after its end: one figure, or one per vendor over the
        defaults (Jimmy AI 3 days, others 24 hours)
    :param queue_seconds: simulated seconds in the queue (default 5)
    :param run_seconds: simulated seconds of running (default 55), whatever the video's length
    :param rate_limits: enforce published rates (Ark: GET 20/s, LIST 1/s, DELETE 20/s, 120 queued; Modellix: 100/min)
    :param asset_seconds: simulated seconds until a vendor has looked at reference media (default 20)
    :param known_assets_only: let Jimmy AI refuse ``asset://`` ids that were not made here (default: they pass)
    :param gmi_cancel: let GMI Cloud's undocumented DELETE work on queued requests (default: 405)
    :param vendors: further vendors to stand in for, beside the built-in ones and those of entry points
    :raises ValueError: for a speed that is not positive or an unknown vendor in ``retention``
    """

    def __init__(
        self,
        speed: float = 20.0,
        api_key: str = "sk-simulator",
        port: int = 0,
        seed: int = 0,
        retention: float | Mapping[str, float] | None = None,
        *,
        queue_seconds: float = 5.0,
        run_seconds: float = 55.0,
        rate_limits: bool = False,
        gmi_cancel: bool = False,
        asset_seconds: float = 20.0,
        known_assets_only: bool = False,
        vendors: Iterable[SimulatedVendor] = (),
    ) -> None:
        self._world = World(
            Settings(
                speed=speed,
                api_key=api_key,
                seed=seed,
                queue_seconds=queue_seconds,
                run_seconds=run_seconds,
                retention=retention,
                rate_limits=rate_limits,
                gmi_cancel=gmi_cancel,
                asset_seconds=asset_seconds,
                known_assets_only=known_assets_only,
            ),
            all_vendors(vendors),
        )
        self._port = port
        self._server: Server | None = None
        self._app: App | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Open the port and serve in a daemon thread.

        :raises RuntimeError: if it runs already
        :raises ImportError: without the simulator's extra, naming it
        :raises OSError: if the port is taken
        """
        if self._server:
            raise RuntimeError("this simulator is running already")
        try:
            from airflow_provider_seedance.simulator.app import App
            from airflow_provider_seedance.simulator.dispatch import FrontDesk
            from airflow_provider_seedance.simulator.server import Connections, Server
        except ModuleNotFoundError as error:
            raise ImportError(f"the simulator needs {error.name}: {INSTALL}") from error
        connections = Connections()
        self._app = App(FrontDesk(self._world), connections.cut)
        server = Server(self._app, connections, self._port)
        server.start()
        self._server, self._port = server, server.port
        return self

    def stop(self) -> None:
        """Close the port and end the thread; what was recorded stays readable. Harmless if it does not run."""
        if self._server and self._app:
            self._server.stop()
            self._app.files.close()
        self._server = self._app = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def refuse_connections(self) -> Iterator[None]:
        """Meanwhile the port is closed: every connection is refused. Then the same port opens again."""
        if not self._server:
            raise RuntimeError("this simulator is not running")
        self._server.refuse()
        try:
            yield
        finally:
            self._server.accept()

    # -- addresses -----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_key(self) -> str:
        """The key it takes."""
        return self._world.settings.api_key

    def base_url(self, vendor: str) -> str:
        """What goes where the vendor's base URL would go, with its path.

        :raises ValueError: for an unknown vendor
        """
        if vendor not in self._world.vendors:
            raise ValueError(f"unknown vendor {vendor!r}; known: {', '.join(self._world.vendors)}")
        return f"{self.url}/{vendor}{self._world.vendors[vendor].base_path}"

    def connection_json(self, vendor: str, **extra: Any) -> str:
        """An Airflow connection as JSON, for the environment variable ``AIRFLOW_CONN_<ID>``.

        :param extra: more keys for the connection's ``extra``
        """
        connection = {
            "conn_type": "seedance",
            "host": self.base_url(vendor),
            "password": self.api_key,
            # Its files lie on this machine, which the provider doesn't fetch from unless told so.
            "extra": {"vendor": vendor, "allow_private_hosts": True, **extra},
        }
        return json.dumps(connection)

    @property
    def vendors(self) -> tuple[str, ...]:
        """The names of the vendors that it stands in for."""
        return tuple(self._world.vendors)

    # -- what it saw ---------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> list[Bill]:
        """Every accepted create, in order: what would have been billed, whether or not the caller heard of it."""
        self._world.settle()
        return list(self._world.bills)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests in order: all creates, and of the others the last 50 000."""
        return self._world.requests()

    def creates(self, vendor: str | None = None) -> list[RecordedRequest]:
        """The create requests, refused ones too, of one vendor or all."""
        return [request for request in list(self._world.creates) if vendor in (None, request.vendor)]

    @property
    def videos(self) -> dict[str, SimulatedVideo]:
        """The videos by id, also those whose record was deleted."""
        return dict(self._world.videos)

    @property
    def assets(self) -> dict[str, SimulatedAsset]:
        """Reference media by id, in the order in which they came."""
        return dict(self._world.assets)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many requests came, per (vendor, call); never capped."""
        return dict(self._world.counts)

    @property
    def max_rate_seen(self) -> dict[tuple[str, str], int]:
        """The most requests within any one second, per (vendor, call)."""
        return dict(self._world.max_rate_seen)

    # -- what it does --------------------------------------------------------------------------------------------

    @property
    def faults(self) -> FaultBook:
        """The faults in force: ``add(Fault(...))``, ``clear()``."""
        return self._world.faults

    def now(self) -> float:
        """Unix time as the simulated vendors see it: real time plus what was advanced."""
        return self._world.clock.now()

    def advance(self, seconds: float) -> None:
        """Jump the simulated clock ahead: videos finish, URLs and records expire.

        :raises ValueError: if negative
        """
        self._world.clock.advance(seconds)

    def finish(
        self,
        video_id: str,
        status: Status = "succeeded",
        error_code: str | None = None,
        error_message: str | None = None,
    ) -> None:
        """End a video now.

        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is no end
        """
        self._world.finish_named(video_id, status, error_code, error_message)

    def finish_asset(self, asset_id: str, status: AssetStatus = "active", reason: str | None = None) -> None:
        """Let a vendor be done with an asset now.

        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is no end
        """
        self._world.finish_asset(asset_id, status, reason)

    def reset(self) -> None:
        """Forget bills, requests, videos, assets, faults and what was advanced; the server runs on."""
        self._world.reset()
