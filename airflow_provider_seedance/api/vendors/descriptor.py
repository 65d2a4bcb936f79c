"""A vendor's descriptor: the facts that are needed before its code is loaded. Importing it loads no adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal


@dataclass(frozen=True)
class PollRates:
    """The limits of polling for one connection.

    :param get_per_second: reads of one video per second; default 20.
    :param list_per_second: reads of many videos per second; default 1.
    """

    get_per_second: float = 20.0
    list_per_second: float = 1.0


@dataclass(frozen=True)
class Setting:
    """One setting of a vendor in the connection's extra. The form, its check and the docs are generated from it.

    :param name: the key in the extra.
    :param label: the label in the connection form. The form shows all vendors' settings, so it begins with the vendor's
        name.
    :param description: the effect of the setting, and its default.
    :param kind: `flag` for true or false, `text` (the default) for a text that may be sent in a header.
    :param default: the value if the connection sets none.
    """

    name: str
    label: str
    description: str
    kind: Literal["flag", "text"] = "text"
    default: bool | str | None = None

    def form_field(self) -> dict[str, Any]:
        """The field of Airflow's connection form."""
        schema: dict[str, Any] = {"type": ["boolean" if self.kind == "flag" else "string", "null"]}
        if self.default is not None:
            schema["default"] = self.default
        return {"label": self.label, "description": self.description, "schema": schema}


FAMILIES = ("seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini", "seedance-2.5")
"""The model families: names for the same model at all vendors that offer it, whatever they call it."""


@dataclass(frozen=True)
class ByMedia:
    """A family's models at a vendor that has one for each kind of input.

    :param text: the model for text alone.
    :param images: the model for frames, reference images and reference audios.
    :param videos: the model for reference videos, with or without other media.
    """

    text: str
    images: str
    videos: str


@dataclass(frozen=True)
class VendorDescriptor:
    """A vendor that sells Seedance videos.

    :param name: the value of `vendor` in the connection's extra.
    :param title: the display name.
    :param base_url: the API's address with its path, used if the connection's host is empty.
    :param videos: `module:Class` of its `VendorAdapter`; loaded when a connection chooses the vendor.
    :param assets: `module:Class` of its `AssetAdapter`; `None` if no call that uploads media with an API key is
        documented.
    :param auth_scheme: the word before the key in the `Authorization` header; default `Bearer`.
    :param models: patterns (`*`, `[0-9]`) of model names that only this vendor has.
    :param families: the vendor's own names for the `FAMILIES` that it has.
    :param video_id_example: an id in the vendor's form, for the docs.
    :param settings: see `Setting`. Two descriptors that share an adapter may share a setting.
    :param retention: how long result URLs work after completion; `None` if that isn't documented.
    :param retention_note: one sentence about that for users, with its source.
    :param rates: the vendor's published limits, or moderate ones of ours if it publishes none.
    :param batch_size: the largest number of videos in one poll.
    :param can_list: whether the account's videos can be listed.
    :param list_window: how far back the list goes; `None` if that isn't documented.
    :param list_note: one sentence for users about the contents of the list and its gaps, with its source.
    :param can_cancel: whether a queued video can be cancelled.
    :param can_stop: whether a cancel may also be sent for a running video, as a request to stop.
    :param has_callbacks: whether the vendor calls an address (passed through `extra`) when a video ends.
    :param files_need_key: whether result URLs on the API's own host can be read only with the key.
    :param tells_cost: whether the vendor reports the cost of a finished video.
    :param quotes_prices: whether the vendor quotes the price of a request without carrying it out.
    :param create_is_repeatable: whether the vendor documents that a second create with the same mark (a client-chosen
        id, an idempotency key) makes no second video. If so, a lost create is sent again.
    """

    name: str
    title: str
    base_url: str
    videos: str
    retention_note: str
    assets: str | None = None
    auth_scheme: str = "Bearer"
    models: tuple[str, ...] = ()
    families: Mapping[str, str | ByMedia] = field(default_factory=dict)
    video_id_example: str = ""
    settings: tuple[Setting, ...] = ()
    retention: timedelta | None = None
    rates: PollRates = PollRates()
    batch_size: int = 1
    can_list: bool = False
    list_window: timedelta | None = None
    list_note: str = ""
    can_cancel: bool = False
    can_stop: bool = False
    has_callbacks: bool = False
    files_need_key: bool = False
    tells_cost: bool = False
    quotes_prices: bool = False
    create_is_repeatable: bool = False

    def has_model(self, model: str) -> bool:
        """Whether a model name matches `models`, the names that only this vendor has."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)

    def with_defaults(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The values of all its settings.

        :param given: the values that a connection sets; default: none.
        :return: the values by name, with the default of each setting that isn't given.
        :raises TypeError: the vendor has no such setting.
        """
        values = {setting.name: setting.default for setting in self.settings}
        unknown = sorted(set(given or {}) - set(values))
        if unknown:
            raise TypeError(f"{self.title} has no setting {', '.join(unknown)}")
        return {**values, **(given or {})}
