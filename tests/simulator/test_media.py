"""The files: really playable, as asked for, and behind URLs that die."""

import io
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.simulator.files import span_of
from airflow_provider_seedance.simulator.media.sizes import SIZES, size_of


def looked_at(content: bytes) -> dict[str, Any]:
    with av.open(io.BytesIO(content), "r") as file:
        picture = file.streams.video[0]
        return {
            "size": (picture.width, picture.height),
            "codecs": [stream.codec_context.name for stream in file.streams],
            "pixels": picture.codec_context.format.name if picture.codec_context.format else None,
            "seconds": round((file.duration or 0) / 1_000_000, 1),
            "rate": picture.average_rate,
            "frames": sum(1 for _ in file.decode(picture)),
        }


def downloaded(sim: Simulator, caller: Any, video_id: str) -> httpx.Response:
    sim.finish(video_id)
    return httpx.get(caller.url(video_id), timeout=60)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendors_video_plays(sim: Simulator, callers: Any, vendor: str) -> None:
    answer = downloaded(sim, callers[vendor], callers[vendor].made())
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    seen = looked_at(answer.content)
    assert seen["codecs"] == ["h264", "aac"]
    assert (seen["pixels"], seen["seconds"], seen["rate"], seen["frames"]) == ("yuv420p", 5.0, 24, 120)
    # Modellix's default ratio is 1:1, everybody else's gives 16:9 here.
    assert seen["size"] == ((960, 960) if vendor == "modellix" else (1280, 720))


def test_duration_size_and_silence_are_as_asked_for(sim: Simulator, callers: Any) -> None:
    caller = callers["byteplus"]
    video_id = caller.made(duration=4, resolution="480p", ratio="9:16", generate_audio=False)
    seen = looked_at(downloaded(sim, caller, video_id).content)
    assert (seen["size"], seen["seconds"], seen["codecs"]) == ((496, 864), 4.0, ["h264"])
    assert caller.poll(video_id)["duration"] == 4


def test_every_size_is_even_and_any_prompt_can_be_drawn(sim: Simulator, callers: Any) -> None:
    assert all(side % 2 == 0 for sizes in SIZES.values() for size in sizes.values() for side in size)
    assert size_of("720p", "adaptive") == (1280, 720)
    caller = callers["jimmyai"]
    for ratio in ("21:9", "4:3"):
        prompt = "纸船 🚣 \n" + "x" * 3000
        video_id = caller.made(prompt=prompt, ratio=ratio, resolution="480p", duration=4)
        assert looked_at(downloaded(sim, caller, video_id).content)["size"] == SIZES["480p"][ratio]


def test_last_frames_and_thumbnails_are_pictures(sim: Simulator, callers: Any) -> None:
    ark, gmi = callers["byteplus"].made(return_last_frame=True), callers["gmicloud"].made()
    modellix = callers["modellix"].made(return_last_frame=True)
    for video_id in (ark, gmi, modellix):
        sim.finish(video_id)
    last = httpx.get(callers["byteplus"].poll(ark)["content"]["last_frame_url"])
    assert Image.open(io.BytesIO(last.content)).size == (1280, 720)
    assert last.headers["Content-Type"] == "image/png"
    thumbnail = httpx.get(callers["gmicloud"].poll(gmi)["outcome"]["thumbnail_image_url"])
    assert Image.open(io.BytesIO(thumbnail.content)).format == "JPEG"
    resources = callers["modellix"].poll(modellix)["data"]["result"]["resources"]
    assert [resource["type"] for resource in resources] == ["video", "image"]


def test_parts_can_be_asked_for(sim: Simulator, callers: Any) -> None:
    caller = callers["byteplus"]
    video_id = caller.made(resolution="480p", duration=4)
    whole = downloaded(sim, caller, video_id).content
    url = caller.url(video_id)
    head = httpx.head(url)
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (str(len(whole)), "bytes")
    part = httpx.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert httpx.get(url, headers={"Range": "bytes=-10"}).content == whole[-10:]
    beyond = httpx.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("bytes=0-", (0, 9)),
        ("bytes=5-100", (5, 9)),
        ("bytes=-3", (7, 9)),
        ("lines=1-2", None),
        ("bytes=5-2", None),
    ],
)
def test_ranges_are_read_as_the_standard_says(header: str | None, span: tuple[int, int] | None) -> None:
    assert span_of(header, 10) == span


