"""The wheel in an environment where nothing else of this checkout is: `make package-check`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance import __version__
from airflow_provider_seedance.get_provider_info import get_provider_info

from .conftest import ROOT, uv

pytestmark = pytest.mark.slow

NAME = "airflow-provider-seedance"


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and what it asks for, in the pinned versions."""
    folder = tmp_path_factory.mktemp("installed")
    uv("venv", "--quiet", "--python", sys.executable, folder / "venv")
    pins = ROOT / "requirements" / "dev.txt"
    uv("pip", "install", "--quiet", "--python", folder / "venv/bin/python", "--constraint", pins, wheel)
    return folder


def run(environment: Path, *command: str) -> str:
    """Runs a program of the environment, away from the checkout; gives what it prints."""
    own = {
        "PATH": f"{environment}/venv/bin:/usr/bin:/bin",
        "HOME": str(environment),
        "AIRFLOW_HOME": str(environment / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "COLUMNS": "400",
    }
    program = [f"{environment}/venv/bin/{command[0]}", *command[1:]]
    done = subprocess.run(program, cwd=environment, env=own, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(environment: Path, *command: str) -> list[dict[str, Any]]:
    """What an `airflow` command lists."""
    printed = run(environment, "airflow", *command, "--output", "json")
    found: list[dict[str, Any]] = json.loads(printed[printed.index("[") :])
    return found


def test_what_it_asks_for_fits_together(environment: Path) -> None:
    uv("pip", "check", "--python", environment / "venv/bin/python")


def test_the_environment_has_no_tool_of_the_checkout(environment: Path) -> None:
    names = run(
        environment, "python", "-c", "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    )
    assert NAME in names.split()
    assert not {"pytest", "ruff", "mypy", "av", "moto"} & set(names.split())


def test_airflow_lists_the_provider(environment: Path) -> None:
    (provider,) = [each for each in listed(environment, "providers", "list") if each["package_name"] == NAME]
    assert provider["version"] == __version__


def test_airflow_tells_all_about_the_provider(environment: Path) -> None:
    printed = run(environment, "airflow", "providers", "get", NAME, "--full", "--output", "json")
    (shown,) = json.loads(printed[printed.index("[") :])
    for part, told in get_provider_info().items():
        if part != "package-name":
            assert part in str(shown), part
        if part in ("operators", "sensors", "hooks", "triggers", "transfers"):
            for entry in told:
                for module in entry.get("python-modules", [entry.get("python-module")]):
                    assert module in str(shown)


def test_airflow_lists_the_hook_and_its_connection_type(environment: Path) -> None:
    (hook,) = [each for each in listed(environment, "providers", "hooks") if each["connection_type"] == "seedance"]
    assert hook["class"].endswith(".SeedanceHook")
    assert hook["conn_id_attribute_name"] == "seedance_conn_id"


def test_airflow_knows_the_options(environment: Path) -> None:
    assert "ledger_path" in run(
        environment, "airflow", "config", "list", "--section", "seedance", "--include-descriptions"
    )


def test_every_module_but_the_simulator_s_can_be_imported_without_extras(environment: Path) -> None:
    script = """
import importlib, pkgutil, airflow_provider_seedance as package
for module in pkgutil.walk_packages(package.__path__, "airflow_provider_seedance."):
    if ".simulator" not in module.name:
        importlib.import_module(module.name)
print(package.__file__)
"""
    assert str(environment) in run(environment, "python", "-c", script)
