"""One real Airflow and one simulator for all tests of the session that ask for them."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.chaos import Report, run_chaos
from dev.stack import CHECKOUT, AirflowStack

DAGS = Path(__file__).parent / "dags"
CHAOS_SEED = 1
CHAOS_KEY = "sk-chaos-0123456789abcdef"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """All vendors; a video takes 3 s. Faults that a test adds are removed after it (see ``no_faults_left``)."""
    with Simulator(speed=20.0) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def patient() -> Iterator[Simulator]:
    """All vendors, too, with other ids: here a video stays in the queue until the test ends it."""
    with Simulator(speed=1.0, seed=1, queue_seconds=1e6) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep one test's faults from striking in the next."""
    yield
    if "simulator" in request.fixturenames:
        request.getfixturevalue("simulator").faults.clear()


def teller(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints progress past pytest's capture: an Airflow takes its time."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"[airflow] {line}")

    return say


@pytest.fixture(scope="session")
def chaos(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A small chaos run in an Airflow of its own, which logs all that it can."""
    home = tmp_path_factory.mktemp("chaos") / "airflow"
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        return run_chaos(
            home,
            seed=CHAOS_SEED,
            videos=12,
            say=teller(request),
            env={"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"},
            api_key=CHAOS_KEY,
        )
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def chaos_behind_a_proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A small one of the second kind."""
    home = tmp_path_factory.mktemp("chaos-proxy") / "airflow"
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        return run_chaos(home, seed=CHAOS_SEED, videos=20, say=teller(request), proxy=True)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    simulator: Simulator,
    patient: Simulator,
) -> Iterator[AirflowStack]:
    """A real Airflow over ``tests/stack/dags`` and the example DAGs, with one connection per vendor."""
    base = tmp_path_factory.mktemp("stack")
    env = {f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}": simulator.connection_json(vendor) for vendor in VENDORS}
    env |= {f"AIRFLOW_CONN_SEEDANCE_QUEUED_{vendor.upper()}": patient.connection_json(vendor) for vendor in VENDORS}
    env["AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD"] = "10"  # how soon another triggerer takes over
    env["SEEDANCE_OUTPUT"] = (base / "videos").as_uri()
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        with AirflowStack(base / "airflow", [DAGS, CHECKOUT / "example_dags"], env, progress=teller(request)) as stack:
            yield stack
    finally:
        signal.signal(signal.SIGTERM, before)


def interrupt(_signum: int, _frame: FrameType | None) -> None:
    """Make SIGTERM end the session like Ctrl-C: with fixtures torn down, so that no Airflow is left running."""
    raise KeyboardInterrupt
