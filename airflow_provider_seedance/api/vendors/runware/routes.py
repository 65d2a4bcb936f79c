"""Runware's models and their limits as observed: its documents name models and fields, but hardly any limits."""

from __future__ import annotations

from airflow_provider_seedance.api.vendors.rules import Route

_OBSERVED = "observed in clients of api.runware.ai; not documented"

FIELDS = frozenset(
    {
        *("first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios"),
        *("duration", "resolution", "ratio", "seed", "generate_audio", "task", "output_format"),
    }
)
"""The fields that the API has a name for."""
TASKS = ("reference", "edit")
"""The supported tasks. Only 2.5 edits, and only one video; the API has no name for extending."""

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")

_PIXELS = {
    "480p": ((864, 496), (752, 560), (640, 640), (560, 752), (496, 864), (992, 432)),
    "720p": ((1280, 720), (1112, 834), (960, 960), (834, 1112), (720, 1280), (1470, 630)),
    "1080p": ((1920, 1080), (1664, 1248), (1440, 1440), (1248, 1664), (1080, 1920), (2206, 946)),
    "4k": ((3840, 2160),),
}
SIZES = {resolution: dict(zip(RATIOS, sizes, strict=False)) for resolution, sizes in _PIXELS.items()}
"""Width and height in pixels by resolution and ratio, as observed. For 4k only one size was observed."""

SIZES_OF_2_5: dict[tuple[str, str], tuple[int, int]] = {("480p", "16:9"): (854, 480), ("480p", "9:16"): (480, 854)}
"""The sizes of 2.5 that differ, as observed."""


def _route(
    title: str,
    model: str,
    resolutions: tuple[str, ...],
    longest: int,
    most: tuple[int, int, int],
    fields: frozenset[str] = FIELDS - {"task"},
) -> Route:
    return Route(
        title=title,
        models=(model,),
        source=_OBSERVED,
        fields=fields,
        duration=(4, longest),
        auto_duration="task" in fields,  # observed for an edit
        resolutions=resolutions,
        ratios=(*RATIOS, "adaptive"),
        most=dict(zip(("reference_images", "reference_videos", "reference_audios"), most, strict=True)),
        excludes=(
            (
                ("reference_images", "reference_videos", "reference_audios"),
                ("first_frame", "last_frame"),
            ),
        ),
        needs=(("ratio", ("resolution",)),),
        tasks=TASKS if "task" in fields else (),
        chosen_for=("edit",),
        observed=FIELDS - {"ratio", "task", "output_format"},
    )


ROUTES = (
    _route("Seedance 2.0", "bytedance:seedance@2.0", ("480p", "720p", "1080p", "4k"), 15, (9, 3, 3)),
    _route("Seedance 2.0 fast", "bytedance:seedance@2.0-fast", ("480p", "720p"), 15, (9, 3, 3)),
    _route("Seedance 2.0 mini", "bytedance:seedance@2.0-mini", ("480p", "720p"), 15, (9, 3, 3)),
    _route("Seedance 2.5", "bytedance:seedance@2.5", ("480p", "720p", "1080p"), 30, (30, 10, 10), FIELDS),
)


def size_of(model: str, resolution: str, ratio: str) -> tuple[int, int] | None:
    """The size of a video in pixels.

    :param model: the model's name.
    :param resolution: as in the request, such as `720p`.
    :param ratio: as in the request, such as `16:9`.
    :return: width and height; `None` if no size was observed.
    """
    if model.endswith("@2.5") and (resolution, ratio) in SIZES_OF_2_5:
        return SIZES_OF_2_5[resolution, ratio]
    return SIZES.get(resolution, {}).get(ratio)
