"""What holds for pages, books and rich text: no word that a person sees is lost.

Hypothesis makes them, and another reader of the format says what there is to be seen.
"""

from __future__ import annotations

import itertools
import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from striprtf.striprtf import rtf_to_text

from ragcli.index.documents.content import Content
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.make_samples import epub
from tests.properties.test_office_formats import check, office, seen

WORDS = st.text(
    st.sampled_from("abcxyzABC0189\xe4\xdf\u0434\u65e5\U0001f600&<>\"'.,;-+#%()/"),
    min_size=1,
    max_size=8,
)
BLANKS = st.sampled_from([" ", "  ", "\n", "\n\t ", "&nbsp;", " <br> ", "<wbr> "])
INLINE = ("b", "i", "code", "span", "em", "a", "mark", "del", "my-tag", "label", "q")


@st.composite
def inline(draw: st.DrawFn) -> str:
    """Makes words with markup between them and, here and there, inside them."""
    pieces = []
    for word in draw(st.lists(WORDS, min_size=1, max_size=4)):
        text = escape(word, quote=draw(st.booleans()))
        tag = draw(st.one_of(st.none(), st.sampled_from(INLINE)))
        pieces += [f"<{tag}>{text}</{tag}>" if tag else text, draw(BLANKS)]
    return "".join(pieces)


def joined(parts: st.SearchStrategy[str], frame: str) -> st.SearchStrategy[str]:
    inside = st.lists(parts, min_size=1, max_size=3).map("".join)
    return inside.map(frame.format)


