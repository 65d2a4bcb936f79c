"""Sizes in pixels. Those up to 1080p, and 4k 16:9, were observed at one vendor; the rest are inferred (same area)."""

FRAMES_PER_SECOND = 24
SIZES = {
    "480p": {
        "16:9": (864, 496),
        "4:3": (752, 560),
        "1:1": (640, 640),
        "3:4": (560, 752),
        "9:16": (496, 864),
        "21:9": (992, 432),
    },
    "720p": {
        "16:9": (1280, 720),
        "4:3": (1112, 834),
        "1:1": (960, 960),
        "3:4": (834, 1112),
        "9:16": (720, 1280),
        "21:9": (1470, 630),
    },
    "1080p": {
        "16:9": (1920, 1080),
        "4:3": (1664, 1248),
        "1:1": (1440, 1440),
        "3:4": (1248, 1664),
        "9:16": (1080, 1920),
        "21:9": (2206, 946),
    },
    "2k": {
        "16:9": (2560, 1440),
        "4:3": (2224, 1668),
        "1:1": (1920, 1920),
        "3:4": (1668, 2224),
        "9:16": (1440, 2560),
        "21:9": (2940, 1260),
    },
    "4k": {
        "16:9": (3840, 2160),
        "4:3": (3328, 2496),
        "1:1": (2880, 2880),
        "3:4": (2496, 3328),
        "9:16": (2160, 3840),
        "21:9": (4412, 1892),
    },
}


def size_of(resolution: str, ratio: str) -> tuple[int, int]:
    """Width and height in pixels.

    :param resolution: such as ``720p``
    :param ratio: such as ``16:9``; any unknown one, "adaptive" for example, counts as 16:9
    :raises KeyError: for a resolution that no vendor offers
    """
    sizes = SIZES[resolution]
    return sizes.get(ratio, sizes["16:9"])
