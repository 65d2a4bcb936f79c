"""The pages name what the code has, and the code has what the pages name. No site is built for this."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor
from airflow_provider_seedance.get_provider_info import get_provider_info
from airflow_provider_seedance.simulator.faults import KINDS
from tests.any_airflow import AIRFLOW

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_provider_seedance"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "deploy" / "README.md"])
OPTIONS = get_provider_info()["config"]["seedance"]["options"]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def code() -> str:
    """All of the package's Python, without the line breaks within texts that are put together."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    return re.sub(r"[\"']\s*\n\s*f?[\"']", "", "\n".join(sources))


# -- commands, tests and links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]+):", read("Makefile"), re.MULTILINE))
    blocks_of_code = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    in_blocks = re.findall(r"^make ([a-z][a-z-]+)", blocks_of_code, re.MULTILINE)
    assert {*in_blocks, *re.findall(r"`make ([a-z][a-z-]+)", text)} - targets == set()
    modules = {name.strip(".") for name in re.findall(r"python -m (\w[\w.]+)", text)}
    folders = ("airflow_provider_seedance", "benchmarks", "dev", "tests")
    as_paths = {name: ROOT.joinpath(*name.split(".")) for name in modules if name.split(".")[0] in folders}
    assert [name for name, path in as_paths.items() if not (path.is_dir() or path.with_suffix(".py").is_file())] == []


@pytest.mark.parametrize("page", ["what-happens-when", "comparison", "pipelines", "ui"])
def test_a_page_names_only_tests_that_exist(page: str) -> None:
    text = read(f"docs/{page}.md")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert [name for name in re.findall(r"`(test_\w+)`", text) if f"def {name}(" not in tests] == []
    assert [name for name in re.findall(r"(test_\w+\.py)", text) if name not in files] == []


def anchor_of(heading: str) -> str:
    """The anchor that GitHub and the docs site give a heading."""
    words = re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors_in(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_links_only_to_headings_that_exist(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        goal = page.parent / path if path else page
        if not goal.exists() or (anchor and goal.suffix == ".md" and anchor not in anchors_in(goal)):
            broken.append(target)
    assert broken == []


# -- settings, metrics and arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option", OPTIONS)
def test_a_setting_is_read_by_the_code_and_the_page_says_where_to_set_it(option: str) -> None:
    assert re.search(rf"""conf\.get\w*\(\s*"seedance", "{option}\"""", code())
    assert f"| `{option}` |" in read("docs/configuration.md")


def test_no_setting_is_read_that_the_provider_does_not_declare() -> None:
    assert set(re.findall(r"""conf\.get\w*\(\s*"seedance", "(\w+)\"""", code())) == set(OPTIONS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_only_settings_that_exist(page: Path) -> None:
    assert set(re.findall(r"\[seedance\] (\w+)", page.read_text(encoding="utf-8"))) - set(OPTIONS) == set()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_setting_of_a_vendor_says_its_default(name: str) -> None:
    settings = [each for each in BUILT_IN[name].settings if each.default is not None]
    assert [each.name for each in settings if "Default" not in each.description] == []


def test_the_metrics_on_the_page_are_those_that_are_sent() -> None:
    sent = set(re.findall(r'"(seedance\.[a-z_]+)"', code()))
    told = set(re.findall(r"^\| `(seedance\.[a-z_]+)`", read("docs/configuration.md"), re.MULTILINE))
    assert told == sent


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("simulator/__main__.py", "docs/testing.md"),
        ("check/command.py", "docs/first-contact.md"),
        ("reconcile/command.py", "docs/reconcile.md"),
        ("ledger/command.py", "docs/ledger.md"),
    ],
)
def test_each_argument_of_a_command_is_on_its_page(source: str, page: str) -> None:
    text = (PACKAGE / source).read_text(encoding="utf-8")
    arguments = re.findall(r"""(?:add|add_argument)\(\s*"(--[a-z-]+)\"""", text)
    assert arguments
    assert [name for name in arguments if not re.search(rf"{name}\b", read(page))] == []


def test_each_xcom_that_a_task_pushes_beside_its_result_is_on_the_page() -> None:
    keys = set(re.findall(r'^(?:KEY|ASKED|REFUSALS) = "(seedance_\w+)"', code(), re.MULTILINE)) - {
        "seedance_submission",  # a key of the task's state
        "seedance_asset",
    }
    assert keys == {"seedance_asked", "seedance_request", "seedance_refusals"}
    assert [key for key in keys if f"| `{key}` |" not in read("docs/parameters.md")] == []


@pytest.mark.parametrize("name", [each.name for each in fields(VendorDescriptor)])
def test_each_field_of_a_descriptor_is_on_the_page_about_adding_a_vendor(name: str) -> None:
    rows = [row.split("|")[1] for row in read("docs/adding-a-vendor.md").splitlines() if row.startswith("| `")]
    assert f"`{name}`" in "".join(rows)


def test_the_page_about_testing_names_only_faults_that_exist() -> None:
    about = read("docs/testing.md").partition("## Faults")[2]
    named = set(re.findall(r"`([a-z_0-9]+)`", about))
    assert named
    assert named - KINDS == set()


def test_each_sentence_on_the_page_of_errors_is_in_the_code() -> None:
    table = read("docs/errors.md").partition("## What the messages say")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(told) > 25
    assert [each for each in told if not all(piece in code() for piece in each.split(" … "))] == []


# -- blocks of Python ------------------------------------------------------------------------------------------------


def blocks() -> list[Any]:
    """Each block of Python in the pages, named by its page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(r"^ *```python\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, block.start()) + 1
            found.append(pytest.param(textwrap.dedent(block[1]), id=f"{name_of(page)}:{line}"))
    return found


@pytest.mark.parametrize("block", blocks())
def test_a_block_of_python_compiles_and_imports_only_what_there_is(block: str) -> None:
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow_provider_seedance."):
            if node.module == "airflow_provider_seedance.retry_policy" and AIRFLOW < (3, 3):
                continue  # it says itself that it needs a later Airflow
            module = importlib.import_module(node.module or "")
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="the examples are written for Airflow 3 (airflow.sdk)")
@pytest.mark.parametrize("block", [each for each in blocks() if "with DAG(" in each.values[0]])
def test_a_whole_dag_on_a_page_can_be_pasted(block: str) -> None:
    exec(compile(block, "page", "exec"), {})
