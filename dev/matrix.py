"""`make matrix`: the tests on every Airflow and Python that is supported, each in an environment of its own.

The checkout is copied first, so editing goes on meanwhile. A cell whose Python is not on this machine, and can't be
downloaded, says so. Results are kept: `--only` renews some of them, and `--markdown` writes all into the docs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from dev.matrix_cells import NEEDED_BY_THE_LOWEST, NEIGHBOURS, TOOLS, Cell, Outcome, chosen
from dev.matrix_table import as_text, read_report, write_into
from dev.processes import ManagedProcess
from dev.screen import Screen

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".work" / "matrix"
TREE = WORK / "tree"
RESULTS = WORK / "results.json"
PAGE = ROOT / "docs" / "compatibility.md"

NOT_HERE = (
    *("tests/stack", "tests/ui", "tests/docs", "tests/packaging", "tests/benchmarks", "tests/clouds"),
    *(f"tests/simulator/test_{name}.py" for name in ("official_sdk", "fal_client", "openrouter_sdk")),
    *(f"tests/simulator/test_{name}.py" for name in ("replicate_client", "runware_sdk")),
)
"""Need a real stack, a browser, an emulator, a vendor's client or this checkout's own environment; or say nothing about
Airflow."""

IN_AIRFLOW = (
    *("tests/airflow_layer", "tests/dags", "tests/golden", "tests/ledger", "tests/pay_once"),
    "tests/reconcile/test_operator.py",
)
"""What runs inside of Airflow; see `Cell.runs_all`."""

INSTALL_TIMEOUT = 900.0
TEST_TIMEOUT = 3600.0
NO_INTERPRETER = "no interpreter"


class CellError(Exception):
    """A cell can't be run; the message is its verdict."""


class Run:
    """One cell: environment, installation, tests.

    :param screen: is told what is going on.
    """

    def __init__(self, cell: Cell, screen: Screen, shown: dict[str, str]) -> None:
        self._cell = cell
        self._screen = screen
        self._shown = shown
        self._venv = WORK / cell.name
        self._python = self._venv / "bin" / "python"
        self._log = WORK / f"{cell.name}.log"
        self._env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW_", "PYTHON", "UV_PYTHON")) and name != "VIRTUAL_ENV"
        }

    def outcome(self) -> Outcome:
        """Does all of it."""
        self._log.unlink(missing_ok=True)
        try:
            interpreter = self._interpreter()
            self._tell("installing")
            self._install(interpreter)
            return self._test()
        except CellError as error:
            return Outcome(str(error), day=_today())

    def _tell(self, state: str, passing: bool = False) -> None:
        """:param passing: changes all the time: for a terminal only."""
        if not passing or self._screen.live:
            self._shown[self._cell.name] = f"{self._cell.name:<14} {state}"
            self._screen.show(self._shown)

    def _interpreter(self) -> str:
        found = find_interpreter(self._cell.python)
        if found is None:
            self._tell("downloading an interpreter")
            uv("python", "install", "--quiet", self._cell.python, check=False)
            found = find_interpreter(self._cell.python)
        if found is None:
            raise CellError(NO_INTERPRETER)
        return found

    def _install(self, interpreter: str) -> None:
        uv("venv", "--quiet", "--clear", "--python", interpreter, str(self._venv))
        provider, limits = f"{TREE}[simulator]", self._cell.line.limits()
        install = ["pip", "install", "--python", str(self._python), *limits]
        requirements = self._cell.requirements()
        if self._cell.is_lowest:
            # Only what the provider declares is lowest; the tests' own tools are the newest that go with it.
            lowest = WORK / "lowest.txt"
            compiled = ["--resolution", "lowest-direct", "--extra", "simulator", "--no-annotate", "--no-header"]
            python = ["--python-version", self._cell.python]
            declared, needed = str(TREE / "pyproject.toml"), WORK / "needed.txt"
            needed.write_text("\n".join(NEEDED_BY_THE_LOWEST))
            compiled += ["--constraint", str(needed)]
            self._do("pip", "compile", "--quiet", declared, *compiled, *python, *limits, "-o", str(lowest))
            install += ["--constraint", str(lowest)]
            requirements = [*TOOLS, *NEIGHBOURS]
        self._do(*install, *requirements, "--editable", provider)

    def _do(self, *arguments: str) -> None:
        done = uv(*arguments, check=False)
        with self._log.open("a") as log:
            log.write(f"$ uv {' '.join(arguments)}\n{done.stdout}{done.stderr}\n")
        if done.returncode != 0:
            raise CellError("can't be installed")

    def _test(self) -> Outcome:
        report, log = WORK / f"{self._cell.name}.xml", TREE / f"{self._cell.name}.log"
        for old in (report, log):
            old.unlink(missing_ok=True)
        skipped_paths = [f"--ignore={path}" for path in NOT_HERE]
        options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-m", "not stack and not ui and not slow"]
        options += ["--numprocesses", "4", "--dist", "worksteal"]
        paths = ["tests"] if self._cell.runs_all else IN_AIRFLOW
        command = [str(self._python), "-m", "pytest", *options, *skipped_paths, f"--junitxml={report}", *paths]
        tests = ManagedProcess("pytest", command, self._env, log)
        deadline = time.monotonic() + TEST_TIMEOUT
        try:
            while tests.exit_code() is None:
                if time.monotonic() > deadline:
                    raise CellError("timed out")
                self._tell(f"testing {_percent(log)}", passing=_percent(log) != "")
                time.sleep(2.0)
        finally:
            tests.stop()
            with self._log.open("a") as whole:
                whole.write(log.read_text(errors="replace"))
        if not report.exists():
            raise CellError("pytest broke")
        outcome = read_report(report)
        if tests.exit_code() not in (0, 1):
            outcome = replace(outcome, verdict="failed")
        return replace(outcome, airflow=self._airflow(), day=_today())

    def _airflow(self) -> str:
        script = "from importlib.metadata import version; print(version('apache-airflow'))"
        return subprocess.run([self._python, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def uv(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """The installer of the development environment."""
    WORK.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).parent / "uv"), *arguments]
    return subprocess.run(command, cwd=WORK, capture_output=True, text=True, check=check, timeout=INSTALL_TIMEOUT)


