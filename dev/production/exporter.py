"""What Prometheus's statsd_exporter makes of a StatsD name, by its documented rules for globs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def exported(name: str, mappings: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, str]] | None:
    """Metric and labels of a StatsD name; `None` if it is dropped.

    :param mappings: of the exporter's configuration; the first that matches counts.
    """
    for mapping in mappings:
        pattern = "".join("([^.]*)" if part == "*" else re.escape(part) for part in re.split(r"(\*)", mapping["match"]))
        if match := re.fullmatch(pattern, name):
            if mapping.get("action") == "drop":
                return None
            labels = {key: _filled(str(value), match) for key, value in mapping.get("labels", {}).items()}
            return _filled(str(mapping["name"]), match), labels
    return re.sub(r"[^A-Za-z0-9_]", "_", name), {}


def exported_all(names: Iterable[str], mappings: Sequence[Mapping[str, Any]]) -> set[str]:
    """The metrics that come of these names."""
    return {found[0] for name in names if (found := exported(name, mappings))}


def _filled(text: str, match: re.Match[str]) -> str:
    return re.sub(r"\$(\d+)", lambda group: match[int(group[1])], text)
