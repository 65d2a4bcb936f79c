"""Nine vendors by every field of a request: to the letter at who takes it, refused by name at who doesn't."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError, UnsupportedByVendorError
from airflow_provider_seedance.api.models import REQUEST_FIELDS, VideoRequest
from airflow_provider_seedance.api.validation import check_literals, check_request, to_request
from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter
from airflow_provider_seedance.simulator import Simulator
from tests.support.requests import MODELS_25, SAMPLES
from tests.support.words import DRAFT, IMAGE, PROMPT, REFUSED_VALUES, SOUND, TASK_UUID, VIDEO, WORDS, Sent

from .helpers import OpenClient

TAKEN = [(vendor, field, row) for vendor, rows in WORDS.items() for field, row in rows.items() if row is not None]
REFUSED = [(vendor, field) for vendor, rows in WORDS.items() for field, row in rows.items() if row is None]

ARK = ("byteplus", "volcengine")


def test_each_field_at_each_vendor_has_a_row() -> None:
    assert {(vendor, field) for vendor, rows in WORDS.items() for field in rows} == {
        (vendor, field) for vendor in BUILT_IN for field in REQUEST_FIELDS
    }


@pytest.mark.parametrize("form", ["sync"])
@pytest.mark.parametrize(("vendor", "field", "row"), [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in TAKEN])
def test_a_field_reaches_the_vendor_to_the_letter_and_its_strict_simulator_takes_it(
    sim: Simulator, connect: OpenClient, vendor: str, field: str, row: Sent
) -> None:
    client = connect(vendor)
    fields, body, path = row.fields, row.body, row.path
    if DRAFT in json.dumps(fields):
        made = client.create_video({"model": MODELS_25[vendor], "prompt": PROMPT, "draft": True})
        sim.finish(made.video_id)
        draft_id = client.get_video(made.video_id).draft_id
        assert draft_id
        fields, body = (json.loads(json.dumps(each).replace(DRAFT, draft_id)) for each in (fields, body))
    video = client.create_video(fields)
    sent = sim.creates(vendor)[-1]
    assert sent.json == body
    assert sent.path.endswith(path)
    # fal takes anything at first: what its runner thinks of it shows at the end.
    sim.finish(video.video_id) if vendor != "fal" else sim.advance(3600)
    assert client.get_video(video.video_id).is_deliverable
    assert field in row.fields


@pytest.mark.parametrize(("vendor", "field"), REFUSED)
def test_a_field_that_no_route_takes_is_refused_naming_every_vendor_that_takes_it(vendor: str, field: str) -> None:
    adapter = make_adapter(vendor)
    takers = [BUILT_IN[name].title for name in BUILT_IN if WORDS[name][field] is not None]
    for model in (SAMPLES[vendor].large_model, MODELS_25.get(vendor, SAMPLES[vendor].model)):
        request = to_request({"model": model, "prompt": PROMPT, field: REFUSED_VALUES[field]})
        with pytest.raises(InvalidRequestError) as refused:
            check_request(request, adapter)
        (problem,) = [each for each in refused.value.problems if each.startswith(f"{field}: ")]
        assert adapter.title in problem
        assert f"does not take it; vendors that do: {', '.join(takers)} [" in problem


@pytest.mark.parametrize(
    ("vendor", "field"), [each for each in REFUSED if each not in [(vendor, "camera_fixed") for vendor in ARK]]
)
def test_a_model_that_nobody_documented_gets_no_field_that_its_api_has_no_word_for(vendor: str, field: str) -> None:
    # Ark's API has a word for a fixed camera, which its older models take.
    request = to_request({"model": "brand-new", "prompt": PROMPT, field: REFUSED_VALUES[field]})
    with pytest.raises(InvalidRequestError, match=f"{field}: "):
        check_request(request, make_adapter(vendor))


# -- the limits of Seedance 2.5 --------------------------------------------------------------------------------------


def problems(vendor: str, **fields: Any) -> tuple[str, ...]:
    """What is refused of a request for 2.5."""
    try:
        check_request(VideoRequest(**{"model": MODELS_25[vendor], "prompt": PROMPT} | fields), make_adapter(vendor))
    except InvalidRequestError as error:
        return error.problems
    return ()


def warnings(vendor: str, **fields: Any) -> list[str]:
    return check_request(VideoRequest(**{"model": MODELS_25[vendor], "prompt": PROMPT} | fields), make_adapter(vendor))


@pytest.mark.parametrize("vendor", MODELS_25)
@pytest.mark.parametrize("seconds", [4, 30])
def test_4_to_30_seconds_are_taken_wherever_2_5_is_sold(vendor: str, seconds: int) -> None:
    assert warnings(vendor, duration=seconds) == []


@pytest.mark.parametrize("vendor", [*ARK, "jimmyai", "fal"])
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"duration": 31}, "4 to 30 seconds"),
        ({"duration": 3}, "4 to 30 seconds"),
        ({"reference_images": [IMAGE] * 31}, "at most 30, not 31"),
        ({"reference_videos": [VIDEO] * 11}, "at most 10, not 11"),
        ({"reference_audios": [SOUND] * 11}, "at most 10, not 11"),
    ],
    ids=str,
)
def test_more_than_documented_is_refused(vendor: str, fields: dict[str, Any], says: str) -> None:
    (problem,) = problems(vendor, **fields)
    assert says in problem


@pytest.mark.parametrize("vendor", ["openrouter", "replicate", "runware"])
def test_more_than_was_seen_elsewhere_warns_and_passes(vendor: str) -> None:
    (warning,) = warnings(vendor, duration=31)
    assert "not documented" in warning


@pytest.mark.parametrize("vendor", [*ARK, "jimmyai", "fal", "openrouter", "runware"])
def test_sound_may_stand_alone(vendor: str) -> None:
    assert problems(vendor, reference_audios=[SOUND]) == ()


@pytest.mark.parametrize("vendor", ARK)
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"first_frame": IMAGE, "ratio": "16:9"}, "ratio: .*none but adaptive together with first_frame, not '16:9'"),
        (
            {"task": "extend", "reference_videos": [VIDEO], "ratio": "1:1"},
            "ratio: .*none but adaptive together with task='extend'",
        ),
        (
            {"task": "edit", "reference_videos": [VIDEO], "duration": 5},
            "duration: .*needs -1 for task='edit'",
        ),
        ({"task": "edit", "reference_videos": [VIDEO]}, "duration: .*needs -1 for task='edit'"),
        ({"draft": True, "resolution": "720p"}, "draft: .*makes drafts in 480p, not '720p'"),
        ({"draft_id": "x"}, "draft_id: .*does not take it together with prompt"),
        ({"draft_id": "x", "prompt": "", "reference_images": [IMAGE]}, "draft_id: "),
        ({"seed": 7}, "seed: .*does not take it"),
        ({"resolution": "4k"}, "480p, 720p, 1080p, not '4k'"),
        ({"first_frame": IMAGE, "reference_images": [IMAGE]}, "together with reference_images"),
    ],
    ids=str,
)
def test_what_ark_documents_for_2_5_is_refused_before_and_by_the_simulator_too(
    sim: Simulator, vendor: str, fields: dict[str, Any], says: str
) -> None:
    model = MODELS_25[vendor]
    asked = {"model": model, "prompt": PROMPT} | fields
    with pytest.raises(InvalidRequestError, match=says):
        check_literals(asked, ())
    body = make_adapter(vendor).build_create(VideoRequest(**asked)).json
    answer = httpx.post(
        f"{sim.base_url(vendor)}/contents/generations/tasks",
        json=body,
        headers={"Authorization": f"Bearer {sim.api_key}"},
    )
    assert answer.status_code == 400
    assert sim.ledger == []


@pytest.mark.parametrize("field", ["task", "draft", "draft_id", "output_format"])
@pytest.mark.parametrize("vendor", ARK)
def test_a_2_0_model_of_ark_has_none_of_the_newer_words(vendor: str, field: str) -> None:
    request = VideoRequest(model=SAMPLES[vendor].model, prompt=PROMPT, **{field: REFUSED_VALUES[field]})
    with pytest.raises(InvalidRequestError, match=rf"{field}: .*routes that do: Seedance 2\.5"):
        check_request(request, make_adapter(vendor))


def test_a_task_that_a_vendor_has_no_word_for_is_refused_naming_who_has_one() -> None:
    (problem,) = problems("runware", task="extend", reference_videos=[VIDEO])
    assert "takes reference, edit, not 'extend'; vendors that do: BytePlus ModelArk, Volcengine Ark, fal" in problem


@pytest.mark.parametrize("videos", [[], [VIDEO, VIDEO]])
def test_runware_edits_one_video(videos: list[str]) -> None:
    request = VideoRequest(
        model=MODELS_25["runware"], prompt=PROMPT, task="edit", reference_videos=tuple(videos), duration=-1
    )
    with pytest.raises(UnsupportedByVendorError, match=r"^Nothing was sent\. task: Runware edits one video"):
        make_adapter("runware").build_create(request.marked(TASK_UUID))


def test_fal_edits_and_extends_what_a_reference_shows() -> None:
    (problem,) = problems("fal", task="edit")
    assert "only together with one of reference_images, reference_videos, reference_audios" in problem
    (problem,) = problems("fal", draft_id="x", duration=5)
    assert problem.startswith("draft_id: ")


@pytest.mark.parametrize(("field", "value"), [("task", "remix"), ("output_format", "webm")])
def test_a_word_that_nobody_has_is_refused(field: str, value: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"{field}: Input should be"):
        to_request({"model": "m", "prompt": PROMPT, field: value})


def test_templates_may_decide_over_the_newer_words() -> None:
    model = MODELS_25["byteplus"]
    check_literals({"model": model, "draft_id": "{{ x }}"}, {"draft_id"})
    check_literals({"model": model, "prompt": PROMPT, "task": "edit", "duration": "{{ x }}"}, {"duration"})
    check_literals({"model": model, "prompt": PROMPT, "ratio": "16:9", "task": "{{ x }}"}, {"task"})


@pytest.mark.parametrize("vendor", [*ARK, "replicate", "runware"])
def test_a_mov_is_asked_for_and_comes(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    made = client.create_video({"model": MODELS_25[vendor], "prompt": PROMPT, "output_format": "mov"})
    sim.finish(made.video_id)
    assert ".mov?" in str(client.get_video(made.video_id).video_url)
