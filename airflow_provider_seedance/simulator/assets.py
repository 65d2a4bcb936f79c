"""The simulator's reference media: stored files, and assets that a vendor reviews."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_seedance.simulator.clock import Clock

AssetStatus = Literal["processing", "active", "failed"]
ASSET_ENDINGS: tuple[AssetStatus, ...] = ("active", "failed")


@dataclass(slots=True)
class SimulatedAsset:
    """One stored file or registered URL. ``size`` and ``sha256`` are those of the uploaded bytes, if there were any."""

    id: str
    vendor: str
    library: str
    name: str
    url: str
    clock: Clock = field(repr=False)
    born: float
    created_at: float
    #: Simulated seconds of the vendor's review; 0 = active at once.
    seconds: float = 0.0
    kind: str | None = None
    content_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    #: The result of the review; "stuck" = it never ends.
    ending: str = "active"
    reason: str | None = None
    unknown_word: str = "pondering"
    unknown_reads: int = 0
    forced: AssetStatus | None = None
    reads: int = 0

    @property
    def status(self) -> AssetStatus:
        """The current status, in this package's words."""
        if self.forced is not None:
            return self.forced
        if self.ending == "stuck" or self.clock.simulated() < self.born + self.seconds:
            return "processing"
        return "failed" if self.ending == "failed" else "active"


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
