"""Where the video goes is looked at before it is paid for: by the path alone when parsed, with its storage when run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator, ObjectStoragePath, TaskDeferred

from airflow_provider_seedance.api.errors import InvalidRequestError, LandingError, LandingRefusedError, SeedanceError
from airflow_provider_seedance.decorators.seedance import seedance_video_task
from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.tasks.output_check import PROVIDERS
from airflow_provider_seedance.tasks.path_limits import ROOM_FOR_ID, problem_of
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator
from dev.task_life import TaskLife, TaskState, Ti

MODEL = "dreamina-seedance-2-0-fast-260128"
ASKS: dict[str, Any] = {
    "model": MODEL,
    "prompt": "a boat",
    "seedance_conn_id": "seedance_byteplus",
    "poll_interval": 0.01,
    "wait_for_completion": True,
}
CJK = "船"
"""Three bytes."""


def create(output_path: Any, **fields: Any) -> SeedanceCreateVideoOperator:
    return SeedanceCreateVideoOperator(task_id="create", output_path=output_path, **ASKS | fields)


def land(output_path: Any, **fields: Any) -> SeedanceVideoToObjectStorageOperator:
    return SeedanceVideoToObjectStorageOperator(
        task_id="land",
        output_path=output_path,
        **{"video_id": "cgt-1", "seedance_conn_id": "seedance_byteplus"} | fields,
    )


# -- the path alone --------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[Any, str]] = {
    "nothing in it": ("", "is empty"),
    "spaces": ("  ", "is empty"),
    "a name of 250 bytes": (f"file:///tmp/{'a' * 246}.mp4", "a name gets 264 bytes long"),
    "80 letters of three bytes each": (f"file:///tmp/{CJK * 80}.mp4", "a name gets 258 bytes long"),
    "a folder of 300 bytes": (f"/tmp/{'b' * 300}/a.mp4", "a name gets 300 bytes long"),
    "a key of 1100 bytes": (f"s3://bucket/{'/'.join(['k' * 99] * 11)}.mp4", "a key gets 1117 bytes long"),
    "a key that its manifest's end makes too long": (f"s3://c@bucket/{'k' * 1020}", "a key gets 1034 bytes long"),
    "no bucket": ("s3:///a.mp4", "needs a bucket"),
    "a bucket alone": ("gs://bucket", "needs a bucket"),
    "a NUL": ("file:///tmp/a\x00.mp4", "no storage can write"),
    "half an emoji": ("file:///tmp/a\ud83d.mp4", "no storage can write"),
}
"""Which path -> what is said of it."""

each_bad = pytest.mark.parametrize(("path", "words"), BAD.values(), ids=list(BAD))


@each_bad
def test_case_d2_a_path_that_cannot_work_is_refused_when_the_dag_is_parsed(path: str, words: str) -> None:
    for made in (create, land):
        with pytest.raises(ValueError, match="output_path") as caught:
            made(path)
        assert words in str(caught.value)
    for argument in ("last_frame_path", "thumbnail_path"):
        with pytest.raises(ValueError, match=argument) as caught:
            land("s3://bucket/a.mp4", **{argument: path})
        assert words in str(caught.value)


@pytest.mark.parametrize("path", [Path("/tmp/a.mp4"), 7, ["s3://b/a.mp4"]])
def test_case_d2_what_is_no_text_is_refused_when_the_dag_is_parsed(path: Any) -> None:
    for made in (create, land):
        with pytest.raises(ValueError, match="output_path must be a text"):
            made(path)


@pytest.mark.parametrize(
    "path",
    [
        f"file:///tmp/{'a' * (255 - len(SUFFIX))}",
        f"s3://bucket/{'k' * (1024 - len(SUFFIX))}",
        f"s3://bucket/{'k' * 900}",  # one name of 900 bytes is none too long for a key
        "s3://bucket/",
        "/tmp/",
        "a.mp4",
        f"file:///tmp/{'x' * 300}{{{{ ds }}}}.mp4",  # the template may be all that makes it long
    ],
)
def test_case_d2_what_may_work_is_left_alone_when_the_dag_is_parsed(path: str) -> None:
    assert create(path).output_path == path
    assert land(path).output_path == path


def test_case_d2_another_task_s_output_is_left_alone_when_the_dag_is_parsed() -> None:
    with DAG("outputs", schedule=None):
        before = BaseOperator(task_id="before")
        assert create(before.output).upstream_task_ids == {"before"}
        assert land(before.output).upstream_task_ids == {"before"}


def test_case_d2_the_longest_id_has_room_in_the_name() -> None:
    template = f"/videos/{'a' * 180}-{{video_id}}.mp4"
    assert problem_of(template, {}) is None
    assert "a name gets 263 bytes long" in str(problem_of(template, {"video_id": ROOM_FOR_ID}))
    assert len(ROOM_FOR_ID) == 64


# -- with its storage ------------------------------------------------------------------------------------------------


@pytest.fixture
def sim(
    seedance_simulator: Simulator, seedance_connections: dict[str, str], submission_records: None, airflow_db: None
) -> Simulator:
    return seedance_simulator


@pytest.fixture(params=["create", "decorator", "land"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a task with a path that a template has rendered to."""

    def context() -> Any:
        return {"ti": Ti(), "task_state_store": TaskState()}

    def run_it(path: Any, **fields: Any) -> Any:
        if request.param == "land":
            made: Any = land("{{ x }}", **fields)
        elif request.param == "create":
            made = create("{{ x }}", **fields)
        else:
            with DAG("decorated", schedule=None) as dag:

                @seedance_video_task(**ASKS | {"output_path": "{{ x }}"} | fields)
                def clip() -> str:
                    return "a boat"

                clip()
            made = dag.get_task("clip")
        made.output_path = path
        return made.execute(context())

    return run_it


