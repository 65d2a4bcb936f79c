"""`make up`: the demo's Airflow and simulator, left running for the browser until Ctrl-C."""

import sys
import time

from dev.showcase import DAG_ID, DEMO_HOME, VIDEOS, show_path, showcase, stopwatch
from dev.stack import StackError, stop_on_signals


def main() -> int:
    """Start everything, print URL and login, and wait."""
    stop_on_signals()
    say = stopwatch()
    try:
        with showcase(say) as show:
            user, password = show.stack.login
            show.stack.api.wait_for_dag(DAG_ID)
            print(f"\n  UI         {show.stack.url}")
            print(f"  login      {user} / {password}")
            print(f"  simulator  {show.simulator.url}")
            print(f"  videos     {show_path(VIDEOS)}")
            print(f"  logs       {show_path(show.stack.logs)}")
            print(f"\nTrigger {DAG_ID} there, or any other example. Ctrl-C stops everything.\n", flush=True)
            while True:
                show.stack.check()
                time.sleep(1)
    except KeyboardInterrupt:
        say("stopped")
        return 0
    except (StackError, RuntimeError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        print(f"\nLogs: {show_path(DEMO_HOME / 'airflow' / 'logs')}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
