"""Directives that write down what the code says, so that the pages can't drift from it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.vendors import BUILT_IN, find_vendor, make_adapter
from airflow_provider_seedance.api.vendors.assumptions import UNRECORDED, Basis, assumptions_about, first_contact
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES, ByMedia, VendorDescriptor
from airflow_provider_seedance.api.vendors.rules import MEDIA_FIELDS, OPTION_FIELDS, Route
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
from airflow_provider_seedance.get_provider_info import connection_fields, get_provider_info

Row = tuple[str, ...]


class FactsDirective(SphinxDirective):
    """Parses lines of Markdown that a subclass writes."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The parsed lines."""
        node = nodes.container()
        source = f"<{self.name}>"
        self.state.nested_parse(StringList(list(self.lines()), source), self.content_offset, node)
        return list(node.children)

    def lines(self) -> Iterator[str]:
        """Markdown, line by line."""
        raise NotImplementedError


def table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """A table in Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def words(items: Any) -> str:
    """A list of code words."""
    return ", ".join(f"`{item}`" for item in items) or "-"


class VendorFacts(FactsDirective):
    """`vendor-facts VENDOR`: address, limits and calls."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        vendor = find_vendor(self.arguments[0])
        batch = vendor.batch_size
        yield from table(
            ("", vendor.title),
            [
                ("connection's `vendor`", f"`{vendor.name}`"),
                ("base URL, if `host` is empty", f"`{vendor.base_url}`"),
                ("key", f"`Authorization: {vendor.auth_scheme} ...`"),
                ("ids", f"like `{vendor.video_id_example}`"),
                ("settings in `extra`", words(setting.name for setting in vendor.settings)),
                ("polls", f"one video per request, at most {vendor.rates.get_per_second:.3g} a second"),
                (
                    "batches",
                    f"up to {batch} videos per request, {vendor.rates.list_per_second:.3g} requests a second"
                    if batch > 1
                    else "none",
                ),
                ("look-up of a lost submission", _look_up(vendor)),
                ("cancel", _cancel(vendor)),
                ("calls back when a video ends", "yes" if vendor.has_callbacks else "not documented"),
                ("reference media", "uploaded by the key" if vendor.assets else "by URL only"),
                ("keeps results", vendor.retention_note),
            ],
        )


def _cancel(vendor: VendorDescriptor) -> str:
    if vendor.can_stop:
        return "yes; a running one is asked to stop"
    return "while it is queued" if vendor.can_cancel else "no"


def _look_up(vendor: VendorDescriptor) -> str:
    if vendor.create_is_repeatable:
        return "not needed: the create is sent again under the same mark"
    return "yes" if vendor.can_list else "no: the vendor has no list"


class VendorPromises(FactsDirective):
    """`vendor-promises`: what can be promised at which vendor, from the descriptors."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        rows = []
        for vendor in BUILT_IN.values():
            lives = "not documented"
            if vendor.retention is not None:
                hours = vendor.retention.total_seconds() / 3600
                lives = f"{hours:.0f} hours" if hours <= 24 else f"{hours / 24:.0f} days"
            rows.append(
                (
                    f"`{vendor.name}`",
                    _look_up(vendor),
                    _cancel(vendor),
                    "yes" if vendor.can_list else "no",
                    f"up to {vendor.batch_size} a request" if vendor.batch_size > 1 else "one by one",
                    lives,
                    "by the key" if vendor.assets else "by URL only",
                )
            )
        head = ("vendor", "look-up of a lost create", "cancel", "list", "polls", "URLs live", "uploads")
        yield from table(head, rows)


class VendorRules(FactsDirective):
    """`vendor-rules VENDOR`: each route with its rules, from the table that requests are judged by."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        vendor = make_adapter(self.arguments[0])
        for route in vendor.routes:
            yield f"**{route.title}**: {words(route.models)}"
            yield ""
            yield from table(("rule", "allowed"), [row for row in _rules(vendor, route) if row[1]])
            yield f"Source: {route.source}"
            yield ""
        yield from _assumptions(vendor.descriptor)


