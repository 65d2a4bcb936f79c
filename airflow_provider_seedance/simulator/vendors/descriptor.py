"""What the simulator knows about a vendor before it loads the vendor's server side. Written apart from the client's."""

import datetime
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.simulator.videos import Status

DAY = 86_400.0
NewId = Callable[[random.Random, float, str], str]
"""Makes the id of a video from a source of chance, the time (unix) and the model's name."""


def a_uuid(chance: random.Random, now: float, model: str) -> str:
    """A random UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def hexadecimal(prefix: str, digits: int) -> NewId:
    """Ids of a prefix and so many hexadecimal digits."""
    return lambda chance, now, model: f"{prefix}{chance.getrandbits(128):032x}"[: len(prefix) + digits]


def base32(digits: int) -> NewId:
    """Ids of so many letters and digits, without those that look alike."""
    return lambda chance, now, model: "".join(chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=digits))


def dated(prefix: str) -> NewId:
    """Ids of a prefix, the time and five characters. The time zone of the digits is unknown; UTC is a guess."""

    def new_id(chance: random.Random, now: float, model: str) -> str:
        stamp = datetime.datetime.fromtimestamp(now, datetime.UTC)
        tail = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5))
        return f"{prefix}{stamp:%Y%m%d%H%M%S}-{tail}"

    return new_id


@dataclass(frozen=True)
class SimulatedVendor:
    """A vendor that the simulator stands in for.

    :param name: its leading path segment, and the `vendor` of a connection.
    :param server: ``module:Class`` of its :class:`~airflow_provider_seedance.simulator.vendors.base.Vendor`
    :param base_path: the path of the vendor's default base URL
    :param auth_scheme: the word before the key in the ``Authorization`` header
    :param new_id: makes the ids of its videos
    :param retention: seconds for which a video's URL lives after its end
    :param uncharged: the ends for which the vendor documents that nothing is charged
    :param signature_prefix: begins the names of a signed URL's parameters, e.g. ``X-Tos-``; empty = plain ``Expires``
    """

    name: str
    server: str
    base_path: str = ""
    auth_scheme: str = "Bearer"
    new_id: NewId = a_uuid
    retention: float = DAY
    uncharged: tuple[Status, ...] = ("cancelled",)
    signature_prefix: str = ""
