# ruff: noqa: F811 - fixtures are imported by their names
"""H3, H6: odd URLs are followed as browsers do, and none of them leads into our own network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.api.addresses import is_public, may_be_public
from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.address_rules import encoded
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.simulator import Simulator
from tests.transfers.conftest import _no_proxy, _vendor, files_in, hook, host, no_pause, out, sim  # noqa: F401
from tests.transfers.server import FileServer, redirects, says
from tests.transfers.test_bad_hosts import PUBLIC, names

pytestmark = pytest.mark.usefixtures("no_pause")


def raw(text: str) -> str:
    """A header's value of which UTF-8 goes over the wire."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (raw("/vidéo/马.mp4?a=ü"), "/vid%C3%A9o/%E9%A9%AC.mp4?a=%C3%BC"),
        ("/vid\xe9o.mp4", "/vid%C3%A9o.mp4"),
        ("/a clip.mp4?sig=x y", "/a%20clip.mp4?sig=x%20y"),
        ('/a"<b>|c\\d`^{e}.mp4', "/a%22%3Cb%3E%7Cc%5Cd%60%5E%7Be%7D.mp4"),
        ("/%E9%A9%AC%20x.mp4?sig=a%2Fb%3D", "/%E9%A9%AC%20x.mp4?sig=a%2Fb%3D"),
        ("/50%.mp4?x=%zz", "/50%.mp4?x=%zz"),
        ("  /padded.mp4  ", "/padded.mp4"),
        ("b.mp4?x=[1]&y='2'", "/b.mp4?x=[1]&y='2'"),
        ("?other", "/clip.mp4?other"),
        ("/b.mp4#t=1", "/b.mp4"),
    ],
)
def test_case_h3_a_redirect_is_followed_however_its_host_writes_it(
    hook: SeedanceHook, host: FileServer, out: Path, location: str, path: str
) -> None:
    host.answers = [redirects(location)]
    land_video(hook, {"video_url": host.url("/clip.mp4")}, f"file://{out}/a.mp4")
    assert host.asked[1].path == path
    assert (out / "a.mp4").read_bytes() == host.content


@pytest.mark.parametrize("origin", ["{origin}", "//127.0.0.1:{port}", "HTTP://127.0.0.1:{port}"])
def test_case_h3_the_host_of_a_redirect_may_be_written_in_each_way(
    hook: SeedanceHook, host: FileServer, out: Path, origin: str
) -> None:
    host.answers = [redirects(origin.format(origin=host.origin, port=host.port) + raw("/é b.mp4"))]
    land_video(hook, {"video_url": host.url("/clip.mp4")}, f"file://{out}/a.mp4")
    assert host.asked[1].path == "/%C3%A9%20b.mp4"


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/a clip.mp4?sig=x y", "/a%20clip.mp4?sig=x%20y"),
        ("/vidéo.mp4", "/vid%C3%A9o.mp4"),
        ("/a.mp4 ", "/a.mp4"),
        ("/a.m\np4\t", "/a.mp4"),
        ("/a.mp4?sig=%2B+%20", "/a.mp4?sig=%2B+%20"),
        ("/\u202ea\x7f.mp4", "/%E2%80%AEa%7F.mp4"),
        ("/cut\ud83d.mp4", "/cut%ED%A0%BD.mp4"),
    ],
)
def test_case_h3_a_vendors_url_is_fetched_however_it_is_written(
    hook: SeedanceHook, host: FileServer, out: Path, written: str, path: str
) -> None:
    land_video(hook, {"video_url": host.origin + written}, f"file://{out}/a.mp4")
    assert host.asked[0].path == path


@pytest.mark.parametrize("url", ["https://a.example/b?c=d%20e&f=(1)~*!'", "/a/b;c=1,2?x=@:$", "//h.example:8/p"])
def test_case_h3_what_is_written_well_stays_as_it_is(url: str) -> None:
    assert encoded(url) == url


@pytest.fixture
def strict(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeedanceHook]:
    """A connection that doesn't allow private addresses."""
    monkeypatch.setenv("AIRFLOW_CONN_STRICT", sim.connection_json("byteplus", allow_private_hosts=False))
    seedance = SeedanceHook("strict")
    seedance.get_conn()
    yield seedance
    seedance.close()


