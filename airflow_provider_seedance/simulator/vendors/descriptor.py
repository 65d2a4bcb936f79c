"""The descriptor of a simulated vendor, needed before its code is loaded. It shares nothing with the client's."""

import datetime
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.simulator.videos import Status

DAY = 86_400.0
NewId = Callable[[random.Random, float, str], str]
"""Makes the id of a video from a random generator, the Unix time and the model's name."""


def a_uuid(chance: random.Random, now: float, model: str) -> str:
    """A random UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def hexadecimal(prefix: str, digits: int) -> NewId:
    """Ids made of a prefix and a number of hexadecimal digits."""
    return lambda chance, now, model: f"{prefix}{chance.getrandbits(128):032x}"[: len(prefix) + digits]


def base32(digits: int) -> NewId:
    """Ids made of a number of digits and lower-case letters, without i, l, o and u."""
    return lambda chance, now, model: "".join(chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=digits))


def dated(prefix: str) -> NewId:
    """Ids made of a prefix, the time and five random characters. The time zone is unknown; UTC is a guess."""

    def new_id(chance: random.Random, now: float, model: str) -> str:
        stamp = datetime.datetime.fromtimestamp(now, datetime.UTC)
        tail = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5))
        return f"{prefix}{stamp:%Y%m%d%H%M%S}-{tail}"

    return new_id


@dataclass(frozen=True)
class SimulatedVendor:
    """A simulated vendor.

    :param name: its leading path segment, and the ``vendor`` of a connection
    :param server: ``module:Class`` of its :class:`~airflow_provider_seedance.simulator.vendors.base.Vendor`
    :param base_path: the path of the vendor's default base URL; default: none
    :param auth_scheme: the word before the key in the ``Authorization`` header; default ``Bearer``
    :param new_id: makes the ids of its videos; default: UUIDs
    :param retention: seconds from a video's end to the expiry of its URLs; default: one day
    :param uncharged: the final statuses that the vendor doesn't charge for; default: ``cancelled``
    :param signature_prefix: the prefix of a signed URL's parameters, e.g. ``X-Tos-``; default: none, plain ``Expires``
    """

    name: str
    server: str
    base_path: str = ""
    auth_scheme: str = "Bearer"
    new_id: NewId = a_uuid
    retention: float = DAY
    uncharged: tuple[Status, ...] = ("cancelled",)
    signature_prefix: str = ""
