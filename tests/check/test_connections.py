"""An Airflow connection is all that the program takes: from the environment or the database, without a scheduler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from airflow_provider_seedance.simulator import Simulator

STORE = """
import json, os
from airflow.models import Connection
from airflow.utils.session import create_session

given = json.loads(os.environ["GIVEN"])
with create_session() as session:
    session.add(Connection("of_first_contact", "seedance", host=given["host"], password=given["password"],
                           extra=json.dumps(given["extra"])))
"""
REMOVE = """
from airflow.models import Connection
from airflow.utils.session import create_session

with create_session() as session:
    session.query(Connection).filter(Connection.conn_id == "of_first_contact").delete()
"""


def test_a_connection_of_the_database_is_enough(airflow_db: None, still: Simulator, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment["GIVEN"] = still.connection_json("modellix")

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)

    stored = python("-c", STORE)
    assert stored.returncode == 0, stored.stderr
    try:
        report = str(tmp_path / "it")
        asked = python("-m", "airflow_provider_seedance.check", "--conn-id", "of_first_contact", "--report", report)
    finally:
        python("-c", REMOVE)
    assert asked.returncode == 0, asked.stderr
    assert json.loads((tmp_path / "it.json").read_text())["vendor"] == "modellix"
