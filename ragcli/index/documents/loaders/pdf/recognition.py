"""Reads the text in a picture of a page, with what is installed for that.

RapidOCR is a package that carries its models; nothing is fetched. Tesseract is a
program that reads the languages installed beside it. Both give lines of words with
their boxes, which are put into words of a page, so that the layout of a scan is found
as that of any other page.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ragcli import packages
from ragcli.errors import UnreadableDocument
from ragcli.index.documents.elements import one_line, well_formed
from ragcli.index.documents.loaders.dispatch.bounds import PICTURE_LIMIT
from ragcli.index.documents.loaders.pdf.page_words import PageWord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    """Height, width, and three colours of each point: blue, green, red."""

RAPIDOCR = "rapidocr"
TESSERACT = "tesseract"

LONGEST_SIDE = 2000
"""Points of a picture's longer side: memory and time grow with the area."""

_THREADS = 2
"""More take more memory each, and other documents are read at the same time."""

_SURE = 0.5
"""How sure RapidOCR is, at least, of a line that is taken over."""

_MOST_LANGUAGES = 4
"""Languages that Tesseract looks for at once; each takes its time."""

_UPRIGHT = 1.5
"""How often as high as wide a box is, from which its text runs from top to bottom."""

_LONG = 3
"""How often as wide as high a line is, at least, that tells how a page is turned."""

_MOST_TURNED = math.radians(10)
_STEP = math.log(1.25)
"""Heights of letters are told apart in steps of a quarter."""


class RecognizedLine(NamedTuple):
    """A line of text in a picture; lengths are points of the picture."""

    left: tuple[float, float]
    """The middle of its left edge, from the picture's upper left corner."""

    right: tuple[float, float]
    """The middle of its right edge."""

    height: float
    """How high its letters are."""

    words: tuple[tuple[float, float, str], ...]
    """Of each word where it begins and ends, as a share of the line, and its text."""


def engine() -> str:
    """Returns what would recognize text here: its name, "" for nothing."""
    if find_spec("onnxruntime") and models_at_hand():
        return RAPIDOCR
    return TESSERACT if shutil.which(TESSERACT) else ""


def recognizer(name: str) -> Callable[[Pixels], list[RecognizedLine]]:
    """Returns what reads the lines of a picture.

    Args:
        name: An engine, as `engine` names it.

    Raises:
        UnreadableDocument: It cannot be started.
    """
    if name == TESSERACT:
        return _by_tesseract
    try:
        return _rapidocr()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        reason = one_line(str(error))[:200]
        raise UnreadableDocument(
            f"text recognition does not start: {reason}", installation()
        ) from None


def words(
    lines: Sequence[RecognizedLine], scale: float, first_line: int = 0
) -> list[PageWord]:
    """Returns lines as the words of a page.

    A page that lies askew is set straight. Letters of about one height get the same:
    what is a heading or a new paragraph is told by heights, and boxes vary.

    Args:
        lines: What was recognized.
        scale: Points of the picture in a point of the page.
        first_line: Number of the first line.
    """
    turn = _turn(lines)
    cosine, sine = math.cos(turn), math.sin(turn)

    def straight(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return (x * cosine + y * sine) / scale, (y * cosine - x * sine) / scale

    usual = median(line.height for line in lines) if lines else 1.0
    words: list[PageWord] = []
    for number, line in enumerate(lines, first_line):
        (left, y_left), (right, y_right) = straight(line.left), straight(line.right)
        middle = (y_left + y_right) / 2
        half = _stepped(line.height, usual) / scale / 2
        for begin, end, text in line.words:
            if shown := well_formed(text).strip():
                edges = left + begin * (right - left), left + end * (right - left)
                index = -2 - len(words)
                words.append(
                    PageWord(
                        edges[0], middle - half, edges[1], middle + half, shown,
                        index, number,
                    )
                )  # fmt: skip
    return words


def _stepped(height: float, usual: float) -> float:
    """Returns the nearest height that is steps away from the usual one."""
    if height <= 0 or usual <= 0:
        return max(height, 1.0)
    return usual * math.exp(_STEP * round(math.log(height / usual) / _STEP))


def _turn(lines: Sequence[RecognizedLine]) -> float:
    """Returns by how much a page is turned clockwise, in radians."""
    long = [line for line in lines if math.dist(*line[:2]) > _LONG * line.height]
    # Edges are whole points of the picture: the longer a line the surer its slope.
    least = max((math.dist(*line[:2]) for line in long), default=0.0) / 2
    angles = [
        math.atan2(line.right[1] - line.left[1], line.right[0] - line.left[0])
        for line in long
        if math.dist(*line[:2]) >= least
    ]
    turn = median(angles) if angles else 0.0
    return turn if abs(turn) < _MOST_TURNED else 0.0


def _spread(text: str) -> tuple[tuple[float, float, str], ...]:
    """Returns the words of a line, each as wide as it has characters."""
    words = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        words.append((at / len(text), (at + len(word)) / len(text), word))
        at += len(word)
    return tuple(words)


@cache
def models_at_hand() -> dict[str, str]:
    """Returns the models that the installed RapidOCR carries; {} unless it has all."""
    spec = find_spec(RAPIDOCR)
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "models"
    models = {}
    for part, mark in (("Det", "_det_"), ("Cls", "_cls_"), ("Rec", "_rec_")):
        files = sorted(path for path in folder.glob("*.onnx") if mark in path.name)
        if not files:
            return {}
        models[part] = os.fspath(files[-1])
    return models


def installation() -> str:
    """Returns the command that brings an engine."""
    return packages.of_extra("ocr")


def _rapidocr() -> Callable[[Pixels], list[RecognizedLine]]:
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(_THREADS)
    threads = "EngineConfig.onnxruntime"
    read: Any = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
            "Global.text_score": _SURE,
            f"{threads}.intra_op_num_threads": _THREADS,
            f"{threads}.inter_op_num_threads": 1,
            # A path that is named is never looked for elsewhere.
            **{f"{part}.model_path": path for part, path in models_at_hand().items()},
        }
    )

    def lines(pixels: Pixels) -> list[RecognizedLine]:
        result = read(pixels)
        if result.boxes is None or not result.txts:
            return []
        return [
            _boxed([(float(x), float(y)) for x, y in box], text)
            for box, text in zip(result.boxes, result.txts, strict=True)
            if text.strip()
        ]

    return lines


