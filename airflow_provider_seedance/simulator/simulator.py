"""The simulator's Python API: start it, inspect its records, make it misbehave."""

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

    It costs nothing and makes no outgoing requests: the URLs of media are checked for their form, but never fetched.

    :param speed: how many times faster than in reality videos queue and run (default 20)
    :param api_key: the only accepted key (default ``sk-simulator``)
    :param port: 0 (default) = any free one
    :param seed: makes ids and faults with a probability repeatable (default 0)
    :param retention: seconds from a video's end to the expiry of its URLs: one number for all vendors, or a number by
        vendor (default: the vendor's own, see ``SimulatedVendor.retention``)
    :param queue_seconds: simulated seconds in the queue (default 5)
    :param run_seconds: simulated seconds of running (default 55), whatever the video's length
    :param rate_limits: whether to enforce the vendors' published rate limits (default: no)
    :param asset_seconds: simulated seconds of a vendor's review of reference media (default 20)
    :param known_assets_only: whether Jimmy AI refuses ``asset://`` ids that were not made here (default: no)
    :param gmi_cancel: whether GMI Cloud's undocumented DELETE works on queued requests (default: no, HTTP 405)
    :param vendors: more vendors, in addition to the built-in ones and those of entry points
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

        :return: the simulator itself
        :raises RuntimeError: if it is already running
        :raises ImportError: if the extra ``simulator`` isn't installed
        :raises OSError: if the port is in use
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
        """Close the port and end the thread. The records stay readable. Does nothing if it isn't running."""
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
        """A context in which the port is closed, so that every connection is refused. Then the same port opens again.

        :raises RuntimeError: if the simulator isn't running
        """
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
        """The only accepted key."""
        return self._world.settings.api_key

    def base_url(self, vendor: str) -> str:
        """The URL to use in place of the vendor's base URL.

        :param vendor: the vendor's name
        :raises ValueError: for an unknown vendor
        """
        if vendor not in self._world.vendors:
            raise ValueError(f"unknown vendor {vendor!r}; known: {', '.join(self._world.vendors)}")
        return f"{self.url}/{vendor}{self._world.vendors[vendor].base_path}"

    def connection_json(self, vendor: str, **extra: Any) -> str:
        """An Airflow connection as JSON, for the environment variable ``AIRFLOW_CONN_<ID>``.

        :param vendor: the vendor's name
        :param extra: more keys for the connection's ``extra``
        :raises ValueError: for an unknown vendor
        """
        connection = {
            "conn_type": "seedance",
            "host": self.base_url(vendor),
            "password": self.api_key,
            # The files are on this machine, and by default the provider downloads nothing from private hosts.
            "extra": {"vendor": vendor, "allow_private_hosts": True, **extra},
        }
        return json.dumps(connection)

    @property
    def vendors(self) -> tuple[str, ...]:
        """The names of the simulated vendors."""
        return tuple(self._world.vendors)

    # -- records -------------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> list[Bill]:
        """A bill for every accepted create, in order, whether or not the caller received the answer."""
        self._world.settle()
        return list(self._world.bills)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests in order: all creates, and the last 50 000 of all others."""
        return self._world.requests()

    def creates(self, vendor: str | None = None) -> list[RecordedRequest]:
        """The create requests, including refused ones.

        :param vendor: the vendor's name; default: all vendors
        """
        return [request for request in list(self._world.creates) if vendor in (None, request.vendor)]

    @property
    def videos(self) -> dict[str, SimulatedVideo]:
        """The videos by id, including those whose record was deleted."""
        return dict(self._world.videos)

    @property
    def assets(self) -> dict[str, SimulatedAsset]:
        """Reference media by id, in the order of their upload."""
        return dict(self._world.assets)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """The number of all requests since the last reset, by (vendor, call)."""
        return dict(self._world.counts)

    @property
    def max_rate_seen(self) -> dict[tuple[str, str], int]:
        """The largest number of requests within one second, by (vendor, call)."""
        return dict(self._world.max_rate_seen)

    # -- actions -------------------------------------------------------------------------------------------------

    @property
    def faults(self) -> FaultBook:
        """The active faults: ``add(Fault(...))``, ``clear()``."""
        return self._world.faults

    def now(self) -> float:
        """The Unix time of the simulated vendors: real time plus all seconds of :meth:`advance`."""
        return self._world.clock.now()

    def advance(self, seconds: float) -> None:
        """Advance the simulated clock: videos finish, URLs and records expire.

        :param seconds: 0 or more
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

        :param video_id: the video's id
        :param status: its final status (default: ``succeeded``)
        :param error_code: the vendor's error code (default: the vendor's usual one)
        :param error_message: the vendor's message (default: the vendor's usual one)
        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is not final
        """
        self._world.finish_named(video_id, status, error_code, error_message)

    def finish_asset(self, asset_id: str, status: AssetStatus = "active", reason: str | None = None) -> None:
        """End the vendor's review of an asset now.

        :param asset_id: the asset's id
        :param status: ``active`` (default) or ``failed``
        :param reason: the vendor's reason for a failure (default: none)
        :raises KeyError: for an unknown id
        :raises ValueError: for a status that is not final
        """
        self._world.finish_asset(asset_id, status, reason)

    def reset(self) -> None:
        """Delete bills, requests, videos, assets and faults, and set the clock to real time. The server runs on."""
        self._world.reset()
