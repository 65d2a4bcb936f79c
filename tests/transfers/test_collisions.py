"""Two that land at one place: nobody is told that a video is there which is not, and nothing that is there is lost."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError, LandingRefusedError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing import destination
from airflow_provider_seedance.landing.destination import PART_SIZE, _create_only, _Upload
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.local_file import LocalFile
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.landing.receiver import Receiver

from .conftest import SIZE, files_in
from .mp4 import video
from .s3 import Bucket, bucket_behind
from .server import FileServer

ONE = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m"}
TWO = {"video_id": "cgt-2", "vendor": "byteplus", "model": "m"}


@pytest.fixture
def other() -> Iterator[FileServer]:
    """Another video of the very same length."""
    with FileServer(video(SIZE, seed=2)) as server:
        yield server


@pytest.fixture
def at_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Does something once, after all looks at the place, just before an object is published there."""
    publish = Receiver.publish

    def arrange(act: Callable[[], Any]) -> None:
        def late(self: Receiver) -> None:
            monkeypatch.setattr(Receiver, "publish", publish)
            act()
            publish(self)

        monkeypatch.setattr(Receiver, "publish", late)

    return arrange


def test_of_two_videos_for_one_place_the_later_is_refused_and_the_earlier_stays(
    hook: SeedanceHook, host: FileServer, other: FileServer, out: Path, at_the_last_moment: Any
) -> None:
    """Mapped tasks, for example, whose path has neither `{video_id}` nor `{map_index}`."""
    path, first = f"file://{out}/clip.mp4", {}
    at_the_last_moment(lambda: first.update(land_video(SeedanceHook(), ONE | {"video_url": host.url()}, path)))
    with pytest.raises(LandingRefusedError, match=r"clip\.mp4 is there already"):
        land_video(hook, TWO | {"video_url": other.url()}, path)
    assert (out / "clip.mp4").read_bytes() == host.content
    assert first["sha256"] == hashlib.sha256(host.content).hexdigest()
    assert [name for name in files_in(out) if name.endswith(".part")] == []


