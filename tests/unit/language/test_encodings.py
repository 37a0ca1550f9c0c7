"""Encodings are told apart by a sentence or two in each."""

# ruff: noqa: RUF001 - the letters are those of other scripts

from __future__ import annotations

import random

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.language.encodings import guessed, utf_16

TEXTS = {
    "ru": "О собрании\n\nСобрание пройдёт седьмого июня в Твери, ведёт его Нина.",
    "uk": "Збори відбудуться сьомого червня у Львові, їх проведе пані Євгенія.",
    "el": "Η συνεδρίαση θα γίνει στις επτά Ιουνίου στην Πάτρα με την κυρία Νίκη.",
    "he": "האסיפה תתקיים בשבעה ביוני בעכו, ותנחה אותה נינה. הכניסה היא חופשית.",
    "ar": "سيعقد الاجتماع في السابع من يونيو في الإسكندرية وستديره السيدة نينا.",
    "ja": "集会は六月七日に仙台で開かれます。司会はニナさんです。入場は無料です。",
    "ko": "모임은 유월 칠일에 대전에서 열립니다. 사회는 니나 씨가 봅니다.",
    "zh": "会议将于六月七日在苏州召开，由倪女士主持，入场免费。",
    "tw": "會議將於六月七日在臺南召開，由倪女士主持，入場免費。",
    "pl": "Zebranie odbędzie się siódmego czerwca w Łomży, a poprowadzi je pani Żółć.",
    "cs": "Schůze se koná sedmého června v Třeboni a řídí ji paní Šťastná.",
    "hu": "A gyűlés június hetedikén lesz Győrött, és Őze úr vezeti.",
    "tr": "Toplantı yedi haziranda İzmit'te yapılacak ve Şule Hanım yönetecek.",
    "de": "Die Sitzung findet am siebten Juni in Lübeck statt und Frau Böß führt.",
    "fr": "La séance aura lieu le sept juin à Besançon et elle est menée par Zoé.",
    "es": "La reunión será el siete de junio en Cádiz y la preside el señor Ibáñez.",
    "lt": "Susirinkimas vyks birželio septintą dieną Šiauliuose, jį ves ponia Žąsė.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "iso8859_5"), ("ru", "cp866"),
        ("uk", "cp1251"), ("uk", "koi8_u"), ("el", "cp1253"), ("el", "iso8859_7"),
        ("he", "cp1255"), ("ar", "cp1256"), ("ja", "cp932"), ("ja", "euc_jp"),
        ("ja", "iso2022_jp"), ("ko", "euc_kr"), ("zh", "gb2312"), ("zh", "gb18030"),
        ("tw", "big5"), ("pl", "cp1250"), ("pl", "iso8859_2"), ("cs", "cp1250"),
        ("cs", "iso8859_2"), ("cs", "cp852"), ("hu", "cp1250"), ("tr", "cp1254"),
        ("tr", "iso8859_9"), ("de", "cp1252"), ("de", "cp850"), ("fr", "cp1252"),
        ("fr", "mac_roman"), ("es", "cp1252"), ("es", "latin_1"), ("lt", "cp1257"),
    ],
)  # fmt: skip
def test_a_sentence_tells_its_encoding(language: str, encoding: str) -> None:
    text = TEXTS[language]
    content = Content(text.encode(encoding))
    assert content.text == text
    assert content.encoding


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_without_a_mark(language: str, encoding: str) -> None:
    text = f"{TEXTS[language]}\n"
    content = Content(text.encode(encoding))
    assert (content.text, content.encoding) == (text, encoding)


@pytest.mark.parametrize("language", ["ja", "zh", "tw"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_line_of_utf_16_without_any_nul_is_told(language: str, encoding: str) -> None:
    text = "".join(c for c in TEXTS[language] if ord(c) & 0xFF)
    data = text.encode(encoding)
    assert b"\0" not in data
    assert Content(data).text == text


@pytest.mark.parametrize("encoding", ["cp1255", "iso8859_8"])
@pytest.mark.parametrize(
    "text",
    [
        "ועד הבית מודיע לכל הדיירים כי ביום שלישי תתבצע עבודת תחזוקה במעלית.",
        "אנו מתנצלים על אי הנוחות ומודים לכם על הסבלנות.",
    ],
)
def test_hebrew_is_not_taken_for_cyrillic_capitals(text: str, encoding: str) -> None:
    assert Content(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "iso8859_5", "cp866"])
def test_cyrillic_capitals_are_not_taken_for_hebrew(encoding: str) -> None:
    for text in (
        "СОБРАНИЕ ПРОЙДЁТ СЕДЬМОГО ИЮНЯ В ТВЕРИ",
        "ПРАВИЛА ПОЛЬЗОВАНИЯ ЛИФТОМ",
    ):
        assert Content(text.encode(encoding)).text == text


def test_accents_of_dos_are_not_taken_for_japanese() -> None:
    text = "Hétfőn és szerdán délelőtt kilenctől délután ötig várjuk önöket."
    assert Content(text.encode("cp852")).text == text


def test_binary_is_no_utf_16() -> None:
    numbers = random.Random(7)
    for _ in range(500):
        data = numbers.randbytes(400) + b"\0"
        assert not utf_16(data)
        with pytest.raises(UnreadableDocument, match="binary"):
            Content(data).text  # noqa: B018 - it is read
    assert not utf_16(b"".join(n.to_bytes(2, "little") for n in range(1, 900)))


@pytest.mark.slow
def test_any_bytes_are_guessed_without_an_error() -> None:
    numbers = random.Random(11)
    for length in range(1, 300, 4):
        data = bytes(numbers.choices(range(9, 256), k=length))
        encoding = guessed(data)
        assert not encoding or data.decode(encoding, "replace")
