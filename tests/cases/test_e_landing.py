# ruff: noqa: F811 - fixtures are imported by their names
"""E4: whatever is killed at whatever moment, an object that is visible stays visible, whole, and truly described."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.lander import _Lander, land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.landing.receiver import Receiver
from airflow_provider_seedance.simulator import Simulator
from tests.transfers.conftest import _no_proxy, _vendor, files_in, hook, host, no_pause, out, sim  # noqa: F401
from tests.transfers.mp4 import video
from tests.transfers.nursery import Nursery
from tests.transfers.s3 import Bucket, EqualParts, bucket_behind
from tests.transfers.server import FileServer

ONE = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m"}
TWO = {"video_id": "cgt-2", "vendor": "byteplus", "model": "m"}
SIZE = 300_000
PATIENCE = 60.0


@pytest.fixture(scope="module")
def nurseries() -> Iterator[list[Nursery]]:
    with Simulator(speed=0.001) as vendor:
        environment = {"AIRFLOW_CONN_SEEDANCE_DEFAULT": vendor.connection_json("byteplus")}
        with Nursery(environment, "file:///tmp") as one, Nursery(environment, "file:///tmp") as two:
            yield [one, two]


@pytest.fixture
def first() -> Iterator[FileServer]:
    with FileServer(video(SIZE)) as server:
        yield server


@pytest.fixture
def second() -> Iterator[FileServer]:
    """Another video of the very same length."""
    with FileServer(video(SIZE, seed=2)) as server:
        yield server


class Watch:
    """Looks all the time whether a file is there, once it is."""

    def __init__(self, path: Path, *contents: bytes) -> None:
        self._path, self._contents = path, contents
        self._end = threading.Event()
        self.seen = 0
        self.wrong: list[str] = []
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join(PATIENCE)

    def _look(self) -> None:
        while not self._end.is_set():
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                if self.seen:
                    self.wrong.append("gone")
                continue
            self.seen += 1
            if content not in self._contents:
                self.wrong.append(f"{len(content)} bytes")


def describes(target: Path) -> bool:
    """Whether the manifest vouches for the object as it is; one that is ahead of its object says so."""
    manifest = json.loads(Path(f"{target}{SUFFIX}").read_text())
    is_it = hashlib.sha256(target.read_bytes()).hexdigest() == manifest["sha256"]
    return is_it or manifest.get("published") is False


def test_case_e4_killed_at_any_change_of_the_disk_the_old_object_stays_until_the_new_one_is_there(
    nurseries: list[Nursery], hook: SeedanceHook, first: FileServer, second: FileServer, out: Path, no_pause: None
) -> None:
    target, path = out / "latest.mp4", f"file://{out}/latest.mp4"
    old, new = ONE | {"video_url": first.url()}, TWO | {"video_url": second.url()}
    ends, die_at = [], 0
    while 0 not in ends:
        die_at += 1
        land_video(hook, old, path, overwrite=True)
        with Watch(target, first.content, second.content) as watch:
            ends.append(nurseries[0].land(new, path, die_at=die_at, overwrite=True).wait())
        assert (watch.wrong, watch.seen > 0) == ([], True), die_at
        assert describes(target), die_at
        assert land_video(hook, new, path, overwrite=True)["sha256"] == hashlib.sha256(second.content).hexdigest()
        assert target.read_bytes() == second.content
        assert json.loads(Path(f"{target}{SUFFIX}").read_text()).keys().isdisjoint({"published"})
        assert files_in(out) == [target.name, f"{target.name}{SUFFIX}"]
    assert ends.count(-9) >= 5, ends  # two manifests, one object, each made and renamed; else nothing was seen


def test_case_e4_after_a_kill_in_between_nobody_is_told_a_video_is_there_that_is_not(
    nurseries: list[Nursery], hook: SeedanceHook, first: FileServer, second: FileServer, out: Path, no_pause: None
) -> None:
    """Whoever doesn't overwrite: the old video's own task is told the truth at each of the moments."""
    path = f"file://{out}/latest.mp4"
    old, new = ONE | {"video_url": first.url()}, TWO | {"video_url": second.url()}
    told, end, die_at = set(), -9, 0
    while end == -9:
        die_at += 1
        land_video(hook, old, path, overwrite=True)
        end = nurseries[0].land(new, path, die_at=die_at, overwrite=True).wait()
        content = (out / "latest.mp4").read_bytes()
        for clip, wanted in ((old, first.content), (new, second.content)):
            try:
                manifest = land_video(hook, clip, path)
            except LandingRefusedError:
                told.add("refused")
            else:
                assert content == wanted
                assert manifest["sha256"] == hashlib.sha256(wanted).hexdigest()
                told.add(clip["video_id"])
    assert told == {"refused", "cgt-1", "cgt-2"}


def test_case_e4_of_two_landings_of_one_video_either_may_be_killed_at_any_moment(
    nurseries: list[Nursery], first: FileServer, out: Path
) -> None:
    target, clip, chance = out / "cgt-1.mp4", ONE | {"video_url": first.url()}, random.Random(4)
    first.pause = 0.05  # or the second would come too late
    ends = []
    for round_ in range(12):
        with Watch(target, first.content) as watch:
            children = [nursery.land(clip, f"file://{out}/") for nursery in nurseries]
            start, until, point = first.sent, time.monotonic() + PATIENCE, chance.uniform(1, 2.1)
            while first.sent - start < point * SIZE and not watch.seen and time.monotonic() < until:
                time.sleep(0.0005)
            time.sleep(chance.choice([0, 0.001, 0.003, 0.01]))
            children[round_ % 2].kill()
            ends += [child.wait() for child in children]
        assert watch.wrong == []
        assert ends[-1] == 0 or ends[-2] == 0
        assert target.read_bytes() == first.content
        assert describes(target)
        for name in (target, Path(f"{target}{SUFFIX}")):
            name.unlink()
    assert -9 in ends


def test_case_e4_the_slower_of_two_dies_just_before_its_object(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was found: the slower sees an empty place, the faster lands, the slower goes on and is killed."""
    clip, path, target = ONE | {"video_url": host.url()}, f"file://{out}/a.mp4", out / "a.mp4"
    look, publish, looked = _Lander._done, Receiver.publish, 0

    def too_early(self: _Lander, *args: Any) -> Any:
        nonlocal looked
        looked += 1
        found = look(self, *args)
        if looked == 2:  # the last look before it publishes
            land_video(SeedanceHook(), clip, path)
            monkeypatch.setattr(Receiver, "publish", killed)
        return found

    def killed(self: Receiver) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_Lander, "_done", too_early)
    with pytest.raises(KeyboardInterrupt):
        land_video(hook, clip, path)
    monkeypatch.setattr(Receiver, "publish", publish)
    assert target.read_bytes() == host.content
    assert describes(target)
    assert land_video(hook, clip, path)["bytes"] == len(host.content)