@pytest.mark.parametrize("vendor", VENDORS)
def test_urls_die_after_retention_and_cannot_be_forged(sim: Simulator, callers: Any, vendor: str) -> None:
    caller = callers[vendor]
    video_id = caller.made()
    sim.finish(video_id)
    url = caller.url(video_id)
    assert httpx.head(url, timeout=60).status_code == 200
    forged = re.sub(r"(Expires=\d+)", r"\g<1>0", url)
    assert httpx.head(forged).status_code == 403
    assert httpx.head(url.partition("?")[0]).status_code == 403
    sim.advance(3_500 if vendor == "replicate" else 86_000)
    assert httpx.head(caller.url(video_id)).status_code == 200
    sim.advance(3 * 86_400)
    assert httpx.head(url).status_code == 403
    if vendor in ("byteplus", "volcengine"):
        assert caller.poll(video_id)["content"] is None
    elif vendor == "replicate":
        assert caller.url(video_id) is None
    else:
        assert httpx.head(caller.url(video_id)).status_code == 403


def test_retention_can_be_set() -> None:
    with Simulator(retention={"gmicloud": 60}, speed=1000) as brief:
        headers = {"Authorization": f"Bearer {brief.api_key}"}
        body = {"model": "seedance-2-0-fast-260128", "payload": {"prompt": "a boat"}}
        made = httpx.post(f"{brief.base_url('gmicloud')}/requests", json=body, headers=headers).json()
        brief.finish(made["request_id"])
        shown = httpx.get(f"{brief.base_url('gmicloud')}/requests/{made['request_id']}", headers=headers).json()
        assert httpx.head(shown["outcome"]["video_url"]).status_code == 200
        brief.advance(61)
        assert httpx.head(shown["outcome"]["video_url"]).status_code == 403
    with pytest.raises(ValueError, match="unknown vendor"):
        Simulator(retention={"nobody": 1})


def test_downloads_can_fail_and_break_off_half_way(sim: Simulator, callers: Any) -> None:
    caller = callers["byteplus"]
    video_id = caller.made(resolution="480p", duration=4)
    whole = len(downloaded(sim, caller, video_id).content)
    url = caller.url(video_id)
    sim.faults.add(Fault("http_503", on="media"), Fault("http_502_html", on="media", skip=1))
    assert [httpx.get(url).status_code for _ in range(4)] == [503, 200, 502, 200]
    sim.faults.add(Fault("reset_after", on="media"))
    got = b""
    with pytest.raises(httpx.ReadError), httpx.stream("GET", url) as stream:  # noqa: PT012
        for piece in stream.iter_raw():
            got += piece
    assert 0 < len(got) < whole
    assert sim.requests[-1].answered == "reset"


def test_many_who_ask_for_the_same_file_get_one_rendering(sim: Simulator, callers: Any) -> None:
    video_id = callers["gmicloud"].made()
    sim.finish(video_id)
    url = callers["gmicloud"].url(video_id)
    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(lambda _: httpx.get(url, timeout=60).content, range(8)))
    assert len(bodies) == 1


def test_a_missing_media_library_is_named(sim: Simulator, callers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "airflow_provider_seedance.simulator.media.render"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("airflow_provider_seedance.simulator.media.render", raising=False)
    monkeypatch.setitem(sys.modules, "av", None)
    answer = downloaded(sim, callers["byteplus"], callers["byteplus"].made())
    assert answer.status_code == 501
    assert 'pip install "airflow-provider-seedance[simulator]"' in answer.text


def test_unknown_files_are_not_found(sim: Simulator) -> None:
    assert httpx.get(f"{sim.url}/media/byteplus/cgt-1.mp4").status_code == 404
    assert httpx.get(f"{sim.url}/media/nobody/x.exe").status_code == 404
