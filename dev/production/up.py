"""`make up-production`: PostgreSQL, Redis and Celery, two schedulers, workers and triggerers, until Ctrl-C."""

import shutil
import sys
import time
from pathlib import Path

from airflow_provider_seedance.simulator import Simulator
from dev.production.stack import LEDGER, ProductionStack
from dev.production.statsd import receiving
from dev.showcase import EXAMPLES, SPEED, connections, show_path, stopwatch
from dev.stack import CHECKOUT, StackError, stop_on_signals

HOME = CHECKOUT / ".work" / "production" / "airflow"
VIDEOS = CHECKOUT / ".work" / "production" / "videos"


def main() -> int:
    """Start everything, print URL and login, restart what dies, and wait."""
    stop_on_signals()
    say = stopwatch()
    try:
        with Simulator(speed=SPEED) as simulator, receiving() as received:
            say(f"simulator: all vendors at {simulator.url}, {SPEED:.0f} times as fast as real")
            env = connections(simulator) | {"SEEDANCE_OUTPUT": VIDEOS.as_uri()}
            with ProductionStack(HOME, EXAMPLES, env, progress=say, statsd_port=received.port) as stack:
                shutil.rmtree(VIDEOS, ignore_errors=True)
                VIDEOS.mkdir(parents=True)
                introduce(stack, simulator, VIDEOS)
                while True:
                    stack.check()
                    time.sleep(1)
    except KeyboardInterrupt:
        say("stopped")
        return 0
    except (StackError, RuntimeError) as error:
        print(f"\nFAILED: {error}\n\nLogs: {show_path(HOME / 'logs')}", file=sys.stderr)
        return 1


def introduce(stack: ProductionStack, simulator: Simulator, videos: Path) -> None:
    """What somebody needs who looks around."""
    user, password = stack.login
    running = ", ".join(f"{name} {stack.components[name].pid}" for name in stack.PARTS)
    print(f"\n  UI          {stack.url}")
    print(f"  login       {user} / {password}")
    print(f"  simulator   {simulator.url}")
    print(f"  database    {stack.env['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']}")
    print(f"  ledger      database {LEDGER} on the same server, connection {LEDGER}")
    print(f"  broker      {stack.env['AIRFLOW__CELERY__BROKER_URL']}")
    print(f"  videos      {show_path(videos)}")
    print(f"  logs        {show_path(stack.logs)}")
    print(f"  process ids {running}")
    print("\nTrigger any example there. Kill what you like: it comes back. Ctrl-C stops everything.\n", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
