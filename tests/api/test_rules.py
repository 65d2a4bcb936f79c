"""What is refused before anything is sent, and what is let through although nobody documented it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError, SeedanceConfigError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.validation import check_literals, check_request, to_request
from airflow_provider_seedance.api.vendors import BUILT_IN, VENDORS, make_adapter, vendor_of_model
from airflow_provider_seedance.api.vendors.rules import check
from airflow_provider_seedance.simulator import Simulator

from .helpers import KEY, PROMPT, SIMPLE, OpenClient, open_client

Fields = dict[str, Any]

JPG, MP4, MP3 = "https://files.example/a.jpg", "https://files.example/b.mp4", "https://files.example/c.mp3"
ASSET = "asset://asset-a"
DATA = "data:image/png;base64,iVBORw0KGgo="

FULL, FULL_VIDEO, SP, MINI_SP = "sd2_mx_720p", "sd2_mx_video_720p", "seedance2.0-sp", "seedance2.0-mini-sp"
MD, FAST_I2V, STD = "seedance2.0-md", "seedance2.0-fast-i2v", "seedance2.0-std"
GMI, ARK, ARK_FAST = "seedance-2-0-260128", "dreamina-seedance-2-0-260128", "dreamina-seedance-2-0-fast-260128"
T2V, I2V, V2V, FAST = "seedance-2.0-t2v", "seedance-2.0-i2v", "seedance-2.0-v2v", "seedance-2.0-fast-i2v"


def rule(vendor: str, model: str, name: str, fields: Fields, *says: str) -> Any:
    """A broken rule: the field that the message must open with is the first of `says`."""
    return pytest.param(vendor, {"model": model, "prompt": PROMPT} | fields, says, id=f"{model}-{name}")


def jimmy(model: str, name: str, fields: Fields, *says: str) -> Any:
    return rule("jimmyai", model, name, fields, *says)


JIMMY_ROUTES = (
    *(FULL, "sd2_mx_fast_720p", FULL_VIDEO, "sd2_mx_video_fast_720p", SP, "seedance2.0-of-sp"),
    *("seedance2.0-mini", MINI_SP, MD, FAST_I2V, STD),
)
UNKNOWN_TO_JIMMY: Fields = {
    "seed": 1,
    "watermark": False,
    "camera_fixed": False,
    "return_last_frame": True,
    "web_search": True,
    "execution_expires_after": 3600,
}

JIMMY = [
    *(jimmy(model, "16-seconds", {"duration": 16}, "duration", "15 seconds, not 16") for model in JIMMY_ROUTES),
    *(
        jimmy(model, "3-seconds", {"duration": 3}, "duration", "4 to 15 seconds, not 3")
        for model in JIMMY_ROUTES
        if model not in (MD, FAST_I2V)
    ),
    jimmy(MD, "0-seconds", {"duration": 0}, "duration", "1 to 15"),
    jimmy(FAST_I2V, "minus-1-second", {"duration": -1}, "duration", "1 to 15"),
    *(
        jimmy(
            model,
            "images-and-a-frame",
            {"reference_images": [url], "first_frame": url, "last_frame": url},
            "reference_images",
            "together with first_frame, last_frame",
        )
        for model in JIMMY_ROUTES
        for url in [ASSET if model.startswith("sd2_mx") else JPG]
    ),
    *(
        jimmy(model, "audio-alone", {"reference_audios": [url]}, "reference_audios", "alone")
        for model in JIMMY_ROUTES
        if model not in (MD, FAST_I2V)
        for url in [ASSET if model.startswith("sd2_mx") else MP3]
    ),
    *(
        jimmy(SP, f"no-word-for-{name}", {name: value}, name, "does not take it", "vendors that do:")
        for name, value in UNKNOWN_TO_JIMMY.items()
    ),
    jimmy(SP, "sound", {"generate_audio": True}, "generate_audio", "does not take it", "Jimmy AI routes that do: 933"),
    jimmy("seedance2.5-gz-720p", "4:3", {"ratio": "4:3"}, "ratio", "16:9, 9:16, 1:1"),
    jimmy("seedance2.5-gz-720p", "31-seconds", {"duration": 31}, "duration", "4 to 30 seconds, not 31"),
    jimmy("seedance2.5-gz", "31-images", {"reference_images": [JPG] * 31}, "reference_images", "at most 30, not 31"),
    jimmy(FULL, "https", {"reference_images": [JPG]}, "reference_images", "asset://, not https://"),
    jimmy(FULL, "https-frame", {"first_frame": JPG}, "first_frame", "asset://, not https://"),
    jimmy(FULL_VIDEO, "https-video", {"reference_videos": [ASSET, MP4]}, "reference_videos", "asset://"),
    jimmy(FULL, "videos", {"reference_videos": [ASSET]}, "reference_videos", "Full video-ref", "SP economy"),
    jimmy(FULL, "resolution", {"resolution": "720p"}, "resolution", "SP economy"),
    jimmy(FULL, "ratio", {"ratio": "2:1"}, "ratio", "16:9", "Adaptive", "'2:1'"),
    jimmy(SP, "base64", {"first_frame": DATA}, "first_frame", "https://, asset://, not data:"),
    jimmy(SP, "plain-text", {"first_frame": "a.jpg"}, "first_frame", "a value without a URL scheme"),
    jimmy(SP, "4k", {"resolution": "4k"}, "resolution", "480p, 720p, 1080p, not '4k'"),
    jimmy(MINI_SP, "1080p", {"resolution": "1080p"}, "resolution", "480p, 720p, not '1080p'"),
    jimmy(MINI_SP, "asset", {"reference_images": [ASSET]}, "reference_images", "https://, not asset://"),
    jimmy("seedance2.0-mini", "asset", {"reference_images": [ASSET]}, "reference_images", "https://, not asset://"),
    *(
        case
        for model in (MD, "seedance2.0-fast-md")
        for case in (
            jimmy(model, "asset", {"reference_images": [ASSET]}, "reference_images", "https://, not asset://"),
            jimmy(model, "5-images", {"reference_images": [JPG] * 5}, "reference_images", "at most 4, not 5"),
            jimmy(model, "4-videos", {"reference_videos": [MP4] * 4}, "reference_videos", "at most 3, not 4"),
            jimmy(model, "first-frame-only", {"first_frame": JPG}, "first_frame, last_frame", "both or none"),
            jimmy(model, "last-frame-only", {"last_frame": JPG}, "first_frame, last_frame", "both or none"),
            jimmy(
                model,
                "audio",
                {"reference_audios": [MP3], "reference_images": [JPG]},
                "reference_audios",
                "does not take it",
                "STD",
            ),
            jimmy(model, "4:3", {"ratio": "4:3"}, "ratio", "16:9, 9:16, 1:1"),
            jimmy(model, "1080p", {"resolution": "1080p"}, "resolution", "720p, not '1080p'"),
            jimmy(model, "5001-characters", {"prompt": "x" * 5001}, "prompt", "5000 characters, not 5001"),
        )
    ),
    jimmy(FAST_I2V, "10-images", {"reference_images": [JPG] * 10}, "reference_images", "at most 9, not 10"),
    jimmy(FAST_I2V, "video", {"reference_videos": [MP4]}, "reference_videos", "does not take it", "MD", "STD"),
    jimmy(FAST_I2V, "audio", {"reference_audios": [MP3]}, "reference_audios", "does not take it", "STD"),
    jimmy(FAST_I2V, "asset", {"first_frame": ASSET}, "first_frame", "https://, not asset://"),
    jimmy(FAST_I2V, "21:9", {"ratio": "21:9"}, "ratio", "16:9, 9:16, 1:1"),
    jimmy(FAST_I2V, "adaptive", {"ratio": "adaptive"}, "ratio", "16:9, 9:16, 1:1"),
    jimmy(FAST_I2V, "5001-characters", {"prompt": "x" * 5001}, "prompt", "5000 characters, not 5001"),
    jimmy(STD, "10-images", {"reference_images": [JPG] * 10}, "reference_images", "at most 9, not 10"),
    jimmy(
        STD,
        "4-audios",
        {"reference_images": [JPG], "reference_audios": [MP3] * 4},
        "reference_audios",
        "at most 3, not 4",
    ),
    jimmy(
        STD,
        "frames-and-audio",
        {"first_frame": JPG, "reference_audios": [MP3]},
        "first_frame, last_frame",
        "together with reference_audios",
    ),
    jimmy(STD, "asset", {"reference_images": [ASSET]}, "reference_images", "https://, not asset://"),
    jimmy(STD, "adaptive", {"ratio": "adaptive"}, "ratio", "21:9, 16:9"),
    jimmy(STD, "empty-url", {"reference_images": [JPG, " "]}, "reference_images", "empty string"),
]

GMI_CLOUD = [
    rule("gmicloud", GMI, "16-seconds", {"duration": 16}, "duration", "4 to 15"),
    rule("gmicloud", GMI, "2k", {"resolution": "2k"}, "resolution", "480p, 720p, 1080p"),
    rule("gmicloud", GMI, "minus-2", {"duration": -2}, "duration", "4 to 15 seconds, not -2"),
    rule("gmicloud", GMI, "ratio", {"ratio": "2:1"}, "ratio", "adaptive"),
    rule("gmicloud", GMI, "seed-below", {"seed": -1}, "seed", "0 to 4294967295, not -1"),
    rule("gmicloud", GMI, "seed-above", {"seed": 4294967296}, "seed", "0 to 4294967295"),
    rule("gmicloud", GMI, "base64", {"first_frame": DATA}, "first_frame", "https://, http://, not data:"),
    rule("gmicloud", GMI, "asset-frame", {"first_frame": ASSET}, "first_frame", "not asset://"),
    rule("gmicloud", GMI, "asset-video", {"reference_videos": [ASSET]}, "reference_videos", "not asset://"),
    *(
        rule("gmicloud", GMI, f"no-{name}", {name: value}, name, "does not take it", "vendors that do: ", takers)
        for name, value, takers in (
            ("return_last_frame", True, "BytePlus ModelArk, Volcengine Ark, Modellix"),
            ("camera_fixed", True, "Modellix"),
            ("execution_expires_after", 3600, "BytePlus ModelArk, Volcengine Ark, Modellix"),
        )
    ),
]

MODELLIX = [
    rule("modellix", T2V, "16-seconds", {"duration": 16}, "duration", "4 to 15"),
    rule("modellix", T2V, "auto-duration", {"duration": -1}, "duration", "4 to 15"),
    rule("modellix", T2V, "adaptive", {"ratio": "adaptive"}, "ratio", "21:9, 16:9, 4:3, 1:1, 3:4, 9:16"),
    rule("modellix", T2V, "image", {"reference_images": [JPG]}, "reference_images", "does not take it", "i2v"),
    rule("modellix", T2V, "frame", {"first_frame": JPG}, "first_frame", "does not take it", "i2v"),
    rule("modellix", I2V, "video", {"reference_videos": [MP4]}, "reference_videos", "does not take it", "v2v"),
    rule("modellix", I2V, "4k", {"resolution": "4k"}, "resolution", "480p, 720p, 1080p"),
    rule("modellix", V2V, "without-videos", {}, "reference_videos", "needs it"),
    rule("modellix", V2V, "4-videos", {"reference_videos": [MP4] * 4}, "reference_videos", "at most 3"),
    rule("modellix", FAST, "1080p", {"resolution": "1080p"}, "resolution", "480p, 720p, not '1080p'"),
    rule("modellix", "seedance-2.0-mini-t2v", "1080p", {"resolution": "1080p"}, "resolution", "480p, 720p"),
    rule("modellix", FAST, "10-images", {"reference_images": [JPG] * 10}, "reference_images", "at most 9"),
    rule("modellix", FAST, "4-audios", {"reference_audios": [MP3] * 4}, "reference_audios", "at most 3"),
    rule(
        "modellix",
        FAST,
        "images-and-frames",
        {"reference_images": [JPG], "last_frame": JPG},
        "reference_images",
        "together with first_frame, last_frame",
    ),
    rule("modellix", FAST, "10001-characters", {"prompt": "x" * 10001}, "prompt", "10000 characters, not 10001"),
    rule("modellix", FAST, "seed-below", {"seed": -2}, "seed", "-1 to 4294967295, not -2"),
    rule("modellix", FAST, "seed-above", {"seed": 4294967296}, "seed", "-1 to 4294967295"),
    rule("modellix", FAST, "expires-soon", {"execution_expires_after": 3599}, "execution_expires_after", "3600"),
    rule("modellix", FAST, "expires-late", {"execution_expires_after": 259201}, "execution_expires_after", "259200"),
    rule(
        "modellix",
        FAST,
        "watermark",
        {"watermark": False},
        "watermark",
        "vendors that do: BytePlus ModelArk, Volcengine",
    ),
    rule(
        "modellix",
        FAST,
        "web-search",
        {"web_search": True},
        "web_search",
        "vendors that do: BytePlus ModelArk, Volcengine",
    ),
]


def ark(name: str, fields: Fields, *says: str, model: str = ARK) -> list[Any]:
    chinese = model.replace("dreamina-", "doubao-")
    return [rule("byteplus", model, name, fields, *says), rule("volcengine", chinese, name, fields, *says)]


FIRST_PARTY = [
    *ark("16-seconds", {"duration": 16}, "duration", "4 to 15 seconds, or -1"),
    *ark("3-seconds", {"duration": 3}, "duration", "4 to 15"),
    *ark("0-seconds", {"duration": 0}, "duration", "4 to 15"),
    *ark("10-images", {"reference_images": [JPG] * 10}, "reference_images", "at most 9, not 10"),
    *ark("4-videos", {"reference_videos": [MP4] * 4}, "reference_videos", "at most 3, not 4"),
    *ark(
        "4-audios", {"reference_images": [JPG], "reference_audios": [MP3] * 4}, "reference_audios", "at most 3, not 4"
    ),
    *ark("audio-alone", {"reference_audios": [MP3]}, "reference_audios", "alone"),
    *ark(
        "frames-and-references",
        {"first_frame": JPG, "reference_images": [JPG]},
        "first_frame, last_frame",
        "together with reference_images",
    ),
    *ark(
        "frame-and-audio",
        {"first_frame": JPG, "reference_audios": [MP3]},
        "first_frame, last_frame",
        "together with reference_images, reference_videos, reference_audios",
    ),
    # The modes are "first frame" and "first and last frame": a last frame alone is none of them.
    *ark("last-frame-alone", {"last_frame": JPG}, "last_frame", "first_frame"),
    *ark("base64-video", {"reference_videos": ["data:video/mp4;base64,AAAA"]}, "reference_videos", "not data:"),
    *ark("fast-1080p", {"resolution": "1080p"}, "resolution", "480p, 720p, not '1080p'", model=ARK_FAST),
    *ark("2k", {"resolution": "2k"}, "resolution", "480p, 720p, 1080p, 4k"),
    *ark("ratio", {"ratio": "2:1"}, "ratio", "adaptive"),
    *ark("camera", {"camera_fixed": True}, "camera_fixed", "vendors that do: Modellix"),
    *ark("search-with-image", {"web_search": True, "first_frame": JPG}, "web_search", "text alone"),
    *ark("expires-soon", {"execution_expires_after": 60}, "execution_expires_after", "3600 to 259200, not 60"),
]

RULES = [*JIMMY, *GMI_CLOUD, *MODELLIX, *FIRST_PARTY]

# What no vendor needs to be asked for: wrong types, missing and unknown fields.
SHAPES = [
    pytest.param({"prompt": PROMPT}, "model: Field required", id="no-model"),
    pytest.param({"model": ""}, "model: ", id="empty-model"),
    pytest.param({"prompt": ""}, "prompt: ", id="empty-prompt"),
    pytest.param({"prompt": " \n"}, "prompt: ", id="blank-prompt"),
    pytest.param({"prompt": None}, "prompt: ", id="null-prompt"),
    pytest.param({"duration": "long"}, "duration: ", id="duration-in-words"),
    pytest.param({"duration": 5.5}, "duration: ", id="half-seconds"),
    pytest.param({"reference_images": JPG}, "reference_images: ", id="bare-string-for-images"),
    pytest.param({"reference_audios": MP3}, "reference_audios: ", id="bare-string-for-audios"),
    pytest.param({"reference_images": [1]}, "reference_images.0: ", id="a-number-for-a-url"),
    pytest.param({"extra": "callback_url"}, "extra: ", id="bare-string-for-extra"),
    pytest.param({"aspect_ratio": "16:9"}, "aspect_ratio: no such field; there are model, prompt", id="unknown-field"),
]


@pytest.mark.parametrize("form", ["sync"])
@pytest.mark.parametrize(("vendor", "fields", "says"), RULES)
def test_a_broken_rule_is_refused_before_anything_is_sent(
    sim: Simulator, connect: OpenClient, vendor: str, fields: Fields, says: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        connect(vendor).create_video(fields)
    assert sim.requests == []
    problem, *others = caught.value.problems
    assert all(other.startswith("reference_audios: ") for other in others)  # frames never count as company there
    assert problem.startswith(f"{says[0]}: ")
    for words in says[1:]:
        assert words in problem
    assert make_adapter(vendor).title in problem
    assert fields["model"] in problem
    assert "docs." in problem
    assert problem.endswith("]")
    assert str(caught.value).startswith("Nothing was sent. ")
    assert not caught.value.retryable


@pytest.mark.parametrize(("vendor", "fields", "says"), RULES)
def test_the_same_rule_is_refused_when_the_dag_is_parsed(vendor: str, fields: Fields, says: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_literals(fields, templates=())
    assert caught.value.problems[0].startswith(f"{says[0]}: ")


@pytest.mark.parametrize(("fields", "says"), SHAPES)
def test_a_wrong_type_or_name_is_refused_before_anything_is_sent(
    sim: Simulator, connect: OpenClient, fields: Fields, says: str
) -> None:
    given = fields if says.startswith("model: Field") else {**SIMPLE["byteplus"], **fields}
    client = connect("byteplus")
    with pytest.raises(InvalidRequestError) as caught:
        client.create_video(given)
    assert sim.requests == []
    assert caught.value.problems[0].startswith(says)
    with pytest.raises(InvalidRequestError):
        check_literals(given, templates=())


def test_all_broken_rules_are_named_at_once(sim: Simulator, connect: OpenClient) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        connect("byteplus").create_video({"model": ARK, "prompt": PROMPT, "duration": 16, "ratio": "2:1", "seed": 1})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["duration", "ratio"]


def test_a_refusal_never_quotes_the_prompt_or_a_signed_url(sim: Simulator, connect: OpenClient) -> None:
    secret = "https://files.example/a.jpg?X-Amz-Signature=secret"
    fields = {"model": MD, "prompt": "secret " * 1000, "first_frame": secret, "reference_audios": [secret]}
    with pytest.raises(InvalidRequestError) as caught:
        connect("jimmyai").create_video(fields)
    assert "secret" not in str(caught.value)
    with pytest.raises(InvalidRequestError) as caught:
        to_request({**fields, "reference_images": secret, "secret_field": 1, "duration": "secret"})
    assert "secret " not in str(caught.value)
    assert "Signature" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [pytest.param(float("nan"), id="nan"), pytest.param(object(), id="object"), pytest.param({1, 2}, id="set")],
)
def test_what_is_no_json_is_refused_before_anything_is_sent(sim: Simulator, connect: OpenClient, value: object) -> None:
    client = connect("byteplus")
    with pytest.raises(InvalidRequestError, match="Nothing was sent"):
        client.create_video({**SIMPLE["byteplus"], "extra": {"priority": value}})
    assert sim.requests == []


UNKNOWN_MODELS = [
    ("jimmyai", "seedance9"),
    ("gmicloud", "seedance-2-5-260628"),
    ("modellix", "seedance-3.0-t2v"),
    ("byteplus", "dreamina-seedance-3-0-270101"),
    ("volcengine", "ep-20261120-abcde"),
]


@pytest.mark.parametrize(("vendor", "model"), UNKNOWN_MODELS)
def test_an_unknown_model_gets_one_warning_and_no_rules(vendor: str, model: str) -> None:
    (warning,) = check_request(VideoRequest(model=model, prompt=PROMPT, duration=99), make_adapter(vendor))
    assert repr(model) in warning
    assert make_adapter(vendor).title in warning
    assert "sent as it is" in warning


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_known_model_gets_no_warning(vendor: str) -> None:
    assert check_request(VideoRequest(**SIMPLE[vendor]), make_adapter(vendor)) == []


@pytest.mark.parametrize(
    ("vendor", "model", "name"),
    [
        pytest.param("jimmyai", "seedance9", "seed", id="jimmyai-seed"),
        pytest.param("gmicloud", "seedance-9", "return_last_frame", id="gmicloud-last-frame"),
        pytest.param("modellix", "seedance-9", "watermark", id="modellix-watermark"),
    ],
)
def test_a_field_that_the_dialect_has_no_word_for_is_refused_even_with_an_unknown_model(
    vendor: str, model: str, name: str
) -> None:
    with pytest.raises(InvalidRequestError, match=f"{name}: .* does not take it"):
        check_request(VideoRequest.model_validate({"model": model, "prompt": PROMPT, name: 1}), make_adapter(vendor))


def test_an_unknown_model_reaches_the_vendor_as_it_is(sim: Simulator, connect: OpenClient) -> None:
    connect("gmicloud").create_video({"model": "seedance-2-5-260628", "prompt": PROMPT, "duration": 10})
    (create,) = sim.creates()
    assert create.json == {"model": "seedance-2-5-260628", "payload": {"prompt": PROMPT, "duration": 10}}


def test_extra_passes_what_the_rules_would_refuse(sim: Simulator, connect: OpenClient) -> None:
    connect("jimmyai").create_video({**SIMPLE["jimmyai"], "extra": {"anything": {"goes": [1]}, "seed": -7}})
    body = sim.creates()[0].json
    assert (body["anything"], body["seed"]) == ({"goes": [1]}, -7)


@pytest.mark.parametrize("model", [STD, MD, FAST_I2V])
def test_std_and_the_other_720p_routes_take_720p_only(model: str) -> None:
    for resolution in ("480p", "1080p", "2k", "4k"):
        with pytest.raises(InvalidRequestError, match=r"resolution: .* takes 720p, not"):
            check_literals({"model": model, "prompt": PROMPT, "resolution": resolution}, ())
    check_literals({"model": model, "prompt": PROMPT, "resolution": "720p"}, ())


@pytest.mark.parametrize(
    ("images", "frames", "is_too_many"),
    [
        (9, {}, False),
        (8, {"first_frame": JPG}, False),
        (9, {"first_frame": JPG}, True),
        (8, {"first_frame": JPG, "last_frame": JPG}, True),
        (7, {"first_frame": JPG, "last_frame": JPG}, False),
    ],
)
def test_frames_count_against_nine_images(images: int, frames: Fields, is_too_many: bool) -> None:
    request = to_request({"model": FAST_I2V, "prompt": PROMPT, "reference_images": [JPG] * images, **frames})
    adapter = make_adapter("jimmyai")
    route = adapter.route_of(FAST_I2V)
    assert route is not None
    problems = check(request, route, adapter.title, lambda field, value: "")
    counted = [problem for problem in problems if "including frames" in problem.message]
    assert bool(counted) is is_too_many
    if counted:
        assert f"at most 9 including frames, not {images + len(frames)}" in counted[0].message
        assert counted[0].depends_on == {"model", "reference_images", "first_frame", "last_frame"}


@pytest.mark.parametrize("missing", ["first_frame", "last_frame"])
def test_a_rule_of_both_frames_stays_open_while_one_is_a_template(missing: str) -> None:
    there = {"first_frame": JPG, "last_frame": JPG}
    one = {name: url for name, url in there.items() if name != missing}
    check_literals({"model": MD, "prompt": PROMPT, **one, missing: "{{ params.frame }}"}, {missing})
    with pytest.raises(InvalidRequestError, match="takes both or none"):
        check_literals({"model": MD, "prompt": PROMPT, **one}, ())


class TestLiterals:
    """What is judged when a DAG is parsed: only what no template and no connection can change."""

    def test_a_template_for_the_model_leaves_all_rules_open(self) -> None:
        check_literals({"model": "{{ params.m }}", "prompt": PROMPT, "duration": 99}, {"model"})

    @pytest.mark.parametrize(
        ("fields", "templates"),
        [
            pytest.param({"duration": "{{ params.d }}"}, {"duration"}, id="its-own-field"),
            pytest.param(
                {"reference_audios": [MP3], "reference_images": "{{ params.images }}"},
                {"reference_images"},
                id="what-could-come-with-the-audio",
            ),
            pytest.param(
                {"first_frame": "{{ params.frame }}", "reference_images": [JPG]},
                {"first_frame"},
                id="what-could-be-empty",
            ),
            pytest.param({"prompt": "{{ params.prompt }}" + "x" * 6000}, {"prompt"}, id="a-prompt-that-may-shrink"),
        ],
    )
    def test_a_rule_stays_open_while_a_template_may_change_it(self, fields: Fields, templates: set[str]) -> None:
        check_literals({"model": STD, "prompt": PROMPT} | fields, templates)

    def test_what_no_template_can_mend_is_refused(self) -> None:
        fields = {"model": STD, "prompt": "{{ p }}", "duration": 16, "reference_images": "{{ i }}", "seed": 1}
        with pytest.raises(InvalidRequestError) as caught:
            check_literals(fields, {"prompt", "reference_images"})
        assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == ["duration", "seed"]

    @pytest.mark.parametrize("model", ["ep-20261120-abcde", "something-new", "seedance2.5-pro"])
    def test_a_model_of_an_unknown_form_waits_for_the_connection(self, model: str) -> None:
        check_literals({"model": model, "prompt": PROMPT, "duration": 99}, ())

    def test_types_are_judged_even_if_the_model_is_a_template(self) -> None:
        with pytest.raises(InvalidRequestError, match="reference_images: "):
            check_literals({"model": "{{ m }}", "prompt": "{{ p }}", "reference_images": JPG}, {"model", "prompt"})

    def test_an_empty_prompt_is_open_while_the_image_is_a_template(self) -> None:
        check_literals({"model": ARK, "prompt": "", "first_frame": "{{ params.frame }}"}, {"first_frame"})

    def test_an_empty_prompt_is_refused(self) -> None:
        with pytest.raises(InvalidRequestError, match="prompt: "):
            check_literals({"model": STD, "prompt": ""}, ())

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_models_name_tells_its_vendor_unless_others_have_it_too(self, vendor: str) -> None:
        assert vendor_of_model(SIMPLE[vendor]["model"]) == (vendor if BUILT_IN[vendor].models else None)


@pytest.mark.parametrize("key", ["", "  ", "schlüssel", "sk\n1", "sk\x00"])
def test_a_key_that_can_be_none_is_refused_without_being_quoted(form: str, key: str) -> None:
    with (
        pytest.raises(SeedanceConfigError, match="API key for Jimmy AI") as caught,
        open_client(form, "jimmyai", "http://127.0.0.1:9", key),
    ):
        pass
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://host", "www.jimmyai.cn", "//host"])
def test_a_base_url_that_is_none_is_refused(form: str, url: str) -> None:
    with pytest.raises(SeedanceConfigError, match="base URL"), open_client(form, "jimmyai", url, KEY):
        pass


def test_an_unknown_vendor_is_refused_naming_the_choices() -> None:
    with pytest.raises(SeedanceConfigError, match="'sora'; choose one of byteplus, volcengine, fal"):
        make_adapter("sora")
