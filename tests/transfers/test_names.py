"""Where a file goes."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.landing.path_template import check_paths, fill, names_in, with_name

FACTS = {
    "video_id": "cgt-1",
    "vendor": "byteplus",
    "model": "a/../b:c",
    "dag_id": "d",
    "run_id": "manual__2026-11-21T09:00:00+00:00",
    "task_id": "group.land",
    "map_index": 3,
    "ext": "mp4",
}


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("s3://b/{video_id}.{ext}", "s3://b/cgt-1.mp4"),
        ("s3://b/{run_id}/{task_id}-{map_index}.mp4", "s3://b/manual__2026-11-21T09_00_00_00_00/group.land-3.mp4"),
        ("s3://b/{model}/x.mp4", "s3://b/a_.._b_c/x.mp4"),
        ("s3://b/x.mp4", "s3://b/x.mp4"),
        ("s3://b/{{x}}.mp4", "s3://b/{x}.mp4"),
    ],
)
def test_facts_make_a_path(template: str, path: str) -> None:
    names_in(template)
    assert fill(template, FACTS) == path


@pytest.mark.parametrize("value", ["..", "../..", "/etc", "a/../../b", "..\\..", ".", "", "\0", "a\nb"])
def test_no_value_leads_out_of_the_folder(value: str) -> None:
    path = fill("file:///videos/{model}/{video_id}.mp4", FACTS | {"model": value})
    assert path.count("/") == 5
    assert path.split("/")[4] not in ("", ".", "..")
    assert path.isprintable()


def test_a_fact_that_nobody_knows_is_called_so() -> None:
    assert fill("{model}.mp4", FACTS | {"model": None}) == "unknown.mp4"


@pytest.mark.parametrize(
    "template",
    [
        "{prompt}.mp4",
        "{}.mp4",
        "{0}.mp4",
        "{video_id.__class__}",
        "{video_id[0]}",
        "{video_id!r}",
        "{video_id:>9}",
        "{",
    ],
)
def test_nothing_else_may_stand_in_braces(template: str) -> None:
    with pytest.raises(ValueError, match=r"in braces may stand \{video_id\}, "):
        names_in(template)


def test_a_folder_is_completed() -> None:
    assert with_name("s3://b/", "output_path") == "s3://b/{video_id}.{ext}"
    assert with_name("s3://b/", "last_frame_path") == "s3://b/{video_id}-last-frame.{ext}"


@pytest.mark.parametrize(
    ("paths", "has_id", "words"),
    [
        (("s3://b/{{ ds }}/{video_id}.mp4", None, None), True, None),
        (("s3://b/{% if x %}{{ y }}{% endif %}{# {z} #}.mp4", None, None), True, None),
        (("s3://b/", "s3://b/", "s3://b/"), True, None),
        (("s3://b/a.mp4", None, None), False, None),
        (("s3://b/{{ ds }}/{nobody}.mp4", None, None), True, "nobody"),
        (("s3://b/a.mp4", "s3://b/{nobody}.png", None), True, "nobody"),
        (("s3://b/", None, None), False, "output_path needs the video's id"),
        (("s3://b/{model}.mp4", None, None), False, "output_path needs the video's id"),
        (("s3://b/a.mp4", "s3://b/a.png", None), False, "last_frame_path needs the video's id"),
        (("s3://b/{video_id}", "s3://b/{video_id}", None), True, "must be different"),
    ],
)
def test_paths_are_judged_when_the_dag_is_parsed(paths: Any, has_id: bool, words: str | None) -> None:
    if words is None:
        check_paths(*paths, has_id=has_id)
    else:
        with pytest.raises(ValueError, match=words):
            check_paths(*paths, has_id=has_id)


def test_what_is_no_text_yet_is_judged_later() -> None:
    check_paths(object(), None, None, has_id=True)  # type: ignore[arg-type]