def test_the_manifest_of_the_earlier_is_put_back(
    hook: SeedanceHook, host: FileServer, other: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later comes between the manifest of the earlier and its object."""
    path, publish = f"file://{out}/clip.mp4", LocalFile.publish

    def slow(self: LocalFile) -> None:
        if self._final.name != "clip.mp4":
            publish(self)
            return
        monkeypatch.setattr(LocalFile, "publish", between)
        with pytest.raises(LandingRefusedError, match=r"is a copy of byteplus:cgt-1:video"):
            land_video(SeedanceHook(), TWO | {"video_url": other.url()}, path)

    def between(self: LocalFile) -> None:
        if self._final.name == "clip.mp4":
            monkeypatch.setattr(LocalFile, "publish", publish)
            publish(earlier[0])
        publish(self)

    earlier: list[LocalFile] = []
    create = LocalFile._create

    def note(self: LocalFile) -> Any:
        if self._final.name == "clip.mp4":
            earlier.append(self)
        return create(self)

    monkeypatch.setattr(LocalFile, "_create", note)
    monkeypatch.setattr(LocalFile, "publish", slow)
    land_video(hook, ONE | {"video_url": host.url()}, path)
    assert json.loads((out / f"clip.mp4{SUFFIX}").read_text())["video_id"] == "cgt-1"
    assert (out / "clip.mp4").read_bytes() == host.content
    assert land_video(hook, ONE, path)["video_id"] == "cgt-1"


def test_a_disk_without_hard_links_takes_videos_all_the_same(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*names: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    land_video(hook, ONE | {"video_url": host.url()}, f"file://{out}/clip.mp4")
    assert (out / "clip.mp4").read_bytes() == host.content
    assert files_in(out) == ["clip.mp4", f"clip.mp4{SUFFIX}"]


def test_with_overwrite_a_file_is_replaced_at_the_last_moment_too(
    hook: SeedanceHook, host: FileServer, other: FileServer, out: Path, at_the_last_moment: Any
) -> None:
    path = f"file://{out}/clip.mp4"
    at_the_last_moment(lambda: land_video(SeedanceHook(), ONE | {"video_url": host.url()}, path))
    land_video(hook, TWO | {"video_url": other.url()}, path, overwrite=True)
    assert (out / "clip.mp4").read_bytes() == other.content
    assert json.loads((out / f"clip.mp4{SUFFIX}").read_text())["video_id"] == "cgt-2"


def test_a_picture_never_takes_the_place_of_its_own_video(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    """Two templates that turn out to be one path; with `overwrite` nothing else would stop it."""
    clip = ONE | {"video_url": host.url(), "last_frame_url": host.url("/last.png")}
    path = f"file://{out}/latest"
    with pytest.raises(InvalidRequestError, match=r"last frame was not landed: another file of this video is at"):
        land_video(hook, clip, path, last_frame_path=path, overwrite=True)
    assert (out / "latest").read_bytes() == host.content


def test_a_copied_folder_tells_where_its_own_objects_are(
    hook: SeedanceHook, host: FileServer, out: Path, tmp_path: Path
) -> None:
    """The manifest names the place that it was written for; that may be gone."""
    land_video(hook, ONE | {"video_url": host.url()}, f"file://{out}/")
    out.rename(tmp_path / "moved")
    assert land_video(hook, ONE, f"file://{tmp_path}/moved/")["uri"] == f"file://{tmp_path}/moved/cgt-1.mp4"


@pytest.mark.parametrize(
    ("again", "same"),
    [
        ("/get?id=1&X-Tos-Signature=two", True),
        ("/get?id=2&X-Tos-Signature=one", False),
        ("/get?X-Tos-Signature=one", False),
        ("/other?id=1&X-Tos-Signature=one", False),
    ],
)
def test_a_url_alone_is_the_same_video_only_if_all_but_its_signature_is_the_same(
    hook: SeedanceHook, host: FileServer, out: Path, again: str, same: bool
) -> None:
    path = f"file://{out}/clip.mp4"
    land_video(hook, {"video_url": host.url("/get?id=1&X-Tos-Signature=one")}, path)
    manifest = (out / f"clip.mp4{SUFFIX}").read_text()
    assert "id=1" not in manifest  # of a parameter that isn't known it isn't known either whether it is secret
    if same:
        land_video(hook, {"video_url": host.url(again)}, path)
    else:
        with pytest.raises(LandingRefusedError, match="is there already"):
            land_video(hook, {"video_url": host.url(again)}, path)
    assert len(host.asked) == 1


class Front:
    """In front of an S3: loses the answer to the first upload of an object."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.loses = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        answer = self._app(environ, start_response if not self._hits(environ) else lambda *head: None)
        if not self._hits(environ):
            return answer
        self.loses = ""
        b"".join(answer)
        start_response("500 Internal Server Error", [("Content-Length", "0")])
        return [b""]

    def _hits(self, environ: dict[str, Any]) -> bool:
        wrote = environ["REQUEST_METHOD"] in ("PUT", "POST") and "partNumber" not in environ.get("QUERY_STRING", "")
        return bool(self.loses) and wrote and environ["PATH_INFO"].endswith(self.loses)


@pytest.fixture(scope="module")
def _s3() -> Iterator[tuple[Bucket, Front]]:
    pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
    pytest.importorskip("moto", reason="needs moto's server")
    with bucket_behind(Front) as found:
        yield found


@pytest.fixture
def amazon(_s3: tuple[Bucket, Front], monkeypatch: pytest.MonkeyPatch) -> tuple[Bucket, Front]:
    """A bucket that passes for one of Amazon's own."""
    store, front = _s3
    store.empty()
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", store.connection)
    monkeypatch.setattr(destination, "_AMAZON", ("127.0.0.1",))
    return store, front


S3 = "s3://aws_default@clips/clip.mp4"


@pytest.mark.parametrize("size", [SIZE, PART_SIZE + SIZE], ids=["one part", "two parts"])
def test_in_amazon_s_s3_the_later_is_refused_too_and_leaves_no_upload(
    hook: SeedanceHook, other: FileServer, amazon: tuple[Bucket, Front], at_the_last_moment: Any, size: int
) -> None:
    store, _ = amazon
    at_the_last_moment(lambda: land_video(SeedanceHook(), ONE | {"video_url": other.url()}, S3))
    with FileServer(video(size)) as late, pytest.raises(LandingRefusedError, match=r"clip\.mp4 is there already"):
        land_video(hook, TWO | {"video_url": late.url()}, S3)
    assert store.read("clip.mp4") == other.content
    assert store.uploads == []


def test_an_upload_whose_answer_is_lost_is_known_by_its_hash(
    hook: SeedanceHook, host: FileServer, amazon: tuple[Bucket, Front]
) -> None:
    """The library asks again, and is told that there is an object already: its own."""
    store, front = amazon
    front.loses = "/clip.mp4"
    assert land_video(hook, ONE | {"video_url": host.url()}, S3)["bytes"] == SIZE
    assert store.read("clip.mp4") == host.content
    assert json.loads(store.read(f"clip.mp4{SUFFIX}"))["video_id"] == "cgt-1"


def test_storages_that_only_speak_s3_s_language_are_asked_for_nothing_new(
    hook: SeedanceHook, amazon: tuple[Bucket, Front], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    fs = ObjectStoragePath(S3).fs
    assert _create_only(fs) == "xb"
    monkeypatch.undo()
    assert _create_only(fs) == "wb"


def test_an_upload_that_can_be_neither_completed_nor_cancelled_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """It may be billed until somebody removes it."""

    class Storage:
        closed = False

        def open(self, *names: Any, **options: Any) -> Storage:
            return self

        def close(self) -> None:
            self.closed = True
            raise OSError("InvalidPart")

        def discard(self) -> None:
            raise OSError("AccessDenied")

    upload = _Upload(Storage(), "clips/a.mp4", PART_SIZE, {}, "wb")
    with pytest.raises(OSError, match="InvalidPart"):
        upload.publish()
    upload.discard()
    assert caplog.messages == [
        "An unfinished upload could not be cancelled (OSError). It stays invisible, and may be billed."
    ]
