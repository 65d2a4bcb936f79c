"""The emulators, a file host and a vendor."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Simulator
from tests.clouds.azure import azure
from tests.clouds.google import google
from tests.clouds.store import Store
from tests.transfers.conftest import _no_proxy, _vendor, hook, no_pause, sim  # noqa: F401
from tests.transfers.mp4 import video
from tests.transfers.s3 import forget_storages
from tests.transfers.server import FileServer, whole

MISSING = [name for name in ("adlfs", "gcsfs", "gcp_storage_emulator") if importlib.util.find_spec(name) is None]
EMULATORS = {"azure": azure, "google": google}


@pytest.fixture(scope="module", params=sorted(EMULATORS))
def _store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if MISSING:
        pytest.skip(f"`make test-clouds` gets what this needs: {', '.join(MISSING)}")
    with pytest.MonkeyPatch.context() as patch, EMULATORS[request.param]() as store:
        if request.param == "google":
            import gcsfs.extended_gcsfs

            # Asked of Google by gRPC, of which the emulator speaks none: a minute for nothing.
            patch.setattr(gcsfs.extended_gcsfs.ExtendedGcsFileSystem, "_get_bucket_type", _regular)
        yield store
    forget_storages()


async def _regular(self: Any, bucket: str) -> Any:
    from gcsfs.extended_gcsfs import BucketType

    return BucketType.NON_HIERARCHICAL


@pytest.fixture
def store(_store: Store, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Store:  # noqa: F811
    """An empty bucket, and the connection `cloud` to it."""
    _store.empty()
    monkeypatch.setenv("AIRFLOW_CONN_CLOUD", _store.connection)
    forget_storages()
    return _store


@pytest.fixture(scope="module")
def large() -> Iterator[FileServer]:
    """Serves a video of three parts."""
    with FileServer(video(20_000_000)) as server:
        yield server


@pytest.fixture
def host(large: FileServer) -> FileServer:
    large.answers, large.always, large.asked, large.pause, large.sent = [], whole, [], 0.0, 0
    return large