def find_interpreter(version: str) -> str | None:
    """The path of a Python of this version, if the machine has one that works: pyenv's, or what uv knows."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True):
        return str(path)
    found = uv("python", "find", "--no-python-downloads", version, check=False)
    return found.stdout.strip() if found.returncode == 0 else None


def copy_checkout() -> None:
    """What is to be tested, as it is now."""
    shutil.rmtree(TREE, ignore_errors=True)
    unwanted = (".*", "__pycache__", "*.egg-info", "dist", "build", "node_modules")
    shutil.copytree(ROOT, TREE, ignore=shutil.ignore_patterns(*unwanted))


def run(cells: Sequence[Cell]) -> dict[str, Outcome]:
    """Runs the cells one after another; gives all results that are known, the new ones among them."""
    known = {name: Outcome.from_json(value) for name, value in _read(RESULTS).items()}
    screen, shown = Screen(), dict[str, str]()
    for number, cell in enumerate(cells, 1):
        shown[cell.name] = f"{cell.name:<14} {number} of {len(cells)}"
        outcome = Run(cell, screen, shown).outcome()
        known[cell.name] = outcome
        counts = f"{outcome.passed} passed, {outcome.skipped} skipped, {outcome.failed} failed"
        shown[cell.name] = f"{cell.name:<14} {outcome.verdict}" + (f": {counts}" if outcome.passed else "")
        screen.show(shown)
        RESULTS.write_text(json.dumps({name: asdict(each) for name, each in known.items()}, indent=1))
    return known


def _read(path: Path) -> dict[str, dict[str, object]]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _percent(log: Path) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    found = re.findall(r"\[ *(\d+%)\]", text)
    return found[-1] if found else ""


def _today() -> str:
    return datetime.now(tz=UTC).strftime("%Y-%m-%d")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every cell that must pass has passed, or has no interpreter here."""
    parser = argparse.ArgumentParser(prog="python -m dev.matrix", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="CELL", help="3.0, or 3.0-py3.12; repeatable")
    parser.add_argument("--markdown", action="store_true", help=f"write all known results into {PAGE.name}")
    parser.add_argument("--report", action="store_true", help="run nothing, tell the known results")
    options = parser.parse_args(arguments)
    try:
        cells = chosen(options.only)
    except ValueError as error:
        parser.error(str(error))
    WORK.mkdir(parents=True, exist_ok=True)
    if options.report:
        outcomes = {name: Outcome.from_json(value) for name, value in _read(RESULTS).items()}
    else:
        copy_checkout()
        outcomes = run(cells)
    print(as_text(outcomes))
    print(f"Logs: {WORK}/<cell>.log")
    if options.markdown:
        write_into(PAGE, outcomes)
    bad = [cell.name for cell in cells if cell.line.required and not _good(outcomes.get(cell.name))]
    return 1 if bad else 0


def _good(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict in ("passed", NO_INTERPRETER)


if __name__ == "__main__":
    sys.exit(main())
