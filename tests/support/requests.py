"""The one table of valid requests to each vendor, for all tests and `dev/`. A vendor adds a module to `vendors/`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from airflow_provider_seedance.api.vendors import BUILT_IN
from tests.support import vendors
from tests.support.sample import Sample

SAMPLES: dict[str, Sample] = {
    sample.vendor: sample
    for module in iter_modules(vendors.__path__)
    for sample in import_module(f"{vendors.__name__}.{module.name}").SAMPLES
}
"""By vendor."""

MODELS = {vendor: sample.model for vendor, sample in SAMPLES.items()}
"""A model that takes a prompt alone, or with a duration."""

SIZED_MODELS = {vendor: sample.sized_model for vendor, sample in SAMPLES.items()}
"""A model that takes a resolution and a ratio beside the prompt."""

LARGE_MODELS = {vendor: sample.large_model for vendor, sample in SAMPLES.items()}
"""A model that has all resolutions up to 1080p."""

MODELS_25 = {vendor: sample.model_25 for vendor, sample in SAMPLES.items() if sample.model_25}
"""Seedance 2.5, of the vendors that sell it."""

BY_ID = tuple(name for name, vendor in BUILT_IN.items() if vendor.batch_size > 1)
"""The vendors that list videos by their ids; the others are asked for one at a time."""

ONE_BY_ONE = tuple(name for name, vendor in BUILT_IN.items() if vendor.batch_size == 1)

CAN_LIST = tuple(name for name, vendor in BUILT_IN.items() if vendor.can_list)
"""The vendors whose list shows what became of a create without an answer."""

CAN_CANCEL = tuple(name for name, vendor in BUILT_IN.items() if vendor.can_cancel)

TAKES_IDS = tuple(name for name, vendor in BUILT_IN.items() if vendor.create_is_repeatable)
"""The vendors where the client chooses the id, so that a create may be sent again."""

SENDS_ONCE = tuple(name for name in BUILT_IN if name not in TAKES_IDS)

ANSWERS = {vendor: SAMPLES[vendor].answers for vendor in BUILT_IN}
"""Answers by hand, by vendor."""

TELLS_UNKNOWN_IDS = tuple(name for name, answers in ANSWERS.items() if answers.unknown_id is not None)
"""The vendors that say so when they don't know an id."""


def id_of(vendor: str, own: str = "v-1") -> str:
    """The id of a video, of the vendor's own part of it."""
    return SAMPLES[vendor].id_of(own)


def own_id(video_id: str) -> str:
    """The vendor's own part of a video's id."""
    return video_id.rpartition("/")[2]


def simple(prompt: str) -> dict[str, dict[str, Any]]:
    """The least that each vendor takes, by vendor."""
    return {name: {"model": sample.model, "prompt": prompt, **sample.least} for name, sample in SAMPLES.items()}
