"""SIGKILL at any moment: never a visible half object, and the next try completes. Also: two tries at once."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.simulator import Simulator

from .conftest import files_in
from .mp4 import video
from .nursery import Child, Nursery
from .server import FileServer

POINTS = 20
SIZE = 8_000_000
PATIENCE = 60.0
VIDEO = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m"}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Simulator(speed=0.001) as vendor:
        connection = vendor.connection_json("byteplus")
        with Nursery({"AIRFLOW_CONN_SEEDANCE_DEFAULT": connection}, "file:///tmp") as started:
            yield started


def points(seed: int) -> list[float]:
    """Where in the transfer: below 1 a share of the bytes, from there on some moment after the last of them."""
    chance = random.Random(seed)
    return [chance.uniform(0, 1.25) for _ in range(POINTS)]


def kill_at(point: float, host: FileServer, child: Child) -> int:
    """Kills the child when the host has sent so much; gives how it ended, which may have been before."""
    start, until = host.sent, time.monotonic() + PATIENCE
    while host.sent - start < min(point, 1.0) * len(host.content) and time.monotonic() < until:
        time.sleep(0.0005)
    if point > 1:
        time.sleep((point - 1) / 25)  # what follows the last byte takes a few milliseconds
    child.kill()
    return child.wait()


def test_a_kill_at_any_moment_leaves_no_half_file_and_the_next_try_completes(nursery: Nursery, out: Path) -> None:
    ended = []
    with FileServer(video(SIZE)) as host:
        host.pause = 0.0005
        target, clip = out / "cgt-1.mp4", VIDEO | {"video_url": host.url()}
        for point in points(seed=5):
            ended.append(kill_at(point, host, nursery.land(clip, f"file://{out}/")))
            assert not target.exists() or target.read_bytes() == host.content
            if target.exists():
                assert json.loads(Path(f"{target}{SUFFIX}").read_text())["bytes"] == SIZE

            host.pause = 0
            assert nursery.land(clip, f"file://{out}/").wait() == 0
            host.pause = 0.0005
            assert target.read_bytes() == host.content
            assert files_in(out) == [target.name, f"{target.name}{SUFFIX}"]
            target.unlink()
    assert ended.count(-9) > POINTS / 2  # else the test has seen nothing


def at_once(*landings: Any) -> list[dict[str, Any]]:
    """Runs landings together; what they gave, in order of their end."""
    results: list[dict[str, Any]] = []
    threads = [Thread(target=lambda landing=landing: results.append(landing()), daemon=True) for landing in landings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def test_two_tries_at_once_make_one_file(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.pause = 0.005
    clip = VIDEO | {"video_url": host.url()}
    landings = [lambda: land_video(SeedanceHook(), clip, f"file://{out}/")] * 3
    results = at_once(*landings)
    assert len(results) == 3
    assert results[0] == results[1] == results[2]
    assert files_in(out) == ["cgt-1.mp4", f"cgt-1.mp4{SUFFIX}"]
    assert (out / "cgt-1.mp4").read_bytes() == host.content


def test_the_leftovers_of_a_dead_try_are_removed_but_not_those_of_a_living_one(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    from airflow_provider_seedance.landing.local_file import LocalFile

    out.mkdir()
    (out / ".cgt-1.mp4.0123456789ab.part").write_bytes(b"dead")
    (out / ".cgt-10.mp4.0123456789ab.part").write_bytes(b"another file's")
    living = LocalFile(out / "cgt-1.mp4")
    living.write(b"half")
    land_video(hook, VIDEO | {"video_url": host.url()}, f"file://{out}/")
    left = [name for name in files_in(out) if name.endswith(".part")]
    assert len(left) == 2
    assert ".cgt-10.mp4.0123456789ab.part" in left
    living.publish()
    assert (out / "cgt-1.mp4").read_bytes() == b"half"
