"""`make demo-pipelines`, as somebody runs it: storyboard, approval, S3, HTTP and assets on a real Airflow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dev.stack import CHECKOUT

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_the_pipelines_run_on_a_real_airflow_and_their_files_play() -> None:
    command = [sys.executable, "-m", "dev.demo_pipelines"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    played = [line for line in done.stdout.splitlines() if ".mp4" in line and "with audio" in line]
    assert len(played) == 8
    assert "s3://clips/videos/seedance_asset/" in done.stdout
