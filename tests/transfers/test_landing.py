"""A video comes to where it should be: whole, once, resumed and renewed."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    LandingError,
    LandingInterruptedError,
    LandingRefusedError,
    VideoFailedError,
    VideoNotReadyError,
    VideoUrlExpiredError,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing import download
from airflow_provider_seedance.landing import file_host as transport
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.mp4 import inspect

from .conftest import SIZE, files_in
from .mp4 import HEIGHT, PNG, SECONDS, WIDTH, video
from .server import FileServer, chunked, cut_at, from_the_start, says, until_the_client_goes, whole

Make = Callable[..., dict[str, Any]]


def test_a_vendors_video_is_landed_with_its_facts(hook: SeedanceHook, made: Make, out: Path) -> None:
    clip = made(duration=5)
    manifest = land_video(hook, clip["video_id"], f"file://{out}/{{vendor}}/{{model}}/{{video_id}}.{{ext}}")
    path = out / "byteplus" / clip["model"] / f"{clip['video_id']}.mp4"
    content = path.read_bytes()
    seen = inspect(path)
    assert manifest == {
        "uri": f"file://{path}",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content_type": "video/mp4",
        "duration": seen.seconds,
        "width": seen.width,
        "height": seen.height,
        "video_id": clip["video_id"],
        "vendor": "byteplus",
        "model": clip["model"],
        "usage": clip["usage"],
        "last_frame_uri": None,
        "thumbnail_uri": None,
    }
    assert files_in(out) == [str(path.relative_to(out)), f"{path.relative_to(out)}{SUFFIX}"]


def test_a_second_run_asks_nobody_and_tells_the_same(
    sim: Simulator, hook: SeedanceHook, made: Make, host: FileServer, out: Path
) -> None:
    clip = made() | {"video_url": host.url()}
    first = land_video(hook, clip, f"file://{out}/")
    asked = len(sim.requests)
    sim.advance(30 * 86_400)
    assert land_video(hook, clip["video_id"], f"file://{out}/") == first
    assert land_video(hook, clip, f"file://{out}/{{video_id}}.mp4") == first
    assert (len(host.asked), len(sim.requests)) == (1, asked)


def test_a_url_alone_is_enough(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    manifest = land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (manifest["bytes"], manifest["video_id"], manifest["vendor"]) == (SIZE, None, None)
    assert (manifest["width"], manifest["height"], manifest["duration"]) == (WIDTH, HEIGHT, SECONDS)
    land_video(hook, {"video_url": host.url("/clip.mp4?X-Tos-Signature=fresh")}, f"file://{out}/a.mp4")
    assert len(host.asked) == 1


def test_a_lost_connection_is_resumed_and_no_byte_asked_for_twice(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None
) -> None:
    cuts = [100_000, 300_001, 300_002, 640_000, SIZE - 1]
    host.answers = [cut_at(position) for position in cuts]
    manifest = land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert manifest["sha256"] == hashlib.sha256(host.content).hexdigest()
    assert (out / "a.mp4").read_bytes() == host.content
    assert [asked.start for asked in host.asked] == [0, *cuts]
    assert host.sent == SIZE


def test_a_reset_connection_is_resumed(hook: SeedanceHook, host: FileServer, out: Path, no_pause: None) -> None:
    host.answers = [cut_at(500_000, reset=True)]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    assert len(host.asked) == 2


@pytest.mark.parametrize("case", ["file changed", "no ranges", "no validator"])
def test_what_cannot_be_resumed_starts_over(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, case: str
) -> None:
    host.answers = [cut_at(400_000)]
    if case == "no ranges":
        host.always = from_the_start
    if case == "no validator":
        host.etag = None
    if case == "file changed":
        new = video(SIZE, seed=2)

        def changed(handler: Any, server: FileServer) -> None:
            server.content, server.etag = new, '"two"'
            server.always(handler, server)

        host.answers.append(changed)
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    assert files_in(out) == ["a.mp4", f"a.mp4{SUFFIX}"]


def test_a_busy_host_is_asked_again(hook: SeedanceHook, host: FileServer, out: Path, no_pause: None) -> None:
    host.answers = [says(503, Retry_After=1), says(500), says(429)]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert len(host.asked) == 4


def test_a_host_that_never_answers_well_is_given_up(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None
) -> None:
    host.always = says(503)
    with pytest.raises(LandingInterruptedError, match=r"HTTP 503.* given up after 6 failures.* Nothing was written"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert len(host.asked) == 6
    assert files_in(out.parent) == []


def test_a_host_that_gains_a_little_each_time_is_not_given_up(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None
) -> None:
    host.answers = [cut_at(50_000 * n) for n in range(1, 19)]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert host.sent == SIZE


def test_a_body_without_a_length_is_landed(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.always = chunked(host.content[:70_000], host.content[70_000:])
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_expired_url_is_renewed_by_reading_the_video_again(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path, status: int
) -> None:
    host.always = says(status)
    clip = made() | {"video_url": host.url()}
    manifest = land_video(hook, clip, f"file://{out}/a.mp4")
    assert inspect(out / "a.mp4").seconds == manifest["duration"]
    assert len(host.asked) == 1


def test_a_url_that_expires_half_way_is_renewed_and_the_download_resumed(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = made()
    host.answers = [cut_at(600_000), says(403)]
    fresh = hook.get_video(clip["video_id"]).model_copy(update={"video_url": host.url("/clip.mp4?X-Tos-Signature=two")})
    monkeypatch.setattr(hook, "get_video", lambda video_id: fresh)
    land_video(hook, clip | {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert [(asked.start, asked.path[-3:]) for asked in host.asked] == [
        (0, "4e7"),
        (600_000, "4e7"),
        (600_000, "two"),
    ]
    assert (out / "a.mp4").read_bytes() == host.content


def test_without_an_id_an_expired_url_is_an_error_that_says_when(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    host.always = says(403)
    url = host.url("/clip.mp4?X-Tos-Date=20261120T100000Z&X-Tos-Expires=86400&X-Tos-Signature=5ec4e7")
    with pytest.raises(
        VideoUrlExpiredError, match=r"HTTP 403.*expired at 2026-11-21T10:00:00.*give `video_id`"
    ) as caught:
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert not caught.value.retryable
    assert "5ec4e7" not in str(caught.value)
    assert files_in(out.parent) == []


def test_a_video_that_the_vendor_has_dropped_is_an_error_that_says_when(
    sim: Simulator, hook: SeedanceHook, made: Make, out: Path
) -> None:
    clip = made()
    sim.advance(86_400 + 60)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)), pytest.raises(VideoUrlExpiredError) as caught:
        land_video(hook, clip, f"file://{out}/a.mp4")
    assert clip["video_id"] in str(caught.value)
    assert clip["url_expires_at"][:10] in str(caught.value)
    assert "Signature" not in str(caught.value)
    assert files_in(out.parent) == []


def test_a_video_that_is_still_running_says_so(sim: Simulator, hook: SeedanceHook, made: Make, out: Path) -> None:
    video_id = hook.create_video({"model": "dreamina-seedance-2-0-fast-260128", "prompt": "a"}).video_id
    with pytest.raises(VideoNotReadyError, match=r"queued.*SeedanceVideoSensor") as caught:
        land_video(hook, video_id, f"file://{out}/")
    assert caught.value.retryable


def test_a_failed_video_says_so_and_is_not_tried_again(sim: Simulator, hook: SeedanceHook, out: Path) -> None:
    sim.faults.add(Fault("fail", message="the model stumbled"))
    video_id = hook.create_video({"model": "dreamina-seedance-2-0-fast-260128", "prompt": "a"}).video_id
    sim.advance(3600)
    with pytest.raises(VideoFailedError, match="the model stumbled") as caught:
        land_video(hook, video_id, f"file://{out}/")
    assert "AirflowFailException" in [kind.__name__ for kind in type(caught.value).__mro__]


def test_the_key_never_goes_to_the_file_host(hook: SeedanceHook, made: Make, host: FileServer, out: Path) -> None:
    land_video(hook, made() | {"video_url": host.url()}, f"file://{out}/")
    sent = json.dumps([asked.headers for asked in host.asked]).lower()
    assert "authorization" not in sent
    assert str(hook.get_connection("seedance_default").password) not in sent


def test_the_log_tells_of_the_progress_and_no_secret(
    hook: SeedanceHook,
    host: FileServer,
    out: Path,
    no_pause: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "PROGRESS_EVERY", 0.0)
    host.answers = [cut_at(500_000)]
    with caplog.at_level(logging.INFO):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4", log=logging.getLogger("task"))
    told = "\n".join(caplog.messages)
    assert "0.5 of 1.0 MiB (5" in told
    assert "The connection to the file host 127.0.0.1 failed" in told
    assert f"is landed: file://{out}/a.mp4, 1.0 MiB" in told
    assert "5ec4e7" not in told
    assert "clip.mp4" not in told


def test_last_frame_and_thumbnail_come_too(hook: SeedanceHook, made: Make, sim: Simulator, out: Path) -> None:
    clip = made(return_last_frame=True)
    manifest = land_video(hook, clip, f"file://{out}/", last_frame_path=f"file://{out}/")
    frame = out / f"{clip['video_id']}-last-frame.png"
    assert manifest["last_frame_uri"] == f"file://{frame}"
    assert frame.read_bytes().startswith(PNG[:8])


def test_a_missing_picture_is_an_error_after_the_video_is_safe(hook: SeedanceHook, made: Make, out: Path) -> None:
    clip = made()
    with pytest.raises(
        LandingRefusedError, match=r"has no last frame.*return_last_frame=True.*video itself was landed"
    ):
        land_video(hook, clip, f"file://{out}/", last_frame_path=f"file://{out}/")
    assert f"{clip['video_id']}.mp4" in files_in(out)


def test_something_else_at_the_destination_is_kept_unless_told_otherwise(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path
) -> None:
    first, second = made() | {"video_url": host.url()}, made() | {"video_url": host.url()}
    target = f"file://{out}/latest.mp4"
    land_video(hook, first, target)
    with pytest.raises(LandingRefusedError, match=r"is a copy of byteplus:.*\{video_id\}.*`overwrite`"):
        land_video(hook, second, target)
    assert json.loads((out / f"latest.mp4{SUFFIX}").read_text())["video_id"] == first["video_id"]
    assert land_video(hook, second, target, overwrite=True)["video_id"] == second["video_id"]
    assert json.loads((out / f"latest.mp4{SUFFIX}").read_text())["video_id"] == second["video_id"]
    (out / "other.mp4").write_bytes(b"mine")
    with pytest.raises(LandingRefusedError, match="something else"):
        land_video(hook, first, f"file://{out}/other.mp4")
    assert (out / "other.mp4").read_bytes() == b"mine"


def test_somebody_who_was_faster_is_not_overwritten(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something came to the place while the video was on its way."""

    def meanwhile(handler: Any, server: FileServer) -> None:
        out.mkdir(exist_ok=True)
        (out / "a.mp4").write_bytes(b"theirs")
        whole(handler, server)

    host.answers = [meanwhile]
    with pytest.raises(LandingRefusedError, match="is there already and is something else"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == b"theirs"
    assert files_in(out) == ["a.mp4"]


def test_of_the_same_video_the_faster_ones_object_is_taken(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m", "video_url": host.url()}
    done = []

    def meanwhile(handler: Any, server: FileServer) -> None:
        done.append(land_video(hook, clip, f"file://{out}/"))
        inode.append((out / "cgt-1.mp4").stat().st_ino)
        whole(handler, server)

    inode: list[int] = []
    host.answers = [meanwhile]
    assert [land_video(hook, clip, f"file://{out}/")] == done
    assert [(out / "cgt-1.mp4").stat().st_ino] == inode


@pytest.mark.parametrize("path", ["{vidoe_id}.mp4", "{}.mp4", "{video_id!r}.mp4", "{run_id"])
def test_a_path_with_an_unknown_brace_is_refused(hook: SeedanceHook, host: FileServer, out: Path, path: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"Nothing was fetched.*in braces may stand \{video_id\}"):
        land_video(hook, {"video_id": "cgt-1", "video_url": host.url()}, f"file://{out}/{path}")
    assert host.asked == []


@pytest.mark.parametrize("sent", [0, 100])
def test_a_host_that_answers_the_rest_with_nothing_is_given_up(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, sent: int
) -> None:
    """Or with a few bytes each time: at that rate no video ever comes to its end."""
    host.answers = [cut_at(400_000)]

    def next_to_nothing(handler: Any, server: FileServer) -> None:
        start = handler.asked.start
        span = f"bytes {start}-{start + max(sent, 1) - 1}/{SIZE}"
        handler.head(206, Content_Length=sent, Content_Range=span, ETag=server.etag, Content_Type="video/mp4")
        handler.send(server.content[start : start + sent])

    host.always = next_to_nothing
    with pytest.raises(LandingInterruptedError, match=rf"sent {sent} bytes after byte 4.*6 failures in a row"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert len(host.asked) == 6
    assert files_in(out.parent) == []


def test_a_host_that_trickles_is_taken_for_one_that_has_stalled(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No single silence is long enough for a time-out."""
    monkeypatch.setattr(download, "SLOW_AFTER", 0.2)

    def trickle(handler: Any, server: FileServer) -> None:
        handler.head(200, Content_Length=SIZE, Content_Type="video/mp4", ETag=server.etag)
        for at in range(SIZE):
            handler.send(server.content[at : at + 1])
            handler.wfile.flush()
            time.sleep(0.02)

    host.answers = [trickle]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    assert len(host.asked) == 2
    host.always = trickle
    with pytest.raises(LandingInterruptedError, match=r"sent only \d+ bytes in \d+ seconds.*6 failures"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/b.mp4")


def test_an_answer_whose_head_trickles_in_for_ever_is_given_up(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HEAD_TIMEOUT", 1.5)

    def trickle(handler: Any, server: FileServer) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 60_000:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.02)

    host.answers = [trickle]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    host.always = trickle
    with pytest.raises(LandingInterruptedError, match=r"no whole answer within \d+ s.*6 failures"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/b.mp4")


def test_an_answer_that_never_begins_is_given_up_as_one_that_is_late(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the connection, which is our own doing, isn't told as the host's."""
    monkeypatch.setattr(transport, "HEAD_TIMEOUT", 0.3)
    host.always = until_the_client_goes
    with pytest.raises(LandingInterruptedError, match=r"no whole answer within \d+ s.*6 failures"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")


def test_time_that_is_up_while_the_connection_is_being_made_ends_it_too(
    hook: SeedanceHook, host: FileServer, out: Path, no_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket that isn't known yet when the time is up can't be ended then."""
    monkeypatch.setattr(transport, "HEAD_TIMEOUT", 0.1)
    monkeypatch.setattr(transport, "READ_TIMEOUT", 1.0)
    connect = socket.create_connection

    def late(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        connected = connect(address, *args, **kwargs)
        time.sleep(0.5)
        return connected

    monkeypatch.setattr(socket, "create_connection", late)
    host.always = until_the_client_goes
    with pytest.raises(LandingInterruptedError, match=r"no whole answer within \d+ s.*6 failures"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert host.asked == []


def test_a_manifest_without_its_object_counts_for_nothing(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path
) -> None:
    """So it is after a kill between the two."""
    clip = made() | {"video_url": host.url()}
    land_video(hook, clip, f"file://{out}/a.mp4")
    (out / "a.mp4").unlink()
    land_video(hook, clip, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    assert len(host.asked) == 2


def test_an_object_that_was_tampered_with_is_not_taken_for_ours(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path
) -> None:
    clip = made() | {"video_url": host.url()}
    land_video(hook, clip, f"file://{out}/a.mp4")
    (out / "a.mp4").write_bytes(host.content[:-1])
    with pytest.raises(LandingRefusedError, match="something else"):
        land_video(hook, clip, f"file://{out}/a.mp4")


def test_a_file_larger_than_allowed_is_not_even_begun(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.pause = 0.01
    with pytest.raises(LandingRefusedError, match=r"1000000 bytes long.*max_bytes.*999999"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4", max_bytes=SIZE - 1)
    assert host.sent < SIZE
    assert files_in(out.parent) == []
    assert land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4", max_bytes=SIZE)["bytes"] == SIZE


def test_a_path_that_is_a_folder_is_refused(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    (out / "a.mp4").mkdir(parents=True)
    with pytest.raises(LandingRefusedError, match="is a folder"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")


def test_a_disk_that_fails_is_no_reason_to_ask_the_host_again(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.landing.local_file import LocalFile

    def full(self: Any, block: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalFile, "write", full)
    with pytest.raises(OSError, match="No space left"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert len(host.asked) == 1
    assert files_in(out) == []


def test_a_url_alone_cannot_name_what_nobody_knows(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    from airflow_provider_seedance.api.errors import InvalidRequestError

    with pytest.raises(InvalidRequestError, match="give `video_id`"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/{{video_id}}.mp4")
    with pytest.raises((InvalidRequestError, LandingError)):
        land_video(hook, {}, f"file://{out}/a.mp4")
    assert host.asked == []
