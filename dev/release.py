"""Whether a tag may be released: `python -m dev.release v1.2.3`, or `make release-check TAG=v1.2.3`."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

from airflow_provider_seedance import __version__

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"


def problems(tag: str, version: str, changelog: str, golden: Collection[str]) -> list[str]:
    """What speaks against releasing a tag; nothing if it may be released.

    :param tag: for example `v1.2.3`.
    :param version: what the package says of itself.
    :param changelog: the whole text.
    :param golden: the versions whose stored data the tests know.
    """
    found = []
    if tag != f"v{version}":
        found.append(f"The tag is {tag}, but the package says that it is version {version}.")
    sections = dict(re.findall(r"^## \[([^\]]+)\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL))
    if version not in sections:
        found.append(f"CHANGELOG.md has no section [{version}].")
    if sections.get("Unreleased", "").strip():
        found.append("CHANGELOG.md still has lines under [Unreleased].")
    if version not in golden:
        found.append(f"tests/golden/{version}.json is missing: `python -m tests.golden` writes it.")
    return found


def main(tag: str) -> int:
    """Says what is wrong; returns the exit code."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = problems(tag, __version__, changelog, {path.stem for path in GOLDEN.glob("*.json")})
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
