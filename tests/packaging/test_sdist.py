"""The tests run from the unpacked sdist, where there is neither a checkout nor a git history."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from .conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SOME = [
    "tests/api/test_rules.py",
    "tests/docs",
    "tests/golden",
    "tests/packaging",
    "tests/benchmarks",
    "tests/ui",
    "tests/stack/test_demo_parts.py",
    "tests/poller/test_schedule.py",
]
"""Some of each kind: what needs docs, dev/, benchmarks/, the pages' scripts, the files around the code."""


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def run(folder: Path, *arguments: str) -> str:
    """What Python prints, started in a folder; the modules there come before those of the environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def collected(folder: Path) -> set[str]:
    printed = run(folder, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
    return {line for line in printed.splitlines() if re.match(r"tests/\S+\.py::", line)}


def test_the_package_that_is_tested_is_the_sdist_s(unpacked: Path) -> None:
    script = "import airflow_provider_seedance, dev.stack, benchmarks; print(airflow_provider_seedance.__file__)"
    assert Path(run(unpacked, "-c", script).strip()).is_relative_to(unpacked)


def test_every_test_of_the_checkout_is_in_the_sdist_and_can_be_collected(unpacked: Path) -> None:
    here = collected(ROOT)
    assert len(here) > 1000
    assert collected(unpacked) == here


def test_the_tests_of_the_sdist_pass(unpacked: Path) -> None:
    printed = run(
        unpacked, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not stack and not ui and not slow", *SOME
    )
    assert re.search(r"\d+ passed", printed)
    assert "failed" not in printed
