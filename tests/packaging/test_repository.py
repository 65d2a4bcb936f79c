"""The files around the code: what they name is there."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from airflow_provider_seedance.get_provider_info import get_provider_info
from dev.matrix_cells import chosen

from .conftest import ROOT

REGISTRY: dict[str, Any] = yaml.safe_load((ROOT / ".astro-registry.yaml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def modules_of(kind: str) -> list[str]:
    """The modules that Airflow is told of, of a kind."""
    entries: list[dict[str, Any]] = get_provider_info()[kind]
    return [name for entry in entries for name in entry.get("python-modules", [entry.get("python-module")])]


def test_the_registry_file_says_what_the_package_says() -> None:
    info = get_provider_info()
    assert REGISTRY["package-name"] == info["package-name"]
    assert REGISTRY["display-name"] == info["name"]
    assert REGISTRY["description"] == info["description"]


@pytest.mark.parametrize("kind", ["hooks", "operators", "sensors", "transfers", "triggers"])
def test_the_registry_file_lists_every_class_that_users_and_airflow_name(kind: str) -> None:
    public = {
        f"{module}.{name}"
        for module in modules_of(kind)
        for name, found in inspect.getmembers(import_module(module), inspect.isclass)
        if found.__module__ == module and name.startswith("Seedance") and not name.endswith("Link")
    }
    assert {entry["module"] for entry in REGISTRY[kind]} == public


def test_the_registry_file_s_decorator_can_be_imported() -> None:
    (entry,) = REGISTRY["decorators"]
    module, name = entry["module"].rsplit(".", 1)
    assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_make_targets_that_exist(path: Any) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    runs = [step["run"] for step in steps(workflow) if "run" in step]
    called = {name for run in runs for name in re.findall(r"\bmake ([a-z][a-z-]+)", run)}
    for job in workflow["jobs"].values():
        called |= set(job.get("strategy", {}).get("matrix", {}).get("target", []))
    assert called <= targets()
    for cell in re.findall(r"ONLY=(\S+)", "\n".join(runs)):
        assert list(chosen([cell])), cell


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_what_it_does_not_have_to_write(path: Any) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        action = step.get("uses", "")
        assert not action or re.search(r"@[0-9a-f]{40}$", action), action  # a tag can be moved
        if action.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_pages_scripts_have_no_dependency_that_is_shipped() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert (package["private"], package["type"]) == (True, "module")
    assert "dependencies" not in package
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    assert "resolved" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")
