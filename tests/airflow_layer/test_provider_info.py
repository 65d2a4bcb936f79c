"""What Airflow is told about the provider, judged by Airflow's own schemas and its own manager."""

from __future__ import annotations

import importlib
import json
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import airflow
import jsonschema  # type: ignore[import-untyped]
import pytest

import airflow_provider_seedance
from airflow_provider_seedance.api.vendors import BUILT_IN, VENDORS
from airflow_provider_seedance.get_provider_info import connection_fields, get_provider_info, ui_field_behaviour
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS as SIMULATED
from tests.any_airflow import AIRFLOW as VERSION

AIRFLOW = Path(airflow.__file__).parent
PROJECT = Path(__file__).parents[2]
CONNECTION_FIELDS = connection_fields(BUILT_IN)


def schema(name: str) -> Any:
    return json.loads((AIRFLOW / name).read_text())


def connection_type() -> dict[str, Any]:
    (found,) = get_provider_info()["connection-types"]
    return dict(found)


def test_it_passes_airflow_s_schema_for_provider_information() -> None:
    jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))


@pytest.mark.parametrize("part", ["connection-types", "config", "integrations", "operators", "sensors", "triggers"])
def test_it_passes_airflow_s_stricter_schema_for_providers_of_its_own(part: str) -> None:
    strict = schema("provider.yaml.schema.json")
    of_part = strict["properties"][part] | {"definitions": strict.get("definitions", {})}
    jsonschema.validate(get_provider_info()[part], of_part)


def test_the_form_passes_airflow_s_schema_in_both_of_its_spellings() -> None:
    behaviour = SeedanceHook.get_ui_field_behaviour()
    jsonschema.validate(behaviour, schema("customized_form_field_behaviours.schema.json"))
    assert behaviour["hidden_fields"] == connection_type()["ui-field-behaviour"]["hidden-fields"]


@pytest.mark.parametrize(
    ("version", "shown"), [("2.11.2", False), ("3.3.0", False), ("3.3.1", True), ("3.3.2", True), ("3.4.0", False)]
)
def test_the_port_is_shown_only_where_airflow_s_test_button_refuses_to_work_without_one(
    version: str, shown: bool
) -> None:
    behaviour = ui_field_behaviour(version)
    assert ("port" not in behaviour["hidden-fields"]) is shown
    assert ("port" in behaviour["placeholders"]) is shown


def test_it_is_plain_data_that_a_caller_cannot_spoil() -> None:
    assert json.loads(json.dumps(get_provider_info())) == get_provider_info()
    assert SeedanceHook.get_ui_field_behaviour() == SeedanceHook.get_ui_field_behaviour()


def test_it_names_the_package_and_version_that_are_installed() -> None:
    info = get_provider_info()
    assert info["versions"][0] == airflow_provider_seedance.__version__ == metadata.version(info["package-name"])
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["name"] == info["package-name"]


def test_airflow_finds_it_by_its_entry_point() -> None:
    points = metadata.entry_points(group="apache_airflow_provider")
    (point,) = [point for point in points if "seedance" in point.value]
    assert point.load() is get_provider_info


