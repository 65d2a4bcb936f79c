"""The vendors' rules as data, and the one function that applies them.

The vendors' documents contradict each other, so a `Route` holds the *widest* limits that any of them states: a request
is refused here only if every document forbids it. The vendor decides about the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from airflow_provider_seedance.api.models import VideoRequest

MEDIA_FIELDS = ("first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios")
OPTION_FIELDS = (
    "duration",
    "resolution",
    "ratio",
    "seed",
    "generate_audio",
    "watermark",
    "camera_fixed",
    "return_last_frame",
    "web_search",
    "execution_expires_after",
    "task",
    "draft",
    "draft_id",
    "output_format",
)
"""The request fields besides media that only some routes take; `model`, `prompt` and `extra` are always taken."""
NEWER_FIELDS = frozenset(("task", "draft", "draft_id", "output_format"))
"""The fields that came with Seedance 2.5."""
RULED_FIELDS = frozenset((*MEDIA_FIELDS, *OPTION_FIELDS)) - NEWER_FIELDS
"""All fields but the newer ones: the default for a route, which has to name newer ones itself."""


@dataclass(frozen=True)
class Route:
    """The rules for a group of models of one vendor. An empty or missing limit means that no document states one.

    :param title: the vendor's name for the group.
    :param models: model names, or patterns with `*`; case matters.
    :param source: the document that states the rules.
    :param fields: the `MEDIA_FIELDS` and `OPTION_FIELDS` that the route supports; default: `RULED_FIELDS`.
    :param required: fields that are required besides model and prompt.
    :param duration: the smallest and the largest number of seconds.
    :param durations: the supported numbers of seconds, where the documents list them one by one.
    :param auto_duration: whether `-1` (the model chooses) is allowed; default: no.
    :param resolutions: the allowed values.
    :param ratios: the allowed values.
    :param most: the largest number of items by list field.
    :param most_media: the largest number of media in all fields together.
    :param images_count_frames: whether first and last frame count towards the limit of reference images.
    :param frames: `optional` (the default); `pair`: first and last frame only together; `first`: a last frame only with
        a first one.
    :param excludes: pairs of groups of fields that can't be combined.
    :param audio_needs: media fields of which at least one is required with a reference audio.
    :param web_search_needs_text_only: whether web search works only without media.
    :param media: the accepted URL schemes by field.
    :param prompt_most: the largest number of characters in the prompt.
    :param seed: the smallest and the largest seed.
    :param expires: the smallest and the largest `execution_expires_after`, in seconds.
    :param text_optional_with: fields that make the prompt optional.
    :param needs: pairs of a field and the fields of which it needs at least one.
    :param tasks: the accepted values of `task`; empty: all.
    :param adaptive_for: media fields and values of `task` with which a ratio has to be `adaptive`.
    :param chosen_for: values of `task` that need a duration of -1.
    :param draft_in: the only resolution of a draft.
    :param observed: fields whose limits were observed but not documented; breaking one only causes a warning.
    :param seen: by field, values that no document allows but that the vendor was observed to accept; they only cause a
        warning.
    """

    title: str
    models: tuple[str, ...]
    source: str
    fields: frozenset[str] = RULED_FIELDS
    required: tuple[str, ...] = ()
    duration: tuple[int, int] | None = None
    durations: tuple[int, ...] = ()
    auto_duration: bool = False
    resolutions: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)
    most_media: int | None = None
    images_count_frames: bool = False
    frames: str = "optional"
    excludes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    audio_needs: tuple[str, ...] = ()
    web_search_needs_text_only: bool = False
    media: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prompt_most: int | None = None
    seed: tuple[int, int] | None = None
    expires: tuple[int, int] | None = None
    text_optional_with: tuple[str, ...] = ()
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tasks: tuple[str, ...] = ()
    adaptive_for: tuple[str, ...] = ()
    chosen_for: tuple[str, ...] = ()
    draft_in: str | None = None
    observed: frozenset[str] = frozenset()
    seen: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    def has(self, model: str) -> bool:
        """Whether the model name belongs to this route."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True)
class Problem:
    """A broken rule.

    :param message: a sentence that names the field and the rule.
    :param depends_on: the fields that were checked; while one of them is a template, the rule can't be decided.
    :param is_fatal: whether the request is refused; if not, it is sent with a warning. Default: yes.
    """

    message: str
    depends_on: frozenset[str]
    is_fatal: bool = True


def find_route(model: str, routes: Iterable[Route]) -> Route | None:
    """The route of a model name; `None` for an undocumented model."""
    return next((route for route in routes if route.has(model)), None)


Takers = Callable[[str, str | None], str]