def _boxed(box: Sequence[tuple[float, float]], text: str) -> RecognizedLine:
    """Returns a line of text.

    Args:
        box: Its corners, from the upper left one clockwise.
        text: What it says.
    """
    upper_left, upper_right, lower_right, lower_left = box
    height = (
        math.dist(upper_left, lower_left) + math.dist(upper_right, lower_right)
    ) / 2
    width = math.dist(upper_left, upper_right)
    if height > _UPRIGHT * width and len(text) > 1:
        middle = (upper_left[1] + lower_left[1]) / 2
        edges = (upper_left[0], middle), (upper_right[0], middle)
        return RecognizedLine(*edges, height, ((0.0, 1.0, text),))
    left = _between(upper_left, lower_left)
    return RecognizedLine(
        left, _between(upper_right, lower_right), height, _spread(text)
    )


def _between(
    one: tuple[float, float], other: tuple[float, float]
) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _by_tesseract(pixels: Pixels) -> list[RecognizedLine]:
    """Returns the lines that Tesseract reads; none when it cannot.

    Raises:
        UnreadableDocument: It cannot be started, or does not end in time.
    """
    height, width = pixels.shape[:2]
    picture = b"P6 %d %d 255\n" % (width, height) + pixels[:, :, ::-1].tobytes()
    command = [TESSERACT, "stdin", "stdout", "-l", _languages(), "--psm", "3", "tsv"]
    return list(tabulated_lines(_run(command, picture)))


@cache
def _languages() -> str:
    """Returns the languages that are installed beside Tesseract, as it wants them."""
    listed = _run([TESSERACT, "--list-langs"], b"").splitlines()[1:]
    names = [name for name in listed if name and name != "osd" and "/" not in name]
    return "+".join(names[:_MOST_LANGUAGES]) or "eng"


def _run(command: list[str], given: bytes) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - a program that the user installed
            command,
            input=given,
            capture_output=True,
            timeout=PICTURE_LIMIT,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": str(_THREADS)},
        )
    except subprocess.CalledProcessError as error:
        reason = one_line(error.stderr.decode("utf-8", "replace"))[:200]
        raise UnreadableDocument(f"tesseract fails: {reason}", "") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreadableDocument(f"tesseract: {one_line(str(error))[:200]}") from None
    return ended.stdout.decode("utf-8", "replace")


def tabulated_lines(table: str) -> Iterator[RecognizedLine]:
    """Yields the lines of Tesseract's table: one row a block, paragraph, line, word."""
    bounds = (0.0, 0.0, 0.0, 0.0)
    inside: list[tuple[float, float, str]] = []
    for row in [*table.splitlines()[1:], "4\t" + "0\t" * 11]:
        cells = row.split("\t", 11)
        if len(cells) < 12:
            continue
        level = int(cells[0])
        left, top, width, height = map(float, cells[6:10])
        if level < 5:
            if inside:
                yield _line(bounds, inside)
            inside = []
            bounds = (left, top, width, height)
        elif cells[11].strip():
            inside.append((left, left + width, cells[11]))


def _line(
    bounds: tuple[float, float, float, float],
    inside: Sequence[tuple[float, float, str]],
) -> RecognizedLine:
    left, top, width, height = bounds
    middle, width = top + height / 2, max(width, 1.0)
    shares = (
        ((begin - left) / width, (end - left) / width, text)
        for begin, end, text in inside
    )
    return RecognizedLine((left, middle), (left + width, middle), height, tuple(shares))
