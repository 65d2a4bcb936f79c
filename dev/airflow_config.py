"""The configuration of the Airflow that the demo and the tests run, all of it in environment variables."""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# What a process needs from the user's environment. Nothing else is passed on: neither a configured Airflow
# nor anybody's credentials may leak into the demo.
PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
LOOPBACK = "127.0.0.1"


def clean_environment() -> dict[str, str]:
    """The part of this process's environment that child processes get."""
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # Everything here talks to this machine only; a proxy from system settings must not come between.
    return env | {"NO_PROXY": "*", "no_proxy": "*", "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def fernet_key() -> str:
    """A new key for Airflow's encryption at rest."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def airflow_environment(
    home: Path, dags_folders: Sequence[Path], port: int, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of all components of one Airflow.

    :param home: its ``AIRFLOW_HOME``
    :param dags_folders: where the DAG files are; each becomes a bundle named after its folder
    :param port: the api-server's port
    :param extra: more variables (connections, ``AIRFLOW__...`` settings), which win
    """
    settings = {
        ("core", "dags_folder"): str(dags_folders[0]),
        ("dag_processor", "dag_bundle_config_list"): json.dumps([_bundle(folder) for folder in dags_folders]),
        ("core", "plugins_folder"): str(home / "plugins"),
        ("core", "executor"): "LocalExecutor",
        ("core", "parallelism"): "8",
        ("core", "load_examples"): "False",
        ("core", "fernet_key"): fernet_key(),
        ("core", "test_connection"): "Enabled",
        ("core", "execution_api_server_url"): f"http://{LOOPBACK}:{port}/execution/",
        ("core", "simple_auth_manager_users"): "admin:admin",
        ("core", "simple_auth_manager_passwords_file"): str(home / "passwords.json"),
        ("core", "hostname_callable"): "socket.gethostname",  # the default asks DNS, which can hang
        ("core", "min_serialized_dag_update_interval"): "1",
        ("core", "dagbag_import_timeout"): "500",  # on a busy machine
        ("api", "host"): LOOPBACK,
        ("api", "port"): str(port),
        ("api", "base_url"): f"http://{LOOPBACK}:{port}",
        ("api", "secret_key"): secrets.token_hex(16),
        ("api_auth", "jwt_secret"): secrets.token_hex(32),
        # The time-out is for several processes writing at once; the file itself is in WAL mode (see database.py).
        ("database", "sql_alchemy_conn"): f"sqlite:///{home / 'airflow.db'}?timeout=30",
        ("scheduler", "scheduler_idle_sleep_time"): "0.3",
        ("scheduler", "job_heartbeat_sec"): "2",
        # A scheduler that is slower than this takes itself for dead, and starts all running tasks anew, also those that
        # somebody has ended meanwhile.
        ("scheduler", "scheduler_health_check_threshold"): "600",
        ("scheduler", "trigger_timeout_check_interval"): "2",
        ("triggerer", "job_heartbeat_sec"): "2",
        # A finished task's supervisor often notices its end only at the next heartbeat (default: after 5 s). Until then
        # the worker is blocked, and a deferred task that resumes meanwhile is failed by mistake (apache/airflow#72716).
        ("workers", "min_heartbeat_interval"): "1",
        # Files that have changed are read at once. All others would be read over and over, which keeps one core busy.
        ("dag_processor", "min_file_process_interval"): "600",
        ("dag_processor", "dag_file_processor_timeout"): "600",  # a file that is given up would be missing for as long
        ("dag_processor", "refresh_interval"): "5",
        ("dag_processor", "bundle_refresh_check_interval"): "1",
        ("dag_processor", "dag_bundle_storage_path"): str(home / "bundles"),
        ("logging", "base_log_folder"): str(home / "logs"),
        ("logging", "dag_processor_child_process_log_directory"): str(home / "logs" / "dag_processor_files"),
        ("logging", "colored_console_log"): "False",
        # Nobody listens on these (the components start with --skip-serve-logs, as all logs are on this disk);
        # they are moved so that a look-up never reaches somebody else's Airflow on the default ports.
        ("logging", "worker_log_server_port"): str(free_port()),
        ("logging", "trigger_log_server_port"): str(free_port()),
        ("usage_data_collection", "enabled"): "False",
    }
    return (
        clean_environment()
        | {"AIRFLOW_HOME": str(home)}
        | {f"AIRFLOW__{section.upper()}__{key.upper()}": value for (section, key), value in settings.items()}
        | dict(extra or {})
    )


def _bundle(folder: Path) -> dict[str, object]:
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    return {"name": f"{folder.parent.name}-{folder.name}", "classpath": local, "kwargs": {"path": str(folder)}}


def installed_airflow(python: str = sys.executable) -> str:
    """The version of Airflow's core that ``python`` has, found without importing Airflow (which takes seconds)."""
    query = "import importlib.metadata as m; print(m.version('apache-airflow-core'))"
    return subprocess.run([python, "-I", "-c", query], check=True, capture_output=True, text=True).stdout.strip()
