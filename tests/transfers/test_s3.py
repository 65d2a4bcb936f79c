"""Landing in S3: what leaves the program goes over HTTP to moto's server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError, NotAVideoError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.destination import MIB, PART_SIZE, part_size
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.simulator import Simulator

from .mp4 import video
from .nursery import Nursery
from .s3 import Bucket, bucket
from .server import FileServer, cut_at, from_the_start, whole
from .test_kill import VIDEO, at_once, kill_at, points

pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
pytest.importorskip("moto", reason="needs moto's server")
pytestmark = pytest.mark.usefixtures("no_pause")

TARGET = "s3://aws_default@clips/"
SIZE = PART_SIZE + 1_234_567
KEYS = ["cgt-1.mp4", f"cgt-1.mp4{SUFFIX}"]


@pytest.fixture(scope="module")
def _store() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


@pytest.fixture
def store(_store: Bucket, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, and the connections `aws_default` and `other_aws` to it."""
    _store.empty()
    for name in ("AWS_DEFAULT", "OTHER_AWS"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", _store.connection)
    return _store


@pytest.fixture(scope="module")
def large() -> Iterator[FileServer]:
    """Serves a video of two parts."""
    with FileServer(video(SIZE)) as server:
        yield server


@pytest.fixture
def host(large: FileServer) -> FileServer:
    large.answers, large.always, large.asked, large.pause, large.sent = [], whole, [], 0.0, 0
    return large


def test_a_video_is_landed_in_parts_and_plays_in_a_browser(hook: SeedanceHook, host: FileServer, store: Bucket) -> None:
    host.answers = [cut_at(3_000_000), cut_at(PART_SIZE + 1)]
    manifest = land_video(hook, VIDEO | {"video_url": host.url()}, "s3://clips/{video_id}.{ext}", conn_id="other_aws")
    assert manifest["uri"] == "s3://clips/cgt-1.mp4"
    assert manifest["sha256"] == hashlib.sha256(host.content).hexdigest()
    assert store.read("cgt-1.mp4") == host.content
    assert store.head("cgt-1.mp4")["ContentType"] == "video/mp4"
    assert (store.keys, store.uploads) == (KEYS, [])
    assert land_video(hook, VIDEO, "s3://other_aws@clips/") == manifest
    assert len(host.asked) == 3


def test_a_small_video_needs_no_parts(hook: SeedanceHook, store: Bucket) -> None:
    with FileServer(video(5000)) as small:
        land_video(hook, VIDEO | {"video_url": small.url()}, TARGET)
        assert store.read("cgt-1.mp4") == small.content
    assert store.head("cgt-1.mp4")["ContentType"] == "video/mp4"


@pytest.mark.parametrize("position", [1_000, PART_SIZE + 1_000_000, SIZE - 1])
def test_a_failure_leaves_no_object_and_no_upload(
    hook: SeedanceHook, host: FileServer, store: Bucket, position: int
) -> None:
    host.always = cut_at(position)
    with pytest.raises(LandingInterruptedError):
        land_video(hook, VIDEO | {"video_url": host.url()}, TARGET)
    assert (store.keys, store.uploads) == ([], [])


def test_a_file_that_changes_half_way_is_uploaded_anew(hook: SeedanceHook, host: FileServer, store: Bucket) -> None:
    host.answers = [cut_at(PART_SIZE + 1_000_000)]
    host.always = from_the_start
    land_video(hook, VIDEO | {"video_url": host.url()}, TARGET)
    assert store.read("cgt-1.mp4") == host.content
    assert (store.keys, store.uploads) == (KEYS, [])


def test_what_is_no_whole_video_never_becomes_an_object(hook: SeedanceHook, store: Bucket) -> None:
    with FileServer(video(SIZE)[:-1]) as cut, pytest.raises(NotAVideoError):
        land_video(hook, VIDEO | {"video_url": cut.url()}, TARGET)
    assert (store.keys, store.uploads) == ([], [])


def test_something_else_at_the_key_is_kept(hook: SeedanceHook, host: FileServer, store: Bucket) -> None:
    store.put("cgt-1.mp4", b"mine")
    with pytest.raises(LandingRefusedError, match=r"s3://clips/cgt-1\.mp4 is there already"):
        land_video(hook, VIDEO | {"video_url": host.url()}, TARGET)
    assert store.read("cgt-1.mp4") == b"mine"
    land_video(hook, VIDEO | {"video_url": host.url()}, TARGET, overwrite=True)
    assert store.read("cgt-1.mp4") == host.content


def test_an_object_that_came_after_the_folder_was_listed_is_seen(
    hook: SeedanceHook, host: FileServer, store: Bucket
) -> None:
    """The library keeps listings; what it remembers of a folder may be old."""
    folder = ObjectStoragePath("s3://aws_default@clips/a/")
    store.put("a/other.mp4", b"other")
    assert len(folder.fs.ls(folder.path)) == 1
    store.put("a/cgt-1.mp4", b"mine")
    with pytest.raises(LandingRefusedError, match="is there already"):
        land_video(hook, VIDEO | {"video_url": host.url()}, f"{TARGET}a/")
    assert store.read("a/cgt-1.mp4") == b"mine"


def test_a_bucket_that_does_not_exist_is_not_made(hook: SeedanceHook, host: FileServer, store: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        land_video(hook, VIDEO | {"video_url": host.url()}, "s3://aws_default@nobodys/")
    assert not ObjectStoragePath("s3://aws_default@nobodys/").exists()


def test_two_tries_at_once_make_one_object(hook: SeedanceHook, host: FileServer, store: Bucket) -> None:
    clip = VIDEO | {"video_url": host.url()}
    results = at_once(*[lambda: land_video(SeedanceHook(), clip, TARGET)] * 2)
    assert len(results) == 2
    assert results[0] == results[1]
    assert (store.keys, store.uploads) == (KEYS, [])
    assert store.read("cgt-1.mp4") == host.content


def test_a_kill_at_any_moment_leaves_no_half_object_and_the_next_try_completes(
    host: FileServer, store: Bucket, sim: Simulator
) -> None:
    environment = {"AIRFLOW_CONN_SEEDANCE_DEFAULT": sim.connection_json("byteplus")}
    environment["AIRFLOW_CONN_AWS_DEFAULT"] = store.connection
    clip, ended = VIDEO | {"video_url": host.url()}, []
    with Nursery(environment, f"{TARGET}warm") as nursery:
        for point in points(seed=7):
            ended.append(kill_at(point, host, nursery.land(clip, TARGET)))
            if "cgt-1.mp4" in store.keys:
                assert store.read("cgt-1.mp4") == host.content
                assert f"cgt-1.mp4{SUFFIX}" in store.keys
            assert nursery.land(clip, TARGET).wait() == 0
            assert store.keys == KEYS
            assert store.read("cgt-1.mp4") == host.content
            store.empty()
    assert ended.count(-9) > len(ended) / 2


@pytest.mark.parametrize(("max_bytes", "size"), [(0, PART_SIZE), (10 * 1024**3, PART_SIZE), (200 * 1024**3, 21 * MIB)])
def test_the_largest_file_has_no_more_parts_than_s3_takes(max_bytes: int, size: int) -> None:
    assert part_size(max_bytes) == size
    assert max_bytes <= 10_000 * size
