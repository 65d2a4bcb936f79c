"""What importing loads. A DAG file is parsed every half minute, so an operator must cost next to nothing.

No time limits here: `python -X importtime` tells the price, these tests tell what must not be in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGE = "airflow_provider_seedance"
ROOT = Path(__file__).parents[2]
HTTP_CLIENTS = ("httpx2", "aiohttp", "requests", "urllib3")
ONLY_WHEN_A_TASK_RUNS = (
    *("api.budgets", "api.client", "api.jobs", "api.pricing", "api.vendors"),
    *("ledger", "landing", "polling", "triggers"),
    *("submissions.fingerprint", "submissions.ledger_files", "submissions.life", "submissions.places"),
    *("submissions.record", "submissions.recorder", "submissions.store", "submissions.submitter"),
    *("tasks.cost_check", "tasks.deferral", "tasks.landing", "tasks.ledger", "tasks.obtaining", "tasks.results"),
)
"""Modules of ours, and what is in them, that the import of the operators and sensors doesn't load."""
CORE = """
import json, sys
before = set(sys.modules)
{imports}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


DAG_FILE = """
from airflow.providers.common.compat.sdk import (
    DAG, AirflowException, AirflowFailException, BaseHook, BaseOperator, BaseOperatorLink, BaseSensorOperator, task
)
"""
"""What a DAG file loads without us."""


def loaded_by(imports: str, *, first: str = "") -> list[str]:
    """The modules that these imports load in a new process, on top of what `first` has loaded."""
    script = f"{first}\n{CORE.format(imports=imports)}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def within(modules: list[str], *packages: str) -> list[str]:
    return [name for name in modules if name in packages or name.startswith(tuple(f"{p}." for p in packages))]


@pytest.fixture(scope="module")
def by_operator() -> list[str]:
    return loaded_by(f"import {PACKAGE}.operators.seedance", first=DAG_FILE)


@pytest.fixture(scope="module")
def by_operator_and_sensor() -> list[str]:
    imports = f"import {PACKAGE}.operators.seedance, {PACKAGE}.sensors.seedance"
    return loaded_by(imports, first=DAG_FILE)


@pytest.mark.parametrize("loaded", ["by_operator", "by_operator_and_sensor"])
def test_a_dag_file_loads_no_adapter_client_or_simulator(loaded: str, request: pytest.FixtureRequest) -> None:
    modules = request.getfixturevalue(loaded)
    assert f"{PACKAGE}.operators.seedance" in modules
    assert within(modules, f"{PACKAGE}.api.vendors", f"{PACKAGE}.simulator", f"{PACKAGE}.api.client") == []
    assert within(modules, *HTTP_CLIENTS, "httpx", "tenacity", "starlette", "uvicorn", "PIL", "av", "numpy") == []


@pytest.mark.parametrize("module", ONLY_WHEN_A_TASK_RUNS)
def test_a_dag_file_does_not_load_what_only_a_running_task_needs(
    module: str, by_operator_and_sensor: list[str]
) -> None:
    assert find_spec(f"{PACKAGE}.{module}"), "the table names a module that is no more"
    assert within(by_operator_and_sensor, f"{PACKAGE}.{module}") == []


def test_a_dag_file_loads_no_trigger_and_nothing_heavy_of_airflow(by_operator_and_sensor: list[str]) -> None:
    assert within(by_operator_and_sensor, f"{PACKAGE}.triggers", "airflow.triggers", "airflow.models") == []
    assert within(by_operator_and_sensor, "sqlalchemy", "pandas", "airflow.providers.common.io") == []


def test_a_literal_model_loads_the_rules_of_its_own_vendor_only() -> None:
    create = f"""
from {PACKAGE}.operators.seedance import SeedanceCreateVideoOperator
SeedanceCreateVideoOperator(task_id="create", model="seedance-2-0-fast-260128", prompt="a", duration=5)
"""
    modules = loaded_by(create, first=DAG_FILE)
    assert f"{PACKAGE}.api.vendors.gmicloud.videos" in modules
    for other in ("ark", "jimmyai", "modellix"):
        assert f"{PACKAGE}.api.vendors.{other}.videos" not in modules
    assert within(modules, f"{PACKAGE}.api.client", *HTTP_CLIENTS) == []


def test_the_package_alone_loads_nothing_else() -> None:
    assert loaded_by(f"import {PACKAGE}") in ([PACKAGE], ["__future__", PACKAGE])


def test_the_provider_information_loads_the_vendors_descriptors_and_no_adapter() -> None:
    modules = loaded_by(f"from {PACKAGE}.get_provider_info import get_provider_info; get_provider_info()")
    own = within(modules, PACKAGE)
    adapters = {"videos", "assets", "routes", "video_adapter", "client"}
    assert {name.rpartition(".")[2] for name in own}.isdisjoint(adapters)
    assert within(own, f"{PACKAGE}.hooks", f"{PACKAGE}.operators", f"{PACKAGE}.triggers", f"{PACKAGE}.simulator") == []
    assert within(modules, "airflow", "pydantic") == []


def every_module_of(part: str) -> str:
    paths = sorted((ROOT / PACKAGE / part).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return "\n".join(f"import {name}" for name in names if not name.endswith("__main__"))


def test_the_api_works_without_airflow() -> None:
    modules = loaded_by(every_module_of("api"))
    assert f"{PACKAGE}.api.client" in modules
    assert within(modules, "airflow", f"{PACKAGE}.simulator", f"{PACKAGE}.hooks", f"{PACKAGE}.exceptions") == []


def test_the_simulator_knows_neither_the_api_nor_airflow() -> None:
    modules = loaded_by(every_module_of("simulator"))
    assert f"{PACKAGE}.simulator.app" in modules
    assert within(modules, PACKAGE) == [PACKAGE, *within(modules, f"{PACKAGE}.simulator")]
    assert within(modules, "airflow", "httpx", "httpx2") == []


def test_floors_are_not_climbed_downwards() -> None:
    """Operators and sensors may import triggers, those hooks, those the API; never the other way round."""
    above = {"api": ("hooks", "triggers", "operators", "sensors"), "hooks": ("triggers", "operators", "sensors")}
    above["triggers"] = ("operators", "sensors")
    for floor, forbidden in above.items():
        for path in sorted((ROOT / PACKAGE / floor).rglob("*.py")):
            text = path.read_text()
            for other in forbidden:
                assert f"{PACKAGE}.{other}" not in text, f"{path} imports {other}"
