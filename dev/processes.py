"""Processes that can be stopped completely: each leads its own session, so all that it ever started can be found."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil


class ManagedProcess:
    """One long-running command with its own session, its output in a log file.

    Airflow's components fork workers into process groups of their own, so a signal to the leader's group misses them.
    The session id survives such moves and the leader's death, which is why membership is asked by session.

    :param name: what to call it in messages; also the name of its log file
    :param command: the command line
    :param env: the complete environment
    :param log_file: gets standard output and standard error
    """

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("ab") as log:
            self._popen = subprocess.Popen(
                command,
                env=dict(env),
                cwd=log_file.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The leader's process id, which is also the id of its session and process group."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """The leader's exit code, or None while it runs."""
        return self._popen.poll()

    def members(self) -> list[psutil.Process]:
        """All living processes of the session, the leader among them."""
        self._popen.poll()  # reap the leader, else it would count as alive
        return session_members(self.pid)

    def signal(self, signum: int) -> None:
        """Send ``signum`` to the whole session (SIGSTOP, SIGCONT, SIGKILL ... as a machine failure would)."""
        send(self.members(), signum)

    def wait(self, timeout: float) -> None:
        """Wait until no process of the session is left, at most ``timeout`` seconds."""
        psutil.wait_procs(self.members(), timeout=timeout)

    def stop(self, grace: float = 2.0) -> None:
        """SIGTERM, and SIGKILL for whatever is left after ``grace`` seconds."""
        stop_all([self], grace)

    def tail(self, lines: int = 20) -> str:
        """The end of the log."""
        return tail(self.log_file, lines)


def created_at(pid: int) -> float:
    """When a process was created; 0 if there is none. Tells whether an id still means the same process."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


def grandchildren(pid: int) -> dict[int, str]:
    """Process id -> command line of all living children of the children of a process."""
    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in child.children():
                    with contextlib.suppress(psutil.Error):
                        if process.status() != psutil.STATUS_ZOMBIE:
                            found[process.pid] = " ".join(process.cmdline()).strip()
    return found


def session_members(session_id: int) -> list[psutil.Process]:
    """All living processes of a session."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == session_id and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def send(processes: Iterable[psutil.Process], signum: int) -> None:
    """Send a signal to each process that still exists; psutil makes sure that a reused id isn't hit."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signum)


def stop_all(processes: Sequence[ManagedProcess], grace: float = 2.0) -> None:
    """Stop several processes side by side, so that the slowest one decides how long it takes."""
    stop_sessions([process.pid for process in processes], grace)
    for process in processes:
        process.exit_code()


def stop_sessions(session_ids: Sequence[int], grace: float = 2.0) -> None:
    """SIGTERM all members of the sessions; SIGKILL what is left after ``grace`` seconds, until nothing is."""

    def living() -> list[psutil.Process]:
        return [member for session in session_ids for member in session_members(session)]

    members = living()
    send(members, signal.SIGTERM)
    send(members, signal.SIGCONT)  # a stopped process gets its SIGTERM only when it is continued
    psutil.wait_procs(members, timeout=grace)
    while members := living():
        send(members, signal.SIGKILL)
        psutil.wait_procs(members, timeout=1.0)
        time.sleep(0.05)


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a text file, or an empty string when there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
