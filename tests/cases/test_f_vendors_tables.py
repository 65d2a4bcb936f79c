"""The vendors' own tables: what their codes and texts mean, what their models take, and what gateways say."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    InvalidRequestError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    TransientApiError,
    VideoFailedError,
    VideoModerationError,
    VideoRejectedError,
)
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.video_jobs import failure_of
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.triggers.backoff import SeedanceBackoffTrigger
from dev.task_life import TaskState, Ti
from tests.api.helpers import ONE_TRY, PROMPT, SIMPLE, Stub
from tests.support.pauses import shorten_pauses

ARK = ("byteplus", "volcengine")
JPG, MP4 = "https://files.example/a.jpg", "https://files.example/b.mp4"


@pytest.fixture(scope="session")
def _still() -> Any:
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_still: Simulator, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Simulator:
    _still.reset()
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", _still.connection_json(vendor))
    shorten_pauses(monkeypatch)
    return _still


def client(sim: Simulator, vendor: str) -> SeedanceClient:
    settings = ClientSettings(api_key=sim.api_key, base_url=sim.base_url(vendor), retry=ONE_TRY)
    return SeedanceClient(make_adapter(vendor), settings)


def refused(vendor: str, status: int, body: object) -> SeedanceApiError:
    """What a create that is answered so raises."""
    with Stub(status, body, {"content-type": "application/json"}) as stub:
        settings = ClientSettings(api_key="sk-1234567890", base_url=stub.url, retry=ONE_TRY)
        with SeedanceClient(make_adapter(vendor), settings) as talks, pytest.raises(SeedanceApiError) as caught:
            talks.create_video(SIMPLE[vendor])
    return caught.value


def ark_error(code: str, message: str = "said") -> dict[str, Any]:
    return {"error": {"code": code, "message": f"{message}. Request id: 0217", "param": "", "type": "x"}}


# -- F1: too many queued tasks, or used up ----------------------------------------------------------------------------

FULL = "The request has exceeded the quota. Please try again later."


def operator(vendor: str) -> SeedanceCreateVideoOperator:
    return SeedanceCreateVideoOperator(
        task_id="create", seedance_conn_id=f"seedance_{vendor}", wait_for_completion=True, **SIMPLE[vendor]
    )


@pytest.mark.parametrize("vendor", ARK)
def test_case_f1_a_queue_that_is_full_is_waited_for_and_no_clip_is_lost(vendor: str, sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", vendor=vendor, code="QuotaExceeded", message=FULL, times=4))
    context = cast("Any", {"ti": Ti(max_tries=0), "task_state_store": TaskState()})
    task, method = operator(vendor), "execute"
    for _ in range(10):
        with pytest.raises(TaskDeferred) as deferred:
            getattr(task, method)(context, *([{"since": time.time()}] if method != "execute" else []))
        if not isinstance(deferred.value.trigger, SeedanceBackoffTrigger):
            break
        method = deferred.value.method_name
    assert len(sim.ledger) == 1


@pytest.mark.parametrize("vendor", ARK)
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccountQuotaExceeded", "You have exceeded the 5-hour usage quota. It will reset at 2026-11-27"),
        ("CodingPlanQuotaExceeded", "used up"),
        ("AgentPlanQuotaExceeded", "used up"),
        ("QuotaExceeded", "Your free trial quota has been used up"),
        ("QuotaExceeded", "The free-trial quota is used up"),
        ("QuotaExceeded", "Your quota will reset at 2026-11-27 00:00:00"),
        ("SetLimitExceeded", "used up"),
    ],
)
def test_case_f1_what_is_used_up_is_quota_and_not_retried(vendor: str, code: str, message: str, sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", vendor=vendor, code=code, message=message, times=None))
    with pytest.raises(SeedanceQuotaError) as caught:
        operator(vendor).execute(cast("Any", {"ti": Ti(max_tries=2), "task_state_store": TaskState()}))
    assert isinstance(caught.value, AirflowFailException)
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", ARK)
def test_case_f1_a_poll_that_finds_the_queue_full_asks_again(vendor: str, sim: Simulator) -> None:
    with client(sim, vendor) as talks:
        video_id = talks.create_video(SIMPLE[vendor]).video_id
        sim.faults.add(Fault("http_429", vendor=vendor, on="poll", code="QuotaExceeded", message=FULL))
        with pytest.raises(TransientApiError):
            talks.get_video(video_id)


# -- F2, F3, F4: codes of the first parties ---------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARK)
@pytest.mark.parametrize("code", ["OperationDenied.ServiceOverdue", "AccountOverdueError"])
def test_case_f2_an_unpaid_bill_is_quota_and_not_a_wrong_key(vendor: str, code: str, sim: Simulator) -> None:
    sim.faults.add(Fault("no_balance", vendor=vendor, code=code, message="The service is overdue."))
    with client(sim, vendor) as talks, pytest.raises(SeedanceQuotaError, match="Top up the account") as caught:
        talks.create_video(SIMPLE[vendor])
    assert "key" not in str(caught.value)


@pytest.mark.parametrize("vendor", ARK)
@pytest.mark.parametrize(
    "code",
    [
        "SensitiveContentDetected",
        "SensitiveContentDetected.SevereViolation",
        "SensitiveContentDetected.Violence",
        "SensitiveContentDetected.NewKind",
        "InputTextSensitiveContentDetected",
        "InputImageSensitiveContentDetected.PrivacyInformation",
        "OutputVideoSensitiveContentDetected",
        "InputTextRiskDetection",
    ],
)
def test_case_f3_sensitive_content_is_moderation_wherever_it_was_found(vendor: str, code: str, sim: Simulator) -> None:
    sim.faults.add(Fault("moderation_submit", vendor=vendor, code=code))
    with client(sim, vendor) as talks, pytest.raises(SeedanceModerationError, match="Change the prompt"):
        talks.create_video(SIMPLE[vendor])
    assert sim.ledger == []


@pytest.mark.parametrize("vendor", ARK)
def test_case_f4_the_vendors_own_checker_failed_is_tried_again_later(vendor: str) -> None:
    error = refused(vendor, 400, ark_error("ContentSecurityDetectionError"))
    assert type(error) is SeedanceRateLimitError
    assert error.retryable
    assert not error.may_be_billed
    assert "own check failed; trying again later is safe" in str(error)
    assert "Correct the request" not in str(error)


@pytest.mark.parametrize("vendor", ARK)
def test_case_f4_no_plan_is_a_matter_of_the_account(vendor: str) -> None:
    error = refused(vendor, 400, ark_error("InvalidSubscription"))
    assert type(error) is SeedanceQuotaError
    assert "renew its plan" in str(error)
    assert "Correct the request" not in str(error)


# -- F5: GMI Cloud's backend ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (400, RequestRejectedError, "Correct the request"),
        (401, SeedanceAuthError, "whether the model is open"),
        (402, SeedanceQuotaError, "Top up"),
        (403, RequestRejectedError, "Correct the request"),
        (404, RequestRejectedError, "Check the model name"),
        (422, RequestRejectedError, "Correct the request"),
        (429, SeedanceRateLimitError, "Trying again later is safe"),
    ],
)
def test_case_f5_the_status_in_a_backend_error_is_what_it_means(
    status: int, kind: type[SeedanceApiError], advice: str, sim: Simulator
) -> None:
    sim.faults.add(Fault("http_500", vendor="gmicloud", message=f"Backend error ({status}): no"))
    with client(sim, "gmicloud") as talks, pytest.raises(SeedanceApiError) as caught:
        talks.create_video(SIMPLE["gmicloud"])
    assert type(caught.value) is kind
    assert advice in str(caught.value)
    assert not caught.value.may_be_billed


@pytest.mark.parametrize("status", [200, 408, 409, 500, 502, 504, 999])
def test_case_f5_a_backend_error_that_proves_nothing_stays_unknown(status: int, sim: Simulator) -> None:
    sim.faults.add(Fault("http_500", vendor="gmicloud", message=f"Backend error ({status}): no"))
    with client(sim, "gmicloud") as talks, pytest.raises(SeedanceApiError) as caught:
        talks.create_video(SIMPLE["gmicloud"])
    assert caught.value.may_be_billed


@pytest.mark.parametrize("status", [400, 401, 404])
def test_case_f5_a_poll_that_meets_one_asks_again(status: int, sim: Simulator) -> None:
    with client(sim, "gmicloud") as talks:
        video_id = talks.create_video(SIMPLE["gmicloud"]).video_id
        sim.faults.add(Fault("http_500", vendor="gmicloud", on="poll", message=f"Backend error ({status}): no"))
        with pytest.raises(TransientApiError):
            talks.get_video(video_id)


# -- F6, F7: why a video failed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARK)
def test_case_f6_a_video_whose_request_breaks_a_rule_is_not_submitted_again(vendor: str, sim: Simulator) -> None:
    context = cast("Any", {"ti": Ti(max_tries=2), "task_state_store": TaskState()})
    with pytest.raises(TaskDeferred):
        operator(vendor).execute(context)
    (bill,) = sim.ledger
    sim.finish(bill.video_id, "failed", "InvalidParameter.TaskTypeConstraint", "The task type takes no such media.")
    for _ in range(2):
        with pytest.raises(VideoRejectedError, match="would fail again") as caught:
            operator(vendor).execute(context)
        assert isinstance(caught.value, AirflowFailException)
    assert len(sim.ledger) == 1


MODERATED = [
    "The output video may be related to copyright restrictions.",
    "The generated video contains violence",
    "severe violation",
    "The request failed because the output video may contain counterfeit documents",
    "Output blocked: content policy violation",
    "the video violates our usage policies",
    "Content flagged as NSFW",
    "nudity detected",
    "may contain sexual content",
    "The input image may contain real people",
    "blocked by the safety system",
    "hate speech",
    "involves a public figure",
    "trademark infringement",
    "输出视频包含敏感内容",
    "内容违规",
    "涉及版权限制",
]
FAILED = [
    *("Read timed out", "s3 upload failed", "connection reset by peer", "Failed to download media"),
    *("access violation", "constraint violation in table x", "case-sensitive path", "internal error", ""),
    *("rate limit violation", "illegal argument", "thread safety", "explicit duration needed", "DURATION_TOO_LONG"),
]


@pytest.mark.parametrize("text", MODERATED)
def test_case_f7_a_text_without_a_code_tells_moderation(text: str) -> None:
    video = Video(video_id="v", vendor="gmicloud", status=VideoStatus.FAILED, error=VideoError(message=text))
    error = failure_of(video)
    assert type(error) is VideoModerationError
    assert not error.retryable


@pytest.mark.parametrize("text", FAILED)
def test_case_f7_other_texts_do_not(text: str) -> None:
    video = Video(video_id="v", vendor="gmicloud", status=VideoStatus.FAILED, error=VideoError(message=text))
    error = failure_of(video)
    assert type(error) is VideoFailedError
    assert error.retryable


@pytest.mark.parametrize("vendor", ["gmicloud", "jimmyai", "modellix"])
def test_case_f7_a_withheld_video_is_not_bought_anew_by_a_retry(vendor: str, sim: Simulator) -> None:
    context = cast("Any", {"ti": Ti(max_tries=2), "task_state_store": TaskState()})
    with pytest.raises(TaskDeferred):
        operator(vendor).execute(context)
    (bill,) = sim.ledger
    sim.finish(bill.video_id, "failed", None, MODERATED[0])
    with pytest.raises(VideoModerationError):
        operator(vendor).execute(context)
    assert len(sim.creates()) == 1


# -- F8: Jimmy AI 2.5 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("seedance-2.5-pro", "/api/open-api/v1/seedance25/videos"),
        ("seedance-2.5-sp", "/api/open-api/v1/seedance25/videos"),
        ("seedance2.5-gz-720p", "/api/open-api/v1/seedance25/videos"),
        ("seedance2.0-fast-i2v", "/api/open-api/v1/seedance/videos"),
        ("seedance2.0-933", "/api/open-api/v1/seedance/videos"),
    ],
)
def test_case_f8_seedance_2_5_goes_to_its_own_path(model: str, path: str, sim: Simulator) -> None:
    with client(sim, "jimmyai") as talks:
        video = talks.create_video({"model": model, "prompt": PROMPT, "duration": 5})
        (create,) = sim.creates()
        assert create.path == path
        assert talks.get_video(video.video_id).status is VideoStatus.QUEUED


def test_case_f8_thirty_seconds_are_taken_and_thirty_one_refused(sim: Simulator) -> None:
    with client(sim, "jimmyai") as talks:
        talks.create_video({"model": "seedance-2.5-pro", "prompt": PROMPT, "duration": 30})
        with pytest.raises(InvalidRequestError, match="4 to 30 seconds, not 31"):
            talks.create_video({"model": "seedance-2.5-pro", "prompt": PROMPT, "duration": 31})
    assert len(sim.creates()) == 1


# -- F9: no text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [None, "", " \n", ...])
@pytest.mark.parametrize(
    "media",
    [{"first_frame": JPG}, {"reference_images": [JPG]}, {"reference_videos": [MP4]}],
    ids=lambda m: next(iter(m)),
)
@pytest.mark.parametrize("vendor", ARK)
def test_case_f9_text_optional_with_an_image_or_a_video(
    vendor: str, media: dict[str, Any], prompt: Any, sim: Simulator
) -> None:
    request = {"model": SIMPLE[vendor]["model"], **media} | ({} if prompt is ... else {"prompt": prompt})
    with client(sim, vendor) as talks:
        talks.create_video(request)
        talks.create_video({**request, "model": "ep-20261120-abc"})
    for create in sim.creates():
        assert [item["type"] for item in create.json["content"]] == [next(iter(create.json["content"]))["type"]]
        assert all(item["type"] != "text" for item in create.json["content"])


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_f9_without_either_it_is_refused_before_anything_is_sent(vendor: str, sim: Simulator) -> None:
    beside = make_adapter(vendor).text_optional_with
    media = {"first_frame": JPG, "last_frame": JPG} if not beside else {"generate_audio": True}
    for prompt in (None, "", "  "):
        for request in ({"model": SIMPLE[vendor]["model"]}, {"model": SIMPLE[vendor]["model"], **media}):
            with (
                client(sim, vendor) as talks,
                pytest.raises(InvalidRequestError, match=r"prompt: .* needs") as caught,
            ):
                talks.create_video({**request, "prompt": prompt})
            assert ("without one of first_frame" in str(caught.value)) is ("first_frame" in beside)
    assert sim.requests == []


def test_case_f9_the_operator_takes_an_image_alone(sim: Simulator) -> None:
    task = SeedanceCreateVideoOperator(
        task_id="create", seedance_conn_id="seedance_byteplus", model=SIMPLE["byteplus"]["model"], first_frame=JPG
    )
    task.execute(cast("Any", {"ti": Ti(), "task_state_store": TaskState()}))
    assert len(sim.ledger) == 1


def test_case_f9_text_in_the_extra_is_text(sim: Simulator) -> None:
    content = [{"type": "text", "text": PROMPT}]
    with client(sim, "byteplus") as talks:
        talks.create_video({"model": SIMPLE["byteplus"]["model"], "extra": {"content": content}})
    assert sim.creates()[0].json["content"] == content


# -- F10: undocumented, and seen to pass ------------------------------------------------------------------------------

SEEN = [
    *(pytest.param(vendor, {"camera_fixed": False}, "camera_fixed", id=f"{vendor}-camera") for vendor in ARK),
    *(pytest.param(vendor, {"ratio": "5:4"}, "ratio", id=f"{vendor}-ratio") for vendor in ARK),
    pytest.param("gmicloud", {"duration": -1}, "duration", id="gmicloud-duration"),
    pytest.param("gmicloud", {"resolution": "4k"}, "resolution", id="gmicloud-resolution"),
]


@pytest.mark.parametrize(("vendor", "fields", "name"), SEEN)
def test_case_f10_what_was_seen_to_pass_is_sent_with_a_warning(
    vendor: str, fields: dict[str, Any], name: str, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    with client(sim, vendor) as talks:
        talks.create_video(SIMPLE[vendor] | fields)
    (create,) = sim.creates()
    sent = create.json["payload"] if vendor == "gmicloud" else create.json
    assert sent[name] == fields[name]
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(f"{name}: no document says")
    # When the DAG is parsed, it passes too.
    SeedanceCreateVideoOperator(task_id="create", **SIMPLE[vendor] | fields)


@pytest.mark.parametrize("vendor", ARK)
def test_case_f10_what_every_document_forbids_is_still_refused(vendor: str, sim: Simulator) -> None:
    for fields in ({"camera_fixed": True}, {"ratio": "5:3"}):
        with client(sim, vendor) as talks, pytest.raises(InvalidRequestError):
            talks.create_video(SIMPLE[vendor] | fields)
    assert sim.requests == []


@pytest.mark.parametrize("model", ["sd2-933-720p", "seedance2.0-933"])
def test_case_f10_jimmy_ai_s_933_takes_sound_without_a_warning(
    model: str, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    with client(sim, "jimmyai") as talks:
        talks.create_video({"model": model, "prompt": PROMPT, "duration": 5, "generate_audio": False})
    assert sim.creates()[0].json["generate_audio"] is False
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


# -- F11: gateways in front of vendors ---------------------------------------------------------------------------------

WORDS = "insufficient credits for this model"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "body",
    [
        {"error": WORDS},
        {"message": WORDS},
        {"detail": WORDS},
        {"msg": WORDS},
        {"error": {"message": WORDS, "type": "x"}},
        {"error_description": WORDS, "error": ""},
    ],
    ids=lambda body: "-".join(body),
)
@pytest.mark.parametrize("status", [403, 502])
def test_case_f11_a_gateways_words_are_quoted(vendor: str, body: dict[str, Any], status: int) -> None:
    error = refused(vendor, status, body)
    assert WORDS in str(error)
    assert "no explanation" not in str(error)
    assert error.may_be_billed is (status == 502)


@pytest.mark.parametrize("name", ["error", "message", "detail"])
def test_case_f11_they_are_cleaned(name: str) -> None:
    said = f"refused '{PROMPT}' \x1b[31m at https://x.example/a?X-Tos-Signature=5ec4e7 by sk-1234567890\nsecond line"
    error = refused("byteplus", 403, {name: said})
    assert type(error) is GatewayRefusedError
    text = str(error)
    assert text.isprintable()
    for secret in (PROMPT, "5ec4e7", "sk-1234567890"):
        assert secret not in text
    assert "second line" in text
