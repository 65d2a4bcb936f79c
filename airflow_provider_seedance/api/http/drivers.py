"""The drivers of flows: they send the steps, repeat them where that is allowed, and wait where the flow says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import httpx
from tenacity import AsyncRetrying, Retrying

from airflow_provider_seedance.api.assets import UploadRequest
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.http import httpx_transport
from airflow_provider_seedance.api.http.encoding import bytes_of_body, encode
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.intake import SLOWEST_UPLOAD, Limits
from airflow_provider_seedance.api.http.reading import AnswerReader
from airflow_provider_seedance.api.http.settings import ClientSettings
from airflow_provider_seedance.api.http.steps import Flow, Step

T = TypeVar("T")

_NO_TIME = 0.001


def run(flow: Flow[T], send: Callable[[Step[Any]], Any], pause: Callable[[float], Any]) -> T:
    """Carries a flow out.

    :param flow: the call.
    :param send: sends one step and returns its result.
    :param pause: waits for some seconds.
    :return: what the flow returns.
    :raises SeedanceError: from a step, where the flow doesn't catch it.
    """
    steps = iter(flow)
    try:
        step = next(steps)
        while True:
            try:
                result = send(step) if isinstance(step, Step) else pause(step.seconds)
            except SeedanceError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as done:
        value: T = done.value
        return value


async def run_async(
    flow: Flow[T], send: Callable[[Step[Any]], Awaitable[Any]], pause: Callable[[float], Awaitable[None]]
) -> T:
    """The twin of `run`."""
    steps = iter(flow)
    try:
        step = next(steps)
        while True:
            try:
                result = await (send(step) if isinstance(step, Step) else pause(step.seconds))
            except SeedanceError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as done:
        value: T = done.value
        return value


def within(step: Step[T], ends: float) -> Step[T]:
    """The step with a time limit for its one try.

    :param step: the step.
    :param ends: the moment by which it must be over, by `time.monotonic`.
    """
    return replace(step, seconds=max(_NO_TIME, ends - time.monotonic()))


class Driver:
    """Carries flows out by httpx.

    :param endpoint: the API's address, and the account.
    :param settings: time-outs and retries.
    :param pause: waits for some seconds, between tries and where a flow says so.
    """

    def __init__(
        self, endpoint: Endpoint, settings: ClientSettings, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._endpoint, self._settings, self._pause = endpoint, settings, pause
        self._reader = AnswerReader(endpoint, httpx_transport.NOTHING_SENT)
        self._client = httpx_transport.make_client(endpoint.base_url, _options(endpoint, settings))

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

    def run(self, flow: Flow[T]) -> T:
        """Carries a flow out, with the tries that the retry policy allows for each step."""
        return run(flow, self._retried, self._pause)

    def run_once(self, flow: Flow[T], seconds: float) -> T:
        """Carries a flow out with one try for each step.

        :param flow: the flow.
        :param seconds: time limit of the whole flow.
        """
        ends = time.monotonic() + seconds
        return run(flow, lambda step: self._send(within(step, ends)), self._pause)

    def _retried(self, step: Step[Any]) -> Any:
        if step.once:
            return self._send(step)
        return Retrying(**self._settings.retry.settings(step.call), sleep=self._pause)(self._send, step)

    def _send(self, step: Step[T]) -> T:
        request = encode(self._client, self._endpoint, step.request)
        signed = step.request.url if isinstance(step.request, UploadRequest) else None
        try:
            with httpx_transport.unlogged(signed):
                answer = httpx_transport.send(self._client, request, _limits(self._settings, step, request))
        except Exception as error:
            raise self._reader.unanswered(step, error) from None
        return self._reader.read(step, answer)


class AsyncDriver:
    """The twin of `Driver`.

    :param endpoint: the API's address, and the account.
    :param settings: time-outs and retries.
    :param pause: waits for some seconds, between tries and where a flow says so.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: ClientSettings,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._endpoint, self._settings, self._pause = endpoint, settings, pause
        self._reader = AnswerReader(endpoint, httpx_transport.NOTHING_SENT)
        self._client = httpx_transport.make_async_client(endpoint.base_url, _options(endpoint, settings))

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """Carries a flow out, with the tries that the retry policy allows for each step."""
        return await run_async(flow, self._retried, self._pause)

    async def _retried(self, step: Step[Any]) -> Any:
        if step.once:
            return await self._send(step)
        return await AsyncRetrying(**self._settings.retry.settings(step.call), sleep=self._pause)(self._send, step)

    async def _send(self, step: Step[T]) -> T:
        request = encode(self._client, self._endpoint, step.request)
        limits = _limits(self._settings, step, request)
        signed = step.request.url if isinstance(step.request, UploadRequest) else None
        try:
            with httpx_transport.unlogged(signed):
                answer = await httpx_transport.send_async(self._client, request, limits)
        except Exception as error:
            raise self._reader.unanswered(step, error) from None
        return self._reader.read(step, answer)


def _options(endpoint: Endpoint, settings: ClientSettings) -> dict[str, Any]:
    timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
    return {"headers": endpoint.headers, "timeout": timeout}


def _limits(settings: ClientSettings, step: Step[Any], request: httpx.Request) -> Limits:
    usual = settings.connect_timeout + settings.read_timeout + bytes_of_body(request) / SLOWEST_UPLOAD
    return Limits(step.seconds or usual, step.most_bytes)
