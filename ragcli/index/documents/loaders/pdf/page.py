"""What PDFium tells of a page: words, rules and pictures, each with its box.

Boxes are in points as the page is shown, from its upper left corner.
"""

from __future__ import annotations

import ctypes
import re
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise, repeat
from typing import Any, NamedTuple

from ragcli.index.documents.elements import raised, well_formed
from ragcli.index.documents.loaders.pdf.page_words import PageWord, Piece
from ragcli.index.documents.loaders.pdf.plain_lines import (
    GAP,
    LIGATURES,
    SMALLER,
    WIDE,
    Line,
    lines_of,
    plain_runs,
)

Handle = Any
"""A pointer of PDFium's."""

Box = tuple[float, float, float, float]
"""Four edges: left, bottom, right, top in the file; left, top, right, bottom shown."""

MOST_CHARACTERS = 400_000
"""Characters of one page that are read; more is no page that a person reads."""

MOST_OBJECTS = 50_000
"""Objects of a page that are looked at for rules and pictures."""

_WORD = re.compile(r"[^\s\xa0\x02\ufffe]*[\x02\ufffe]|[^\s\xa0\x02\ufffe]+")
_DIGIT = re.compile(r"\d")
_CONTROL = re.compile(r"[\x00-\x01\x03-\x08\x0e-\x1f\x7f\xad\u200b\ufeff]")
_BOLD = re.compile("bold|black|heavy|demi|[-,]bd")
_MIXED = re.compile("(?<=[A-Za-z0-9])(?=[\u0590-\u08ff])")
"""Where a word from left to right ends and one from right to left begins."""

_LAM_ALEF = re.compile("[\u0622\u0623\u0625\u0627]\u0644")
"""Two letters that one glyph may stand for, in the order that PDFium turns them to."""

_ABOVE = 0.2
"""How far above the line raised digits begin, in the height of the others."""

_BOX = 16
"""Bytes of a box as PDFium writes it."""

_THIN = 3.0
"""Points; a filled box that is thinner is a rule."""


_Told = tuple[float, float, float, float, str, int, int]


class Font(NamedTuple):
    """What letters are drawn with."""

    name: str
    """Its name, lower case, without the mark of a subset."""

    is_bold: bool
    """Whether its name or its flags say so."""


_NO_FONT = Font("", is_bold=False)


