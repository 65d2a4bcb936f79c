"""What an account has for a model family: the connection's `models`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.validation import for_vendor
from airflow_provider_seedance.hooks.connection import SeedanceConnection
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Simulator

OWN = {"seedance-2.0": "ep-20260101120000-abcde"}


def read(models: Any) -> SeedanceConnection:
    return SeedanceConnection("x", password="key", extra={"vendor": "byteplus", "models": models})


@pytest.mark.parametrize("models", [OWN, json.dumps(OWN)], ids=["object", "text"])
def test_the_table_is_a_json_object_or_its_text(models: Any) -> None:
    asked = VideoRequest(model="seedance-2.0", prompt="x")
    assert for_vendor(asked, read(models).adapter).model == OWN["seedance-2.0"]


@pytest.mark.parametrize("models", [None, "", {}, "{}"])
def test_without_a_table_the_vendor_s_own_model_is_meant(models: Any) -> None:
    asked = VideoRequest(model="seedance-2.0", prompt="x")
    assert for_vendor(asked, read(models).adapter).model == "dreamina-seedance-2-0-260128"


@pytest.mark.parametrize(
    ("models", "why"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON that can be read"),
        ("[1]", "JSON object"),
        (7, "JSON object"),
        ({"seedance-3": "ep-1"}, "no model family"),
        ({"seedance-2.0": ""}, "name of a model"),
        ({"seedance-2.0": 5}, "name of a model"),
        ({"seedance-2.0": "seedance-2.0-fast"}, "not a family"),
    ],
)
def test_a_table_that_can_t_be_read_is_refused_when_the_connection_is_read(models: Any, why: str) -> None:
    with pytest.raises(SeedanceConfigError, match=why) as refused:
        _ = read(models).adapter
    assert "Connection 'x'" in str(refused.value)
    assert "Nothing was sent" in str(refused.value)


def test_it_is_no_unknown_setting() -> None:
    assert read(OWN).unknown_settings is None


def test_a_family_is_bought_as_the_model_that_the_connection_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(speed=0.001) as sim:
        connection = json.loads(sim.connection_json("byteplus"))
        connection["extra"] = {**connection["extra"], "models": {"seedance-2.0": "dreamina-seedance-2-0-fast-260128"}}
        monkeypatch.setenv("AIRFLOW_CONN_ARK", json.dumps(connection))
        hook = SeedanceHook("ark")
        video = hook.create_video({"model": "seedance-2.0", "prompt": "a paper boat"})
        hook.close()
        assert video.model == "dreamina-seedance-2-0-fast-260128"
        assert [create.json["model"] for create in sim.creates()] == ["dreamina-seedance-2-0-fast-260128"]
