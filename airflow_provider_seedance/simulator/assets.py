"""What the simulator remembers of reference media: files that were stored, and assets that are looked at."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_seedance.simulator.clock import Clock

AssetStatus = Literal["processing", "active", "failed"]
ASSET_ENDINGS: tuple[AssetStatus, ...] = ("active", "failed")


@dataclass(slots=True)
class SimulatedAsset:
    """One stored file or registered URL. ``size`` and ``sha256`` are those of the bytes that came, if any did."""

    id: str
    vendor: str
    library: str
    name: str
    url: str
    clock: Clock = field(repr=False)
    born: float
    created_at: float
    #: Simulated seconds until the vendor has looked at it; 0 = active at once.
    seconds: float = 0.0
    kind: str | None = None
    content_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    #: How it ends; "stuck" never does.
    ending: str = "active"
    reason: str | None = None
    unknown_word: str = "pondering"
    unknown_reads: int = 0
    forced: AssetStatus | None = None
    reads: int = 0

    @property
    def status(self) -> AssetStatus:
        """The status now, in the project's words."""
        if self.forced is not None:
            return self.forced
        if self.ending == "stuck" or self.clock.simulated() < self.born + self.seconds:
            return "processing"
        return "failed" if self.ending == "failed" else "active"


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
