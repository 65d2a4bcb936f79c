"""What a connection may say, and what people read when it says something else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import httpx
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_seedance.api.errors import NotSentError, SeedanceConfigError
from airflow_provider_seedance.api.vendors import find_vendor
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.any_airflow import AIRFLOW
from tests.support.requests import id_of

from .helpers import SIMPLE, SOON, assert_names, assert_no_secret, call, conn_id, event_of, polled

Connect = Callable[..., str]

BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no vendor": ({"extra": {"vendor": ...}}, ["vendor", *VENDORS]),
    "an empty vendor": ({"extra": {"vendor": " "}}, ["vendor", *VENDORS]),
    "a vendor of null": ({"extra": {"vendor": None}}, ["vendor", *VENDORS]),
    "an unknown vendor": ({"extra": {"vendor": "seedream"}}, ["'seedream'", *VENDORS]),
    "no extra": ({"extra": ""}, ["vendor", *VENDORS]),
    "an extra that is no JSON": ({"extra": "vendor=byteplus"}, ["vendor", *VENDORS]),
    "an extra that is a list": ({"extra": '["byteplus"]'}, ["extra", "vendor"]),
    "no key": ({"password": None}, ["password", "API key"]),
    "an empty key": ({"password": "  "}, ["password", "API key"]),
    "a key with a letter that no key has": ({"password": "sk-simulator-é"}, ["API key"]),
    "a key of two lines": ({"password": "sk-simulator\nsk-other"}, ["API key"]),
    "a key with the word before it": ({"password": "Bearer sk-simulator"}, ["API key", "`Bearer`"]),
    "a port": ({"port": 8080}, ["port", "base URL", "host"]),
    "a schema": ({"schema": "https"}, ["schema", "base URL", "host"]),
    "a connect timeout of 0": ({"extra": {"connect_timeout": 0}}, ["connect_timeout", "seconds"]),
    "a negative read timeout": ({"extra": {"read_timeout": -1}}, ["read_timeout", "seconds"]),
    "an endless read timeout": ({"extra": {"read_timeout": "inf"}}, ["read_timeout", "seconds"]),
    "a read timeout that is no number": ({"extra": {"read_timeout": "nan"}}, ["read_timeout", "seconds"]),
    "a connect timeout in words": ({"extra": {"connect_timeout": "soon"}}, ["connect_timeout", "seconds"]),
    "a switch in words": ({"extra": {"modellix_async_suffix": "maybe"}}, ["modellix_async_suffix", "true", "false"]),
    "an organization of two lines": ({"extra": {"gmicloud_organization_id": "a\nb"}}, ["gmicloud_organization_id"]),
    "an organization beyond ASCII": ({"extra": {"gmicloud_organization_id": "é"}}, ["gmicloud_organization_id"]),
    "a base URL of another kind": ({"host": "ftp://api.example.com"}, ["base URL", "https://"]),
    "a base URL with port 0": ({"host": "https://api.example.com:0/v3"}, ["base URL"]),
    "a base URL without a host": ({"host": "https:///api/v3"}, ["base URL"]),
    "a base URL with a query": ({"host": "https://api.example.com/v3?a=5ec4e7"}, ["base URL", "query"]),
    "a base URL with a password": ({"host": "https://me:5ec4e7@api.example.com"}, ["base URL", "password"]),
    "a base URL with a strange port": ({"host": "https://api.example.com:port/v3"}, ["base URL"]),
    "a base URL with a space": ({"host": "https://api.example.com /v3"}, ["base URL"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_connection_that_cannot_work_is_refused_by_name_and_nothing_is_sent(
    name: str, connect: Connect, sim: Simulator, form: str
) -> None:
    if AIRFLOW in ((3, 0), (3, 1)) and name in ("an extra that is no JSON", "an extra that is a list"):
        pytest.skip("Airflow 3.0 and 3.1 themselves say that such a connection isn't defined")
    parts, words = BAD[name]
    hook = SeedanceHook(connect(**parts))
    with pytest.raises(SeedanceConfigError) as caught:
        call(form, hook, "create_video", SIMPLE["byteplus"])
    message = str(caught.value)
    assert_names(message, ["'bad_one'", "Nothing was sent", *words])
    assert_no_secret(message)
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []


@pytest.mark.parametrize("timeout", ["5", 5, 0.5, None, ""])
def test_a_timeout_may_be_a_number_in_any_form_or_left_empty(timeout: Any, connect: Connect, form: str) -> None:
    hook = SeedanceHook(connect(extra={"connect_timeout": timeout, "read_timeout": timeout}))
    assert call(form, hook, "create_video", SIMPLE["byteplus"]).video_id


def test_a_read_timeout_is_kept(connect: Connect, sim: Simulator, form: str, no_backoff: None) -> None:
    hook = SeedanceHook(connect(extra={"read_timeout": 0.1}))
    sim.faults.add(Fault("slow", on="create", seconds=5))
    with pytest.raises(Exception, match=r"did not answer: there was no answer in time"):
        call(form, hook, "create_video", SIMPLE["byteplus"])


def base_urls_asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets nothing through, and tells which URLs would have been asked."""
    asked: list[str] = []

    def refuse(transport: object, request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        raise httpx.ConnectError("refused by the test")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", refuse)
    return asked


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("host", [None, "", " "])
def test_without_a_host_the_vendor_s_own_address_is_asked(
    vendor: str, host: str | None, connect: Connect, monkeypatch: pytest.MonkeyPatch, no_backoff: None
) -> None:
    hook = SeedanceHook(connect(vendor, host=host))
    asked = base_urls_asked(monkeypatch)
    with pytest.raises(NotSentError):
        hook.get_video(id_of(vendor, "some-id"))
    assert asked
    own = find_vendor(vendor).base_url
    assert all(url == own or url.startswith(f"{own}/") for url in asked)


@pytest.mark.parametrize(
    ("host", "asked_at"),
    [
        ("api.example.com", "https://api.example.com/"),
        ("api.example.com/api/v3/", "https://api.example.com/api/v3/"),
        ("api.example.com:8443/api/v3", "https://api.example.com:8443/api/v3/"),
        ("localhost:8080", "https://localhost:8080/"),
        ("HTTP://localhost:8080", "http://localhost:8080/"),
        ("http://[::1]:8080/byteplus", "http://[::1]:8080/byteplus/"),
    ],
)
def test_a_host_is_taken_whole_and_without_a_scheme_means_https(
    host: str, asked_at: str, connect: Connect, monkeypatch: pytest.MonkeyPatch, no_backoff: None
) -> None:
    hook = SeedanceHook(connect(host=host))
    asked = base_urls_asked(monkeypatch)
    with pytest.raises(NotSentError):
        hook.get_video("some-id")
    assert asked[0].startswith(f"{asked_at}contents/")


def test_a_connection_may_be_a_uri(sim: Simulator, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    host = quote(sim.base_url("gmicloud"), safe="")
    monkeypatch.setenv("AIRFLOW_CONN_BY_URI", f"seedance://:{sim.api_key}@{host}/?vendor=gmicloud")
    video = call(form, SeedanceHook("by_uri"), "create_video", SIMPLE["gmicloud"])
    assert [bill.video_id for bill in sim.ledger] == [video.video_id]


@pytest.mark.parametrize("form_of_extra", [dict, json.dumps])
def test_the_extra_of_a_json_connection_may_be_an_object_or_its_text(
    form_of_extra: Callable[[Any], Any], sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = json.loads(sim.connection_json("modellix"))
    connection["extra"] = form_of_extra(connection["extra"])
    monkeypatch.setenv("AIRFLOW_CONN_BY_JSON", json.dumps(connection))
    assert SeedanceHook("by_json").create_video(SIMPLE["modellix"]).vendor == "modellix"


@pytest.mark.parametrize(
    ("value", "ends_in_async"),
    [(None, True), ("", True), (True, True), ("yes", True), (1, True), (False, False), ("False", False), (0, False)],
)
def test_the_suffix_of_modellix_paths_is_switched_by_the_connection(
    value: Any, ends_in_async: bool, connect: Connect, sim: Simulator, form: str
) -> None:
    hook = SeedanceHook(connect("modellix", extra={"modellix_async_suffix": value}))
    call(form, hook, "create_video", SIMPLE["modellix"])
    assert sim.creates()[0].path.endswith("/async") is ends_in_async


@pytest.mark.parametrize(("value", "sent"), [("org-7", "org-7"), (" org-7 ", "org-7"), ("", None), (None, None)])
def test_the_organization_of_gmi_cloud_is_sent_with_every_call(
    value: str | None, sent: str | None, connect: Connect, sim: Simulator, form: str
) -> None:
    hook = SeedanceHook(connect("gmicloud", extra={"gmicloud_organization_id": value}))
    video = call(form, hook, "create_video", SIMPLE["gmicloud"])
    call(form, hook, "get_video", video.video_id)
    assert [request.headers.get("x-organization-id") for request in sim.requests] == [sent, sent]


async def test_the_organization_is_sent_with_the_triggerer_s_polls_too(connect: Connect, sim: Simulator) -> None:
    conn = connect("gmicloud", extra={"gmicloud_organization_id": "org-7"})
    hook = SeedanceHook(conn)
    video = await hook.acreate_video(SIMPLE["gmicloud"])
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn, video_id=video.video_id, poll_interval=SOON)
    waiting = asyncio.create_task(event_of(trigger))
    await polled(sim, 2)
    sim.finish(video.video_id)
    assert (await asyncio.wait_for(waiting, 60))["outcome"] == "succeeded"
    seen = {request.headers.get("x-organization-id") for request in sim.requests if request.call == "poll"}
    assert seen == {"org-7"}


# -- the button "test connection" ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_connection_test_says_yes_to_the_right_key_without_creating_anything(vendor: str, sim: Simulator) -> None:
    works, message = SeedanceHook(conn_id(vendor)).test_connection()
    assert (works, "key works" in message) == (True, True)
    assert [request.call for request in sim.requests if request.call == "create"] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_connection_test_says_no_to_a_wrong_key_without_showing_it(vendor: str, connect: Connect) -> None:
    works, message = SeedanceHook(connect(vendor, password="sk-simulator-wrong")).test_connection()
    assert works is False
    assert "API key" in message
    assert_no_secret(message)


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_connection_test_says_that_nobody_can_be_reached(vendor: str, connect: Connect, sim: Simulator) -> None:
    hook = SeedanceHook(connect(vendor))
    with sim.refuse_connections():
        works, message = hook.test_connection()
    assert works is False
    assert "can't be reached" in message
    assert_no_secret(message)


@pytest.mark.parametrize("fault", ["http_502_html", "torn_json", "http_500", "reset_after", "not_json", "http_429"])
def test_the_connection_test_asks_once_and_says_what_came_back(fault: str, connect: Connect, sim: Simulator) -> None:
    sim.faults.add(Fault(fault, on="any", times=None))
    works, message = SeedanceHook(connect("gmicloud")).test_connection()
    assert works is False
    assert message
    assert len(sim.requests) == 1


def test_the_connection_test_of_a_useless_connection_says_what_is_missing(connect: Connect, sim: Simulator) -> None:
    works, message = SeedanceHook(connect(extra={"vendor": "seedream"})).test_connection()
    assert works is False
    assert_names(message, VENDORS)
    works, message = SeedanceHook("never_defined").test_connection()
    assert works is False
    assert "never_defined" in message
    assert sim.requests == []


def test_a_misspelt_setting_is_pointed_out_by_the_connection_test(connect: Connect) -> None:
    ok, message = SeedanceHook(connect(extra={"poll_per_second": 1, "note": "5ec4e7"})).test_connection()
    assert ok
    assert_names(message, ["`poll_per_second`", "`note`", "perhaps you mean `polls_per_second`"])
    assert "5ec4e7" not in message


def test_a_misspelt_setting_is_pointed_out_in_the_task_s_log(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, sim: Simulator
) -> None:
    log = Mock()
    monkeypatch.setattr(SeedanceHook, "log", log)
    hook = SeedanceHook(connect(extra={"poll_per_second": 1}))
    hook.create_video(SIMPLE["byteplus"])
    (said,) = [call.args[0] % call.args[1:] for call in log.warning.call_args_list]
    assert_names(said, ["'bad_one'", "`poll_per_second`", "`polls_per_second`"])


def test_a_hook_can_be_used_on_after_the_connection_test(sim: Simulator) -> None:
    hook = SeedanceHook(conn_id("byteplus"))
    before = hook.get_conn()
    hook.test_connection()
    assert hook.get_conn() is before
    assert hook.create_video(SIMPLE["byteplus"]).video_id
    hook.close()


@pytest.mark.filterwarnings("ignore:ProvidersManager.hooks is deprecated")
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_connection_tests_itself_in_the_way_of_airflow_s_form(
    vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models import Connection

    connection = Connection(conn_id="in_the_form", **json.loads(sim.connection_json(vendor)))
    # The API server hands the form's content over like this: the host, a URL itself, must survive being part of one.
    monkeypatch.setenv("AIRFLOW_CONN_IN_THE_FORM", connection.get_uri())
    works, message = connection.test_connection()  # type: ignore[no-untyped-call]
    assert works, message
    assert "key works" in message


def test_an_undefined_connection_is_named(sim: Simulator, form: str) -> None:
    with pytest.raises(Exception, match="never_defined"):
        call(form, SeedanceHook("never_defined"), "get_video", "some-id")
    assert sim.requests == []


def test_async_clients_of_one_hook_are_separate_and_closed_by_their_callers(sim: Simulator) -> None:
    async def two() -> None:
        hook = SeedanceHook(conn_id("byteplus"))
        async with await hook.aget_conn() as one, await hook.aget_conn() as other:
            assert one is not other

    asyncio.run(two())
