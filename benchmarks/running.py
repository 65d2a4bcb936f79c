"""Runs one contender in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Measured, Spec
from dev.airflow_config import clean_environment

CHECKOUT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """An Airflow that nobody has configured, with a home of its own."""
    # Without any proxy setting, as most triggerers are.
    clean = {name: value for name, value in clean_environment().items() if name.lower() != "no_proxy"}
    return clean | {
        "AIRFLOW_HOME": str(CHECKOUT / ".work" / "bench-home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def measure(spec: Spec) -> Measured:
    """What it cost."""
    return Measured(**json.loads(_run(spec).stdout.splitlines()[-1]))


def profile(spec: Spec) -> str:
    """Where the time went, as a table of functions."""
    return _run(spec).stderr


def _run(spec: Spec) -> subprocess.CompletedProcess[str]:
    longest = 240 + 4 * spec.interval + spec.settle + spec.window + spec.patience
    command = [sys.executable, "-m", "benchmarks.measure", json.dumps(asdict(spec))]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=longest, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{spec.contender} with {spec.videos} videos failed:\n{done.stderr[-4000:]}")
    return done