def nested(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Makes what blocks may stand in."""
    item = st.one_of(joined(inline(), "<li>{}"), joined(blocks, "<li>{}</li>"))
    cell = st.builds(
        "<{0}{1}>{2}</{0}>".format,
        st.sampled_from(["td", "td", "th"]),
        st.sampled_from(["", "", " colspan=2", " rowspan='2'"]),
        st.one_of(inline(), blocks, st.just("")),
    )
    row = joined(cell, "<tr>{}</tr>")
    pair = st.builds("<dt>{}</dt><dd>{}</dd>".format, inline(), inline() | blocks)
    return st.one_of(
        joined(blocks, "<div>{}</div>"),
        joined(blocks, "<blockquote>{}</blockquote>"),
        joined(blocks, '<aside epub:type="footnote">{}</aside>'),
        joined(blocks, "<details><summary>More</summary>{}</details>"),
        joined(item, "<ul>{}</ul>"),
        joined(item, "<ol start=3>{}</ol>"),
        joined(pair, "<dl>{}</dl>"),
        joined(row, "<table>{}</table>"),
        joined(row, "<table><caption>Seen</caption><tbody>{}</tbody></table>"),
        joined(row, "<table><thead>{}</thead></table>"),
    )


BLOCKS = st.recursive(
    st.one_of(
        inline().map("<p>{}</p>".format),
        inline(),
        inline().map("<pre>{}</pre>".format),
        inline().map("<p title='a > b' data-x=\"<i>\">{}".format),
        inline().map('<figure><figcaption class="x">{}</figcaption></figure>'.format),
        inline().map("<script>a < b</script><!-- <p>no</p> -->{}".format),
    ),
    nested,
    max_leaves=8,
)


def with_headings(parts: Sequence[str]) -> str:
    """Puts a heading of its own above each part, and one without any at the end."""
    made = [f"<h{n % 3 + 1}>Part {n}</h2>{part}" for n, part in enumerate(parts)]
    return f"<body>{''.join(made)}<h1>The end</h1></body>"


def shown(page: str) -> list[str]:
    """Returns what a browser shows of a page, as lxml reads it."""
    root = lxml_html.document_fromstring(page)
    for element in root.xpath("//script | //style | //title | //comment()"):
        element.drop_tree()
    return [root.text_content()]


@office
@given(st.lists(BLOCKS, min_size=1, max_size=4))
def test_a_page_says_all_that_lxml_sees(parts: list[str]) -> None:
    page = with_headings(parts)
    check(page.encode(), "html", seen(shown(page)))


@office
@given(st.lists(st.lists(BLOCKS, min_size=1, max_size=2), min_size=1, max_size=3))
def test_a_book_says_all_that_lxml_sees_of_its_chapters(
    chapters: list[list[str]],
) -> None:
    pages = [(f"Chapter {n}", "".join(parts)) for n, parts in enumerate(chapters)]
    wanted = [text for _, body in pages for text in shown(f"<body>{body}</body>")]
    check(epub("Book", tuple(pages)), "epub", seen([*wanted, *dict(pages)]))


def rtf_text(text: str) -> str:
    """Returns text as programs write it into RTF: escapes, and UTF-16 as numbers."""
    out = []
    for sign in text:
        units = sign.encode("utf-16-le")
        if sign in "\\{}":
            out.append(f"\\{sign}")
        elif sign.isascii():
            out.append(sign)
        elif sign in "\xe4\xdf":
            out.append(f"\\'{ord(sign):02x}")
        else:
            for at in range(0, len(units), 2):
                code = int.from_bytes(units[at : at + 2], "little")
                out.append(f"\\u{code - 0x10000 if code > 0x7FFF else code}?")
    return "".join(out)


@st.composite
def rtf_words(draw: st.DrawFn) -> str:
    pieces = []
    for word in draw(st.lists(WORDS, min_size=1, max_size=4)):
        frame = draw(
            st.sampled_from(
                ["{}", "{{\\b {}}}", "\\i {}\\i0 ", "{{\\f1\\fs24\\cf2 {}}}"]
            )
        )
        pieces.append(frame.format(rtf_text(word)))
    return draw(st.sampled_from([" ", "\\tab ", "\\line ", "\r\n "])).join(pieces)


def rtf_row(cells: Sequence[str]) -> str:
    edges = "".join(f"\\cellx{1000 * (n + 1)}" for n in range(len(cells)))
    inside = "".join(f"\\pard\\intbl {cell}\\cell" for cell in cells)
    return f"\\trowd\\trgaph70{edges}{inside}\\row\\pard "


RTF_BLOCKS = st.one_of(
    rtf_words().map("\\pard\\plain {}\\par ".format),
    rtf_words().map("\\pard\\plain\\outlinelevel1 NUMBER {}\\par ".format),
    rtf_words().map(
        "{{\\listtext\\pard\\plain\\f1\\'b7\\tab}}\\pard\\ls1\\ilvl0 {}\\par ".format
    ),
    st.lists(
        st.lists(
            st.one_of(
                st.just(""),
                rtf_words(),
                st.builds("{}\\par {}".format, rtf_words(), rtf_words()),
            ),
            min_size=1,
            max_size=4,
        ).map(rtf_row),
        min_size=1,
        max_size=3,
    ).map("".join),
)


@office
@given(st.lists(RTF_BLOCKS, min_size=1, max_size=5))
def test_rich_text_says_all_that_striprtf_sees(blocks: list[str]) -> None:
    numbered = [text.replace("NUMBER", str(n)) for n, text in enumerate(blocks)]
    source = (
        "{\\rtf1\\ansi\\ansicpg1252\\uc1{\\fonttbl{\\f0 Arial;}{\\f1 Symbol;}}"
        "{\\colortbl;\\red0;}{\\*\\generator X;}{\\info{\\creatim\\yr2026}}"
        f"{''.join(numbered)}}}"
    )
    words = rtf_to_text(source).replace("|", " ").replace("\xb7", " ")
    words = words.encode("utf-16", "surrogatepass").decode("utf-16")
    check(source.encode("ascii"), "rtf", seen([words]))


MAN_WORDS = ("{}", "\\fB{}\\fR", "\\-\\-{}", "\\(lq{}\\(rq", "{}\\&.", "\\f(CW{}\\fP")
MAN_BLOCKS = (
    ".PP\n{}",
    ".SS Also {}",
    ".TP\n.B {}\n{}",
    ".TP 4\n\\fB{}\\fR\n{}\n.RS\n.PP\n{}\n.RE",
    ".IP \\(bu 2\n{}\n.IP 2. 4\n{}",
    ".PP\n.BR ls (7)\n.RS\n.I {}\n.RE",
    ".nf\n{}\n  {}\n.fi",
    ".TS\ntab(;);\nl l.\nNo;Meaning\n1;{}\n2;{}\n.TE",
)


def manual_page(chance: random.Random) -> str:
    """Makes a page of all that people write into one; each word stands once."""
    numbers = itertools.count(100)

    def words(_: object) -> str:
        frames = chance.choices(MAN_WORDS, k=chance.randint(1, 4))
        return " ".join(frame.format(f"w{next(numbers)}") for frame in frames)

    blocks = [re.sub(r"{}", words, block) for block in MAN_BLOCKS * 6]
    chance.shuffle(blocks)
    for number in range(0, len(blocks), 7):
        blocks[number] = f".SH PART {next(numbers)}\n.PP\n{words('')}"
    start = ["'\\\" t", ".TH RAG 1", ".nh", ".SH NAME", "rag \\- ask"]
    return "\n".join([*start, *blocks, ""])


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_a_manual_page_says_every_word_that_groff_prints() -> None:
    page = manual_page(random.Random(7))
    command = ["groff", "-t", "-man", "-Tutf8", "-P-cbou"]
    printed = subprocess.run(
        command, input=page.encode(), capture_output=True, check=True, timeout=30
    ).stdout.decode()
    words = re.compile(r"w\d{3}|part \d{3}")
    wanted = set(words.findall(printed.casefold()))
    document = parse(Content(page.encode(), "rag.1", "man"))
    texts = [section.text for section in document.sections]
    texts += [title for section in document.sections for title in section.heading]
    assert len(wanted) > 60
    assert wanted <= set(words.findall(" ".join(texts).casefold()))
