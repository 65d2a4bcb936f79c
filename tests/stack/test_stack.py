"""What only the whole Airflow can show about the package: that it is found, and that its connections can be tested."""

import json
from typing import Any

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.stack import AirflowStack

pytestmark = pytest.mark.stack


def connection_test(stack: AirflowStack, simulator: Simulator, vendor: str, **changes: Any) -> dict[str, Any]:
    """Press the form's "Test" button."""
    connection = json.loads(simulator.connection_json(vendor)) | changes
    body = connection | {"connection_id": f"try_{vendor}", "extra": json.dumps(connection["extra"])}
    answer: dict[str, Any] = stack.api.request("POST", "/api/v2/connections/test", json=body).json()
    return answer


def test_the_stack_comes_up_healthy_and_loads_every_dag_file(stack: AirflowStack) -> None:
    health = stack.api.get("/api/v2/monitor/health")
    assert {part: status["status"] for part, status in health.items()} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )
    stack.api.wait_for_dag("stack_handover")
    assert stack.api.import_errors() == []


def test_airflow_lists_the_provider(stack: AirflowStack) -> None:
    providers = {row["package_name"]: row for row in json.loads(stack.airflow("providers", "list", "-o", "json"))}
    assert "airflow-provider-seedance" in providers
    assert providers["airflow-provider-seedance"]["description"]


def test_airflow_lists_the_hook_of_the_connection_type(stack: AirflowStack) -> None:
    hooks = {row["connection_type"]: row for row in json.loads(stack.airflow("providers", "hooks", "-o", "json"))}
    assert hooks["seedance"]["class"] == "airflow_provider_seedance.hooks.seedance.SeedanceHook"
    assert hooks["seedance"]["conn_id_attribute_name"] == "seedance_conn_id"
    assert hooks["seedance"]["package_name"] == "airflow-provider-seedance"


def test_the_connection_form_offers_the_vendors_by_name(stack: AirflowStack) -> None:
    forms = {form["connection_type"]: form for form in stack.api.request("GET", "/ui/connections/hook_meta").json()}
    form = forms["seedance"]
    assert set(form["extra_fields"]["vendor"]["schema"]["enum"]) == set(VENDORS)
    assert form["standard_fields"]["password"]["title"]
    assert form["standard_fields"]["login"]["hidden"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_connection_can_be_tested_from_the_form_for_free(
    stack: AirflowStack, simulator: Simulator, vendor: str
) -> None:
    bills = len(simulator.ledger)
    answer = connection_test(stack, simulator, vendor)
    assert answer["status"], answer["message"]
    assert len(simulator.ledger) == bills


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_key_fails_the_connection_test_with_a_clear_message(
    stack: AirflowStack, simulator: Simulator, vendor: str
) -> None:
    answer = connection_test(stack, simulator, vendor, password="sk-wrong-key-of-a-test")
    assert not answer["status"]
    assert "key" in answer["message"].lower()
    assert "sk-wrong-key-of-a-test" not in answer["message"]
