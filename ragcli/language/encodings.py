"""Which encoding bytes are in that are no UTF-8 and have no byte order mark.

Encodings of two bytes a character are told by what their first bytes are, for each of
them puts its most frequent characters elsewhere. Those of one byte are told by the
letters that the bytes become: letters of one script, in the frequency of a language,
capitals only where words begin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ragcli.language.vocabulary.languages import detect

_SAMPLE = 64 << 10
"""Bytes that are looked at."""

_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
"""What no text has in an encoding of one byte, and one of UTF-16 nearly always."""

_HIGH = re.compile(rb"[\x80-\xff]+")
_FEWEST_PAIRS = 6
_FEWEST_BYTES = 80
_WIDE_SAMPLE = 8192
_MOST_BLOCKS = 6
"""Blocks of 256 characters, beside Han and Hangul, that one text has letters of."""

_PLAIN = frozenset(" \n\t\r.,;:!?-()\"'0123456789\u3001\u3002\uff0c\u060c\u0964")


def utf_16(head: bytes) -> str:
    """Returns the byte order of UTF-16 without a mark: `utf-16-le` …; else "".

    Args:
        head: The first bytes of a file that has NUL or control characters.
    """
    sample = head[: min(len(head), _WIDE_SAMPLE) & ~1]
    if len(sample) < 4:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 2:
                continue
            text = sample[: error.start].decode(encoding)
        if "\0" not in text and _is_written(text):
            return encoding
    return ""


def _is_written(text: str) -> bool:
    """Tells whether a text has what all texts have: letters, spaces, full stops."""
    plain = sum(character in _PLAIN for character in text)
    letters = sum(map(str.isalpha, text))
    odd = sum(not (c.isprintable() or c in "\n\r\t\f\ufeff") for c in text)
    blocks = {ord(character) >> 8 for character in text}
    alphabets = sum(not (0x4E <= block <= 0x9F or block >= 0xAC) for block in blocks)
    ascii_pairs = sum(
        0x20 <= ord(c) >> 8 < 0x7F and 0x20 <= ord(c) & 0xFF < 0x7F for c in text
    )
    if 3 * ascii_pairs > 2 * letters:
        return False
    is_plain = 50 * plain >= len(text) and 3 * letters >= len(text)
    return odd == 0 and is_plain and alphabets <= _MOST_BLOCKS


def guessed(data: bytes) -> str:
    """Returns the encoding of a text that is no UTF-8, "" when nothing fits.

    Args:
        data: Its bytes.
    """
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    if _CONTROLS.search(sample) and (order := utf_16(sample)):
        return order
    return _of_two_bytes(sample) or _of_one_byte(sample) or _of_any_other(sample)


def _of_any_other(data: bytes) -> str:
    """Returns what `charset-normalizer` makes of a text that fits no language here."""
    import logging

    from charset_normalizer import from_bytes  # 30 ms

    logging.getLogger("charset_normalizer").setLevel(logging.ERROR)
    best = from_bytes(data).best() if len(data) >= _FEWEST_BYTES else None
    return "" if best is None or best.encoding.startswith("utf") else best.encoding


def _of_two_bytes(data: bytes) -> str:
    """Returns the encoding of Chinese, Japanese or Korean, or ""."""
    for encoding, fits in (
        ("cp932", _is_shift_jis),
        ("euc_jp", _is_euc_jp),
        ("cp949", _is_korean),
        ("big5hkscs", _is_big5),
        ("gb18030", _is_gb),
    ):
        if fits(data) and _decodes(data, encoding):
            return encoding
    return ""


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > 200 and error.start >= len(data) - 2
    return True


def _pairs(data: bytes) -> list[tuple[int, int]]:
    """Returns the pairs of bytes, where each begins with a high one."""
    pairs = []
    at = 0
    while at < len(data) - 1:
        if data[at] > 0x7F:
            pairs.append((data[at], data[at + 1]))
            at += 2
        else:
            at += 1
    return pairs


def _share(pairs: Sequence[tuple[int, int]], first: range, second: range) -> float:
    """Returns the share of pairs whose bytes are in these ranges."""
    if len(pairs) < _FEWEST_PAIRS:
        return 0.0
    inside = sum(a in first and b in second for a, b in pairs)
    return inside / len(pairs)


def _is_shift_jis(data: bytes) -> bool:
    pairs = _pairs(data)
    kana = _share(pairs, range(0x82, 0x83), range(0x9F, 0xF2))
    kana += _share(pairs, range(0x83, 0x84), range(0x40, 0x97))
    return kana > 0.2 and _share(pairs, range(0x81, 0xA0), range(0x40, 0xFD)) > 0.6


def _is_euc_jp(data: bytes) -> bool:
    return _share(_pairs(data), range(0xA4, 0xA6), range(0xA1, 0xFF)) > 0.25


def _is_korean(data: bytes) -> bool:
    pairs = [pair for pair in _pairs(data) if pair[0] not in range(0xA1, 0xAA)]
    return _share(pairs, range(0xB0, 0xC9), range(0xA1, 0xFF)) > 0.93


def _is_big5(data: bytes) -> bool:
    pairs = _pairs(data)
    common = _share(pairs, range(0xA1, 0xC7), range(0x40, 0xFF))
    return common > 0.8 and _share(pairs, range(0xA1, 0xFA), range(0x40, 0x7F)) > 0.15


def _is_gb(data: bytes) -> bool:
    pairs = _pairs(data)
    runs = [len(run) for run in _HIGH.findall(data)]
    is_han = _share(pairs, range(0xB0, 0xD8), range(0xA1, 0xFF)) > 0.6
    return is_han and sum(runs) > 3 * len(runs)


_LETTERS = {
    "cp1251": "оеаинтсрвлкмдпу",
    "cp1253": "αοιετσνρηπκλςίάόυ",
    "cp1255": "יוהלארתבשמנעחדם",
    "cp1256": "اليمنرتبةعد",
}
"""The most frequent letters of the script that an encoding is for."""

_SCRIPTS = (
    ("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866"),
    ("cp1253", "iso8859_7"),
    ("cp1255", "iso8859_8"),
    ("cp1256", "iso8859_6"),
)
"""Encodings of one script, each group with its most usual one first."""

_ACCENTED = {
    "fr": ("éèàçêùâîôûëïœæ", "cp1252 cp850 mac_roman"),
    "de": ("äöüß", "cp1252 cp850 mac_roman"),
    "es": ("áéíóúñü¿¡", "cp1252 cp850 mac_roman"),
    "pt": ("ãõçáéíóúâêôà", "cp1252 cp850 mac_roman"),
    "it": ("àèéìòù", "cp1252 cp850 mac_roman"),
    "nl": ("ëïéèöü", "cp1252 cp850"),
    "sv": ("åäöé", "cp1252 cp850 mac_roman"),
    "da": ("æøåé", "cp1252 cp850 mac_roman"),
    "no": ("æøåé", "cp1252 cp850 mac_roman"),
    "fi": ("äöå", "cp1252 cp850 mac_roman"),
    "pl": ("ąćęłńóśźż", "cp1250 iso8859_2 cp852"),
    "cs": ("áčďéěíňóřšťúůýž", "cp1250 iso8859_2 cp852"),
    "sk": ("áäčďéíĺľňóôŕšťúýž", "cp1250 iso8859_2 cp852"),
    "hu": ("áéíóöőúüű", "cp1250 iso8859_2 cp852"),
    "ro": ("ăâîşţșț", "cp1250 iso8859_2 iso8859_16"),
    "hr": ("čćđšž", "cp1250 iso8859_2 cp852"),
    "sl": ("čšž", "cp1250 iso8859_2 cp852"),
    "tr": ("çğıİöşü", "cp1254 iso8859_9"),
    "lt": ("ąčęėįšųūž", "cp1257 iso8859_13"),
    "lv": ("āčēģīķļņšūž", "cp1257 iso8859_13"),
    "et": ("äöüõšž", "cp1257 cp1252"),
    "vi": ("ăâđêôơưàáèéìíòóùú\u0300\u0301\u0303\u0309\u0323", "cp1258"),
}
"""Language → its letters beyond ASCII, and the encodings that have them."""

_TYPOGRAPHIC = frozenset(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u00ab\u00bb\u00a0"
    "\u20ac\u00b0\u00a7\u00a3\u00a9\u00ae\u00bd\u00bc\u00b7\u00d7\u00b1\u00b2\u00b3\u2116"
)
_WORD = re.compile(r"[^\W\d_]+")
_MIXED = re.compile(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]", re.IGNORECASE)
_SYMBOL_INSIDE = re.compile(
    "(?<=[^\\W\\d_])[^\\w\\s\x00-\x7f\u2010-\u201e\u2026\u00ad\u00b7\u00ab\u00bb]"
    "(?=[^\\W\\d_])|(?<=[^\\W\\d_])[\u00b1\u00b6\u00a9\u20ac\u00a3\u00a5\u00a7](?=[\\s.,])"
    "|[\u00a9\u00ae\u00b1\u00b6\u00a7\u00bc\u00bd\u00b2\u00b3](?=[^\\W\\d_]|\u00bb)"
    "|[\u05da\u05dd\u05df\u05e3\u05e5](?=[\u05d0-\u05ea])"  # Hebrew's final letters
)


def _of_one_byte(data: bytes) -> str:
    """Returns the encoding of an alphabet, or ""."""
    high = sum(map(len, _HIGH.findall(data)))
    letters = sum(map(len, re.findall(rb"[A-Za-z]+", data)))
    if 2 * high > letters:
        scored = [
            (_fits_script(data, encoding, _LETTERS[group[0]]), -at, encoding)
            for group in _SCRIPTS
            for at, encoding in enumerate(group)
        ]
        best = max(scored)
        if best[0] > 0.5:
            return best[2]
    return _of_latin(data)


def _fits_script(data: bytes, encoding: str, frequent: str) -> float:
    """Returns how far bytes become words of a script, at most about 1."""
    text = data.decode(encoding, "replace")
    counts = Counter(c for c in text.lower() if c > "\x7f" and c not in _TYPOGRAPHIC)
    total = counts.total()
    if not total:
        return 0.0
    known = sum(counts[letter] for letter in frequent) / total
    first = ord(frequent[0]) >> 8
    strange = sum(
        count
        for letter, count in counts.items()
        if not letter.isalpha() or ord(letter) >> 8 != first
    )
    words = _WORD.findall(text)
    mixed = sum(bool(_MIXED.search(word)) for word in words) / max(len(words), 1)
    return known - 2 * strange / total - 2 * mixed - _odd_words(text)


def _odd_words(text: str) -> float:
    """Returns the share of words with a capital or symbol inside that no word has."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(
        any(map(str.isupper, word[1:])) and any(map(str.islower, word))
        for word in words
    )
    return (odd + len(_SYMBOL_INSIDE.findall(text))) / max(len(words), 1)


def _of_latin(data: bytes) -> str:
    """Returns the encoding of a text in Latin letters, from its language."""
    best = (0.0, "")
    for language, (accented, encodings) in _ACCENTED.items():
        for at, encoding in enumerate(encodings.split()):
            text = data.decode(encoding, "replace")
            high = [c for c in text.lower() if c > "\x7f" and c not in _TYPOGRAPHIC]
            known = sum(c in accented for c in high) / len(high) if high else 0.9
            score = known - _odd_words(text) - at / 100
            score += 0.5 * (detect(text) == language)
            if language in {"fr", "de", "es"}:
                score += 0.01
            if score > best[0]:
                best = (score, encoding)
    return best[1] if best[0] >= _LATIN else ""


_LATIN = 0.8
"""How well letters and words must fit a language."""
