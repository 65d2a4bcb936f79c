"""The Compose file and the Helm values: what can be said of them where neither Docker nor Kubernetes is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from airflow_provider_seedance.get_provider_info import get_provider_info
from dev.production.stack import SITE
from tests.any_airflow import AIRFLOW

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())
SCHEMA = SITE / "compose" / "config" / "compose_spec.json"
AIRFLOWS = [name for name, service in COMPOSE["services"].items() if service["image"] == "seedance-airflow"]
CELERY = {"broker_url", "result_backend", "worker_concurrency"}
"""Of `[celery]`; the provider that has these options isn't among the packages of the tests."""


def options_of_airflow() -> dict[str, set[str]]:
    """Section -> options, from the file that Airflow's own defaults come from, and this provider's."""
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    sections = yaml.safe_load((Path(spec.origin).parent / "config_templates" / "config.yml").read_text())
    known = {name: set(section["options"]) for name, section in sections.items()}
    known |= {name: set(section["options"]) for name, section in get_provider_info()["config"].items()}
    return known | {"celery": CELERY}


def settings() -> Iterator[tuple[str, str, str]]:
    """Where a setting stands, its section and its option."""
    for name in AIRFLOWS:
        for variable in COMPOSE["services"][name]["environment"]:
            if match := re.fullmatch(r"AIRFLOW__(.+?)__(.+)", variable):
                yield f"compose: {name}", match[1].lower(), match[2].lower()
    for section, options in VALUES["config"].items():
        for option in options:
            yield "helm", section, option


@pytest.mark.skipif(AIRFLOW < (3, 3), reason="the files are for Airflow 3.3, and name options that are new in it")
def test_every_setting_is_one_that_airflow_or_this_provider_has() -> None:
    known = options_of_airflow()
    wrong = [f"{where}: [{section}] {option}" for where, section, option in settings() if option not in known[section]]
    assert wrong == []


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema comes with `make up-production`'s packages")
def test_the_compose_file_is_valid_by_the_specification_s_schema() -> None:
    jsonschema.validate(
        {name: part for name, part in COMPOSE.items() if name != "name"}, json.loads(SCHEMA.read_text())
    )


def test_whatever_dies_is_started_again() -> None:
    runs = {name: service for name, service in COMPOSE["services"].items() if "profiles" not in service}
    assert {service["restart"] for service in runs.values()} == {"always"}


def test_what_production_asks_for_twice_is_there_twice() -> None:
    twice = {name for name, service in COMPOSE["services"].items() if service.get("deploy", {}).get("replicas") == 2}
    assert twice == {"api-server", "scheduler", "worker"}
    assert {VALUES[part]["replicas"] for part in ("apiServer", "scheduler", "workers", "triggerer")} == {2}


def test_every_triggerer_has_its_queues_and_workers_take_all_of_them() -> None:
    """With `queues_enabled`, a triggerer without queues takes no task's trigger."""
    services = COMPOSE["services"]
    polled = {services[name]["command"].partition("--queues ")[2] for name in ("triggerer", "triggerer-videos")}
    assert polled == {"default", "seedance"}
    assert set(services["worker"]["command"].partition("--queues ")[2].split(",")) == polled
    for part in ("triggerer", "workers"):
        queues = VALUES[part]["args"][-1].partition("--queues ")[2]
        assert set(queues.split(",")) == polled


def test_a_triggerer_may_open_a_log_for_each_video_that_waits() -> None:
    for name in ("triggerer", "triggerer-videos"):
        service = COMPOSE["services"][name]
        assert service["ulimits"]["nofile"]["soft"] > 2 * int(service["environment"]["AIRFLOW__TRIGGERER__CAPACITY"])


def test_no_secret_stands_in_the_files() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose" / "compose.yaml").read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=$", (DEPLOY / "compose" / "env.example").read_text(), re.MULTILINE))
    assert asked == offered
    for name in AIRFLOWS:
        for variable, value in COMPOSE["services"][name]["environment"].items():
            if re.search(r"KEY$|SECRET$|PASSWORD$|CONN", variable) and "://" not in value and "ledger" not in value:
                assert value.startswith("${"), variable


def test_every_volume_and_file_that_is_mounted_is_there() -> None:
    for service in COMPOSE["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("../"):
                assert (DEPLOY / "compose" / source).resolve().is_file(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"]


def test_grafana_finds_its_data_source_and_the_dashboard() -> None:
    mounts = dict(mount.split(":")[:2] for mount in COMPOSE["services"]["grafana"]["volumes"])
    for kind in ("datasource", "dashboards"):
        place = Path(mounts[f"../monitoring/grafana-{kind}.yaml"])
        assert place.parent == Path("/etc/grafana/provisioning") / f"{kind.rstrip('s')}s"
    (source,) = yaml.safe_load((DEPLOY / "monitoring" / "grafana-datasource.yaml").read_text())["datasources"]
    assert re.fullmatch(r"http://(.+):9090", source["url"])[1] in COMPOSE["services"]  # type: ignore[index]
    (provider,) = yaml.safe_load((DEPLOY / "monitoring" / "grafana-dashboards.yaml").read_text())["providers"]
    assert Path(mounts["../monitoring/dashboard.json"]).parent == Path(provider["options"]["path"])


def test_the_helm_chart_maps_metrics_as_the_compose_file_does() -> None:
    mapping = yaml.safe_load((DEPLOY / "monitoring" / "statsd-exporter.yaml").read_text())
    assert VALUES["statsd"]["overrideMappings"] == mapping["mappings"]


def test_celery_is_pinned_alike_wherever_it_is_installed() -> None:
    provider, celery = "apache-airflow-providers-celery==3.26.0", "celery[redis]<5.7"
    for path in (DEPLOY / "compose" / "Dockerfile", ROOT / "requirements" / "production.in"):
        text = path.read_text()
        assert provider in text, path
        assert celery in text, path
