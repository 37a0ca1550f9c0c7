"""Writes the binary files of `sample_docs/`: a PDF and an EPUB, byte for byte the same.

Run `python -m tests.make_samples` after changing a text below. The files are written
from the formats' specifications (ISO 32000-1, EPUB 3.3), without a library, so that
they do not change when a library does.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "sample_docs"

_PAGE_WIDTH, _PAGE_HEIGHT = 595, 842
_EPOCH = (1980, 1, 1, 0, 0, 0)

MODELS = (
    (
        "Models",
        """
The setting model decides who answers. The default is auto: the first chat model that a
running Ollama server runs itself, or the built-in model when there is none. Which model
answered is always part of the JSON output and is said once on standard error.

builtin quotes sentences from the retrieved passages, each with its citation. It needs
no server, no network and no graphics card, and it never paraphrases.

ollama:NAME uses a model of an Ollama server. ragcli asks the server for the model's
real context window and fits passages and history into it before sending. The address
is taken from OLLAMA_HOST and is 127.0.0.1:11434 otherwise.

provider:NAME uses any chat model that LangChain knows, for example openai:gpt-4o-mini.
The package of a provider is an extra: pip install langchain-openai.
""",
    ),
    (
        "Embedders",
        """
The built-in embedder turns text into vectors of 256 dimensions. It works offline and
embeds thousands of passages a second on an ordinary laptop. The setting embedder can
name a model of Ollama or of a provider instead, as in ollama:nomic-embed-text.

An index remembers which embedder made it. A search with another embedder is refused,
and the message names the command that embeds the documents again.
""",
    ),
    (
        "When a model fails",
        """
If the model's server is down, ragcli falls back to the built-in answer, says so on
standard error and labels the answer. With --require-model it fails instead, with exit
code 3. A model that falls silent is given up after 120 seconds (setting timeout).

If a stream breaks in the middle of an answer, the text that has arrived is kept in the
history and the turn is marked as failed.
""",
    ),
)

BEYOND = (
    (
        "One machine or many",
        """
<p>Profiles live in a directory of your own disk unless you say otherwise. When several
machines should share sessions, set RAGCLI_STORE to the address of a Redis server, as in
<code>redis://host:6379</code>. The extra is installed with
<code>pip install redis</code>. Commands and the chat are the same for both
stores.</p>
<p>Redis 7.0 without modules is enough.</p>
""",
    ),
    (
        "Backups",
        """
<p>A profile is one directory, and <code>ragcli profile path</code> prints it. For a
backup that is consistent while others work, use
<code>ragcli profile export backup.ragcli</code>. The file holds history, passages and
vectors, with a checksum of every part, and <code>ragcli profile import</code> restores
it without embedding anything again.</p>
""",
    ),
    (
        "Shared computers",
        """
<p>Several users may work on one computer: each sees only their own profiles. Documents
can be shared read-only: <code>ragcli docs mount PATH</code> adds another profile's or
an exported bundle's documents to your searches, while your history stays private.</p>
""",
    ),
)


def pdf(title: str, sections: tuple[tuple[str, str], ...]) -> bytes:
    """Returns a PDF with a page and a bookmark for each section."""
    count = len(sections)
    first_page, first_content = 5, 5 + count
    pages = [first_page + number for number in range(count)]
    marks = [first_content + count + number for number in range(count)]
    kids = " ".join(f"{page} 0 R" for page in pages)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Type /Outlines /First {marks[0]} 0 R /Last {marks[-1]} 0 R >>",
    ]
    box = f"[0 0 {_PAGE_WIDTH} {_PAGE_HEIGHT}]"
    objects += [
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {page + count} 0 R"
        " /Resources << /Font << /F1 3 0 R >> >> >>"
        for page in pages
    ]
    objects += [_content(heading, text) for heading, text in sections]
    for number, (heading, _) in enumerate(sections):
        following = f" /Next {marks[number + 1]} 0 R" if number + 1 < count else ""
        before = f" /Prev {marks[number - 1]} 0 R" if number else ""
        objects.append(
            f"<< /Title ({_escaped(heading)}) /Parent 4 0 R"
            f" /Dest [{pages[number]} 0 R /Fit]{before}{following} >>"
        )
    objects.append(f"<< /Title ({_escaped(title)}) >>")
    return _assembled(objects)


def _content(heading: str, text: str) -> str:
    lines = [
        "BT /F1 18 Tf 60 770 Td 16 TL",
        f"({_escaped(heading)}) Tj",
        "/F1 11 Tf T* T*",
    ]
    lines += [f"({_escaped(line)}) Tj T*" for line in text.strip().split("\n")]
    stream = "\n".join([*lines, "ET"])
    return f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _assembled(objects: list[str]) -> bytes:
    """Puts objects, their table of offsets and the trailer together."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode("ascii"))
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>"
    out.write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def epub(title: str, chapters: tuple[tuple[str, str], ...]) -> bytes:
    """Returns an EPUB 3 book with a file for each chapter."""
    names = [f"chapter{number}.xhtml" for number in range(1, len(chapters) + 1)]
    items = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(names, 1)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(1, len(chapters) + 1))
    links = "".join(
        f'<li><a href="{name}">{heading}</a></li>'
        for name, (heading, _) in zip(names, chapters, strict=True)
    )
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" '
        'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>",
        "OEBPS/book.opf": '<?xml version="1.0"?><package version="3.0" '
        'xmlns="http://www.idpf.org/2007/opf" unique-identifier="id"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">'
        f"ragcli-handbook</dc:identifier><dc:title>{title}</dc:title>"
        "<dc:language>en</dc:language>"
        '<meta property="dcterms:modified">2000-01-01T00:00:00Z</meta></metadata>'
        '<manifest><item id="nav" href="nav.xhtml" properties="nav" '
        f'media-type="application/xhtml+xml"/>{items}</manifest>'
        f"<spine>{spine}</spine></package>",
        "OEBPS/nav.xhtml": _page(title, f'<nav epub:type="toc"><ol>{links}</ol></nav>'),
    }
    for name, (heading, body) in zip(names, chapters, strict=True):
        members[f"OEBPS/{name}"] = _page(heading, f"<h1>{heading}</h1>{body}")
    return _zipped(members)


def _page(title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"'
        ' xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>{title}</title></head><body>{body}</body></html>"
    )


def _zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            # The first member must be stored (EPUB OCF 3.3, 4.3); so are the others,
            # for compressed bytes differ from one zlib to the next.
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return out.getvalue()


def samples() -> dict[str, bytes]:
    """Returns the generated files by name."""
    return {
        "models.pdf": pdf("Models and embedders", MODELS),
        "beyond-one-machine.epub": epub("Beyond one machine", BEYOND),
    }


if __name__ == "__main__":
    for name, data in samples().items():
        (SAMPLES / name).write_bytes(data)