def refused(sim: Simulator, run: Any, path: Any, **fields: Any) -> SeedanceError:
    """The error of such a run, of which nobody at the vendor hears."""
    with pytest.raises(SeedanceError, match="output_path") as caught:
        run(path, **fields)
    assert str(caught.value).startswith("Nothing was sent. output_path: ")
    assert sim.requests == []
    return caught.value


@each_bad
def test_case_d2_a_rendered_path_is_refused_before_the_post(path: str, words: str, sim: Simulator, run: Any) -> None:
    error = refused(sim, run, path)
    assert words in str(error)
    assert isinstance(error, InvalidRequestError)
    assert isinstance(error, AirflowFailException)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (None, "is of type NoneType"),
        (7, "is of type int"),
        ("None", "'None'"),
        ("file:///tmp/{prompt}.mp4", "{prompt} is not known"),
        ("file:///tmp/{.mp4", "in braces may stand"),
        (f"file:///tmp/{'a' * 190}-{{video_id}}.mp4", "bytes long"),
        (f"file:///tmp/{'a' * 190}-{{model}}{{model}}.mp4", "bytes long"),
    ],
)
def test_case_d2_what_templates_can_make_of_a_path_is_refused_before_the_post(
    path: Any, words: str, sim: Simulator, run: Any, request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["run"] == "land" and words in ("bytes long", "is of type NoneType"):
        return  # the transfer knows the id, and not always the model; what is None, is not asked for
    assert words in str(refused(sim, run, path))


@pytest.mark.parametrize("scheme", ["nope", "gs", "abfs", "sftp"])
def test_case_d2_a_storage_that_no_installed_provider_knows_is_refused_before_the_post(
    scheme: str, sim: Simulator, run: Any
) -> None:
    with suppress(Exception):
        assert ObjectStoragePath(f"{scheme}://bucket/a").fs
        pytest.skip("its provider is installed")
    error = refused(sim, run, f"{scheme}://bucket/{{run_id}}/{{ext}}")
    assert isinstance(error, InvalidRequestError)
    assert isinstance(error, AirflowFailException)
    assert PROVIDERS.get(scheme, "a provider that knows this scheme") in str(error)
    assert f"Airflow can't open {scheme}:// here" in str(error)


@pytest.mark.parametrize(
    ("path", "fields"),
    [("s3://nowhere@bucket/a.mp4", {}), ("s3://bucket/a.mp4", {"object_storage_conn_id": "nowhere"})],
)
def test_case_d2_a_connection_that_is_not_defined_is_refused_before_the_post(
    path: str, fields: dict[str, Any], sim: Simulator, run: Any
) -> None:
    """Amazon's hook would silently take the machine's own credentials."""
    error = refused(sim, run, path, **fields)
    assert "connection 'nowhere' is not defined" in str(error)
    assert isinstance(error, AirflowFailException)


def test_case_d2_what_stands_at_the_place_of_a_video_that_is_yet_to_be_made_is_told_before_the_post(
    sim: Simulator, tmp_path: Path
) -> None:
    """Landing would refuse to write over it, after the payment."""
    (tmp_path / "latest.mp4").write_bytes(b"yesterday's")
    (tmp_path / "folder.mp4").mkdir()
    for name, words in (("latest.mp4", "is there already"), ("folder.mp4", "is a folder")):
        ended = TaskLife(ASKS | {"output_path": f"file://{tmp_path}/{name}"}).live()
        assert (ended.error, ended.attempts) == ("LandingRefusedError", 1)
        assert ended.message.startswith("Nothing was sent. output_path: ")
        assert words in ended.message
    assert sim.requests == []
    assert (tmp_path / "latest.mp4").read_bytes() == b"yesterday's"


def test_case_d2_a_storage_that_cannot_be_asked_costs_a_retry_and_no_money(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.landing.destination import Destination

    def away(self: Destination) -> int | None:
        raise ConnectionError("https://key:secret@storage.example")

    monkeypatch.setattr(Destination, "size", away)
    with pytest.raises(LandingError, match=r"can't be asked now \(ConnectionError\)") as caught:
        create("file:///tmp/latest.mp4").execute({"ti": Ti(), "task_state_store": TaskState()})  # type: ignore[typeddict-item]
    assert not isinstance(caught.value, AirflowFailException | LandingRefusedError)
    assert "secret" not in str(caught.value)
    assert sim.requests == []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, submission_records: None) -> Any:
    """A vendor whose videos are ready at once."""
    with Simulator(speed=1000) as simulator:
        connection = simulator.connection_json("byteplus", allow_private_hosts=True)
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", connection)
        yield simulator


@pytest.mark.parametrize(
    "name", ["a" * (255 - len(SUFFIX)), CJK * 80, f"{{run_id}}/{CJK * 50}-{{video_id}}.{{ext}}", "{model}/{vendor}.mp4"]
)
def test_case_d2_what_is_not_refused_is_landed(name: str, quick: Simulator, tmp_path: Path) -> None:
    """The longest name among them: what is added to it while it is written must not make it too long either."""
    ended = TaskLife(ASKS | {"output_path": f"file://{tmp_path}/{name}"}, retries=0).live()
    assert ended.delivered, ended.message
    landed = Path(ended.delivered["uri"].removeprefix("file://"))
    assert landed.stat().st_size == ended.delivered["bytes"]
    assert sorted(os.listdir(landed.parent)) == [landed.name, landed.name + SUFFIX]
    assert len(quick.ledger) == 1


def test_case_d2_a_retry_that_goes_on_with_a_paid_video_is_not_held_up_by_its_path(
    sim: Simulator, tmp_path: Path
) -> None:
    """What came to stand there meanwhile is for landing to judge: the video is paid for."""
    state, ti = TaskState(), Ti()
    context: Any = {"ti": ti, "task_state_store": state}
    path = f"file://{tmp_path}/latest.mp4"
    with pytest.raises(TaskDeferred):
        create(path).execute(context)
    (tmp_path / "latest.mp4").write_bytes(b"somebody else's")
    ti.try_number = 2
    with pytest.raises(TaskDeferred):
        create(path).execute(context)
    assert len(sim.ledger) == 1
