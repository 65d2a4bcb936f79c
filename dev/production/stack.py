"""The stack of production: what dies is started again, as systemd or Kubernetes would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import httpx

from dev.airflow_config import LOOPBACK, free_port
from dev.database import read_postgres
from dev.postgres import Postgres
from dev.processes import ManagedProcess
from dev.production.redis import Broker, server_command
from dev.stack import CHECKOUT, AirflowStack, StackError
from dev.workers import running_tasks, task_instance_id

SITE = CHECKOUT / ".work" / "production" / "site"
"""Where `dev/production.sh` puts Celery and Redis."""

WORKERS = ("worker", "worker-2")
RESTART_AFTER = 3.0
"""Seconds until what has died is started again."""
MOST_RESTARTS = 30
"""Of one component, in one run: more is no accident."""
CONCURRENCY = 4
"""Tasks at once in one worker."""
LEDGER = "seedance_ledger"
"""The ledger's database on the same server, and the connection's id."""


class ProductionStack(AirflowStack):
    """One Airflow with PostgreSQL, Redis, Celery, and a ledger in a database of its own.

    :param statsd_port: where the components' metrics go, `None` for nowhere
    """

    PARTS: ClassVar[Mapping[str, str]] = {
        "redis": "redis",
        "api-server": "api-server",
        "scheduler": "scheduler",
        "scheduler-2": "scheduler",
        "dag-processor": "dag-processor",
        "triggerer": "triggerer",
        "triggerer-2": "triggerer",
        **dict.fromkeys(WORKERS, "worker"),
    }

    def __init__(
        self,
        home: Path,
        dags_folder: Path | Sequence[Path],
        env: Mapping[str, str] | None = None,
        *,
        progress: Callable[[str], None] = lambda _line: None,
        statsd_port: int | None = None,
    ) -> None:
        self.redis_port = free_port()
        settings = {
            "PYTHONPATH": str(SITE),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": "32",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://{LOOPBACK}:{self.redis_port}/0",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(CONCURRENCY),
            # Some dozen processes share this machine: 30 s, the default, take a busy one for a dead one.
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "60",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "60",
            "AIRFLOW__SEEDANCE__LEDGER_CONN_ID": LEDGER,
        }
        if statsd_port is not None:
            settings |= {
                "AIRFLOW__METRICS__STATSD_ON": "True",
                "AIRFLOW__METRICS__STATSD_HOST": LOOPBACK,
                "AIRFLOW__METRICS__STATSD_PORT": str(statsd_port),
            }
        super().__init__(home, dags_folder, settings | dict(env or {}), progress=progress, postgresql=True)
        self.broker = Broker(SITE, self.redis_port)
        self.restarts: Counter[str] = Counter()
        self.ended_with_worker: list[tuple[float, str]] = []
        """When a task lost its process because what was left of its worker was removed: time, task instance."""
        self._died_at: dict[str, float] = {}
        self._away_until: dict[str, float] = {}

    def command(self, kind: str, name: str) -> list[str]:
        """The command line of a component."""
        if kind == "redis":
            return server_command(SITE, self.redis_port)
        if kind == "worker":
            options = ["--skip-serve-logs", "--without-gossip", "--without-mingle"]
            who = ["--celery-hostname", f"{name}@%h", "--concurrency", str(CONCURRENCY)]
            return [self.python, "-m", "airflow", "celery", "worker", *who, *options]
        return super().command(kind, name)

    def check(self) -> None:
        """Start again what has ended by itself, as what supervises production would."""
        now = time.monotonic()
        for name, component in list(self.components.items()):
            if component.exit_code() is None:
                self._died_at.pop(name, None)
                continue
            died_at = self._died_at.setdefault(name, now)
            if now >= max(died_at + RESTART_AFTER, self._away_until.get(name, 0.0)):
                self._restart(name, component)

    def kill_component(self, name: str, signum: int = 9, grace: float = 5.0) -> None:
        """End a component by a signal to all its processes; it is started again by `check`."""
        component = self.components[name]
        component.signal(signum)
        component.wait(grace)

    def take_away(self, name: str, seconds: float) -> None:
        """Kill a component and start it again only after some time."""
        self._away_until[name] = time.monotonic() + seconds
        self.kill_component(name)

    def stop_database(self) -> None:
        """PostgreSQL is gone, for Airflow and the ledger."""
        self._database().halt()

    def start_database(self) -> None:
        """PostgreSQL is back."""
        self._database().start()

    def wait_for_api(self, timeout: float = 180) -> None:
        """Until the API server is back; somebody else has to call `check` meanwhile."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.api.get("/api/v2/monitor/health")
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)
            else:
                return

    def worker_pids(self) -> dict[int, str]:
        """The processes that run a task at this moment: process id -> task instance id (see :mod:`dev.workers`)."""
        return {pid: ti_id for name in WORKERS for pid, ti_id in self.tasks_of(name).items()}

    def tasks_of(self, worker: str) -> dict[int, str]:
        """The same, of one worker: each of Celery's processes supervises a task, which is its child."""
        return running_tasks(self.components[worker].pid)

    def ledger(self, sql: str) -> list[tuple[object, ...]]:
        """Read from the ledger's database."""
        return read_postgres(self._database().dsn_of(LEDGER), sql)

    def _restart(self, name: str, component: ManagedProcess) -> None:
        for process in component.members():
            if ti_id := task_instance_id(" ".join(process.cmdline()).strip()):
                self.ended_with_worker.append((time.time(), ti_id))
        component.stop(grace=0)
        self.restarts[name] += 1
        if self.restarts[name] > MOST_RESTARTS:
            raise StackError(f"{name} does not stay up. Its log is {component.log_file}:\n{component.tail()}")
        self.start_component(self.PARTS[name], name)
        self._progress(f"start: {name}")

    def _database(self) -> Postgres:
        if self._postgres is None:
            raise StackError("the stack was not started")
        return self._postgres

    def _prepare_home(self) -> None:
        super()._prepare_home()
        server = self._database()
        self.env["AIRFLOW__CELERY__RESULT_BACKEND"] = f"db+{server.url()}"
        self.env[f"AIRFLOW_CONN_{LEDGER.upper()}"] = server.make_database(LEDGER)
        self._progress("ledger: making its tables")
        self.run("-m", "airflow_provider_seedance.ledger", "migrate", "--conn-id", LEDGER)

    def _not_healthy(self, since: object) -> list[str]:
        missing = super()._not_healthy(since)  # type: ignore[arg-type]
        if not self.broker.is_up():
            missing.append("redis")
        return missing + [name for name in WORKERS if " ready." not in self.components[name].tail(200)]
