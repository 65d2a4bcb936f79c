"""A directive that writes down the parameters of a class, from its signature and its docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from sphinx.application import Sphinx

from airflow_provider_seedance.api.models import REQUEST_FIELDS
from docs._ext.facts import FactsDirective, table

_TEMPLATED = "(templated)"


class Parameters(FactsDirective):
    """`parameters MODULE:CLASS [request|task]`: all of them, only the fields of a request, or only the others."""

    required_arguments = 1
    optional_arguments = 1

    def lines(self) -> Iterator[str]:
        """See `FactsDirective`."""
        target, *which = self.arguments
        module, _, name = target.partition(":")
        rows = rows_of(getattr(import_module(module), name))
        if which:
            rows = [row for row in rows if (row[0].strip("`") in REQUEST_FIELDS) is (which[0] == "request")]
        yield from table(("parameter", "default", "template", "meaning"), rows)


def rows_of(described: Any) -> list[tuple[str, str, str, str]]:
    """The parameters of a class: name, default, whether it is a template field, meaning.

    Those that its docstring explains and its base takes come last, without a default.

    :param described: the class.
    :raises ValueError: a parameter has no `:param:` in the docstring.
    """
    taken = inspect.signature(described.__init__).parameters
    own = {name: _default(taken[name]) for name in taken if name not in ("self", "args", "kwargs")}
    meanings = meanings_in(inspect.getdoc(described) or "")
    if missing := own.keys() - meanings.keys():
        raise ValueError(f"{described.__name__} doesn't document {', '.join(sorted(missing))}")
    templates: Sequence[str] = getattr(described, "template_fields", ())
    names = [*own, *(name for name in meanings if name not in own)]
    return [(f"`{name}`", own.get(name, ""), "yes" if name in templates else "", meanings[name]) for name in names]


def meanings_in(docstring: str) -> Mapping[str, str]:
    """The text of each `:param:` of a docstring, in one line."""
    found = re.findall(r"^:param (\w+): (.*?)(?=^:\w|\Z)", docstring, re.DOTALL | re.MULTILINE)
    return {name: " ".join(text.split()).replace(_TEMPLATED, "").strip() for name, text in found}


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    return f"`{parameter.default!r}`" if isinstance(parameter.default, str | int | float | None) else ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("parameters", Parameters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
