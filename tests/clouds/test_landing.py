"""Landing in Azure's and Google's storages: the same promises as on a disk and in S3."""

from __future__ import annotations

import hashlib
import json

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError, NotAVideoError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.destination import PART_SIZE
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.simulator import Simulator
from tests.clouds.store import Store
from tests.transfers.mp4 import video
from tests.transfers.nursery import Nursery
from tests.transfers.server import FileServer, cut_at, from_the_start
from tests.transfers.test_kill import VIDEO, at_once, kill_at, points

pytestmark = [pytest.mark.slow, pytest.mark.clouds, pytest.mark.usefixtures("no_pause")]

KEYS = ["cgt-1.mp4", f"cgt-1.mp4{SUFFIX}"]
KILLS = 12


def test_case_h7_a_video_is_landed_in_parts_and_plays_in_a_browser(
    hook: SeedanceHook, host: FileServer, store: Store
) -> None:
    host.answers = [cut_at(3_000_000), cut_at(PART_SIZE + 1)]
    manifest = land_video(hook, VIDEO | {"video_url": host.url()}, store.target)
    assert manifest["uri"] == f"{store.scheme}://clips/cgt-1.mp4"
    assert manifest["sha256"] == hashlib.sha256(host.content).hexdigest()
    assert store.read("cgt-1.mp4") == host.content
    assert store.content_type("cgt-1.mp4") == "video/mp4"
    assert store.content_type(KEYS[1]) == "application/json"
    assert (store.keys, store.unfinished) == (KEYS, [])
    assert land_video(hook, VIDEO, store.target) == manifest
    assert len(host.asked) == 3


def test_case_h7_a_small_video_needs_no_parts(hook: SeedanceHook, store: Store) -> None:
    with FileServer(video(5000)) as small:
        land_video(hook, VIDEO | {"video_url": small.url()}, f"{store.target}a/b/")
        assert store.read("a/b/cgt-1.mp4") == small.content
    assert store.content_type("a/b/cgt-1.mp4") == "video/mp4"


@pytest.mark.parametrize("parts", [1, 2])
def test_case_h7_a_video_that_ends_with_a_part_is_whole(hook: SeedanceHook, store: Store, parts: int) -> None:
    with FileServer(video(parts * PART_SIZE)) as even:
        land_video(hook, VIDEO | {"video_url": even.url()}, store.target)
        assert store.read("cgt-1.mp4") == even.content
    assert (store.keys, store.unfinished) == (KEYS, [])


@pytest.mark.parametrize("position", [1_000, PART_SIZE + 1_000_000, 19_999_999])
def test_case_h7_a_failure_leaves_no_object(hook: SeedanceHook, host: FileServer, store: Store, position: int) -> None:
    host.always = cut_at(position)
    with pytest.raises(LandingInterruptedError):
        land_video(hook, VIDEO | {"video_url": host.url()}, store.target)
    assert store.keys == []


def test_case_h7_a_file_that_changes_half_way_is_uploaded_anew(
    hook: SeedanceHook, host: FileServer, store: Store
) -> None:
    host.answers = [cut_at(PART_SIZE + 1_000_000)]
    host.always = from_the_start
    land_video(hook, VIDEO | {"video_url": host.url()}, store.target)
    assert store.read("cgt-1.mp4") == host.content
    assert store.keys == KEYS


def test_case_h7_what_is_no_whole_video_never_becomes_an_object(hook: SeedanceHook, store: Store) -> None:
    with FileServer(video(9_000_000)[:-1]) as cut, pytest.raises(NotAVideoError):
        land_video(hook, VIDEO | {"video_url": cut.url()}, store.target)
    assert store.keys == []


def test_case_h7_something_else_at_the_key_is_kept_unless_told_otherwise(
    hook: SeedanceHook, host: FileServer, store: Store
) -> None:
    store.put("cgt-1.mp4", b"mine")
    with pytest.raises(LandingRefusedError, match=r"://clips/cgt-1\.mp4 is there already"):
        land_video(hook, VIDEO | {"video_url": host.url()}, store.target)
    assert store.read("cgt-1.mp4") == b"mine"
    land_video(hook, VIDEO | {"video_url": host.url()}, store.target, overwrite=True)
    assert store.read("cgt-1.mp4") == host.content


def test_case_h7_an_object_that_came_after_the_folder_was_listed_is_seen(
    hook: SeedanceHook, host: FileServer, store: Store
) -> None:
    folder = ObjectStoragePath(f"{store.target}a/")
    store.put("a/other.mp4", b"other")
    assert len(folder.fs.ls(folder.path)) == 1
    store.put("a/cgt-1.mp4", b"mine")
    with pytest.raises(LandingRefusedError, match="is there already"):
        land_video(hook, VIDEO | {"video_url": host.url()}, f"{store.target}a/")
    assert store.read("a/cgt-1.mp4") == b"mine"


def test_case_h7_a_container_that_does_not_exist_is_not_made(
    hook: SeedanceHook, host: FileServer, store: Store
) -> None:
    nobodys = store.target.replace("clips", "nobodys")
    with pytest.raises(Exception, match=r"(?i)nobodys|not found|not exist|404") as caught:
        land_video(hook, VIDEO | {"video_url": host.url()}, nobodys)
    assert not isinstance(caught.value, LandingRefusedError)
    assert not ObjectStoragePath(nobodys).exists()


def test_case_h7_two_tries_at_once_make_one_object(hook: SeedanceHook, host: FileServer, store: Store) -> None:
    clip = VIDEO | {"video_url": host.url()}
    results = at_once(*[lambda: land_video(SeedanceHook(), clip, store.target)] * 2)
    assert len(results) == 2
    assert results[0] == results[1]
    assert store.keys == KEYS
    assert store.read("cgt-1.mp4") == host.content


def test_case_h7_an_object_is_replaced_in_one_step_and_described_truly(hook: SeedanceHook, store: Store) -> None:
    path = f"{store.target}latest.mp4"
    for number in (1, 2):
        with FileServer(video(100_000, seed=number)) as host:
            clip = VIDEO | {"video_id": f"cgt-{number}", "video_url": host.url()}
            land_video(hook, clip, path, overwrite=True)
            assert store.read("latest.mp4") == host.content
        assert json.loads(store.read(f"latest.mp4{SUFFIX}"))["video_id"] == f"cgt-{number}"


def test_case_h7_a_kill_at_any_moment_leaves_no_half_object_and_the_next_try_completes(
    host: FileServer, store: Store, sim: Simulator
) -> None:
    environment = {"AIRFLOW_CONN_SEEDANCE_DEFAULT": sim.connection_json("byteplus")}
    environment["AIRFLOW_CONN_CLOUD"] = store.connection
    environment["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"  # see conftest.py; so both of gcsfs's classes are seen
    clip, ended = VIDEO | {"video_url": host.url()}, []
    with Nursery(environment, f"{store.target}warm") as nursery:
        for point in points(seed=7)[:KILLS]:
            ended.append(kill_at(point, host, nursery.land(clip, store.target)))
            if "cgt-1.mp4" in store.keys:
                assert store.read("cgt-1.mp4") == host.content
                assert KEYS[1] in store.keys
            assert nursery.land(clip, store.target).wait() == 0
            assert store.keys == KEYS
            assert store.read("cgt-1.mp4") == host.content
            store.empty()
    assert ended.count(-9) > len(ended) / 2
