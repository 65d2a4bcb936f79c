"""Tells Airflow about this provider. Plain data: it loads the vendors' descriptors, but no adapter."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.vendors import all_vendors
from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor

TEST_WANTS_A_PORT = ("3.3.1", "3.3.2")
"""Airflow versions whose Test button refuses every connection that has no port (apache/airflow#73298). A 0 will do."""


def ui_field_behaviour(airflow_version: str) -> dict[str, Any]:
    """The standard fields of the connection form in a version of Airflow."""
    behaviour: dict[str, Any] = {
        "hidden-fields": ["login", "port", "schema"],
        "relabeling": {"host": "Base URL", "password": "API key"},
        "placeholders": {
            "host": "leave empty for the vendor's own address",
            "password": "the vendor's API key",
            "extra": '{"vendor": "byteplus"}',
        },
    }
    if airflow_version in TEST_WANTS_A_PORT:
        behaviour["hidden-fields"].remove("port")
        behaviour["relabeling"]["port"] = "Port (0, for Test)"
        behaviour["placeholders"]["port"] = "0: without it, this Airflow's Test button answers Bad Request"
    return behaviour


def _airflow_version() -> str:
    for name in ("apache-airflow-core", "apache-airflow"):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return ""


UI_FIELD_BEHAVIOUR = ui_field_behaviour(_airflow_version())

# Airflow's form heeds `minimum` only; nought is refused when the connection is read.
_ABOVE_NOUGHT = {"type": ["number", "null"], "minimum": 0.001}


def connection_fields(vendors: Mapping[str, VendorDescriptor]) -> dict[str, Any]:
    """The fields of the connection form beside the standard ones.

    :param vendors: those to choose from, by name; each adds its settings.
    """
    with_lists = ", ".join(vendor.title for vendor in vendors.values() if vendor.batch_size > 1)
    own = {setting.name: setting.form_field() for vendor in vendors.values() for setting in vendor.settings}
    return {
        "vendor": {
            "label": "Vendor",
            "description": "The seller. BytePlus is the first party outside China, Volcengine inside.",
            "schema": {"type": "string", "enum": list(vendors)},
        },
        "connect_timeout": {
            "label": "Connect timeout (seconds)",
            "description": "How long to wait for a connection. Default 10.",
            "schema": dict(_ABOVE_NOUGHT),
        },
        "read_timeout": {
            "label": "Read timeout (seconds)",
            "description": "How long to wait for an answer. Default 120: a create that is cut off stays in doubt.",
            "schema": dict(_ABOVE_NOUGHT),
        },
        "polls_per_second": {
            "label": "Polls per second",
            "description": (
                "Most reads of one video each second. Default: the vendor's published limit, or a rate of our own, 20 "
                "at most, where none is published (the vendor's page names it)."
            ),
            "schema": dict(_ABOVE_NOUGHT),
        },
        "lists_per_second": {
            "label": "Lists per second",
            "description": f"Most reads of many videos each second ({with_lists}). Default 1.",
            "schema": dict(_ABOVE_NOUGHT),
        },
        **own,
        "allow_private_hosts": {
            "label": "Fetch from private addresses",
            "description": (
                "Whether finished videos may be fetched from private and loopback addresses, and reference media "
                "uploaded to them. Default no."
            ),
            "schema": {"type": ["boolean", "null"], "default": False},
        },
        "prices": {
            "label": "Prices",
            "description": (
                'Your own, by model, for costs in XCom and `max_cost`: {"*": {"currency": "USD", "per_second": 0.1}}.'
            ),
            "schema": {"type": ["object", "null"]},
        },
        "models": {
            "label": "Models",
            "description": (
                "What this account has for a model family, where it is not the vendor's own model: "
                '{"seedance-2.0": "ep-20260101120000-abcde"}.'
            ),
            "schema": {"type": ["object", "null"]},
        },
        "budgets": {
            "label": "Budgets",
            "description": (
                'The most to spend per day, DAG (a day) and DAG run: {"per_day": {"USD": 50}, "per_dag": {"USD": 20}, '
                '"per_dag_run": {"USD": 5}}. Needs `prices` and `[seedance] ledger_conn_id`.'
            ),
            "schema": {"type": ["object", "null"]},
        },
    }


_NAME = "Seedance"


def _modules(*names: str) -> list[dict[str, Any]]:
    return [{"integration-name": _NAME, "python-modules": [f"airflow_provider_seedance.{name}" for name in names]}]


def get_provider_info() -> dict[str, Any]:
    """The provider's information, as `provider_info.schema.json` of Airflow has it."""
    return {
        "package-name": "airflow-provider-seedance",
        "name": _NAME,
        "description": "Video generation with ByteDance's Seedance 2.0 and 2.5, at whichever vendor sells it to you.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _NAME,
                "external-doc-url": "https://docs.byteplus.com/en/docs/ModelArk/1520757",
                "tags": ["service"],
            }
        ],
        "operators": _modules("operators.seedance", "operators.assets", "operators.reconcile"),
        "sensors": _modules("sensors.seedance"),
        "hooks": _modules("hooks.seedance"),
        "triggers": _modules("triggers.seedance", "triggers.backoff", "triggers.assets", "triggers.waiting"),
        "transfers": [
            {
                "source-integration-name": _NAME,
                "target-integration-name": "Object Storage",
                "python-module": "airflow_provider_seedance.transfers.seedance_to_object_storage",
            }
        ],
        "connection-types": [
            {
                "connection-type": "seedance",
                "hook-class-name": "airflow_provider_seedance.hooks.seedance.SeedanceHook",
                "hook-name": _NAME,
                "ui-field-behaviour": UI_FIELD_BEHAVIOUR,
                "conn-fields": connection_fields(all_vendors()),
            }
        ],
        "extra-links": ["airflow_provider_seedance.links.seedance.SeedanceVideoLink"],
        "task-decorators": [
            {
                "name": "seedance_video",
                "class-name": "airflow_provider_seedance.decorators.seedance.seedance_video_task",
            }
        ],
        "config": {
            "seedance": {
                "description": "Options of the Seedance provider.",
                "options": {
                    "ledger_path": {
                        "description": (
                            "Folder on any object storage (`s3://bucket/seedance-ledger`, `file:///var/...`) in which "
                            "submissions are noted, so that a retry never pays twice. Needed below Airflow 3.3 only: "
                            "later versions keep the record in Airflow's own task state store."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://my-bucket/seedance-ledger",
                        "default": "",
                    },
                    "playback_roots": {
                        "description": (
                            "Folders whose landed videos Airflow's UI may play and download, divided by commas. Each "
                            "names the connection that opens it, `s3://CONN_ID@bucket/folder` (also `gs`, `abfs`, "
                            "`abfss`); local folders need none, `file:///folder`. `{dag_id}` in it lets each DAG show "
                            "its own folder only. Default: none, nothing is played from storages."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://aws_media@my-bucket/videos/{dag_id}",
                        "default": "",
                    },
                    "ledger_conn_id": {
                        "description": (
                            "Airflow connection of a database (PostgreSQL, MySQL, SQLite) in which submissions are "
                            "noted, on every version of Airflow: what was spent, what is in doubt, and the budgets of "
                            "the connections. `python -m airflow_provider_seedance.ledger migrate` makes the tables."
                        ),
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "seedance_ledger",
                        "default": "",
                    },
                    "prompts_in_xcom": {
                        "description": (
                            "Whether the create task hands its prompt to the pages in Airflow's UI, in the XCom "
                            "`seedance_asked`. Without it they show prompts as long as Airflow keeps the rendered "
                            "fields."
                        ),
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": None,
                        "default": "True",
                    },
                },
            }
        },
    }