def check(request: VideoRequest, route: Route, vendor_title: str, takers_of: Takers) -> list[Problem]:
    """Applies the rules of a route to a request.

    :param request: the request.
    :param route: the route of its model.
    :param vendor_title: the vendor's display name.
    :param takers_of: given a field, and for `task` a value, names the routes or vendors that support it; used in
        messages about a field that this route doesn't support.
    :return: every rule that the request breaks.
    """
    where = f"{vendor_title} {route.title} ({request.model})" if route.title else f"{vendor_title} ({request.model})"
    seen = [name for name, values in route.seen.items() if getattr(request, name) in values]
    kept = request.model_copy(update=dict.fromkeys(seen))
    broken = [
        _problem(message, depends_on, route) for message, depends_on in _broken_rules(kept, route, where, takers_of)
    ]
    return broken + [_seen(name, getattr(request, name), route, where) for name in seen]


def _problem(message: str, depends_on: tuple[str, ...], route: Route) -> Problem:
    # A field that the route doesn't support can't be sent, whatever was observed, so only supported fields are excused.
    # The first field of `depends_on` is the one that the rule is about.
    is_observed = depends_on[0] in route.observed & route.fields
    told = f"{message}; that was seen, not documented, so it is sent as it is" if is_observed else message
    return Problem(f"{told} [{route.source}]", frozenset(("model", *depends_on)), is_fatal=not is_observed)


def _seen(name: str, value: object, route: Route, where: str) -> Problem:
    message = f"{name}: no document says that {where} takes {value!r}, though it was seen to; it is sent as it is"
    return Problem(f"{message} [{route.source}]", frozenset(("model", name)), is_fatal=False)


_Broken = Iterator[tuple[str, tuple[str, ...]]]


def _broken_rules(request: VideoRequest, route: Route, where: str, takers_of: Takers) -> _Broken:
    yield from _missing_prompt(request, route, where)
    yield from _missing_fields(request, route, where, takers_of)
    yield from _numbers_out_of_range(request, route, where)
    yield from _unknown_words(request, route, where)
    yield from _wrong_media(request, route, where)
    yield from _too_many_media(request, route, where)
    yield from _wrong_combinations(request, route, where)
    yield from _wrong_for_task_or_draft(request, route, where, takers_of)


def _missing_prompt(request: VideoRequest, route: Route, where: str) -> _Broken:
    others = route.text_optional_with
    # `extra` can hold the text or, on Ark, the whole content.
    if request.prompt or {"prompt", "content"} & request.extra.keys() or any(map(request.is_set, others)):
        return
    unless = f" without one of {_words(others)}" if others else ""
    yield f"prompt: {where} needs it{unless}; it is empty", ("prompt", *others)


def _missing_fields(request: VideoRequest, route: Route, where: str, takers_of: Takers) -> _Broken:
    for name in (*MEDIA_FIELDS, *OPTION_FIELDS):
        if request.is_set(name) and name not in route.fields:
            yield f"{name}: {where} does not take it; {takers_of(name, None)}", (name,)
    for name in route.required:
        if not request.is_set(name):
            yield f"{name}: {where} needs it", (name,)


def _numbers_out_of_range(request: VideoRequest, route: Route, where: str) -> _Broken:
    if request.duration is not None and route.duration:
        least, most = route.duration
        if not (least <= request.duration <= most or (route.auto_duration and request.duration == -1)):
            auto = ", or -1 to let the model choose" if route.auto_duration else ""
            yield f"duration: {where} takes {least} to {most} seconds{auto}, not {request.duration}", ("duration",)
    if request.duration is not None and route.durations and request.duration not in route.durations:
        listed = ", ".join(map(str, route.durations))
        yield f"duration: {where} takes {listed} seconds, not {request.duration}", ("duration",)
    for name, bounds in (("seed", route.seed), ("execution_expires_after", route.expires)):
        value = getattr(request, name)
        if value is not None and bounds and not bounds[0] <= value <= bounds[1]:
            yield f"{name}: {where} takes {bounds[0]} to {bounds[1]}, not {value}", (name,)
    if route.prompt_most and len(request.prompt) > route.prompt_most:
        # The message must not contain the prompt, since messages end up in logs.
        yield f"prompt: {where} takes {route.prompt_most} characters, not {len(request.prompt)}", ("prompt",)


def _unknown_words(request: VideoRequest, route: Route, where: str) -> _Broken:
    for name, allowed in (("resolution", route.resolutions), ("ratio", route.ratios)):
        value = getattr(request, name)
        if value is not None and allowed and value.lower() not in (word.lower() for word in allowed):
            yield f"{name}: {where} takes {', '.join(allowed)}, not {value!r}", (name,)


