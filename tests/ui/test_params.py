"""A form of a DAG's own params, filled in with what was asked for: run by Node.js, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.node import Node

PARAMS: dict[str, dict[str, Any]] = {
    "prompt": {"value": "A default", "description": "What is shown", "schema": {"type": "string"}},
    "seed": {"value": None, "schema": {"type": ["null", "integer"]}},
    "duration": {"value": 5, "schema": {"type": "integer"}},
    "ratio": {"value": "16:9", "schema": {"type": "string", "enum": ["16:9", "9:16"]}},
    "generate_audio": {"value": True, "schema": {"type": "boolean"}},
    "first_frame": {"value": "https://x.test/default.png", "schema": {"type": "string"}},
    "folder": {"value": "s3://bucket", "schema": {}},
}
REQUEST = {
    "prompt": "A boat",
    "seed": 7,
    "ratio": "9:16",
    "generate_audio": False,
    "first_frame": "https://x.test/unsigned.png",
}


def fields(node: Node, params: Any, request: Any, conf: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.call("params.js", "fieldsOf", params, request, conf)
    return found


def test_a_dag_without_params_of_a_request_has_no_form(node: Node) -> None:
    assert fields(node, {}, REQUEST, {}) == []
    assert fields(node, {"folder": PARAMS["folder"]}, REQUEST, {}) == []
    assert fields(node, PARAMS, {}, {}) == []  # nobody knows what was asked for


def test_the_form_has_the_request_s_values_and_those_of_the_run_s_conf(node: Node) -> None:
    conf = {"folder": "s3://other", "first_frame": "https://x.test/signed.png?token=1"}
    found = {field["name"]: field for field in fields(node, PARAMS, REQUEST, conf)}
    assert {name: field["value"] for name, field in found.items()} == {
        "prompt": "A boat",
        "seed": "7",
        "duration": "5",
        "ratio": "9:16",
        "generate_audio": "false",
        "first_frame": "https://x.test/signed.png?token=1",
        "folder": "s3://other",
    }
    assert {name: field["kind"] for name, field in found.items()} == {
        "prompt": "text",
        "seed": "number",
        "duration": "number",
        "ratio": "choice",
        "generate_audio": "flag",
        "first_frame": "line",
        "folder": "line",
    }
    assert found["prompt"]["description"] == "What is shown"


def test_a_reference_that_is_known_without_its_signature_is_not_asked_for_again(node: Node) -> None:
    found = {field["name"]: field["value"] for field in fields(node, PARAMS, REQUEST, {})}
    assert found["first_frame"] == "https://x.test/default.png"


def test_a_value_that_the_choice_does_not_offer_is_offered(node: Node) -> None:
    (ratio,) = fields(node, {"ratio": PARAMS["ratio"]}, {"ratio": "1:1"}, {})
    assert ratio["options"] == ["1:1", "16:9", "9:16"]


@pytest.mark.parametrize(
    ("types", "kind", "value", "conf", "problem"),
    [
        (["string"], "text", "", {"p": ""}, None),
        (["string"], "text", "7", {"p": "7"}, None),
        (["null", "string"], "line", "", {"p": None}, None),
        (["integer"], "number", "7", {"p": 7}, None),
        (["integer"], "number", "", {}, None),  # the DAG's default
        (["null", "integer"], "number", "", {"p": None}, None),
        (["integer"], "number", "seven", {}, "p can't be read as integer."),
        (["integer"], "number", "[7]", {}, "p can't be read as integer."),
        (["boolean"], "flag", True, {"p": True}, None),
        (["array"], "json", '["a"]', {"p": ["a"]}, None),
        (["array"], "json", "a, b", {}, "p can't be read as array."),
        ([], "line", "s3://bucket", {"p": "s3://bucket"}, None),
        ([], "line", "7", {"p": 7}, None),
    ],
)
def test_a_conf_is_of_the_params_types(
    node: Node, types: list[str], kind: str, value: Any, conf: dict[str, Any], problem: str | None
) -> None:
    field = {"name": "p", "types": types, "kind": kind}
    assert node.call("params.js", "confFrom", [[field, value]]) == {
        "conf": conf,
        "problems": [problem] if problem else [],
    }


def test_what_a_dag_says_of_itself_passes_the_door(node: Node) -> None:
    told = {
        "tags": [{"name": "film"}, {"name": {}}, 7, None],
        "params": {"prompt": PARAMS["prompt"], "bad": 7, "seed": {"value": 1, "schema": "x", "description": {"a": 1}}},
    }
    found = node.call("intake.js", "readDag", told)
    assert found["tags"] == ["film"]
    assert found["params"] == {
        "prompt": PARAMS["prompt"],
        "seed": {"value": 1, "schema": {}, "description": None},
    }
    assert node.call("intake.js", "readDag", {"tags": None, "params": []}) == {"tags": [], "params": {}}


def test_budgets_pass_the_door(node: Node) -> None:
    row = {"connection": "c", "scope": "per_day", "dag": None, "currency": "USD", "limit": 50, "spent": 12.5}
    told = {"budgets": [row, row | {"limit": {"toString": 1}}, 7], "denied": 2, "problem": None}
    assert node.call("intake.js", "readBudgets", told) == {
        "rows": [{name: value for name, value in row.items() if value is not None}],
        "denied": 2,
        "problem": None,
    }
    assert node.call("intake.js", "readBudgets", {}) == {"rows": [], "denied": 0, "problem": None}
