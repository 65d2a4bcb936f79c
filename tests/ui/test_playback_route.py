"""What the playback route answers for a stored file, whatever its name. Permissions are tested on a real Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.any_airflow import AIRFLOW

pytestmark = pytest.mark.skipif(AIRFLOW < (3, 1), reason="the pages need Airflow 3.1")

CONTENT = bytes(range(256)) * 64


class Player:
    """The route, and the folder of a DAG `d` that it may play from."""

    def __init__(self, client: Any, folder: Path, told: dict[str, Any]) -> None:
        self._client = client
        self._folder = folder
        self._told = told

    def play(self, name: str, method: str = "GET", *, download: bool = False, **headers: str) -> Any:
        """Asks for a file of that name, which is there."""
        if not (self._folder / name).exists():
            (self._folder / name).write_bytes(CONTENT)
        self._told["uri"] = f"file://{self._folder}/{name}"
        params = {"run_id": "r", "task_id": "t"} | ({"download": "true"} if download else {})
        return self._client.request(method, "/playback/d", params=params, headers=headers)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from airflow_provider_seedance.plugins import routes

    told: dict[str, Any] = {}
    monkeypatch.setenv("AIRFLOW__SEEDANCE__PLAYBACK_ROOTS", f"file://{tmp_path}/{{dag_id}}")
    monkeypatch.setattr(routes, "returned_by", lambda task: told)
    app = FastAPI()
    app.api_route("/playback/{dag_id}", methods=["GET", "HEAD"])(routes.playback)
    (tmp_path / "d").mkdir()
    with TestClient(app) as client:
        yield Player(client, tmp_path / "d", told)


@pytest.mark.parametrize("name", ["v.mov", "V.MOV"])
def test_a_quicktime_video_is_played_and_downloaded(player: Player, name: str) -> None:
    """Seedance 2.5 makes them on request: `output_format="mov"`."""
    whole = player.play(name)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "video/quicktime"
    assert whole.headers["content-disposition"] == f"inline; filename*=UTF-8''{name}"
    part = player.play(name, Range="bytes=100-199")
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, CONTENT[100:200], "video/quicktime")
    saved = player.play(name, download=True)
    assert saved.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"; filename="b.exe.mp4', "a%22%3B%20filename%3D%22b.exe.mp4"),
        ("夕暮れ ☂.mp4", "%E5%A4%95%E6%9A%AE%E3%82%8C%20%E2%98%82.mp4"),
        ("50% off, 'best' of.mp4", "50%25%20off%2C%20%27best%27%20of.mp4"),
        ("<script>.mp4", "%3Cscript%3E.mp4"),
    ],
)
def test_no_name_of_a_file_gets_out_of_its_header(player: Player, name: str, sent: str) -> None:
    answer = player.play(name, download=True)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{sent}"


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1.mp4", "a\tb.mp4", "a\u202eb.mp4"])
def test_a_name_with_line_breaks_or_invisible_characters_is_not_played(player: Player, name: str) -> None:
    answer = player.play(name)
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["page.html", "page.svg", "script.js", "v.mp4.manifest.json", "noend"])
def test_what_is_no_video_or_picture_is_only_saved(player: Player, name: str) -> None:
    answer = player.play(name)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_head_with_a_range_is_answered_like_its_get_without_the_bytes(player: Player) -> None:
    head, got = (player.play("v.mp4", method, Range="bytes=-10") for method in ("HEAD", "GET"))
    assert (head.status_code, head.content, got.content) == (206, b"", CONTENT[-10:])
    for header in ("content-length", "content-range", "content-type", "etag", "cache-control"):
        assert head.headers[header] == got.headers[header]


@pytest.mark.parametrize("index", ["-2", str(2**31), "9" * 40, "x"])
def test_an_index_that_no_task_can_have_is_refused_before_the_database_is_asked(player: Player, index: str) -> None:
    for params in ({"map_index": index}, {"region_index": index}):
        answer = player._client.get("/playback/d", params={"run_id": "r", "task_id": "t"} | params)
        assert answer.status_code == 422


def test_of_a_mapped_task_only_the_wanted_index_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A player asks for a video in many pieces: each would read the XComs of ten thousand siblings."""
    from airflow.utils import session as sessions
    from sqlalchemy.dialects import sqlite

    from airflow_provider_seedance.plugins.records import returned_by

    asked: list[str] = []

    class Session:
        def __enter__(self) -> Session:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def execute(self, query: Any) -> list[Any]:
            asked.append(str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})))
            return []

    monkeypatch.setattr(sessions, "create_session", Session)
    assert returned_by(("d", "r", "create", 4711, None)) == {}
    assert "map_index IN (4711)" in asked[0]
