"""What is in the wheel and the sdist, and what they say of themselves."""

from __future__ import annotations

import configparser
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.specifiers import SpecifierSet

from airflow_provider_seedance import __version__
from airflow_provider_seedance.get_provider_info import get_provider_info

from .conftest import ROOT

PACKAGE = "airflow_provider_seedance"
INFO = f"{PACKAGE}-{__version__}.dist-info"
PAGES = (".css", ".html", ".js", ".svg")


@pytest.fixture(scope="session")
def in_wheel(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="session")
def in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> Metadata:
    """Refused by the same library that the package index uses, if a field is wrong."""
    return Metadata.from_email(zipfile.ZipFile(wheel).read(f"{INFO}/METADATA"), validate=True)


def sources() -> set[str]:
    return {str(path.relative_to(ROOT)) for path in (ROOT / PACKAGE).rglob("*.py")}


def test_the_wheel_has_every_module_and_nothing_else_but_the_pages_of_the_plugin(in_wheel: set[str]) -> None:
    assert sources() <= in_wheel
    others = {name for name in in_wheel - sources() if not name.startswith(f"{INFO}/")}
    pages = {name for name in others if name.startswith(f"{PACKAGE}/plugins/static/") and name.endswith(PAGES)}
    assert others - pages == {f"{PACKAGE}/py.typed"}


def test_the_wheel_has_all_pages_of_the_plugin(in_wheel: set[str]) -> None:
    static = ROOT / PACKAGE / "plugins" / "static"
    pages = {str(path.relative_to(ROOT)) for path in static.rglob("*") if path.suffix in PAGES}
    assert pages
    assert pages <= in_wheel


def test_beside_the_package_the_wheel_has_its_metadata_and_the_licence(in_wheel: set[str]) -> None:
    names = {name.removeprefix(f"{INFO}/") for name in in_wheel if name.startswith(f"{INFO}/")}
    assert names == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_the_wheel_is_pure_python(wheel: Path) -> None:
    assert wheel.name == f"{PACKAGE}-{__version__}-py3-none-any.whl"


def test_the_entry_points_can_be_loaded(wheel: Path) -> None:
    from importlib.metadata import EntryPoint

    points = configparser.ConfigParser()
    points.read_string(zipfile.ZipFile(wheel).read(f"{INFO}/entry_points.txt").decode())
    assert "apache_airflow_provider" in points.sections()
    for group in points.sections():
        for name, value in points[group].items():
            assert EntryPoint(name, value, group).load()


def test_the_sdist_has_what_building_and_testing_needs_and_no_leftovers(in_sdist: set[str]) -> None:
    assert sources() <= in_sdist
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO", "tests/conftest.py"} <= in_sdist
    for name in in_sdist:
        assert not name.endswith((".pyc", ".log", ".db", ".mp4")), name
        assert not {"__pycache__", ".venv", ".work", ".demo", ".stack", "node_modules"} & set(Path(name).parts), name


def test_the_metadata_say_what_the_package_is(metadata: Metadata) -> None:
    assert (metadata.name, str(metadata.version)) == ("airflow-provider-seedance", __version__)
    assert metadata.name == get_provider_info()["package-name"]
    assert metadata.license_expression == "Apache-2.0"
    assert metadata.license_files == ["LICENSE"]
    assert metadata.description_content_type == "text/markdown"
    assert (metadata.description or "").startswith("# ")
    assert metadata.requires_python == SpecifierSet(">=3.11")


@pytest.mark.parametrize(
    "classifier",
    [
        "Framework :: Apache Airflow",
        "Framework :: Apache Airflow :: Provider",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Typing :: Typed",
    ],
)
def test_it_is_found_by_those_who_look_for_it(metadata: Metadata, classifier: str) -> None:
    assert classifier in (metadata.classifiers or [])


def test_it_asks_for_what_it_imports_and_for_no_development_tool(metadata: Metadata) -> None:
    needed = {each.name for each in metadata.requires_dist or [] if each.marker is None}
    assert {"apache-airflow", "apache-airflow-providers-common-compat", "httpx", "pydantic", "tenacity"} <= needed
    assert not needed & {"pytest", "ruff", "mypy", "moto", "requests", "starlette", "av"}
    extras = {each.name for each in metadata.requires_dist or [] if each.marker is not None}
    assert {"av", "starlette", "uvicorn"} <= extras
