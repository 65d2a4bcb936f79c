"""What the package knows about a vendor before it loads any code for it. Plain data: importing it loads no adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal


@dataclass(frozen=True)
class PollRates:
    """How often a connection may be asked.

    :param get_per_second: reads of one video, each second.
    :param list_per_second: reads of many videos, each second.
    """

    get_per_second: float = 20.0
    list_per_second: float = 1.0


@dataclass(frozen=True)
class Setting:
    """One setting of a vendor in the connection's extra. The form, its check and the docs are made from it.

    :param name: the key in the extra.
    :param label: in the connection form; begins with the vendor's name, since the form shows all vendors' settings.
    :param description: what it does, and its default.
    :param kind: `flag` for true or false, `text` for a text that may be sent in a header.
    :param default: the value where the connection has none.
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
"""The model families: names that mean the same at every vendor that has an equivalent, whatever it calls it."""


@dataclass(frozen=True)
class ByMedia:
    """A family at a vendor that has a model for each kind of input.

    :param text: for text alone.
    :param images: for frames, reference images and sounds.
    :param videos: for reference videos, whatever is beside them.
    """

    text: str
    images: str
    videos: str


@dataclass(frozen=True)
class VendorDescriptor:
    """A vendor that sells Seedance videos.

    :param name: the value of `vendor` in the connection's extra.
    :param title: the name for people.
    :param base_url: the API's address, with its path, where the connection's host is empty.
    :param videos: `module:Class` of its `VendorAdapter`; loaded when a connection chooses the vendor.
    :param assets: `module:Class` of its `AssetAdapter`; `None` if no call by which a key uploads media is documented.
    :param auth_scheme: the word before the key in the `Authorization` header.
    :param models: patterns (`*`, `[0-9]`) of model names that this vendor alone has.
    :param families: what the vendor calls each of the `FAMILIES` that it has.
    :param video_id_example: an id as the vendor gives them, for the docs.
    :param settings: see `Setting`. Two descriptors that share an adapter may share a setting.
    :param retention: how long result URLs live after completion; `None` if that isn't documented.
    :param retention_note: one sentence for people about that, with its source.
    :param rates: the vendor's published limits; where it publishes none, ours are moderate.
    :param batch_size: how many videos one poll can ask for.
    :param can_list: whether the account's videos can be listed.
    :param list_window: how far back the list goes, as documented; `None` if that isn't.
    :param list_note: one sentence for people about what the list shows and what it doesn't, with its source.
    :param can_cancel: whether a queued video can be cancelled.
    :param can_stop: whether a cancel may be sent for a running one as well: it is asked to stop.
    :param has_callbacks: whether the vendor calls an address (passed through `extra`) when a video ends.
    :param files_need_key: whether a result's URL on the API's own host opens for the key only.
    :param tells_cost: whether the vendor says with a finished video what it has cost.
    :param quotes_prices: whether the vendor tells the price of a request without carrying it out.
    :param create_is_repeatable: whether the vendor documents that a create which comes again with the same mark (an id
        that the client chooses, an idempotency key) makes no second video. Then a lost create is sent again.
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
        """Whether a model's name is one that only this vendor has."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)

    def with_defaults(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The values of all its settings.

        :param given: those that a connection sets.
        :raises TypeError: for a setting that the vendor hasn't.
        """
        values = {setting.name: setting.default for setting in self.settings}
        unknown = sorted(set(given or {}) - set(values))
        if unknown:
            raise TypeError(f"{self.title} has no setting {', '.join(unknown)}")
        return {**values, **(given or {})}
