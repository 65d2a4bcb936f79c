"""Jimmy AI's routes and their rules, from the vendor's own documents."""

from airflow_provider_seedance.api.vendors.rules import Route

_CREATE_DOC = "docs.jimmyai.cn/en/api-reference/seedance/create"
_SP_DOC = "docs.jimmyai.cn/en/api-reference/seedance/sp/create"
_MD_DOC = "docs.jimmyai.cn/en/api-reference/seedance/md/create"
_FAST_I2V_DOC = "docs.jimmyai.cn/en/api-reference/seedance/md/fast-i2v"
_STD_DOC = "docs.jimmyai.cn/en/api-reference/seedance/md/std"
_MINI_DOC = "docs.jimmyai.cn/en/api-reference/seedance/mini/create"
_MINI_SP_DOC = "docs.jimmyai.cn/en/api-reference/seedance/mini-sp/create"

_TEXT = frozenset(("duration", "ratio"))
_IMAGES = frozenset(("reference_images", "first_frame", "last_frame"))
_VIDEOS = frozenset(("reference_videos",))
_AUDIOS = frozenset(("reference_audios",))
_RESOLUTION = frozenset(("resolution",))

_FRAMES = ("first_frame", "last_frame")
_IMAGES_OR_FRAMES = ((("reference_images",), _FRAMES),)
_AUDIO_NEEDS = ("reference_images", "reference_videos", "first_frame", "last_frame")

_ANY_FIELD = (*_FRAMES, "reference_images", "reference_videos", "reference_audios")
_HTTPS = dict.fromkeys(_ANY_FIELD, ("https://",))
_ASSET = dict.fromkeys(_ANY_FIELD, ("asset://",))
_HTTPS_OR_ASSET = dict.fromkeys(_ANY_FIELD, ("https://", "asset://"))

_FULL_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "Adaptive")
_MD_RATIOS = ("16:9", "9:16", "1:1")
_933_DOC = "docs.jimmyai.cn"
_25_DOC = "docs.viraltok.ai"  # for GZ, too

_STD_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_RESOLUTIONS = ("480p", "720p", "1080p")


def _full(title: str, *models: str, videos: bool = False) -> Route:
    # Duration: the OpenAPI document says 4-12, the vendor's newer skill 4-15; the wider range counts.
    return Route(
        title=title,
        models=models,
        source=_CREATE_DOC,
        fields=_TEXT | _IMAGES | _AUDIOS | (_VIDEOS if videos else frozenset()),
        duration=(4, 15),
        ratios=_FULL_RATIOS,
        excludes=_IMAGES_OR_FRAMES,
        audio_needs=_AUDIO_NEEDS,
        media=_ASSET,
    )


def _sp(title: str, *models: str) -> Route:
    # The reference allows 480p, and reference videos on the fast route; a troubleshooting page denies both.
    return Route(
        title=title,
        models=models,
        source=_SP_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
        duration=(4, 15),
        resolutions=_RESOLUTIONS,
        excludes=_IMAGES_OR_FRAMES,
        audio_needs=_AUDIO_NEEDS,
        media=_HTTPS_OR_ASSET,
    )


_SEEDANCE_20 = (
    _full("Full", "sd2_mx_720p", "sd2_mx_1080p", "sd2_mx_2k", "sd2_mx_4k"),
    _full("Full fast", "sd2_mx_fast_720p", "sd2_mx_fast_1080p"),
    _full(
        "Full video-ref", "sd2_mx_video_720p", "sd2_mx_video_1080p", "sd2_mx_video_2k", "sd2_mx_video_4k", videos=True
    ),
    _full("Full video-ref fast", "sd2_mx_video_fast_720p", "sd2_mx_video_fast_1080p", videos=True),
    _sp("SP economy", "seedance2.0-sp", "seedance2.0-fast-sp"),
    _sp("SP official", "seedance2.0-of-sp", "seedance2.0-of-fast-sp"),
    Route(
        title="Mini special",
        models=("seedance2.0-mini-sp",),
        source=_MINI_SP_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
        duration=(4, 15),
        resolutions=("480p", "720p"),
        excludes=_IMAGES_OR_FRAMES,
        audio_needs=_AUDIO_NEEDS,
        media=_HTTPS,
    ),
    Route(
        # Aliases name the resolution or the video input; the vendor decides which of them take reference videos.
        title="Mini",
        models=("seedance2.0-mini", "seedance2.0-mini-*"),
        source=_MINI_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
        duration=(4, 15),
        resolutions=_RESOLUTIONS,
        excludes=_IMAGES_OR_FRAMES,
        audio_needs=_AUDIO_NEEDS,
        media=_HTTPS,
    ),
    Route(
        # Duration: 1-15 in the OpenAPI document, 4-15 on the MD page. The vendor ignores the resolution; we refuse any
        # value but the 720p that is delivered anyway.
        title="MD",
        models=("seedance2.0-md", "seedance2.0-fast-md"),
        source=_MD_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS,
        duration=(1, 15),
        resolutions=("720p",),
        ratios=_MD_RATIOS,
        most={"reference_images": 4, "reference_videos": 3},
        frames="pair",
        excludes=_IMAGES_OR_FRAMES,
        media=_HTTPS,
        prompt_most=5000,
    ),
    Route(
        title="Fast I2V",
        models=("seedance2.0-fast-i2v",),
        source=_FAST_I2V_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES,
        duration=(1, 15),
        resolutions=("720p",),
        ratios=_MD_RATIOS,
        most={"reference_images": 9},
        images_count_frames=True,
        excludes=_IMAGES_OR_FRAMES,
        media=_HTTPS,
        prompt_most=5000,
    ),
    Route(
        title="STD",
        models=("seedance2.0-std",),
        source=_STD_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
        duration=(4, 15),
        resolutions=("720p",),
        ratios=_STD_RATIOS,
        most={"reference_images": 9, "reference_audios": 3},
        excludes=(*_IMAGES_OR_FRAMES, (_FRAMES, ("reference_audios",))),
        audio_needs=("reference_images", "reference_videos"),
        media=_HTTPS,
    ),
)

SEEDANCE_25 = Route(
    # Only the vendor's newer site documents it, and doesn't say which media can be combined.
    title="2.5",
    models=("seedance-2.5*", "seedance2.5-gz*"),
    source=_25_DOC,
    fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
    duration=(4, 30),
    ratios=_MD_RATIOS,
    most={"reference_images": 30, "reference_videos": 10, "reference_audios": 10},
)

ROUTES = (
    *_SEEDANCE_20,
    Route(
        # Only the vendor's newer site documents it.
        title="GZ",
        models=("seedance2.0-gz-*",),
        source=_25_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS,
        duration=(4, 15),
        most={"reference_images": 9, "reference_videos": 3, "reference_audios": 3},
        excludes=_IMAGES_OR_FRAMES,
        audio_needs=_AUDIO_NEEDS,
    ),
    Route(
        # Only the names of these models and their field `generate_audio` are documented.
        title="933",
        models=("sd2-933-*", "seedance2.0-933"),
        source=_933_DOC,
        fields=_TEXT | _RESOLUTION | _IMAGES | _VIDEOS | _AUDIOS | {"generate_audio"},
    ),
    SEEDANCE_25,
)
