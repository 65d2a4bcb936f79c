"""The free questions. Nothing here can create a video; `ask_to_be_refused` sends a create that is surely refused."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from airflow_provider_seedance.api.client import ClientSettings, PollingClient, SeedanceClient
from airflow_provider_seedance.api.errors import UnsupportedByVendorError
from airflow_provider_seedance.api.http.drivers import Driver
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.steps import Call, Step
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.assumptions import NO_SUCH_MODEL, FirstContact, first_contact
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
from airflow_provider_seedance.check.seen import Reply, Said, Seen, described, reply_of

PROMPT = "A paper boat floats on a pond."
"""The only prompt that the tool sends."""

WRONG_KEY = "airflow-first-contact-not-a-key"


def no_such_id(adapter: VendorAdapter) -> str:
    """An id in the vendor's form that none of the account's videos has."""
    example = adapter.descriptor.video_id_example
    return example or f"airflow-first-contact-{uuid.uuid4().hex}"


def ask_for_free(
    adapter: VendorAdapter, settings: ClientSettings, seen: Seen, *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Makes all calls that only read.

    :param adapter: the vendor's adapter.
    :param settings: address and key.
    :param seen: takes the answers.
    :param pause: waits for some seconds, between the tries of a call.
    """
    with SeedanceClient(adapter, settings, pause=pause) as client:
        seen.replies["probe"] = reply_of(client.probe)
        if seen.replies["probe"].error is not None:
            return  # without a working key, all other answers mean nothing
        with SeedanceClient(adapter, replace(settings, api_key=WRONG_KEY), pause=pause) as stranger:
            seen.replies["wrong_key"] = reply_of(stranger.probe)
        seen.replies["unknown_id"] = reply_of(lambda: client.get_video(no_such_id(adapter)))
        if adapter.most_ids_per_request > 1:
            asked = [no_such_id(adapter), f"{no_such_id(adapter)}-2"]
            seen.replies["unknown_ids"] = reply_of(lambda: read_many(adapter, settings, asked))
        seen.replies["model_info"] = reply_of(lambda: client.get_model_info(seen.model))
        if adapter.can_list:
            ask_the_list(client, seen)
        _ask_own(client, first_contact(adapter.descriptor), seen)


def read_many(adapter: VendorAdapter, settings: ClientSettings, video_ids: list[str]) -> list[Video]:
    """Reads many videos in one request, and gives those that the vendor has."""

    async def read() -> list[Video]:
        client = PollingClient(adapter, settings)
        try:
            return await client.get_many(video_ids)
        finally:
            await client.aclose()

    return asyncio.run(read())


def ask_the_list(client: SeedanceClient, seen: Seen) -> None:
    """Asks for the list in all its forms, no faster than the vendor allows."""
    model: str | None = None

    def ask(name: str, call: Callable[[], object]) -> Reply[object]:
        rates = client.settings.rates or client.adapter.rates
        time.sleep(1.1 / rates.list_per_second)
        seen.replies[name] = reply_of(call)
        return seen.replies[name]

    if isinstance(ask("list", client.list_videos).error, UnsupportedByVendorError):
        model = seen.model  # GMI Cloud lists the videos of one model
        ask("list", lambda: client.list_videos(model=model))
    ask("list_page", lambda: client.list_videos(model=model, limit=1))
    for status in (VideoStatus.SUCCEEDED, VideoStatus.CANCELLED):
        ask(f"list_{status}", partial(client.list_videos, model=model, status=status))
    ask("list_model", lambda: client.list_videos(model=seen.model))
    ask("list_no_model", lambda: client.list_videos(model=NO_SUCH_MODEL))
    mark = client.adapter.draw_mark(VideoRequest(model=seen.model, prompt=PROMPT))
    if mark is None:
        seen.why_not["mark.unknown"] = "the connection sends no mark"
        return
    since = datetime.now(tz=UTC) - timedelta(hours=1)
    ask("unknown_mark", lambda: client.find_videos(mark, model=seen.model, since=since))


def ask_to_be_refused(client: SeedanceClient, seen: Seen) -> None:
    """Sends, once, the create that can't make a video, if the vendor's documents name one."""
    contact = first_contact(client.adapter.descriptor)
    if contact.refused is None:
        seen.why_not["request.refused"] = f"can't be told without paying: {contact.why_no_refused}"
        return
    request = VideoRequest(model=NO_SUCH_MODEL, prompt=PROMPT, extra=dict(contact.refused.extra))
    seen.replies["refused"] = reply_of(lambda: client.create_video(request, wait_for_room=False))


def _ask_own(client: SeedanceClient, contact: FirstContact, seen: Seen) -> None:
    """Makes the additional reads of a vendor, for which adapters have no method."""
    driver = Driver(Endpoint.of(client.adapter, client.settings), client.settings)
    try:
        for look in contact.looks:
            step = Step(Call.READ, look.request, look.judge, most_bytes=MOST_OF_A_LIST)
            said = reply_of(partial(driver.run, step))
            seen.looks[look.assumption.key] = said.value or _no_answer(said)
    finally:
        driver.close()


def _no_answer(reply: Reply[Said]) -> Said:
    return "can't tell", "no answer" if reply.error is None else described(reply.error)
