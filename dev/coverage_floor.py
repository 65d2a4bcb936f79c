"""The share of branches and lines that the tests run, and the floor below which it must not fall.

`make coverage` measures it. Coverage.py itself fails below `fail_under`; this raises that floor to what was measured
(rounded down), and refuses one that is lower than it ever was.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "pyproject.toml"
REPORT = ROOT / ".work" / "coverage.json"

_FLOOR = re.compile(r"^(\+?fail_under = )(\d+)$", re.MULTILINE)


def floor_of(configuration: str) -> int:
    """The floor that a configuration sets, in per cent.

    :raises ValueError: if it sets none.
    """
    found = _FLOOR.search(configuration)
    if found is None:
        raise ValueError("pyproject.toml has no `fail_under`.")
    return int(found[2])


def raised(configuration: str, measured: float) -> str:
    """The configuration with the floor at what was measured, if that is higher."""
    floor = max(floor_of(configuration), math.floor(measured))
    return _FLOOR.sub(rf"\g<1>{floor}", configuration, count=1)


def earlier_floors(root: Path = ROOT) -> Iterable[int]:
    """All floors that the repository's history knows; none where there is no history."""
    command = ["git", "log", "-p", "--format=", "--", CONFIGURATION.name]
    try:
        history = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60).stdout
    except FileNotFoundError:
        return []
    return [int(number) for sign, number in _FLOOR.findall(history) if sign.startswith("+")]


def main() -> int:
    """Raises the floor; returns the exit code."""
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    highest = max(earlier_floors(), default=0)
    if floor_of(configuration) < highest:
        print(f"The floor was {highest} % once, and is {floor_of(configuration)} % now. It may only rise.")
        return 1
    measured = json.loads(REPORT.read_text(encoding="utf-8"))["totals"]["percent_covered"]
    print(f"{measured:.2f} % of lines and branches; the floor is {floor_of(configuration)} %.")
    if "--raise" in sys.argv:
        CONFIGURATION.write_text(raised(configuration, measured), encoding="utf-8")
        print(f"The floor is {floor_of(raised(configuration, measured))} % from now on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