class Rule(NamedTuple):
    """A straight line, or the edge of a box."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_level(self) -> bool:
        """Whether it runs from left to right."""
        return self.right - self.left >= self.bottom - self.top


class Page:
    """One opened page.

    Args:
        handle: PDFium's page.
    """

    def __init__(self, handle: Handle) -> None:
        import pypdfium2.raw as pdfium

        self._api = pdfium
        self._page = handle
        self._turn = pdfium.FPDFPage_GetRotation(handle)
        self.width = float(pdfium.FPDF_GetPageWidthF(handle))
        self.height = float(pdfium.FPDF_GetPageHeightF(handle))
        self._box = box = [ctypes.c_float() for _ in range(4)]
        has_box = pdfium.FPDFPage_GetCropBox(
            handle, *box
        ) or pdfium.FPDFPage_GetMediaBox(handle, *box)
        self._left, self._bottom = (
            (box[0].value, box[1].value) if has_box else (0.0, 0.0)
        )
        self._text = pdfium.FPDFText_LoadPage(handle)
        self._name, self._flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self._ask_font = _asked().font
        self._about = (
            ctypes.c_void_p.from_param(ctypes.cast(self._text, ctypes.c_void_p).value),
            ctypes.c_void_p.from_param(ctypes.addressof(self._name)),
            ctypes.c_ulong.from_param(len(self._name)),
            ctypes.c_void_p.from_param(ctypes.addressof(self._flags)),
        )
        self._fonts: dict[tuple[bytes, int], Font] = {}

    def close(self) -> None:
        """Lets go of what PDFium holds of it."""
        if self._text:
            self._api.FPDFText_ClosePage(self._text)
        self._text = None

    def pieces(self) -> list[Piece]:
        """Returns what stands on it in PDFium's order, which is that of the file."""
        if not self._text:
            return []
        boxes = _Boxes(self._api, self._text)
        lines = lines_of(self._characters())
        runs: Sequence[Sequence[Piece] | None] = [None] * len(lines)
        if not self._turn:
            runs = plain_runs(
                lines, boxes.asked, (self._left, self._bottom, self.height)
            )
        odd = [at for at, pieces in enumerate(runs) if pieces is None]
        by_word = iter(self._words([(at, lines[at]) for at in odd], boxes))
        return [
            piece
            for pieces in runs
            for piece in (next(by_word) if pieces is None else pieces)
        ]

    def _words(
        self, lines: Sequence[tuple[int, Line]], boxes: _Boxes
    ) -> Iterator[list[PageWord]]:
        """Yields the words of lines, each read by itself.

        Args:
            lines: The lines, with the number of each.
            boxes: Tells where characters are.
        """
        spans = [
            [
                (begin + match.start(), begin + match.end())
                for match in _WORD.finditer(text)
            ]
            for _, (begin, text) in lines
        ]
        ends = boxes.of_ends(
            [span for spans_of_line in spans for span in spans_of_line]
        )
        for (number, (begin, text)), spans_of_line in zip(lines, spans, strict=True):
            words: list[_Told] = []
            for start, stop in spans_of_line:
                piece = text[start - begin : stop - begin]
                words += self._read(piece, start, next(ends), boxes, number)
            yield list(map(PageWord._make, words))

    def _read(
        self,
        piece: str,
        start: int,
        ends: tuple[float, ...],
        boxes: _Boxes,
        line: int,
    ) -> Iterator[_Told]:
        """Yields a word, in parts where it was joined over a gap.

        Args:
            piece: Its characters.
            start: The first of them.
            ends: Left, top, right and bottom of the first and of the last of them.
            boxes: Tells where the others are.
            line: The number of its line.
        """
        stop = start + len(piece)
        left, top, right, bottom, last_left, last_top, last_right, low = ends
        if top == last_top > bottom == low and left <= last_left:
            box = left, bottom, max(right, last_right), top
        elif top > bottom and last_top > low:
            piece = _powered(piece, start, (bottom, top, low, last_top), boxes)
            box = (
                min(left, last_left),
                min(bottom, low),
                max(right, last_right),
                max(top, last_top),
            )
        else:
            box = boxes.around(start, stop)
        is_plain = piece.isascii() and piece.isprintable()
        if is_plain and not _may_be_parted(piece, box):
            yield (*self.shown(*box), piece, start, line)
            return
        for first, last, part in _parts(piece, start, box, boxes):
            own = piece[first - start : last - start]
            if not is_plain:
                own = _plain(_unturned(own, first, boxes))
            if own:
                yield (*self.shown(*part), own, first, line)

    def font(self, character: int) -> Font:
        """Returns the font of a character; of none where the page has no text."""
        if character < 0:
            return _NO_FONT
        name, flags = self._name, self._flags
        about = self._about
        self._ask_font(about[0], character, *about[1:])
        key = name.value, flags.value
        font = self._fonts.get(key)
        if font is None:
            font_name = key[0].decode("utf-8", "replace").lower().rpartition("+")[2]
            is_bold = bool(_BOLD.search(font_name)) or bool(key[1] & 1 << 18)
            font = self._fonts[key] = Font(font_name, is_bold)
        return font

    def drawn(self) -> tuple[list[Rule], float]:
        """Returns the rules, and the share of the page that pictures cover."""
        rules: list[Rule] = []
        covered = 0.0
        picture = self._api.FPDF_PAGEOBJ_IMAGE
        for kind, thing in self._objects():
            box = self._bounds(thing)
            if box is None:
                continue
            left, top, right, bottom = box
            if kind == picture:
                covered += (right - left) * (bottom - top)
            elif right - left < _THIN or bottom - top < _THIN:
                if max(right - left, bottom - top) >= _THIN:
                    rules.append(Rule(*box))
            elif self._is_box(thing):
                rules += (
                    Rule(left, top, right, top),
                    Rule(left, bottom, right, bottom),
                    Rule(left, top, left, bottom),
                    Rule(right, top, right, bottom),
                )
        return rules, min(1.0, covered / max(1.0, self.width * self.height))

    def _objects(self) -> Iterator[tuple[int, Handle]]:
        """Yields kind and handle of the paths and pictures, not those inside forms."""
        api, asked = self._api, _asked()
        count = min(api.FPDFPage_CountObjects(self._page), MOST_OBJECTS)
        page = ctypes.cast(self._page, ctypes.c_void_p)
        things = list(map(asked.thing, repeat(page, count), range(count)))
        wanted = {api.FPDF_PAGEOBJ_PATH, api.FPDF_PAGEOBJ_IMAGE}
        for kind, thing in zip(map(asked.kind, things), things, strict=True):
            if kind in wanted:
                yield kind, ctypes.cast(thing, api.FPDF_PAGEOBJECT)

    def _is_box(self, path: Handle) -> bool:
        """Tells whether a path is a rectangle whose edges are drawn."""
        api = self._api
        if api.FPDFPath_CountSegments(path) not in {4, 5}:
            return False
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        api.FPDFPath_GetDrawMode(path, ctypes.byref(mode), ctypes.byref(stroke))
        return bool(stroke.value)

    def _bounds(self, thing: Handle) -> Box | None:
        box = self._box
        if not self._api.FPDFPageObj_GetBounds(thing, *box):
            return None
        left, bottom, right, top = (value.value for value in box)
        return self.shown(left, bottom, right, top)

    def _characters(self) -> str:
        """Returns the page's characters, each at its place in PDFium's count."""
        api = self._api
        count = min(api.FPDFText_CountChars(self._text), MOST_CHARACTERS)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (2 * count + 2))()
        size = api.FPDFText_GetText(self._text, 0, count, buffer) - 1
        if size == count:
            raw = bytes(buffer)[: 2 * size]
            text = raw.decode("utf-16-le", "replace")
            if len(text) == count:
                return text.replace("\r", " ")
        text_page = ctypes.cast(self._text, ctypes.c_void_p)
        codes = map(_asked().code, repeat(text_page, count), range(count))
        return "".join(
            chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
            for code in codes
        ).replace("\r", " ")

    def shown(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Returns a box of the file as the page is shown, from its upper left."""
        left, right = left - self._left, right - self._left
        bottom, top = bottom - self._bottom, top - self._bottom
        if not self._turn:
            return left, self.height - top, right, self.height - bottom
        if self._turn == 1:
            return bottom, left, top, right
        if self._turn == 2:
            return self.width - right, bottom, self.width - left, top
        return (
            self.width - top,
            self.height - right,
            self.width - bottom,
            self.height - left,
        )


class _PdfiumCalls(NamedTuple):
    """What PDFium is asked of each character and object of a page.

    Numbers and addresses go there as they are, which halves the time of a call; where
    they are made into arguments once for all calls (`from_param`), the rest halves.
    """

    box: Any
    """The box of a character, as high as its font, into four floats."""

    code: Any
    """The code point of a character."""

    font: Any
    """The name and the flags of a character's font."""

    thing: Any
    """An object of a page."""

    kind: Any
    """The kind of an object."""


@cache
def _asked() -> _PdfiumCalls:
    import pypdfium2.raw as api

    number, pointer = ctypes.c_int, ctypes.c_void_p

    def direct(function: Any, result: Any, *arguments: Any) -> Any:
        address = ctypes.cast(function, pointer).value or 0
        return ctypes.PYFUNCTYPE(result, *arguments)(address)

    return _PdfiumCalls(
        direct(api.FPDFText_GetLooseCharBox, None),
        direct(api.FPDFText_GetUnicode, ctypes.c_uint, pointer, number),
        direct(api.FPDFText_GetFontInfo, None),
        direct(api.FPDFPage_GetObject, pointer, pointer, number),
        direct(api.FPDFPageObj_GetType, number, pointer),
    )


class _Room(NamedTuple):
    """Memory into which PDFium writes boxes."""

    begin: int
    """Its address."""

    slots: list[Any]
    """The place of each box in it, as an argument of a call."""

    held: Any
    """What keeps it."""


_MOST_BOXES = 4096
"""Boxes that are asked for at once."""


def _room(count: int) -> _Room:
    """Returns memory for so many boxes, the same for all pages."""
    return _room_of(1 << max(6, (count - 1).bit_length()))


@cache
def _room_of(count: int) -> _Room:
    held = (ctypes.c_float * (4 * count))()
    begin = ctypes.addressof(held)
    places = range(begin, begin + _BOX * count, _BOX)
    return _Room(begin, list(map(ctypes.c_void_p.from_param, places)), held)


class _Boxes:
    """The boxes of characters, each as high as its font."""

    def __init__(self, api: Any, text: Handle) -> None:
        self._ask = _asked().box
        self._ask_tight = api.FPDFText_GetCharBox
        self._text = text
        address = ctypes.cast(text, ctypes.c_void_p).value
        self._page = ctypes.c_void_p.from_param(address)

    def of_ends(self, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[float, ...]]:
        """Yields the boxes of the first and the last character of each word.

        Each is left, top, right and bottom; those of both stand in one tuple.
        """
        characters = [
            character for start, stop in spans for character in (start, stop - 1)
        ]
        return struct.iter_unpack("8f", self._written(characters))

    def asked(self, characters: Sequence[int]) -> tuple[float, ...]:
        """Returns left, top, right and bottom of each character, one after another."""
        return struct.unpack(f"{4 * len(characters)}f", self._written(characters))

    def _written(self, characters: Sequence[int]) -> bytes:
        """Returns the boxes of characters as PDFium writes them: four floats each."""
        written = []
        for start in range(0, len(characters), _MOST_BOXES):
            asked = characters[start : start + _MOST_BOXES]
            room = _room(len(asked))
            deque(map(self._ask, repeat(self._page), asked, room.slots), 0)
            written.append(ctypes.string_at(room.begin, _BOX * len(asked)))
        return b"".join(written)

    def each(self, start: int, stop: int) -> list[Box]:
        """Returns left, bottom, right and top of each of a word's characters."""
        boxes = struct.iter_unpack("4f", self._written(range(start, stop)))
        return [
            (left, bottom, right, top) if top > bottom else self._tight(start + at)
            for at, (left, top, right, bottom) in enumerate(boxes)
        ]

    def _tight(self, index: int) -> Box:
        """Returns the box of what is drawn, of a font that tells no height."""
        tight = [ctypes.c_double() for _ in range(4)]
        self._ask_tight(self._text, index, *map(ctypes.byref, tight))
        left, right, bottom, top = (value.value for value in tight)
        return left, bottom, right, top

    def around(self, start: int, stop: int) -> Box:
        """Returns the box around a word; the last character may stand to the left."""
        first, last = self.each(start, start + 1)[0], self.each(stop - 1, stop)[0]
        return (
            min(first[0], last[0]),
            min(first[1], last[1]),
            max(first[2], last[2]),
            max(first[3], last[3]),
        )


def _powered(word: str, start: int, reach: Box, boxes: _Boxes) -> str:
    """Returns a number with smaller digits above its line as such: `10\u2076`.

    Args:
        word: A word whose first and last characters are of different heights.
        start: Its first character.
        reach: From where to where its first character reaches, and its last, upwards.
        boxes: Tells where its others are.
    """
    bottom, top, low, high = reach
    is_smaller = high - low < SMALLER * (top - bottom)
    if not (word[-1].isdecimal() and is_smaller):
        return word
    if low - bottom <= _ABOVE * (top - bottom):
        return word
    each = boxes.each(start, start + len(word))
    at = len(word) - 1
    while at > 1 and each[at - 1][1] == each[-1][1]:
        at -= 1
    return word[:at] + raised(word[at:], word[:at])


def _may_be_parted(word: str, box: Box) -> bool:
    """Tells whether a word may have been joined over a gap."""
    left, bottom, right, top = box
    if right - left > WIDE * (top - bottom) * len(word):
        return len(word) > 1
    return len(word) > 1 and not word.isalpha() and bool(_DIGIT.search(word))


def _parts(
    word: str, start: int, box: Box, boxes: _Boxes
) -> list[tuple[int, int, Box]]:
    """Returns the parts of a word that was joined over a gap, and their boxes."""
    stop = start + len(word)
    if not word.isascii() and (border := _MIXED.search(word)):
        middle = start + border.start()
        return [
            (start, middle, boxes.around(start, middle)),
            (middle, stop, boxes.around(middle, stop)),
        ]
    if not _may_be_parted(word, box):
        return [(start, stop, box)]
    height = box[3] - box[1]
    ends: list[tuple[int, int]] = []
    begin = start
    for place, (edges, own) in enumerate(pairwise(boxes.each(start, stop)), start + 1):
        gap = max(own[0] - edges[2], edges[0] - own[2])
        if gap > GAP * height and abs(own[1] - edges[1]) < height:
            ends.append((begin, place))
            begin = place
    if not ends:
        return [(start, stop, box)]
    return [(*end, boxes.around(*end)) for end in (*ends, (begin, stop))]


def _unturned(piece: str, start: int, boxes: _Boxes) -> str:
    """Returns a word, the letters of Arabic ligatures in their own order.

    PDFium turns a line from right to left letter by letter, those of one glyph too.
    """
    if not _LAM_ALEF.search(piece):
        return piece
    letters = list(piece)
    for match in _LAM_ALEF.finditer(piece):
        at = match.start()
        one, other = boxes.each(start + at, start + at + 2)
        if one == other:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def _plain(text: str) -> str:
    """Returns a word's characters without ligatures and halves of characters."""
    return well_formed(_CONTROL.sub("", text).translate(LIGATURES))