@pytest.mark.parametrize(
    "location",
    [
        raw("http://127.0.0.1:{port}/é"),
        raw("//127.0.0.1.:{port}/é b"),
        "http://127.0.0.1:{port} /a",
        "http://cdn.example@127.0.0.1:{port}/",
        "http://cdn.example\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\.cdn.example/",
        raw("http://127。0。0。1:{port}/"),
        raw("http://\u2460\u2461\u2466.0.0.1:{port}/"),
        raw("http://\uff11\uff12\uff17.0.0.1:{port}/"),
        "http://0x7f.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://loc%61lhost:{port}/",
    ],
)
def test_case_h3_no_way_of_writing_leads_to_a_private_host(
    strict: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    host.answers = [redirects(location.format(port=host.port))]
    local = {"127.0.0.1": "127.0.0.1", "127.0.0.1.": "127.0.0.1", "0x7f.1": "127.0.0.1", "::ffff:127.0.0.1": "::1"}
    resolver = lambda name: [PUBLIC] if name == "cdn.example" else [local.get(name, "127.0.0.1")]  # noqa: E731
    with names(monkeypatch, resolver) as connected, pytest.raises(LandingRefusedError):
        land_video(strict, {"video_url": f"http://cdn.example:{host.port}/clip.mp4"}, f"file://{out}/a.mp4")
    assert connected == [PUBLIC]
    assert len(host.asked) == 1
    assert files_in(out.parent) == []


LOCAL_ADDRESSES = ["fec0::1", "feff:ffff::1", "fe80::1", "5f00::1", "4000::1", "3fff::1", "::ffff:0:7f00:1", "8000::"]


@pytest.mark.parametrize("address", [*LOCAL_ADDRESSES, "192.88.99.1", "192.0.0.192", "0.1.2.3", "100.64.0.1"])
def test_case_h6_what_is_not_handed_out_for_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "240e::1", "1.1.1.1"])
def test_case_h6_what_is_handed_out_is(address: str) -> None:
    assert is_public(address)


LOCAL_NAMES = [
    "127.0.0.1.",
    "127.1.",
    "2130706433.",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "LocalHost.",
    "a.localhost.",
    "localhost.localdomain",
    "ip6-localhost",
    "db",
    "db.",
    "printer.local",
    "metadata.google.internal",
    "metadata.google.internal.",
    "nas.home.arpa",
    "[fec0::1]",
    "[fe80::1]",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "169.254.169.254.",
]


@pytest.mark.parametrize("name", LOCAL_NAMES)
def test_case_h6_behind_a_proxy_local_names_and_addresses_never_pass(
    host: FileServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("http_proxy", host.origin)
    host.always = says(200, b"the secret")
    with names(monkeypatch, lambda asked: ["127.0.0.1"]) as connected:  # nothing leaves this machine, whatever happens
        with pytest.raises(LandingRefusedError, match="private address"), FileHost().get(f"http://{name}:80/a.mp4", {}):
            pass
        assert (host.asked, connected) == ([], [])
        with FileHost(allow_private=True).get(f"http://{name}:80/a.mp4", {}) as answer:
            assert b"".join(answer.blocks) == b"the secret"
    assert connected == ["127.0.0.1"]  # the proxy


@pytest.mark.parametrize(
    "name", ["cdn.example.com", "cdn.example.com.", "8.8.8.8", "locals.example", "my-internal.com"]
)
def test_case_h6_public_names_pass(name: str) -> None:
    assert may_be_public(name)


@pytest.mark.parametrize("name", ["127.0.0.1.", "localhost."])
def test_case_h6_without_a_proxy_the_addresses_behind_a_name_decide(
    host: FileServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with (
        names(monkeypatch, lambda asked: ["127.0.0.1"]) as connected,
        pytest.raises(LandingRefusedError, match="private address"),
        FileHost().get(f"http://{name}:{host.port}/a.mp4", {}),
    ):
        pass
    assert connected == []


@pytest.mark.parametrize("host", ["127.0.0.1%2e", "%31%32%37.0.0.1", "db%2einternal", "fe80::1%eth0"])
def test_case_h6_a_host_that_a_proxy_may_decode_is_not_taken_for_a_public_one(host: str) -> None:
    assert not may_be_public(host)
    assert may_be_public("files.example.com")