def _assumptions(vendor: VendorDescriptor) -> Iterator[str]:
    """The assumptions about a vendor, their sources, and by whom each was confirmed on a real account."""
    confirmed = [entry for entry in read_confirmed() if entry["vendor"] == vendor.name]
    by_key = {entry["key"]: entry for entry in confirmed}
    yield "**What was confirmed**"
    yield ""
    if not confirmed:
        yield "None of this has been confirmed on a real account yet: it was read, not tried."
    yield f"[First contact](../first-contact.md) asks yours. {_without_asking(vendor)}"
    yield ""
    rows = []
    for assumption in assumptions_about(vendor):
        entry = by_key.get(assumption.key)
        told = "no" if entry is None else f"{entry['verdict']}: {entry['seen']} ({entry['by']}, {entry['on']})"
        rows.append((f"`{assumption.key}`", assumption.claim, _word_of(assumption.basis), told))
    yield from table(("assumption", "taken for true", "source", "confirmed"), rows)


def _without_asking(vendor: VendorDescriptor) -> str:
    """What first contact sends, or why it sends nothing."""
    own = first_contact(vendor)
    if own.refused is None:
        return f"It sends no create to see it refused. {own.why_no_refused}"
    return f"It sends one create that has to be refused: {own.refused.because}"


def _word_of(basis: Basis) -> str:
    return basis.mark if basis == UNRECORDED else f"{basis.mark}: {basis.source}"


def read_confirmed() -> list[dict[str, str]]:
    """The entries of `docs/confirmed.json`."""
    read = json.loads((Path(__file__).parent.parent / "confirmed.json").read_text(encoding="utf-8"))
    entries: list[dict[str, str]] = read["confirmed"]
    return entries


def _rules(vendor: VendorAdapter, route: Route) -> Iterator[Row]:
    fields = [name for name in (*MEDIA_FIELDS, *OPTION_FIELDS) if name in route.fields]
    missing = [name for name in (*MEDIA_FIELDS, *OPTION_FIELDS) if name not in route.fields]
    yield "fields", words(("model", "prompt", *fields, "extra"))
    yield "not taken", words(missing) if missing else ""
    yield "needed", words(("model", "prompt", *route.required))
    if beside := route.text_optional_with:
        yield "the prompt may be left out", f"beside {'one of ' if len(beside) > 1 else ''}{words(beside)}"
    if route.duration:
        auto = ", or -1: the model chooses" if route.auto_duration else ""
        yield "`duration`", f"{route.duration[0]} to {route.duration[1]} seconds{auto}"
    yield "`resolution`", words(route.resolutions) if route.resolutions else ""
    yield "`ratio`", words(route.ratios) if route.ratios else ""
    for name, most in sorted(route.most.items()):
        frames = ", frames included" if route.images_count_frames and name == "reference_images" else ""
        yield f"`{name}`", f"at most {most}{frames}"
    yield "all media together", f"at most {route.most_media} files" if route.most_media else ""
    together = {"pair": "first and last frame only together", "first": "the last frame only with the first"}
    yield "frames", together.get(route.frames, "")
    for one, other in route.excludes:
        yield "not together", f"{words(one)} with {words(other)}"
    for name, needed in route.needs:
        yield f"`{name}`", f"only together with {'one of ' if len(needed) > 1 else ''}{words(needed)}"
    yield "`task`", words(route.tasks) if route.tasks else ""
    yield "`ratio` has to be `adaptive`, if it is given, with", words(route.adaptive_for) if route.adaptive_for else ""
    yield "`duration` has to be `-1` with the task", words(route.chosen_for) if route.chosen_for else ""
    yield "`draft`", f"makes it in {route.draft_in}" if route.draft_in else ""
    yield "`reference_audios`", f"only with one of {words(route.audio_needs)}" if route.audio_needs else ""
    yield "`web_search`", "with text alone" if route.web_search_needs_text_only else ""
    for name, schemes in route.media.items():
        if name in route.fields:
            yield f"`{name}`: URLs", words(schemes)
    yield "prompt", f"at most {route.prompt_most} characters" if route.prompt_most else ""
    yield "`seed`", f"{route.seed[0]} to {route.seed[1]}" if route.seed else ""
    if route.expires:
        yield "`execution_expires_after`", f"{route.expires[0]} to {route.expires[1]} seconds"
    seen = [name for name in fields if name in route.observed]
    yield "limits that were seen, not documented: they warn and pass", words(seen) if seen else ""
    odd = [f"{name}={value}" for name, values in route.seen.items() for value in values]
    yield "values that no document allows and that were seen to pass: they warn", words(odd) if odd else ""


