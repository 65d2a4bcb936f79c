"""Playing landed copies out of Azure's and Google's storages: ranges, tags, and what isn't there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.any_airflow import AIRFLOW
from tests.clouds.store import CONTAINER, Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.clouds,
    pytest.mark.skipif(AIRFLOW < (3, 1), reason="the pages need Airflow 3.1"),
]

CONTENT = bytes(range(256)) * 12_000
"""Three blocks of what is read ahead."""


class Player:
    """The route, and what the task's XCom says; who may read it is tested elsewhere."""

    def __init__(self, client: TestClient, told: dict[str, Any]) -> None:
        self._client = client
        self.told = told

    def play(self, method: str = "GET", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(method, "/playback/d", params={"run_id": "r", "task_id": "t"}, headers=named)


@pytest.fixture
def player(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    from airflow_provider_seedance.plugins import routes

    told: dict[str, Any] = {"uri": f"{store.scheme}://{CONTAINER}/d/v.mp4"}
    root = f"{store.scheme}://cloud@{CONTAINER}/{{dag_id}}, {store.scheme}://no_such_conn@elsewhere"
    monkeypatch.setenv("AIRFLOW__SEEDANCE__PLAYBACK_ROOTS", root)
    monkeypatch.setattr(routes, "returned_by", lambda *task: told)
    app = FastAPI()
    app.api_route("/playback/{dag_id}", methods=["GET", "HEAD"])(routes.playback)
    store.put("d/v.mp4", CONTENT)
    with TestClient(app) as client:
        yield Player(client, told)


def test_a_stored_copy_is_played_whole_and_in_parts(player: Player) -> None:
    whole = player.play()
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "video/mp4"
    tag = whole.headers["etag"]
    for wanted, content in (
        ("bytes=0-0", CONTENT[:1]),
        ("bytes=1500000-1599999", CONTENT[1_500_000:1_600_000]),
        ("bytes=3000000-", CONTENT[3_000_000:]),
        ("bytes=-7", CONTENT[-7:]),
    ):
        part = player.play(Range=wanted, If_Range=tag)
        assert (part.status_code, part.content) == (206, content)
        assert part.headers["content-range"].endswith(f"/{len(CONTENT)}")
    assert player.play(Range=f"bytes={len(CONTENT)}-").status_code == 416
    assert player.play(If_None_Match=tag).status_code == 304
    head = player.play("HEAD")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(CONTENT)), b"")


def test_a_copy_that_was_replaced_has_another_tag(player: Player, store: Store) -> None:
    from tests.transfers.s3 import forget_storages

    tag = player.play("HEAD").headers["etag"]
    store.put("d/v.mp4", CONTENT[::-1])  # as long as before
    forget_storages()  # an API server that has never looked there
    replaced = player.play(Range="bytes=0-4", If_Range=tag)
    assert (replaced.status_code, replaced.content) == (200, CONTENT[::-1])
    assert replaced.headers["etag"] != tag


def test_what_is_not_there_or_outside_of_the_roots_plays_nothing(player: Player, store: Store) -> None:
    store.put("other/v.mp4", CONTENT)
    for path in ("d/none.mp4", "d", "other/v.mp4", "d/../other/v.mp4"):
        player.told["uri"] = f"{store.scheme}://{CONTAINER}/{path}"
        assert player.play().status_code == 404, path
    player.told["uri"] = f"{store.scheme}://elsewhere/v.mp4"
    assert player.play().status_code == 503
