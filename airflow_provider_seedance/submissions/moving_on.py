"""When a task may ask the next vendor: only if it is certain that the one before has created nothing. Pure."""

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
    """Why a vendor has created nothing, where another one may do better."""

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
    """Why the next vendor may be asked after this refusal of a create; `None` if it may not.

    It may not where a video may exist, and not where the request itself is at fault.

    :param error: with which a create ended. Of a read it would say nothing: that video exists.
    :param after_moderation: whether the user wants another vendor asked for what one vendor's moderation refused.
    """
    if isinstance(error, VideoFailedError) or getattr(error, "may_be_billed", False):
        return None
    if isinstance(error, SeedanceModerationError):
        return Reason.MODERATION if after_moderation else None
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), None)


@dataclass(frozen=True)
class Refusal:
    """What one vendor of the list said.

    :param seedance_conn_id: the connection's id.
    :param vendor: the vendor's name.
    :param reason: why the next one was asked.
    :param error: in full.
    """

    seedance_conn_id: str
    vendor: str
    reason: Reason
    error: SeedanceError

    def to_dict(self) -> dict[str, str]:
        """For an XCom."""
        return {
            "seedance_conn_id": self.seedance_conn_id,
            "vendor": self.vendor,
            "reason": self.reason.value,
            "error": type(self.error).__name__,
            "message": str(self.error),
        }

    def __str__(self) -> str:
        return f"{self.vendor} ({self.seedance_conn_id}): {self.reason.value}"