@pytest.fixture
def booked(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bucket, EqualParts]]:
    with bucket_behind(EqualParts) as (store, book):
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", store.connection)
        yield store, book


def test_case_e4_in_s3_an_object_is_never_deleted_to_make_room(
    hook: SeedanceHook, first: FileServer, second: FileServer, booked: tuple[Bucket, EqualParts], no_pause: None
) -> None:
    pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
    store, book = booked
    path = "s3://aws_default@clips/latest.mp4"
    land_video(hook, ONE | {"video_url": first.url()}, path)
    land_video(hook, TWO | {"video_url": second.url()}, path, overwrite=True)
    assert store.read("latest.mp4") == second.content
    assert json.loads(store.read(f"latest.mp4{SUFFIX}"))["video_id"] == "cgt-2"
    assert [asked for asked in book.asked if asked[0] == "DELETE"] == []


def test_case_e4_an_overwriting_that_fails_leaves_the_old_object_with_its_own_manifest(
    hook: SeedanceHook, first: FileServer, second: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"file://{out}/latest.mp4"
    land_video(hook, ONE | {"video_url": first.url()}, path)

    def fail(self: Receiver) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Receiver, "publish", fail)
    with pytest.raises(OSError, match="Input/output"):
        land_video(hook, TWO | {"video_url": second.url()}, path, overwrite=True)
    assert (out / "latest.mp4").read_bytes() == first.content
    assert json.loads((out / f"latest.mp4{SUFFIX}").read_text())["video_id"] == "cgt-1"
    assert files_in(out) == ["latest.mp4", f"latest.mp4{SUFFIX}"]
