"""One real Airflow and one simulator for all tests of the session that ask for them."""

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.stack import CHECKOUT, AirflowStack

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """All vendors; a video takes 3 s. Faults that a test adds are removed after it (see ``no_faults_left``)."""
    with Simulator(speed=20.0) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep one test's faults from striking in the next."""
    yield
    if "simulator" in request.fixturenames:
        request.getfixturevalue("simulator").faults.clear()


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, simulator: Simulator
) -> Iterator[AirflowStack]:
    """A real Airflow over ``tests/stack/dags`` and the example DAGs, with one connection per vendor."""
    base = tmp_path_factory.mktemp("stack")
    env = {f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}": simulator.connection_json(vendor) for vendor in VENDORS}
    env["SEEDANCE_OUTPUT"] = (base / "videos").as_uri()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"[airflow] {line}")

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with AirflowStack(base / "airflow", [DAGS, CHECKOUT / "example_dags"], env, progress=say) as stack:
            yield stack
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    """Make SIGTERM end the session like Ctrl-C: with fixtures torn down, so that no Airflow is left running."""
    raise KeyboardInterrupt
