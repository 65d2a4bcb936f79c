"""Decides whether a task may ask the next vendor: only if the one before it has certainly created nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    NotSentError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    VideoFailedError,
)


class Reason(StrEnum):
    """The reasons to ask the next vendor: this one created nothing, and another may succeed."""

    UNREACHABLE = "not reachable"
    NO_ROOM = "no room"
    NO_QUOTA = "no balance or quota"
    KEY_REFUSED = "key refused or model not open"
    MODERATION = "refused by moderation"


_REASONS: tuple[tuple[type[SeedanceError], Reason], ...] = (
    (NotSentError, Reason.UNREACHABLE),
    (GatewayRefusedError, Reason.UNREACHABLE),
    (SeedanceRateLimitError, Reason.NO_ROOM),
    (SeedanceQuotaError, Reason.NO_QUOTA),
    (SeedanceAuthError, Reason.KEY_REFUSED),
)


def may_move_on(error: Exception, *, after_moderation: bool = False) -> Reason | None:
    """Judges the error of a create.

    The next vendor must not be asked if a video may exist, or if the request itself is at fault.

    :param error: the error of a create; never that of a read, since then a video exists.
    :param after_moderation: whether to ask another vendor after a refusal by moderation. Default: no.
    :return: the reason for which the next vendor may be asked; `None` if it must not be asked.
    """
    if isinstance(error, VideoFailedError) or getattr(error, "may_be_billed", False):
        return None
    if isinstance(error, SeedanceModerationError):
        return Reason.MODERATION if after_moderation else None
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), None)


@dataclass(frozen=True)
class Refusal:
    """One vendor's refusal of a create.

    :param seedance_conn_id: the connection's id.
    :param vendor: the vendor's name.
    :param reason: the reason for which the next vendor may be asked.
    :param error: the vendor's error.
    """

    seedance_conn_id: str
    vendor: str
    reason: Reason
    error: SeedanceError

    def to_dict(self) -> dict[str, str]:
        """The refusal as a flat dict of texts, for XCom."""
        return {
            "seedance_conn_id": self.seedance_conn_id,
            "vendor": self.vendor,
            "reason": self.reason.value,
            "error": type(self.error).__name__,
            "message": str(self.error),
        }

    def __str__(self) -> str:
        return f"{self.vendor} ({self.seedance_conn_id}): {self.reason.value}"
