"""What `make demo` and `make up` share: the simulator, and an Airflow whose connections lead to it."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.stack import CHECKOUT, AirflowStack

DAG_ID = "seedance_all_vendors"
DEMO_HOME = CHECKOUT / ".demo"
EXAMPLES = CHECKOUT / "example_dags"
VIDEOS = DEMO_HOME / "videos"
# A simulated video takes a minute; at this speed it takes some 10 s: long enough to watch the tasks defer.
SPEED = 6.0


@dataclass
class Showcase:
    """A running simulator and a running Airflow that uses it."""

    simulator: Simulator
    stack: AirflowStack


def connections(simulator: Simulator) -> dict[str, str]:
    """One connection per vendor, as environment variables; the key in them is the simulator's own, not anybody's."""
    return {f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}": simulator.connection_json(vendor) for vendor in VENDORS}


def stopwatch() -> Callable[[str], None]:
    """A printer of progress lines that begin with the seconds since now."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    return say


@contextlib.contextmanager
def showcase(say: Callable[[str], None], more_env: Mapping[str, str] | None = None) -> Iterator[Showcase]:
    """Start the simulator and Airflow over the example DAGs; stop both at the end."""
    with Simulator(speed=SPEED) as simulator:
        say(f"simulator: all vendors at {simulator.url}, {SPEED:.0f} times as fast as real")
        env = connections(simulator) | {"SEEDANCE_OUTPUT": VIDEOS.as_uri()} | dict(more_env or {})
        with AirflowStack(DEMO_HOME / "airflow", EXAMPLES, env, progress=say) as stack:
            # Not before Airflow has claimed the home: a refused second run must leave the first one's videos alone.
            shutil.rmtree(VIDEOS, ignore_errors=True)
            VIDEOS.mkdir()
            yield Showcase(simulator, stack)


def show_path(path: Path) -> str:
    """A path as a user in the checkout would type it."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)
