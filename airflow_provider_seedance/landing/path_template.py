"""The path of a landed file: a template with facts of the video and of the task. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

FACTS = ("video_id", "vendor", "model", "dag_id", "run_id", "task_id", "map_index", "ext")
"""The names that may be used in braces."""

NEED_ID = frozenset({"video_id", "vendor", "model"})
"""Facts that need the video's id: unknown if only its URL is given."""

DEFAULT_NAMES = {
    "output_path": "{video_id}.{ext}",
    "last_frame_path": "{video_id}-last-frame.{ext}",
    "thumbnail_path": "{video_id}-thumbnail.{ext}",
}
"""Added to a path that ends with a slash."""

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_UNSAFE = re.compile(r"[^\w.-]+")


def with_name(template: str, argument: str) -> str:
    """The template of a file; a name is added if only the folder is given.

    :param template: the argument's value.
    :param argument: the argument's name, for example `output_path`.
    """
    return template + DEFAULT_NAMES[argument] if template.endswith("/") else template


def names_in(template: str) -> frozenset[str]:
    """The facts that a path needs.

    :raises ValueError: there is an unknown name in braces.
    """
    known = ", ".join(f"{{{name}}}" for name in FACTS)
    found = set()
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{template!r}: {error}; in braces may stand {known}") from None
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in FACTS or spec or conversion:
            raise ValueError(f"{template!r}: {{{name}}} is not known; in braces may stand {known}")
        found.add(name)
    return frozenset(found)


def check_paths(output_path: str, last_frame_path: str | None, thumbnail_path: str | None, *, has_id: bool) -> None:
    """Checks the paths when the DAG is parsed, before Airflow has rendered the Jinja in them.

    :param output_path: of the video.
    :param last_frame_path: of the last frame.
    :param thumbnail_path: of the thumbnail.
    :param has_id: whether the video's id will be known.
    :raises ValueError: naming the path and what is wrong with it.
    """
    paths = {"output_path": output_path, "last_frame_path": last_frame_path, "thumbnail_path": thumbnail_path}
    given = {name: with_name(path, name) for name, path in paths.items() if isinstance(path, str)}
    for name, path in given.items():
        nameless = names_in(_JINJA.sub("jinja", path)) & NEED_ID
        if not has_id and (nameless or name != "output_path"):
            raise ValueError(f"{name} needs the video's id: give video_id")
    if len(set(given.values())) < len(given):
        raise ValueError("output_path, last_frame_path and thumbnail_path must be different")


def run_facts(context: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the running task that a path may contain.

    :param context: the task's context.
    :return: `dag_id`, `task_id`, `run_id` and `map_index`, for `land_video(run=...)`.
    """
    ti = context["ti"]
    return {"dag_id": ti.dag_id, "task_id": ti.task_id, "run_id": ti.run_id, "map_index": ti.map_index}


def fill(template: str, facts: Mapping[str, Any]) -> str:
    """Fills in the facts. A value never adds a folder or leads out of one, whatever a vendor calls its models.

    An unknown fact (`None`) becomes `unknown`: a video is not lost for want of a name.

    :param template: the path with facts in braces.
    :param facts: their values.
    :return: the path.
    """
    return template.format_map({name: _safe(facts.get(name)) for name in FACTS})


def _safe(value: Any) -> str:
    if value is None:
        return "unknown"
    text = _UNSAFE.sub("_", str(value))
    return "_" if text.strip(".") == "" else text
