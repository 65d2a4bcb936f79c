"""Which stored objects may be played: forged addresses, roots, ranges, and what is opened on the disk."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.plugins.byte_ranges import Part, part_of
from airflow_provider_seedance.plugins.playback_rules import Place, RefusedError, Root, place_of, read_roots, served
from airflow_provider_seedance.plugins.records import OURS
from airflow_provider_seedance.plugins.seedance_ui import STATIC
from airflow_provider_seedance.plugins.stored_files import NoConnectionError, NotThereError, _file_system, open_place

ROOTS = read_roots("s3://aws@bucket/videos/{dag_id}, gs://g@media,\nabfs://az@box/v , file:///srv/videos/")

FORGED: list[Any] = [
    # out of the folder, plain and encoded
    "s3://bucket/videos/d/../other/v.mp4",
    "s3://bucket/videos/d/./v.mp4",
    "s3://bucket/videos/d//v.mp4",
    "s3://bucket/videos/d/%2e%2e/other/v.mp4",
    "s3://bucket/videos/d/%252e%252e/other/v.mp4",
    "s3://bucket/videos/d/..%2fother%2fv.mp4",
    "s3://bucket/videos/d/ .. /v.mp4",
    "s3://bucket/videos/d\\..\\v.mp4",
    "file:///srv/videos/../../etc/passwd",
    "file:///srv/videos/%2e%2e/%2e%2e/etc/passwd",
    "file:///etc/passwd",
    "file://localhost/srv/videos/v.mp4",
    # siblings, other buckets, other DAGs, the folder itself
    "s3://bucket/videos/d2/v.mp4",
    "s3://bucket/videos/dx/d/v.mp4",
    "s3://bucket/videos-private/d/v.mp4",
    "s3://bucket/videos/v.mp4",
    "s3://bucket/videos/d",
    "s3://bucket/videos/d/",
    "s3://bucket2/videos/d/v.mp4",
    "s3:///bucket/videos/d/v.mp4",
    "file:///srv/videos-private/v.mp4",
    "file:///srv/videos",
    # another connection, another storage, chains
    "s3://other_conn@bucket/videos/d/v.mp4",
    "s3://aws@bucket/videos/d/v.mp4",
    "s3://a:b@bucket/videos/d/v.mp4",
    "http://127.0.0.1/videos/v.mp4",
    "https://bucket/videos/d/v.mp4",
    "s3a://bucket/videos/d/v.mp4",
    "S3://bucket/videos/d/v.mp4",
    "gcs://media/v.mp4",
    "filecache::s3://bucket/videos/d/v.mp4",
    "zip://v.mp4::file:///srv/videos/a.zip",
    "file:///srv/videos/a.zip::x",
    "/srv/videos/v.mp4",
    "data:video/mp4;base64,AAAA",
    # what a storage's library would take for something else
    "s3://bucket/videos/d/v.mp4?versionId=1",
    "gs://media/v.mp4#1",
    "file:///srv/videos/v\x00.mp4",
    "file:///srv/videos/v%00.mp4",
    "file:///srv/videos/v\n.mp4",
    "file:///srv/videos/\u202e4pm.v",
    "file:///srv/videos/\ud800.mp4",
    # no address at all
    "",
    " ",
    None,
    7,
    True,
    ["file:///srv/videos/v.mp4"],
    {"uri": "file:///srv/videos/v.mp4"},
    b"file:///srv/videos/v.mp4",
    "file:///srv/videos/" + "a" * 5000,
]


@pytest.mark.parametrize("address", FORGED, ids=lambda value: ascii(value)[:60])
def test_a_forged_address_is_refused(address: Any) -> None:
    with pytest.raises(RefusedError):
        place_of(address, ROOTS, "d")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://bucket/videos/d/v.mp4", Place("s3", "aws", "bucket/videos/d/v.mp4", "bucket/videos/d")),
        ("s3://bucket/videos/d/a/b c/…é.mp4", Place("s3", "aws", "bucket/videos/d/a/b c/…é.mp4", "bucket/videos/d")),
        ("gs://media/50%.mp4", Place("gs", "g", "media/50%.mp4", "media")),
        ("abfs://box/v/x..y.mp4", Place("abfs", "az", "box/v/x..y.mp4", "box/v")),
        ("file:///srv/videos/r/v.mp4", Place("file", None, "/srv/videos/r/v.mp4", "/srv/videos")),
    ],
)
def test_the_root_says_which_connection_opens_an_object_below_it(address: str, place: Place) -> None:
    assert place_of(address, ROOTS, "d") == place


@pytest.mark.parametrize("dag_id", ["..", ".", "", "a/b", "a\\b", "a\x00"])
def test_a_dag_whose_id_leads_elsewhere_has_no_folder(dag_id: str) -> None:
    with pytest.raises(RefusedError):
        place_of(f"s3://bucket/videos/{dag_id}/v.mp4", ROOTS, dag_id)
    assert Root("s3", ("b", "{dag_id}"), "c").of(dag_id) is None


@pytest.mark.parametrize(
    "setting",
    [
        "s3://bucket/videos",  # no connection
        "s3://@bucket",
        "s3://conn@",
        "s3://a@b@bucket",
        "http://conn@host/videos",
        "file:///",
        "file://host/videos",
        "file:///a/../b",
        "/srv/videos",
        "file:///ok, nonsense",
    ],
)
def test_a_root_that_can_t_be_used_is_an_error_and_opens_nothing(setting: str) -> None:
    with pytest.raises(RefusedError):
        read_roots(setting)


def test_without_roots_nothing_is_played() -> None:
    assert read_roots(" \n ") == []
    with pytest.raises(RefusedError):
        place_of("file:///srv/videos/v.mp4", [], "d")


@pytest.mark.parametrize(
    ("manifest", "items"),
    [
        ({"uri": "s3://bucket/videos/d/v.mp4", "last_frame_uri": "s3://bucket/v.png"}, ["uri"]),
        ({"uri": "s3://elsewhere/v.mp4", "thumbnail_uri": "gs://media/t.webp"}, ["thumbnail_uri"]),
        ({"uri": {"toString": 1}, "video_url": "gs://media/v.mp4"}, []),
        ({}, []),
    ],
)
def test_of_a_manifest_the_copies_below_a_root_can_be_had(manifest: dict[str, Any], items: list[str]) -> None:
    assert served(manifest, ROOTS, "d") == items
    assert served(manifest, [], "d") == []


TAG = '"t"'


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, Part(200, 0, 100)),
        ({"wanted": "bytes=0-"}, Part(206, 0, 100)),
        ({"wanted": "bytes=0-0"}, Part(206, 0, 1)),
        ({"wanted": "bytes=10-19"}, Part(206, 10, 20)),
        ({"wanted": "Bytes = 10 - 19 "}, Part(206, 10, 20)),
        ({"wanted": "bytes=99-"}, Part(206, 99, 100)),
        ({"wanted": "bytes=90-500"}, Part(206, 90, 100)),
        ({"wanted": "bytes=-10"}, Part(206, 90, 100)),
        ({"wanted": "bytes=-500"}, Part(206, 0, 100)),
        ({"wanted": "bytes=100-"}, Part(416)),
        ({"wanted": "bytes=-0"}, Part(416)),
        ({"wanted": "bytes=20-10"}, Part(200, 0, 100)),
        ({"wanted": "bytes=-"}, Part(200, 0, 100)),
        ({"wanted": "bytes=0-1,5-6"}, Part(200, 0, 100)),
        ({"wanted": "lines=0-1"}, Part(200, 0, 100)),
        ({"wanted": "bytes=٣-٤"}, Part(200, 0, 100)),
        ({"wanted": "bytes=" + "9" * 40 + "-"}, Part(200, 0, 100)),
        ({"wanted": "bytes=5-", "if_range": TAG}, Part(206, 5, 100)),
        ({"wanted": "bytes=5-", "if_range": '"old"'}, Part(200, 0, 100)),
        ({"wanted": "bytes=5-", "if_range": f"W/{TAG}"}, Part(200, 0, 100)),
        ({"wanted": "bytes=5-", "if_range": "Wed, 25 Nov 2026 10:00:00 GMT"}, Part(200, 0, 100)),
        ({"if_none_match": TAG}, Part(304)),
        ({"if_none_match": f'"x", W/{TAG}', "wanted": "bytes=5-"}, Part(304)),
        ({"if_none_match": "*"}, Part(304)),
        ({"if_none_match": '"x"'}, Part(200, 0, 100)),
    ],
)
def test_which_part_of_a_file_is_sent(headers: dict[str, str], part: Part) -> None:
    assert part_of(100, TAG, **headers) == part


def test_no_part_of_an_empty_file_can_be_sent() -> None:
    assert part_of(0, TAG) == Part(200, 0, 0)
    assert part_of(0, TAG, wanted="bytes=0-") == Part(416)
    assert part_of(0, TAG, wanted="bytes=-5") == Part(416)


def local(tmp_path: Path, name: str) -> Place:
    return place_of(f"file://{tmp_path}/root/{name}", read_roots(f"file://{tmp_path}/root"), "d")


def test_a_file_is_read_in_parts_and_its_tag_changes_with_it(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "v.mp4").write_bytes(bytes(range(256)) * 4096)
    stored = open_place(local(tmp_path, "v.mp4"))
    assert stored.size == 1024 * 1024
    assert b"".join(stored.read(255, 514)) == bytes([255, *range(256), 0, 1])
    assert stored.file.closed
    tag = stored.etag
    (tmp_path / "root" / "v.mp4").write_bytes(b"x" * 1024 * 1024)
    again = open_place(local(tmp_path, "v.mp4"))
    assert again.etag != tag
    again.close()


def test_links_that_lead_out_and_what_is_no_file_are_not_opened(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-private"
    (root / "folder").mkdir(parents=True)
    outside.mkdir()
    (outside / "v.mp4").write_bytes(b"secret")
    (root / "good.mp4").write_bytes(b"good")
    (root / "link.mp4").symlink_to(outside / "v.mp4")
    (root / "dir").symlink_to(outside)
    (root / "inside.mp4").symlink_to(root / "good.mp4")
    (root / "loop.mp4").symlink_to(root / "loop.mp4")
    os.mkfifo(root / "pipe.mp4")
    for name in ("link.mp4", "dir/v.mp4", "loop.mp4", "pipe.mp4", "folder", "none.mp4"):
        with pytest.raises(NotThereError):
            open_place(local(tmp_path, name))
    inside = open_place(local(tmp_path, "inside.mp4"))
    assert b"".join(inside.read(0, inside.size)) == b"good"


def test_a_connection_that_is_not_there_is_an_error_before_any_credentials_are_looked_for(
    airflow_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "airflow_provider_seedance.plugins.stored_files._file_system",
        lambda place: pytest.fail("the storage's library was asked"),
    )
    with pytest.raises(NoConnectionError, match="no_such_conn"):
        open_place(place_of("s3://bucket/v.mp4", read_roots("s3://no_such_conn@bucket"), "d"))


def test_an_object_in_s3_is_read_in_parts_by_the_root_s_connection(
    airflow_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("moto", reason="needs moto's server")
    from tests.transfers.s3 import BUCKET, bucket

    content = bytes(range(256)) * 8192
    with bucket() as store:
        monkeypatch.setenv("AIRFLOW_CONN_MEDIA", store.connection)
        store.put("videos/v.mp4", content)
        place = place_of(f"s3://{BUCKET}/videos/v.mp4", read_roots(f"s3://media@{BUCKET}/videos"), "d")
        stored = open_place(place)
        assert stored.size == len(content)
        assert b"".join(stored.read(1000, 1_500_000)) == content[1000:1_500_000]
        tag = stored.etag
        _file_system(place).ls(f"{BUCKET}/videos")  # somebody else in this process; the library keeps listings
        store.put("videos/v.mp4", b"x" * len(content))
        again = open_place(place)
        assert again.etag != tag
        again.close()
        for name in ("none.mp4", "videos"):
            with pytest.raises(NotThereError):
                open_place(place_of(f"s3://{BUCKET}/videos/{name}", read_roots(f"s3://media@{BUCKET}/videos"), "d"))


def test_the_routes_believe_the_operators_that_the_pages_know() -> None:
    pages = (STATIC / "model.js").read_text()
    assert set(re.findall(r"^  (\w+): \"", pages, re.MULTILINE)) == set(OURS)