class FieldMatrix(FactsDirective):
    """`field-matrix`: which vendor has which field on at least one route."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        vendors = [make_adapter(name) for name in BUILT_IN]
        rows = []
        for name in (*MEDIA_FIELDS, *OPTION_FIELDS):
            cells = []
            for vendor in vendors:
                having = [route for route in vendor.routes if name in route.fields]
                cells.append("yes" if len(having) == len(vendor.routes) else "some routes" if having else "-")
            rows.append((f"`{name}`", *cells))
        yield from table(("field", *(vendor.name for vendor in vendors)), rows)


class ErrorTable(FactsDirective):
    """`error-table`: each class of `api.errors`, in its own words."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        rows = []
        for name, kind in vars(errors).items():
            if isinstance(kind, type) and issubclass(kind, errors.SeedanceError):
                text = " ".join((inspect.getdoc(kind) or "").partition("\n\n:param")[0].split())
                rows.append(
                    (f"`{name}`", text, "yes" if kind.retryable else "no", "yes" if kind.may_be_billed else "no")
                )
        yield from table(("class", "meaning", "a retry can help", "a video may be billed"), rows)


class ConnectionTable(FactsDirective):
    """`connection-table`: the extra fields of the connection form."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        rows = [
            (f"`{name}`", field["label"], field.get("description", ""))
            for name, field in connection_fields(BUILT_IN).items()
        ]
        yield from table(("extra", "in the form", "meaning"), rows)


class ConfigTable(FactsDirective):
    """`config-table`: the provider's section of `airflow.cfg`."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        for section, facts in get_provider_info()["config"].items():
            rows = [
                (
                    f"`[{section}] {name}`",
                    option["description"],
                    f"`{option['default']}`" if option["default"] else "not set",
                    f"`{option['example']}`" if option["example"] else "-",
                    f"`AIRFLOW__{section.upper()}__{name.upper()}`",
                )
                for name, option in facts["options"].items()
            ]
            yield from table(("option", "meaning", "default", "example", "environment variable"), rows)


class FamilyTable(FactsDirective):
    """`family-table`: what each vendor calls each model family."""

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        rows = []
        for name, vendor in BUILT_IN.items():
            names = [vendor.families.get(family) for family in FAMILIES]
            rows.append((f"`{name}`", *(_own_name(own) for own in names)))
        yield from table(("vendor", *(f"`{family}`" for family in FAMILIES)), rows)


def _own_name(own: str | ByMedia | None) -> str:
    if isinstance(own, ByMedia):
        return f"`{own.text}`, with images `{own.images}`, with videos `{own.videos}`"
    return f"`{own}`" if own else "-"


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directives."""
    directives = (
        VendorFacts,
        VendorPromises,
        VendorRules,
        FieldMatrix,
        ErrorTable,
        ConnectionTable,
        ConfigTable,
        FamilyTable,
    )
    names = (
        "vendor-facts",
        "vendor-promises",
        "vendor-rules",
        "field-matrix",
        "error-table",
        "connection-table",
        "config-table",
        "family-table",
    )
    for name, directive in zip(names, directives, strict=True):
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