def test_every_module_and_class_it_names_can_be_imported() -> None:
    info = get_provider_info()
    for part in ("operators", "sensors", "hooks", "triggers"):
        for entry in info[part]:
            assert entry["integration-name"] in [i["integration-name"] for i in info["integrations"]]
            for name in entry["python-modules"]:
                assert importlib.import_module(name)
    module, _, name = connection_type()["hook-class-name"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is SeedanceHook


def test_every_operator_sensor_hook_and_trigger_of_the_package_is_named() -> None:
    info, package = get_provider_info(), Path(airflow_provider_seedance.__file__).parent
    kinds = {"operators": "Operator", "sensors": "Sensor", "hooks": "Hook", "triggers": "Trigger"}
    for part, suffix in kinds.items():
        named = {name for entry in info[part] for name in entry["python-modules"]}
        for path in (package / part).glob("*.py"):
            name = f"{package.name}.{part}.{path.stem}"
            if f"{suffix}(Base" in path.read_text():
                assert name in named


def test_the_hook_and_its_connection_type_have_the_same_names() -> None:
    told = connection_type()
    assert (told["connection-type"], told["hook-name"]) == (SeedanceHook.conn_type, SeedanceHook.hook_name)
    assert SeedanceHook.default_conn_name == "seedance_default"
    assert SeedanceHook("other").seedance_conn_id == "other"
    by_name: dict[str, Any] = {SeedanceHook.conn_name_attr: "x"}
    assert getattr(SeedanceHook(**by_name), SeedanceHook.conn_name_attr) == "x"


def test_the_vendors_to_choose_from_are_those_that_there_are() -> None:
    assert CONNECTION_FIELDS["vendor"]["schema"]["enum"] == list(VENDORS)
    assert set(VENDORS) == set(SIMULATED)


def test_every_field_of_the_form_is_read_and_every_setting_has_a_field() -> None:
    import re

    from airflow_provider_seedance.hooks import connection as settings

    source = Path(settings.__file__ or "").read_text()
    read = set(re.findall(r'extra, "(\w+)"', source)) | set(re.findall(r'extra\.get\("(\w+)"', source))
    read |= {setting.name for vendor in BUILT_IN.values() for setting in vendor.settings}
    assert read == set(CONNECTION_FIELDS)


@pytest.mark.parametrize("name", CONNECTION_FIELDS)
def test_every_field_of_the_form_has_a_label_a_help_and_a_default_that_fits(name: str) -> None:
    field = CONNECTION_FIELDS[name]
    assert field["label"]
    assert field["description"].endswith(".")
    if "default" in field["schema"]:
        jsonschema.validate(field["schema"]["default"], field["schema"])


# -- Airflow's own manager -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manager() -> Any:
    from airflow.providers_manager import ProvidersManager

    return ProvidersManager()  # type: ignore[no-untyped-call]


def test_airflow_s_manager_lists_the_provider(manager: Any) -> None:
    provider = manager.providers["airflow-provider-seedance"]
    assert provider.version == airflow_provider_seedance.__version__
    assert provider.data["name"] == "Seedance"


@pytest.mark.filterwarnings("ignore:ProvidersManager.hooks is deprecated")
def test_airflow_s_manager_takes_the_hook_and_its_form(manager: Any) -> None:
    hook = manager.hooks["seedance"]
    assert hook.hook_class_name.endswith(".SeedanceHook")
    assert (hook.connection_id_attribute_name, hook.hook_name) == ("seedance_conn_id", "Seedance")
    assert hook.connection_testable


@pytest.mark.skipif(
    VERSION in ((3, 0), (3, 1)), reason="this manager of Airflow 3.0 and 3.1 reads forms where flask-appbuilder is"
)
def test_airflow_s_manager_takes_what_the_form_calls_the_standard_fields(manager: Any) -> None:
    behaviour = manager.field_behaviours["seedance"]
    assert set(behaviour["hidden_fields"]) >= {"login", "schema"}
    assert behaviour["relabeling"] | {"host": "Base URL", "password": "API key"} == behaviour["relabeling"]


@pytest.mark.skipif(VERSION < (3, 2), reason="Airflow 3.2+ takes fields of the form from the provider's information")
def test_airflow_s_manager_takes_the_fields_of_the_form(manager: Any) -> None:
    widgets = manager.connection_form_widgets
    for name, field in CONNECTION_FIELDS.items():
        widget = widgets[f"extra__seedance__{name}"]
        assert widget.field["schema"]["title"] == field["label"]
        assert widget.is_sensitive is False


def test_airflow_s_configuration_knows_the_provider_s_options(manager: Any) -> None:
    from airflow.configuration import conf

    manager.initialize_providers_configuration()  # as Airflow's commands do before they work

    for section, content in get_provider_info().get("config", {}).items():
        for option, about in content["options"].items():
            assert conf.get(section, option) == about["default"]


def test_airflow_below_3_2_finds_the_form_where_it_looks_for_it() -> None:
    # It asks `"get_ui_field_behaviour" in hook_class.__dict__`, which leaves out what is inherited.
    assert "get_ui_field_behaviour" in vars(SeedanceHook)
