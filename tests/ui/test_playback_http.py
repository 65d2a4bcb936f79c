"""The routes of the plugin over HTTP, on a real Airflow with two users: what is played, and to whom."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.plugins.seedance_ui import API_PREFIX
from dev.stack import CHECKOUT, AirflowStack
from tests.any_airflow import AIRFLOW
from tests.stack.conftest import teller
from tests.ui.auth import GUEST
from tests.ui.seed import COURSES
from tests.ui.test_playback_rules import FORGED

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(AIRFLOW < (3, 1), reason="the pages need Airflow 3.1"),
]

RUN, DAG, SECRET = "seeded__0000", "ui_gallery", "ui_secret"
RUNS = 120
CONTENT = bytes(range(256)) * 4096


class Airflow:
    """An API server with seeded runs, and users' clients."""

    def __init__(self, stack: AirflowStack, media: Path) -> None:
        self.stack = stack
        self.media = media

    def client(self, user: str | None) -> httpx.Client:
        """As a browser has it: with the session's cookie."""
        client = httpx.Client(base_url=self.stack.url, trust_env=False, timeout=60)
        if user:
            password = json.loads((self.stack.home / "passwords.json").read_text())[user]
            login = {"username": user, "password": password}
            answer = httpx.post(f"{self.stack.url}/auth/token", json=login, trust_env=False, timeout=60)
            client.cookies.set("_token", answer.json()["access_token"])
        return client

    def run(self, module: str, *arguments: str, stdin: Any) -> None:
        command = [self.stack.python, "-m", module, *arguments]
        done = subprocess.run(
            command,
            env=self.stack.env,
            cwd=CHECKOUT,
            input=json.dumps(stdin),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def put(self, value: Any, dag: str = DAG, task: str = "store", **more: Any) -> None:
        """Has a task's XCom say this."""
        where = {"dag_id": dag, "run_id": RUN, "task_id": task, "key": "return_value"}
        self.run("tests.ui.put_xcoms", stdin=[where | {"value": value} | more])


def play(client: httpx.Client, dag: str = DAG, task: str = "store", method: str = "GET", **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    params = {"run_id": RUN, "task_id": task} | more
    return client.request(method, f"{API_PREFIX}/playback/{dag}", params=params, headers=headers)


@pytest.fixture(scope="module")
def airflow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    home = tmp_path_factory.mktemp("playback")
    media = home / "media"
    for dag in (DAG, SECRET):
        (media / dag).mkdir(parents=True)
        (media / dag / "v.mp4").write_bytes(CONTENT)
        (media / dag / "page.html").write_bytes(b"<script>alert(1)</script>")
    (media / DAG / "link.mp4").symlink_to(media / SECRET / "v.mp4")
    env = {
        "AIRFLOW__CORE__AUTH_MANAGER": "tests.ui.auth.PerDagAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"admin:admin,{GUEST}:viewer",
        "AIRFLOW__SEEDANCE__PLAYBACK_ROOTS": f"{media.as_uri()}/{{dag_id}}, s3://no_such_conn@elsewhere",
        "PYTHONPATH": str(CHECKOUT),
    }
    dags = [Path(__file__).parent / "dags"]
    stack = AirflowStack(home / "airflow", dags, env, progress=teller(request))
    try:
        stack._prepare_home()
        for kind in ("api-server", "dag-processor"):  # nothing runs here
            stack.start_component(kind)
        _wait_for(stack)
        stack.api.wait_for_dag(SECRET)
        stack.api.wait_for_dag(DAG)
        stack.kill_component("dag-processor")
        found = Airflow(stack, media)
        video = {"video_id": "v", "vendor": "byteplus", "model": "m"}
        for dag in (DAG, SECRET):
            found.run("tests.ui.seed", dag, str(RUNS if dag == DAG else 1), stdin=[video])
            found.put({"uri": f"{media.as_uri()}/{dag}/v.mp4"}, dag)
        yield found
    finally:
        stack.stop()


def _wait_for(stack: AirflowStack) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        stack.check()
        try:
            if httpx.get(f"{stack.url}/api/v2/monitor/health", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail("the API server did not start")


def test_a_user_who_may_read_the_task_s_xcom_plays_the_copy_and_nobody_else(airflow: Airflow) -> None:
    with airflow.client("admin") as admin, airflow.client(GUEST) as guest, airflow.client(None) as nobody:
        assert admin.get(f"{API_PREFIX}/about").json()["playback"] is True
        assert play(admin).content == CONTENT
        assert play(admin, SECRET).content == CONTENT
        assert play(guest).status_code == 200
        assert play(guest, SECRET).status_code == 403
        assert play(nobody).status_code == 401
        assert nobody.get(f"{API_PREFIX}/about").status_code == 401
        for path in ("/docs", "/openapi.json", "/redoc", "/playback", "/playback/~"):
            assert guest.get(API_PREFIX + path, params={"run_id": RUN, "task_id": "store"}).status_code in (403, 404)
        # The DAG whose permission is asked for is the one that is read.
        crossed = play(guest, DAG, dag_id=SECRET)
        assert crossed.status_code == 200
        assert play(guest, SECRET, dag_id=DAG).status_code == 403


def test_ranges_tags_and_heads_are_answered_as_http_wants_it(airflow: Airflow) -> None:
    with airflow.client("admin") as admin:
        whole = play(admin)
        assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in whole.headers["content-security-policy"]
        assert "private" in whole.headers["cache-control"]
        tag = whole.headers["etag"]
        part = play(admin, headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(CONTENT)}"
        assert play(admin, headers={"Range": "bytes=-5"}).content == CONTENT[-5:]
        assert play(admin, headers={"Range": "bytes=5-", "If-Range": tag}).status_code == 206
        assert play(admin, headers={"Range": "bytes=5-", "If-Range": '"old"'}).status_code == 200
        same = play(admin, headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")
        beyond = play(admin, headers={"Range": f"bytes={len(CONTENT)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
        head = play(admin, method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(CONTENT))
        assert play(admin, download="true").headers["content-disposition"].startswith("attachment")
        assert play(admin, method="POST").status_code == 405


def test_forged_addresses_play_nothing(airflow: Airflow) -> None:
    media = airflow.media.as_uri()
    values: list[Any] = [{"uri": uri} for uri in FORGED if not isinstance(uri, bytes) and "\ud800" not in str(uri)]
    values += [{"uri": str(each["uri"]).replace("file:///srv/videos", f"{media}/{DAG}")} for each in values]
    values += [f"{media}/{DAG}/v.mp4", [f"{media}/{DAG}/v.mp4"], None, 7, "not json {"]
    values += [
        {"uri": f"{media}/{DAG}/link.mp4"},
        {"uri": f"{media}/{SECRET}/v.mp4"},
        {"uri": f"{media}/{DAG}/none.mp4"},
    ]
    xcoms = []
    for number, value in enumerate(values):
        task = "one_task" if len(COURSES[number % len(COURSES)]) == 1 else "create"
        where = {"dag_id": DAG, "run_id": f"seeded__{number:04}", "task_id": task, "key": "return_value"}
        xcoms.append(where | {"value": value})
    assert len(xcoms) <= RUNS
    airflow.run("tests.ui.put_xcoms", stdin=xcoms)
    with airflow.client("admin") as admin:
        for xcom in xcoms:
            answer = play(admin, task=xcom["task_id"], run_id=xcom["run_id"])
            assert answer.status_code == 404, xcom["value"]
            assert str(airflow.media) not in answer.text


def test_only_tasks_of_this_provider_s_operators_count(airflow: Airflow) -> None:
    uri = {"uri": f"{airflow.media.as_uri()}/{DAG}/v.mp4"}
    with airflow.client("admin") as admin:
        airflow.put(uri, operator="PythonOperator")
        assert play(admin).status_code == 404
        airflow.put(uri, operator="SeedanceVideoToObjectStorageOperator")
        assert play(admin).status_code == 200


def test_a_connection_that_is_not_defined_is_an_error(airflow: Airflow) -> None:
    with airflow.client("admin") as admin:
        airflow.put({"uri": "s3://elsewhere/v.mp4"}, task="wait")
        answer = play(admin, task="wait")
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "The connection that opens the storage is not defined.",
        )
        assert "no_such_conn" not in answer.text


def test_a_stored_page_is_never_shown_as_one(airflow: Airflow) -> None:
    with airflow.client("admin") as admin:
        airflow.put({"uri": f"{airflow.media.as_uri()}/{DAG}/page.html"}, task="wait")
        answer = play(admin, task="wait")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")


def test_facts_of_many_tasks_come_in_one_answer_and_only_of_dags_whose_xcoms_one_may_read(airflow: Airflow) -> None:
    tasks = [[dag, RUN, task, -1] for dag in (DAG, SECRET) for task in ("create", "store")]
    tasks += [[DAG, "no-such-run", "create", -1], ["no_such_dag", RUN, "create", -1], [DAG, RUN, "create", 7]]
    with airflow.client("admin") as admin, airflow.client(GUEST) as guest, airflow.client(None) as nobody:
        path = f"{API_PREFIX}/facts"
        assert nobody.post(path, json={"tasks": tasks}).status_code == 401
        everything = admin.post(path, json={"tasks": tasks}).json()
        told = everything["told"]
        assert everything["denied"] == []
        assert told[3]["return_value"]["uri"].endswith(f"/{SECRET}/v.mp4")
        assert told[2]["video_id"].startswith("v-ui_secret")
        assert told[4:] == [None, None, None]
        assert everything["served"][2:] == [[], ["uri"], [], [], []]
        permitted = guest.post(path, json={"tasks": tasks})
        assert permitted.json()["denied"] == ["ui_secret"]
        assert permitted.json()["told"][:2] == told[:2]
        assert permitted.json()["told"][2:4] == [None, None]
        assert permitted.json()["served"][2:4] == [[], []]
        assert "v-ui_secret" not in permitted.text
        assert guest.post(path, json={"tasks": [["~", RUN, "create", -1]]}).json()["told"] == [None]
        bad: list[Any] = [{}, {"tasks": [["d"]]}, {"tasks": [[{}, "r", "t", 0]]}, {"tasks": [tasks[0]] * 1001}, []]
        for wrong in bad:
            assert admin.post(path, json=wrong).status_code == 422
        assert admin.get(path).status_code == 405


OURS = ["SeedanceCreateVideoOperator", "SeedanceVideoSensor", "SeedanceVideoToObjectStorageOperator"]


def test_tasks_come_in_one_answer_as_airflow_s_own_list_has_them(airflow: Airflow) -> None:
    path = f"{API_PREFIX}/tasks"
    with airflow.client("admin") as admin, airflow.client(GUEST) as guest, airflow.client(None) as nobody:
        assert admin.get(f"{API_PREFIX}/about").json()["tasks"] is True
        assert nobody.get(f"{path}/~").status_code == 401
        listed = admin.get(f"/api/v2/dags/{DAG}/dagRuns/~/taskInstances", params={"operator": OURS, "limit": 100})
        known = {(task["dag_run_id"], task["task_id"]): task for task in listed.json()["task_instances"]}
        own = admin.get(f"{path}/{DAG}", params={"operator": OURS}).json()
        assert own["total_entries"] == listed.json()["total_entries"] == len(own["task_instances"])
        for task in own["task_instances"]:
            same = known.get((task["dag_run_id"], task["task_id"]), {})
            for name in set(same) & set(task) - {"run_after", "start_date", "end_date", "rendered_fields"}:
                assert task[name] == same[name], name
            for name in ("run_after", "start_date"):
                assert not same or bool(task[name]) is bool(same[name])
        runs = [task["run_after"] for task in own["task_instances"]]
        assert runs == sorted(runs, reverse=True)
        # Only what is asked for.
        few = admin.get(f"{path}/~", params={"operator": OURS[1], "run_id": RUN, "limit": 5}).json()["task_instances"]
        assert {(task["task_id"], task["dag_run_id"]) for task in few} == {("wait", RUN)}
        assert {task["dag_id"] for task in few} == {DAG, SECRET}
        page = admin.get(f"{path}/{DAG}", params={"operator": OURS, "offset": 3, "limit": 2}).json()
        assert page["task_instances"] == own["task_instances"][3:5]
        late = {"updated_at_gte": "2999-01-01T00:00:00Z"}
        assert admin.get(f"{path}/~", params=late).json() == {"task_instances": [], "total_entries": 0}
        assert admin.get(f"{path}/~", params={"operator": "PythonOperator"}).json()["total_entries"] == 0
        assert admin.get(f"{path}/~", params={"limit": 1001}).status_code == 422
        # Of what one may read.
        seen = guest.get(f"{path}/~")
        assert {task["dag_id"] for task in seen.json()["task_instances"]} == {DAG}
        assert SECRET not in seen.text
        assert guest.get(f"{path}/{SECRET}").status_code == 403


def test_without_a_ledger_in_a_database_there_are_no_budgets(airflow: Airflow) -> None:
    with airflow.client("admin") as admin, airflow.client(None) as nobody:
        assert admin.get(f"{API_PREFIX}/about").json()["budgets"] is False
        assert admin.get(f"{API_PREFIX}/budgets").status_code == 404
        assert nobody.get(f"{API_PREFIX}/budgets").status_code == 401


def test_slow_readers_do_not_hold_up_airflow(airflow: Airflow, request: pytest.FixtureRequest) -> None:
    big = airflow.media / DAG / "big.mp4"
    with big.open("wb") as file:
        file.truncate(512 * 1024 * 1024)
    airflow.put({"uri": big.as_uri()}, task="wait")
    path = f"{API_PREFIX}/playback/{DAG}"
    with airflow.client("admin") as admin:
        open_streams = []
        try:
            for _ in range(60):
                stream = admin.stream("GET", path, params={"run_id": RUN, "task_id": "wait"})
                answer = stream.__enter__()
                assert answer.status_code == 200
                open_streams.append(stream)
            began = time.monotonic()
            assert admin.get("/api/v2/dags").status_code == 200
            teller(request)(f"60 slow readers: Airflow's list of DAGs after {time.monotonic() - began:.2f} s")
        finally:
            for stream in open_streams:
                stream.__exit__(None, None, None)
