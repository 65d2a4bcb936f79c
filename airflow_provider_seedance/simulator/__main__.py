"""``python -m airflow_provider_seedance.simulator``: the simulator in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from airflow_provider_seedance.simulator.simulator import Simulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_seedance.simulator",
        description="A local stand-in for the Seedance vendors. It costs nothing and calls nobody.",
    )
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 = any free one (default 8765)")
    parser.add_argument("--speed", type=float, default=20.0, help="times faster than in life (default 20)")
    parser.add_argument("--api-key", default="sk-simulator", help="the only key it takes (default sk-simulator)")
    parser.add_argument("--seed", type=int, default=0, help="makes ids and chance repeatable (default 0)")
    parser.add_argument("--queue-seconds", type=float, default=5.0, help="simulated seconds in the queue (default 5)")
    parser.add_argument("--run-seconds", type=float, default=55.0, help="simulated seconds of running (default 55)")
    parser.add_argument("--rate-limits", action="store_true", help="enforce the vendors' published rates")
    parser.add_argument("--log-file", type=Path, help="append each request here as one JSON line (without its key)")
    return parser.parse_args()


def _introduce(sim: Simulator) -> None:
    print(f"Seedance simulator on {sim.url}   key: {sim.api_key}\n")
    for vendor in sim.vendors:
        print(f"  {vendor:<11} {sim.base_url(vendor)}")
    print("\nAirflow connection, for example:\n")
    print(f"  export AIRFLOW_CONN_SEEDANCE_DEFAULT='{sim.connection_json('byteplus')}'\n")
    print(f"What would have been billed: curl {sim.url}/_simulator/ledger", flush=True)


def _log(sim: Simulator, path: Path, stopped: threading.Event) -> None:
    """Append the new requests to the log file, twice a second and once more at the end."""
    seen = 0
    with path.open("a", encoding="utf-8") as file:
        done = False
        while not done:
            done = stopped.wait(0.5)
            for request in sim.requests:
                if request.number > seen:
                    seen = request.number
                    names = ("at", "vendor", "call", "method", "path", "answered", "fault", "video_id", "json")
                    file.write(json.dumps({name: getattr(request, name) for name in names}) + "\n")
            file.flush()


def main() -> int:
    """Run until SIGINT or SIGTERM.

    :return: the exit code: 0, or 1 if the simulator could not start
    """
    options = _arguments()
    try:
        sim = Simulator(
            options.speed,
            options.api_key,
            options.port,
            options.seed,
            queue_seconds=options.queue_seconds,
            run_seconds=options.run_seconds,
            rate_limits=options.rate_limits,
        ).start()
    except (ImportError, OSError, ValueError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    _introduce(sim)
    if options.log_file:
        _log(sim, options.log_file, stopped)
    stopped.wait()
    sim.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
