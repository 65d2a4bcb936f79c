"""`make ui-lines`: one walk through the pages on each Airflow line that has them, each in an environment of its own.

The environments are made as for the version matrix, and kept: a second run on the same day starts at once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dev.matrix import NO_INTERPRETER, find_interpreter, uv
from dev.matrix_cells import LINES, Line

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".work" / "ui-lines"
PYTHON = "SEEDANCE_UI_PYTHON"
"""The environment variable that tells `tests/ui/test_lines.py` which Airflow to start."""

WITH_PAGES = ("3.1", "3.2", "3.3", "3.4")

BESIDE = (
    "apache-airflow-providers-common-io",
    "apache-airflow-providers-http",
    "apache-airflow-providers-standard",
)
"""What the example DAGs need beside the provider."""

PASSED, FAILED = "passed", "FAILED"


def lines(only: Sequence[str]) -> list[Line]:
    """The lines that have the pages; those that are asked for.

    :raises ValueError: for a name that is none of them.
    """
    if unknown := set(only) - set(WITH_PAGES):
        raise ValueError(f"no pages on {', '.join(sorted(unknown))}; there are {', '.join(WITH_PAGES)}")
    return [line for line in LINES if line.name in (only or WITH_PAGES)]


def environment(line: Line) -> str | None:
    """The interpreter of an environment with the newest Airflow of the line; `None` if there is no Python for it."""
    interpreter = next(filter(None, map(find_interpreter, line.pythons)), None)
    if interpreter is None:
        return None
    venv = WORK / line.name
    python = venv / "bin" / "python"
    if not python.exists():
        uv("venv", "--quiet", "--python", interpreter, str(venv))
    options = ["--quiet", "--python", str(python), *line.limits()]
    uv("pip", "install", *options, "--upgrade", line.airflow, *BESIDE, "--editable", f"{ROOT}[simulator]")
    return str(python)


def walk(python: str) -> bool:
    """Runs the walk on the Airflow of this interpreter."""
    command = [sys.executable, "-m", "pytest", "-m", "ui", "tests/ui/test_lines.py", "-q"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, PYTHON: python}, check=False).returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the walk went well on every line, or there is no Python for it here."""
    parser = argparse.ArgumentParser(prog="python -m dev.ui_lines", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="LINE", help="3.1, for example; repeatable")
    try:
        chosen = lines(parser.parse_args(arguments).only)
    except ValueError as error:
        parser.error(str(error))
    WORK.mkdir(parents=True, exist_ok=True)
    verdicts = {}
    for line in chosen:
        print(f"== Airflow {line.name}", flush=True)
        try:
            python = environment(line)
        except subprocess.CalledProcessError as error:
            print(error.stderr, file=sys.stderr)
            verdicts[line.name] = "can't be installed"
            continue
        verdicts[line.name] = NO_INTERPRETER if python is None else PASSED if walk(python) else FAILED
    for name, verdict in verdicts.items():
        print(f"{name}  {verdict}")
    return 0 if set(verdicts.values()) <= {PASSED, NO_INTERPRETER} else 1


if __name__ == "__main__":
    sys.exit(main())