def _wrong_media(request: VideoRequest, route: Route, where: str) -> _Broken:
    for name in MEDIA_FIELDS:
        value = getattr(request, name)
        items: tuple[str, ...] = (value,) if isinstance(value, str) else value or ()
        if any(not item for item in items):
            yield f"{name}: {where} takes no empty string", (name,)
        schemes = route.media.get(name, ())
        wrong = sorted({scheme_of(item) for item in items if item} - set(schemes)) if schemes else []
        if wrong:
            yield f"{name}: {where} takes {', '.join(schemes)}, not {', '.join(wrong)}", (name,)
        most = route.most.get(name)
        if most is not None and name in route.fields and len(items) > most:
            yield f"{name}: {where} takes at most {most}, not {len(items)}", (name,)
    most = route.most.get("reference_images")
    if route.images_count_frames and most is not None:
        count = len(request.reference_images) + sum(map(request.is_set, ("first_frame", "last_frame")))
        if count > most >= len(request.reference_images):
            fields = ("reference_images", "first_frame", "last_frame")
            yield f"reference_images: {where} takes at most {most} including frames, not {count}", fields


def _too_many_media(request: VideoRequest, route: Route, where: str) -> _Broken:
    given = [value for name in MEDIA_FIELDS if (value := getattr(request, name))]
    count = sum(1 if isinstance(value, str) else len(value) for value in given)
    if route.most_media is not None and count > route.most_media:
        what = f"{where} takes at most {route.most_media} files together, not {count}"
        yield f"{_words(MEDIA_FIELDS)}: {what}", MEDIA_FIELDS


def _wrong_combinations(request: VideoRequest, route: Route, where: str) -> _Broken:
    for one, other in route.excludes:
        if any(map(request.is_set, one)) and any(map(request.is_set, other)):
            them = "them" if len(one) > 1 or one[0].endswith("s") else "it"
            yield f"{_words(one)}: {where} does not take {them} together with {_words(other)}", (*one, *other)
    for name, needed in route.needs:
        if request.is_set(name) and not any(map(request.is_set, needed)):
            one_of = "one of " if len(needed) > 1 else ""
            yield f"{name}: {where} takes it only together with {one_of}{_words(needed)}", (name, *needed)
    frames = ("first_frame", "last_frame")
    if route.frames == "pair" and request.is_set("first_frame") != request.is_set("last_frame"):
        yield f"first_frame, last_frame: {where} takes both or none", frames
    if route.frames == "first" and request.is_set("last_frame") and not request.is_set("first_frame"):
        yield f"last_frame: {where} takes it only together with first_frame", frames
    if route.audio_needs and request.is_set("reference_audios") and not any(map(request.is_set, route.audio_needs)):
        needs = ("reference_audios", *route.audio_needs)
        yield f"reference_audios: {where} never takes them alone, add one of {_words(route.audio_needs)}", needs
    if route.web_search_needs_text_only and request.web_search and any(map(request.is_set, MEDIA_FIELDS)):
        yield f"web_search: {where} takes it with text alone", ("web_search", *MEDIA_FIELDS)


def _wrong_for_task_or_draft(request: VideoRequest, route: Route, where: str, takers_of: Takers) -> _Broken:
    task = request.task
    if task is not None and "task" in route.fields and route.tasks and task not in route.tasks:
        takes = f"{where} takes {', '.join(route.tasks)}, not {task!r}"
        yield f"task: {takes}; {takers_of('task', task)}", ("task",)
    together = [f"task={task!r}" if each == task else each for each in route.adaptive_for if _has(request, each)]
    if together and request.ratio not in (None, "adaptive"):
        what = f"{where} takes none but adaptive together with {_words(together)}, not {request.ratio!r}"
        yield f"ratio: {what}", ("ratio", "task", *(each for each in route.adaptive_for if each in MEDIA_FIELDS))
    if task in route.chosen_for and request.duration != -1:
        yield f"duration: {where} needs -1 for task={task!r}: the video that is edited decides", ("duration", "task")
    if request.draft and route.draft_in and request.resolution not in (None, route.draft_in):
        what = f"{where} makes drafts in {route.draft_in}, not {request.resolution!r}"
        yield f"draft: {what}; leave the resolution out", ("draft", "resolution")


def _has(request: VideoRequest, each: str) -> bool:
    """Whether a request sets a media field, or has this value of `task`."""
    return request.is_set(each) if each in MEDIA_FIELDS else request.task == each


def scheme_of(url: str) -> str:
    """The scheme of a URL as `https://`, `asset://` or `data:`; if there is none, `a value without a URL scheme`."""
    head, separator, _ = url.partition(":")
    if not separator or not head.isalpha():
        return "a value without a URL scheme"
    return "data:" if head.lower() == "data" else f"{head.lower()}://"


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)
