"""A real Airflow on one machine: api-server, scheduler (LocalExecutor), DAG processor and triggerer as processes.

>>> with AirflowStack(home, dags_folder, env={"AIRFLOW_CONN_X": "..."}) as stack:
...     run_id = stack.api.trigger_dag("my_dag")
...     stack.api.wait_for_run("my_dag", run_id)
"""

import contextlib
import fcntl
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, ClassVar, Self

import httpx

from dev.airflow_api import AirflowApi
from dev.airflow_config import LOOPBACK, airflow_environment, free_port
from dev.database import URL, prepare_postgres, prepare_sqlite, read_postgres, read_sqlite
from dev.postgres import Postgres, stop_leftover
from dev.processes import ManagedProcess, created_at, stop_all, stop_sessions
from dev.workers import running_tasks

KINDS = ("api-server", "scheduler", "dag-processor", "triggerer")
PASSWORD = "seedance"  # noqa: S105 - the login of a throw-away Airflow on the loopback address
CHECKOUT = Path(__file__).resolve().parent.parent


class StackError(RuntimeError):
    """The stack did not start, or lost a component; the message says which, with the end of its log."""


class AirflowStack:
    """One Airflow. Several can run at once on one machine, each with its own home.

    :param home: its ``AIRFLOW_HOME``; emptied at the start, kept at the end (for the logs)
    :param dags_folder: where the DAG files are, or several such folders
    :param env: more environment variables for all components (connections, ``AIRFLOW__...`` settings), which win
    :param python: the interpreter that has Airflow
    :param cache: where the migrated empty database is kept between runs
    :param progress: is told, in short lines, what is being waited for
    :param postgresql: keep Airflow's metadata in a PostgreSQL of its own, as production does, instead of SQLite
    """

    PARTS: ClassVar[Mapping[str, str]] = {kind: kind for kind in KINDS}
    """What is started: name -> kind of component."""

    def __init__(
        self,
        home: Path,
        dags_folder: Path | Sequence[Path],
        env: Mapping[str, str] | None = None,
        *,
        python: str = sys.executable,
        cache: Path = CHECKOUT / ".work" / "cache",
        progress: Callable[[str], None] = lambda _line: None,
        postgresql: bool = False,
    ) -> None:
        self.home = home.resolve()
        self.python = python
        self.port = free_port()
        folders = [dags_folder] if isinstance(dags_folder, Path) else dags_folder
        self.env = airflow_environment(self.home, [folder.resolve() for folder in folders], self.port, env)
        self.api = AirflowApi(self.url, "admin", PASSWORD)
        self.components: dict[str, ManagedProcess] = {}
        self._cache = cache
        self._progress = progress
        self._lock: IO[str] | None = None
        self._uses_postgresql = postgresql
        self._postgres: Postgres | None = None

    @property
    def url(self) -> str:
        """The address of the UI and the API."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def login(self) -> tuple[str, str]:
        """User name and password of the UI."""
        return "admin", PASSWORD

    @property
    def logs(self) -> Path:
        """Where the logs are: ``<component>.log``, and Airflow's own tree of task logs."""
        return self.home / "logs"

    @property
    def db_path(self) -> Path:
        """The SQLite file; there is none with PostgreSQL."""
        return self.home / "airflow.db"

    # Starting and stopping

    def start(self, timeout: float = 420) -> Self:
        """Start everything and wait until Airflow says that all of it is healthy."""
        try:
            self._prepare_home()
            for name, kind in self.PARTS.items():
                self.start_component(kind, name)
            self._wait_until_healthy(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, grace: float = 2.0) -> None:
        """Stop every process that the stack started. Safe to call twice.

        The grace is short because there is nothing to save: the scheduler alone takes 5 s or more to end by itself.
        """
        stop_all(list(self.components.values()), grace)
        self.api.close()
        if self._postgres:
            self._postgres.stop()
            self._postgres = None
            (self.home / DATABASE_NOTE).unlink(missing_ok=True)
        if self._lock:
            (self.home / "sessions.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        with without_interruption():
            self.stop()

    def start_component(self, kind: str, name: str | None = None) -> ManagedProcess:
        """Start one component, or one more of its kind under another name; does not wait for it.

        :param kind: one of ``api-server``, ``scheduler``, ``dag-processor``, ``triggerer``
        :param name: what to call it, if not like its kind (a second triggerer: ``triggerer-2``)
        """
        name = name or kind
        if (old := self.components.get(name)) and old.members():
            raise StackError(f"{name} is already running")
        command = self.command(kind, name)
        self.components[name] = ManagedProcess(name, command, self.env, self.logs / f"{name}.log")
        sessions = {name: [p.pid, created_at(p.pid)] for name, p in self.components.items()}
        (self.home / "sessions.json").write_text(json.dumps(sessions))
        return self.components[name]

    def command(self, kind: str, name: str) -> list[str]:
        """The command line of a component."""
        options = {
            "api-server": ["--host", LOOPBACK, "--port", str(self.port)],
            "scheduler": ["--skip-serve-logs"],
            "triggerer": ["--skip-serve-logs"],
        }
        return [self.python, "-m", "airflow", kind, *options.get(kind, [])]

    def signal_component(self, name: str, signum: int) -> None:
        """Send a signal to all processes of a component (SIGSTOP, SIGCONT, ...)."""
        self.components[name].signal(signum)

    def kill_component(self, name: str, signum: int = signal.SIGKILL, grace: float = 5.0) -> None:
        """End a component by a signal, as a crash or an orderly shutdown would, and wait until it is gone."""
        component = self.components.pop(name)  # from now on it isn't missed by `check`
        component.signal(signum)
        component.wait(grace)
        component.stop(grace=0)

    # What it is doing

    def trigger_dag(self, dag_id: str, conf: dict[str, object] | None = None) -> str:
        """Unpause the DAG, start a run and return its run id."""
        return self.api.trigger_dag(dag_id, conf)

    def worker_pids(self) -> dict[int, str]:
        """The processes that run a task at this moment: process id -> task instance id (see :mod:`dev.workers`)."""
        return running_tasks(self.components["scheduler"].pid)

    @property
    def dsn(self) -> str:
        """Where its PostgreSQL is, for drivers; there is one only if it was asked for."""
        if self._postgres is None:
            raise StackError("there is no PostgreSQL")
        return self._postgres.dsn

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Read from Airflow's database, past Airflow."""
        return read_postgres(self.dsn, sql) if self._postgres else read_sqlite(self.db_path, sql)

    def failures(self, dag_id: str, run_id: str, lines: int = 20) -> str:
        """Which tasks of a run failed, with the end of their logs, and where all logs are."""
        found = []
        for task in self.api.task_instances(dag_id, run_id):
            if task["state"] in ("failed", "up_for_retry"):
                index = task["map_index"]
                log = self.api.task_log(dag_id, run_id, task["task_id"], map_index=index).splitlines()[-lines:]
                name = task["task_id"] if index < 0 else f"{task['task_id']}[{index}]"
                found.append(f"task {name} is {task['state']}:\n" + "\n".join(f"    {line}" for line in log))
        return "\n".join(found or [f"no task failed; the logs are in {self.logs}"])

    def check(self) -> None:
        """Raise if a component has ended by itself."""
        for component in self.components.values():
            if (code := component.exit_code()) is not None:
                place = f"Its log is {component.log_file}:\n{component.tail()}"
                raise StackError(f"{component.name} ended with exit code {code}. {place}")

    def airflow(self, *arguments: str) -> str:
        """Run an ``airflow`` command in this stack's environment and return what it prints."""
        return self.run("-m", "airflow", *arguments)

    def run(self, *arguments: str, accepted: Sequence[int] = (0,)) -> str:
        """Run Python in this stack's environment and return what it prints.

        :param accepted: its exit codes that are no failure
        """
        done = subprocess.run(
            [self.python, *arguments], env=self.env, cwd=self.home, capture_output=True, text=True, check=False
        )
        if done.returncode not in accepted:
            raise StackError(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    # How it starts

    def _prepare_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = lock_home(self.home)
        stop_leftovers(self.home / "sessions.json")
        if (self.home / DATABASE_NOTE).exists():
            stop_leftover(Path((self.home / DATABASE_NOTE).read_text()))
        for entry in self.home.iterdir():
            if entry.name != LOCK_NAME:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.logs.mkdir()
        (self.home / "plugins").mkdir()
        user, password = self.login
        (self.home / "passwords.json").write_text(json.dumps({user: password}))
        self._progress("database: preparing (the first time takes some seconds)")
        if self._uses_postgresql:
            self._postgres = prepare_postgres(self.home, self.env, self.python, self._cache)
            (self.home / DATABASE_NOTE).write_text(str(self._postgres.folder))
            self.env[URL] = self._postgres.url()
        else:
            prepare_sqlite(self.home, self.env, self.python, self._cache)

    def _wait_until_healthy(self, timeout: float) -> None:
        started = datetime.now(UTC)
        deadline = time.monotonic() + timeout
        said: list[str] = []
        while waiting_for := self._not_healthy(started):
            if waiting_for != said:
                self._progress("waiting for " + ", ".join(waiting_for))
                said = waiting_for
            self.check()
            if time.monotonic() > deadline:
                logs = "\n".join(f"--- {c.name}: {c.log_file}\n{c.tail(8)}" for c in self.components.values())
                raise StackError(f"not healthy after {timeout:.0f} s: {', '.join(waiting_for)}\n{logs}")
            time.sleep(0.2)
        self._progress("all components are healthy")

    def _not_healthy(self, since: datetime) -> list[str]:
        """The components that have not yet reported to the database since ``since``."""
        try:
            health = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=5, trust_env=False).raise_for_status()
            # The part of the API that workers use is built at its first request, which would cost the first task 3 s.
            httpx.get(f"{self.url}/execution/health", timeout=30, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            return list(KINDS)
        missing = []
        for kind in KINDS[1:]:
            name = kind.replace("-", "_")
            status = health.json()[name]
            beat = status.get(f"latest_{name}_heartbeat")
            fresh = beat is not None and datetime.fromisoformat(beat) > since - timedelta(seconds=1)
            if status["status"] != "healthy" or not fresh:
                missing.append(kind)
        return missing


LOCK_NAME = ".lock"
DATABASE_NOTE = "postgresql.folder"


def lock_home(home: Path) -> IO[str]:
    """Claim the home for this process, so that two runs don't empty each other's database."""
    lock = (home / LOCK_NAME).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StackError(f"{home} is in use by another run; stop that one first") from None
    return lock


def stop_leftovers(sessions_file: Path) -> None:
    """Stop what a run that was killed outright left behind: only sessions whose leader is still the noted process."""
    if not sessions_file.exists():
        return
    noted = json.loads(sessions_file.read_text()).values()
    stop_sessions([pid for pid, created in noted if abs(created_at(pid) - created) < 1])


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this program like Ctrl-C does, so that ``with`` blocks stop what was started."""

    def handle(signum: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signum)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it otherwise
    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGHUP, handle)


@contextlib.contextmanager
def without_interruption() -> Iterator[None]:
    """Keep a second Ctrl-C from interrupting the clean-up, which is bounded in time anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in caught}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
