"""Tests don't wait: they hand in pauses where the package takes them. Nothing of the package is replaced for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook


def shorten_pauses(monkeypatch: pytest.MonkeyPatch, most: float = 0.01) -> None:
    """The hooks' clients wait hardly at all between the tries of a call, and the hooks between polls.

    :param most: seconds of each pause.
    """

    async def pause_async(seconds: float) -> None:
        await asyncio.sleep(min(seconds, most))

    monkeypatch.setattr(SeedanceHook, "pause", staticmethod(lambda seconds: time.sleep(min(seconds, most))))
    monkeypatch.setattr(SeedanceHook, "pause_async", staticmethod(pause_async))
