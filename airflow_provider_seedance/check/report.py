"""The report: Markdown for people, JSON for programs, and no secret in either."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.http.scrubbing import Scrubber
from airflow_provider_seedance.api.http.texts import clean
from airflow_provider_seedance.check.buying import without_account
from airflow_provider_seedance.check.judging import Finding
from airflow_provider_seedance.check.seen import Purchase, Said, Seen

_SHOWN = {"holds": "holds", "doesn't": "**DOESN'T**", "can't tell": "can't tell"}


@dataclass(frozen=True)
class Report:
    """The report about one vendor.

    :param vendor: the vendor's name.
    :param title: its name for people.
    :param asked_at: the time, in ISO 8601.
    :param address: the vendor's own, the simulator's, or "another", which isn't named, as it may be private.
    :param model: the model of the questions.
    :param findings: the verdicts.
    :param purchase: the video that was bought.
    :param refusal_in_doubt: whether the create that has to be refused may have left a video.
    """

    vendor: str
    title: str
    asked_at: str
    address: str
    model: str
    findings: Sequence[Finding]
    purchase: Purchase | None = None
    refusal_in_doubt: bool = False

    @property
    def counts(self) -> Counter[str]:
        """The number of assumptions by verdict."""
        return Counter(finding.verdict for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Flat JSON types."""
        findings = [
            {
                "key": finding.assumption.key,
                "claim": finding.assumption.claim,
                "verdict": finding.verdict,
                "seen": clean(finding.seen),
                "basis": finding.assumption.basis.mark,
                "source": finding.assumption.basis.source,
            }
            for finding in self.findings
        ]
        return {
            "report": 1,
            "provider_version": __version__,
            "vendor": self.vendor,
            "asked_at": self.asked_at,
            "address": self.address,
            "model": self.model,
            "findings": findings,
            "refusal_in_doubt": self.refusal_in_doubt,
            "purchase": None if self.purchase is None else asdict(without_account(self.purchase)),
        }

    def as_markdown(self) -> str:
        """Markdown, for people and for an issue."""
        told = self.as_json()
        words = (("holds", "hold"), ("doesn't", "don't"), ("can't tell", "can't be told"))
        counts = ", ".join(f"{self.counts[verdict]} {word}" for verdict, word in words)
        lines = [
            f"# First contact with {self.title}",
            "",
            f"Asked at {self.asked_at}, at {self.address}, about `{self.model}`, "
            f"by airflow-provider-seedance {__version__}: {counts}.",
            "",
        ]
        if self.purchase is not None:
            lines += [_sentence(self.purchase), ""]
        lines += ["| assumption | verdict | what was seen | on whose word |", "|---|---|---|---|"]
        for finding in told["findings"]:
            cells = (
                f"`{finding['key']}`: {finding['claim']}",
                _SHOWN[finding["verdict"]],
                finding["seen"],
                f"{finding['basis']}: {finding['source']}",
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        return "\n".join([*lines, ""])


def _sentence(purchase: Purchase) -> str:
    named = f"`{purchase.video_id}`" if purchase.video_id else "one without a known id"
    if purchase.outcome == "refused":
        return f"No video was bought: the create was refused ({purchase.refusal})."
    state = (
        f"it ended {purchase.last_status}" if purchase.is_over else "its end has not been seen, and it may be billed"
    )
    return f"Bought: {named}; {state}."


def write(report: Report, path: Path, key: str) -> tuple[Path, Path]:
    """Writes `PATH.md` and `PATH.json`, each of them atomically.

    :param report: the report.
    :param path: without suffix.
    :param key: the API key, for which both are searched before they are written.
    :return: both files.
    """
    scrub = Scrubber(key)
    markdown, data = path.with_name(f"{path.name}.md"), path.with_name(f"{path.name}.json")
    for file, text in ((markdown, report.as_markdown()), (data, json.dumps(report.as_json(), indent=1) + "\n")):
        temporary = file.with_name(f"{file.name}.new")
        temporary.write_text("".join(scrub(line) for line in text.splitlines(keepends=True)), encoding="utf-8")
        temporary.replace(file)
    return markdown, data


def slipped_before(path: Path) -> Said | None:
    """The earlier report's words about the create that has to be refused, if it may have made a video.

    Then it isn't sent again, since each one may be billed.

    :param path: of the report, without suffix.
    :raises ValueError: there is a report that can't be read.
    """
    data = path.with_name(f"{path.name}.json")
    try:
        told = json.loads(data.read_text(encoding="utf-8"))
        if not told["refusal_in_doubt"]:
            return None
        found = next(entry for entry in told["findings"] if entry["key"] == "request.refused")
        return found["verdict"], str(found["seen"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, StopIteration):
        raise ValueError(f"{data} is there, and is no report that can be read.") from None


def may_have_slipped(seen: Seen) -> bool:
    """Whether the create that has to be refused may have made a video."""
    if "request.refused" in seen.looks:
        return True
    refused = seen.replies.get("refused")
    return refused is not None and (
        refused.value is not None or (refused.error is not None and refused.error.may_be_billed)
    )


def result_of(seen: Seen, findings: Sequence[Finding]) -> int:
    """The exit code: see `docs/first-contact.md`."""
    if may_have_slipped(seen) or (seen.purchase is not None and seen.purchase.may_be_billed):
        return 3
    verdicts = {finding.assumption.key: finding.verdict for finding in findings}
    if verdicts.get("key.works") != "holds":
        return 4
    return 1 if "doesn't" in verdicts.values() else 0
