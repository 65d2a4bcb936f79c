# ruff: noqa: F811 - fixtures are imported by their names
"""H6: nothing that only looks like ours is opened, removed or spliced."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from tests.transfers.conftest import SIZE, _no_proxy, _vendor, files_in, hook, host, no_pause, out, sim  # noqa: F401
from tests.transfers.mp4 import video
from tests.transfers.server import Answer, FileServer, Handler, cut_at

pytestmark = pytest.mark.usefixtures("no_pause")

LEFT_OVER = ".a.mp4.0123456789ab.part"
PATIENCE = 60.0


def in_time(work: Callable[[], Any]) -> list[BaseException]:
    """Does it in a thread, since a pipe would hold it for ever; what it raised."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it hangs"
    return raised


@pytest.mark.parametrize("name", [LEFT_OVER, f".a.mp4{SUFFIX}.0123456789ab.part"])
def test_case_h6_a_pipe_named_like_a_left_over_never_hangs_and_stays(
    hook: SeedanceHook, host: FileServer, out: Path, name: str
) -> None:
    out.mkdir()
    os.mkfifo(out / name)
    assert in_time(lambda: land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")) == []
    assert (out / "a.mp4").read_bytes() == host.content
    assert (out / name).is_fifo()


def test_case_h6_a_pipe_that_somebody_reads_is_left_alone_too(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    out.mkdir()
    os.mkfifo(out / LEFT_OVER)
    reader = os.open(out / LEFT_OVER, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert in_time(lambda: land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")) == []
    finally:
        os.close(reader)
    assert (out / LEFT_OVER).is_fifo()


@pytest.mark.parametrize("name", ["a.mp4", f"a.mp4{SUFFIX}"])
def test_case_h6_a_pipe_in_the_place_of_the_file_is_refused(
    hook: SeedanceHook, host: FileServer, out: Path, name: str
) -> None:
    out.mkdir()
    (out / "a.mp4").write_bytes(b"mine")
    (out / name).unlink(missing_ok=True)
    os.mkfifo(out / name)
    (refused,) = in_time(lambda: land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4"))
    assert isinstance(refused, LandingRefusedError)
    assert "a device or a pipe" in str(refused)
    assert host.asked == []
    assert (out / name).is_fifo()


def test_case_h6_a_folder_and_a_link_named_like_a_left_over_stay(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    out.mkdir()
    (out / "precious").write_bytes(b"mine")
    (out / LEFT_OVER).symlink_to(out / "precious")
    (out / ".a.mp4.ffffffffffff.part").mkdir()
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "precious").read_bytes() == b"mine"
    assert (out / LEFT_OVER).is_symlink()
    assert (out / ".a.mp4.ffffffffffff.part").is_dir()


def test_case_h6_a_manifest_of_gigabytes_is_not_read(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    out.mkdir()
    (out / "a.mp4").write_bytes(b"mine")
    with (out / f"a.mp4{SUFFIX}").open("wb") as file:
        file.truncate(20 * 1024**3)
    (refused,) = in_time(lambda: land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4"))
    assert isinstance(refused, LandingRefusedError)
    assert (out / "a.mp4").read_bytes() == b"mine"


# -- a 206 that continues something else ------------------------------------------------------------------------------

OTHER = video(SIZE, seed=2)
LONGER = video(SIZE + 1000, seed=2)
DAY = "Sat, 21 Nov 2026 09:00:00 GMT"


def rest_of(body: bytes, **headers: Any) -> Answer:
    """Takes no notice of If-Range, and answers a range by that of another file."""

    def answer(handler: Handler, host: FileServer) -> None:
        start, size = handler.asked.start, len(body)
        if not start:
            handler.head(200, Content_Length=size, Content_Type="video/mp4", **headers)
            handler.send(body)
            return
        span = f"bytes {start}-{size - 1}/{size}"
        handler.head(206, Content_Length=size - start, Content_Range=span, Content_Type="video/mp4", **headers)
        handler.send(body[start:])

    return answer


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (OTHER, {}),
        (OTHER, {"ETag": '"two"'}),
        (OTHER, {"ETag": 'W/"one"'}),
        (OTHER, {"Last_Modified": DAY}),
        (LONGER, {}),
        (LONGER, {"ETag": '"one"'}),
        (LONGER, {"ETag": '"two"'}),
    ],
    ids=[
        "says nothing",
        "another ETag",
        "a weak one",
        "only a date",
        "longer",
        "longer, same ETag",
        "longer, other ETag",
    ],
)
def test_case_h6_the_rest_of_another_file_is_never_spliced(
    hook: SeedanceHook, host: FileServer, out: Path, body: bytes, headers: dict[str, Any]
) -> None:
    """Also test gap 5."""
    host.answers = [cut_at(400_000)]
    host.always = rest_of(body, **headers)
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == body
    assert [asked.start for asked in host.asked] == [0, 400_000, 0]
    assert files_in(out) == ["a.mp4", f"a.mp4{SUFFIX}"]


@pytest.mark.parametrize(("total", "spliced"), [(SIZE, True), (None, False)])
def test_case_h6_a_date_counts_only_with_the_same_length(
    hook: SeedanceHook, host: FileServer, out: Path, total: int | None, spliced: bool
) -> None:
    """The host that gives nothing but a date: it is resumed at, as long as all fits."""
    body = host.content

    def cut(handler: Handler, server: FileServer) -> None:
        handler.head(200, Content_Length=SIZE, Content_Type="video/mp4", Last_Modified=DAY)
        handler.send(body[:400_000])

    def rest(handler: Handler, server: FileServer) -> None:
        start = handler.asked.start
        if not start:
            rest_of(body, Last_Modified=DAY)(handler, server)
            return
        span = f"bytes {start}-{SIZE - 1}/{total or '*'}"
        handler.head(206, Content_Length=SIZE - start, Content_Range=span, Last_Modified=DAY)
        handler.send(body[start:])

    host.answers = [cut]
    host.always = rest
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == body
    assert [asked.start for asked in host.asked] == ([0, 400_000] if spliced else [0, 400_000, 0])
