"""Airflow's own permissions decide what is seen; the pages add no way around them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Response, expect

from airflow_provider_seedance.plugins.seedance_ui import STATIC, URL_PREFIX
from tests.ui.auth import GUEST
from tests.ui.browser import Visitors, shot
from tests.ui.world import World

pytestmark = pytest.mark.ui

DATA = ("/api/v2/dags/~/dagRuns/~/taskInstances", "/api/v2/dags/ui_gallery/dagRuns/seeded__0000/taskInstances/wait")


def test_a_user_who_may_not_see_a_dag_sees_none_of_its_videos(visitors: Visitors, airflow: World) -> None:
    everything = visitors.gallery(visitors.page("admin"))
    all_dags = set(everything.get_by_label("Dag").locator("option").all_inner_texts())
    assert {"ui_gallery", "ui_secret"} <= all_dags

    page = visitors.page(GUEST)
    bodies: list[str] = []

    def listen(response: Response) -> None:
        if ("/api/v2/" in response.url or "/seedance-api/" in response.url) and response.ok:
            bodies.append(response.text())

    page.on("response", listen)
    gallery = visitors.gallery(page)
    assert set(gallery.get_by_label("Dag").locator("option").all_inner_texts()) == all_dags - {"ui_secret"}
    assert "ui_secret" not in gallery.evaluate("page => page.shadowRoot.innerHTML")
    assert "ui_gallery" in "".join(bodies)
    assert "ui_secret" not in "".join(bodies)  # Airflow didn't even send it
    shot(page, "gallery-guest")

    tab = visitors.tab(page, "ui_secret", "seeded__0000", "wait")
    expect(page.get_by_text("Forbidden").or_(tab.get_by_text("You may not see this")).first).to_be_visible()
    assert "A paper boat" not in page.content()


def test_without_a_login_nothing_is_returned(visitors: Visitors, airflow: World) -> None:
    page = visitors.page(None)
    answers: dict[str, int] = {}
    page.on("response", lambda answer: answers.__setitem__(answer.url, answer.status))
    page.goto(f"{airflow.stack.url}/plugin/seedance")
    page.wait_for_url("**/auth/login**")
    page.goto(f"{airflow.stack.url}/dags/ui_gallery/runs/seeded__0000/tasks/wait/plugin/seedance-video")
    page.wait_for_url("**/auth/login**")
    asked = {url: status for url, status in answers.items() if "/api/v2/dags" in url or "/xcom" in url}
    assert set(asked.values()) <= {401}, asked
    for path in DATA:
        assert httpx.get(airflow.stack.url + path, trust_env=False).status_code == 401


def test_a_session_that_ends_while_the_page_is_open_is_told(visitors: Visitors, airflow: World) -> None:
    page = visitors.page("admin")
    gallery = visitors.gallery(page, "?dag=ui_gallery")
    page.context.clear_cookies()
    session_over = gallery.get_by_text("Your session has ended").or_(page.locator("input[name=username]"))
    expect(session_over.first).to_be_visible()
    assert gallery.locator(".card").count() == 0


def test_the_static_files_hold_no_data_and_nothing_else_is_served(airflow: World) -> None:
    with httpx.Client(base_url=airflow.stack.url, trust_env=False) as nobody:
        files = [file for file in STATIC.rglob("*") if file.is_file()]
        assert files
        for file in files:
            answer = nobody.get(f"{URL_PREFIX}/{file.relative_to(STATIC)}")
            assert answer.status_code == 200
            assert answer.content == file.read_bytes()
        for path in ("/", "/%2e%2e/seedance_ui.py", "/..%2fseedance_ui.py", "/no-such-file"):
            assert nobody.get(URL_PREFIX + path).status_code in (404, 405), path
        assert nobody.post(f"{URL_PREFIX}/gallery.js").status_code == 405


def test_the_pages_ask_nothing_but_airflow_s_public_api(visitors: Visitors, airflow: World) -> None:
    page = visitors.page("admin")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    visitors.gallery(page, "?dag=ui_gallery")
    visitors.tab(page, "ui_gallery", "seeded__0000", "wait").locator("video").wait_for()
    # The rest of the page is Airflow's own; ours are told by the operators, the XComs and the tasks.
    scripts = "\n".join(Path(file).read_text() for file in STATIC.glob("*.js"))
    assert "/ui/" not in scripts
    assert "localStorage.setItem" not in scripts  # Airflow's choice of a time zone is read there
    assert "innerHTML" not in scripts
    foreign = [line for line in asked if airflow.stack.url not in line and airflow.simulator.url not in line]
    assert [line for line in foreign if "data:" not in line and "blob:" not in line] == []
