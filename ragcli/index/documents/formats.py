"""The formats that are read: one entry each, with its suffixes and its loader.

Names decide because they cost nothing: a tree of ten thousand files is walked
without opening one. What a name cannot tell is told by a file's first bytes. To add
a format, write its loader in `ragcli.index.documents.loaders` and an entry here.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

HEAD = 8192
"""Bytes that are looked at to tell text from binary; as git does."""


class Format(NamedTuple):
    """How the files of one format are told and read."""

    name: str
    """What it is called: `markdown`, `pdf`, `python` …"""

    suffixes: str
    """Suffixes of its files, without dots, separated by spaces."""

    loader: str
    """`module:function` below `ragcli.index.documents.loaders`."""

    kind: str = "text"
    """`text` (lines of prose), `table`, `settings` (keys and values), `code`, or
    `binary` (no text before it is parsed)."""

    isolated: bool = False
    """Whether a parser that others wrote reads it, in the process that may be lost."""

    names: str = ""
    """Whole file names, lower case, separated by spaces."""


def _binary(name: str, suffixes: str, loader: str) -> Format:
    return Format(name, suffixes, loader, "binary", isolated=True)


def _settings(name: str, suffixes: str, loader: str, names: str = "") -> Format:
    return Format(name, suffixes, loader, "settings", names=names)


def _code(name: str, suffixes: str, names: str = "") -> Format:
    return Format(name, suffixes, "structured.source_code:code", "code", names=names)


FORMATS = (
    Format(
        "markdown",
        "md markdown mdown mkd mkdn mdx qmd rmd",
        "markup.lightweight:markdown",
    ),
    Format("rst", "rst rest", "markup.restructured:restructured"),
    Format("man", "man mdoc roff", "markup.manual_pages:manual_page"),
    Format("asciidoc", "adoc asciidoc asc", "markup.asciidoc:asciidoc"),
    Format("org", "org", "markup.org_mode:org"),
    Format("latex", "tex latex ltx", "markup.latex:latex"),
    Format("text", "txt text log nfo textile pod", "markup.lightweight:underlined"),
    Format("subtitles", "srt vtt sub sbv", "subtitles:subtitles"),
    Format("html", "html htm xhtml shtml", "markup.hypertext:html"),
    _binary("web", "", "markup.web_page:web_page"),
    Format("csv", "csv psv", "structured.delimited:comma_separated", "table"),
    Format("tsv", "tsv tab", "structured.delimited:tab_separated", "table"),
    _settings(
        "json",
        "json geojson webmanifest jsonld json5 jsonc",
        "structured.json_documents:json_document",
    ),
    _settings(
        "xml",
        "xml svg plist rss atom gpx kml tcx opml xliff xlf",
        "structured.xml_documents:xml_document",
    ),
    _settings("calendar", "ics ical ifb", "structured.cards:cards"),
    _settings("contacts", "vcf vcard", "structured.cards:cards"),
    Format("bibtex", "bib", "structured.entries:bibliography", "table"),
    Format("translations", "po pot", "structured.entries:translations", "table"),
    Format("sql", "sql", "structured.entries:sql", "code"),
    Format("jsonl", "jsonl ndjson", "structured.json_documents:json_lines", "table"),
    Format("notebook", "ipynb", "markup.notebook:notebook"),
    _binary("pdf", "pdf", "pdf.document:pdf"),
    _binary("xlsx", "xlsx xlsm xltx xltm", "office.workbooks.spreadsheets:spreadsheet"),
    _binary("xls", "xls xlt", "office.workbooks.spreadsheets:spreadsheet"),
    _binary("xlsb", "xlsb", "office.workbooks.spreadsheets:spreadsheet"),
    _binary("ods", "ods ots", "office.opendocument:opendocument"),
    _binary("docx", "docx docm dotx dotm", "office.word:docx"),
    _binary("pptx", "pptx pptm ppsx ppsm potx", "office.slides:pptx"),
    _binary("odt", "odt ott", "office.opendocument:opendocument"),
    _binary("odp", "odp otp", "office.opendocument:opendocument"),
    _binary("epub", "epub", "markup.epub:epub"),
    _binary("eml", "eml", "mail:mail"),
    _binary("mbox", "mbox mbx", "mail:mailbox"),
    _binary("rtf", "rtf", "markup.richtext:rich_text"),
    _binary("mhtml", "mht mhtml", "community:community"),
    _binary("conllu", "conllu", "community:community"),
    _binary("enex", "enex", "community:community"),
    _binary("msg", "msg", "community:community"),
    _code("latex-package", "sty cls dtx"),
    _code("python", "py pyi pyw pyx pxd"),
    _code("javascript", "js mjs cjs jsx"),
    _code("typescript", "ts tsx mts cts"),
    _code("java", "java"),
    _code("kotlin", "kt kts"),
    _code("scala", "scala sc"),
    _code("groovy", "groovy gradle", "jenkinsfile"),
    _code("c", "c h"),
    _code("cpp", "cc cpp cxx hh hpp hxx ipp inl cu cuh m mm"),
    _code("csharp", "cs"),
    _code("fsharp", "fs fsx fsi"),
    _code("go", "go"),
    _code("rust", "rs"),
    _code("swift", "swift"),
    _code("dart", "dart"),
    _code("zig", "zig"),
    _code("d", "d"),
    _code("php", "php"),
    _code("ruby", "rb rake gemspec", "rakefile gemfile vagrantfile"),
    _code("perl", "pl pm t"),
    _code("lua", "lua"),
    _code("r", "r"),
    _code("julia", "jl"),
    _code("haskell", "hs lhs"),
    _code("elm", "elm"),
    _code("ocaml", "ml mli"),
    _code("elixir", "ex exs"),
    _code("erlang", "erl hrl"),
    _code("clojure", "clj cljs cljc edn"),
    _code("lisp", "lisp el scm rkt"),
    _code("shell", "sh bash zsh fish ksh"),
    _code("powershell", "ps1 psm1"),
    _code("fortran", "f f90 f95 f03"),
    _code("pascal", "pas pp"),
    _code("ada", "adb ads"),
    _code("cobol", "cob cbl"),
    _code("solidity", "sol"),
    _code("verilog", "v sv vhd vhdl"),
    _code("assembly", "s asm"),
    _code("proto", "proto"),
    _code("graphql", "graphql gql"),
    _code("css", "css scss sass less"),
    _code("xml-schema", "xsd xsl xslt wsdl dtd"),
    _settings(
        "yaml",
        "yaml yml",
        "structured.settings_files:yaml",
        ".clang-format .clang-tidy",
    ),
    _settings("toml", "toml", "structured.settings_files:toml", "pipfile"),
    _settings(
        "ini",
        "ini cfg conf cnf properties desktop service socket timer mount automount slice"
        " network netdev",
        "structured.settings_files:key_values",
        "sshd_config ssh_config .editorconfig .gitconfig .gitmodules .flake8 .pylintrc"
        " .env.example .env.sample .env.template .env.dist",
    ),
    _code(
        "make",
        "mk mak cmake",
        "makefile gnumakefile dockerfile containerfile justfile cmakelists.txt",
    ),
    _code("nix", "nix"),
    _code("terraform", "tf tfvars hcl"),
    _code("vue", "vue svelte"),
    Format("diff", "diff patch", "structured.patches:patch", "code"),
    _code("template", "j2 jinja tmpl mustache erb"),
    _code("batch", "bat cmd"),
    _code("vim", "vim"),
    _code("tcl", "tcl"),
    _code("awk", "awk sed"),
)
"""Every format, in no order that matters: no two share a suffix or a name."""

BY_NAME = {item.name: item for item in FORMATS}
"""The formats by what they are called."""

_SUFFIXES = {
    f".{suffix}": item.name for item in FORMATS for suffix in item.suffixes.split()
}
_WHOLE_NAMES = {name: item.name for item in FORMATS for name in item.names.split()}

_MEDIA = """
bmp gif heic icns ico jpeg jpg jp2 jxl png ppm psd raw tif tiff webp xcf
aac aiff flac m4a mid midi mp3 ogg opus wav wma
avi flv m4v mkv mov mp4 mpeg mpg webm wmv eot otf ttf woff woff2
"""
_ARCHIVES = """
7z apk ar bz2 cab cpio crate deb dmg gem gz iso jar lz lz4 lzma lzo rar rpm snap sz tar
tbz tgz txz war whl xpi xz z zip zst
"""
_COMPILED = """
a bin class dll dylib elc exe ko lib mo o obj pdb pyc pyd pyo rlib so wasm beam hi
"""
_STORES = """
accdb bak db db3 dbf faiss feather frm gguf h5 hdf5 joblib mat mdb myd myi
npy npz onnx odg parquet pickle pkl pt pth rdb safetensors sav sqlite sqlite3
swp tflite
"""
_BINARY_KINDS = {
    f".{suffix}": kind
    for kind, suffixes in (
        ("image, sound or font", _MEDIA),
        ("archive or compressed file", _ARCHIVES),
        ("compiled file", _COMPILED),
        ("data or office file of an unsupported format", _STORES),
    )
    for suffix in suffixes.split()
}

_LEGACY = {
    ".doc": "the old Word format: convert it, for example with "
    "`soffice --headless --convert-to docx FILE`",
    ".ppt": "the old PowerPoint format: convert it, for example with "
    "`soffice --headless --convert-to pptx FILE`",
}


def is_isolated(name: str) -> bool:
    """Tells whether files of a format are parsed in a process of their own."""
    return name in BY_NAME and BY_NAME[name].isolated


def is_settings(name: str) -> bool:
    """Tells whether a format is keys and values."""
    return name in BY_NAME and BY_NAME[name].kind == "settings"


def suffix_of(name: str) -> str:
    """Returns the lower-case suffix with its dot, or ""; a leading dot is no suffix."""
    return os.path.splitext(name)[1].lower()


def format_of(name: str) -> str:
    """Returns the format that a file's name tells, or "" when it tells none."""
    return _WHOLE_NAMES.get(name.lower()) or _SUFFIXES.get(suffix_of(name), "")


def legacy_kind(name: str) -> str:
    """Returns what an old office file is and how to convert it, or ""."""
    return _LEGACY.get(suffix_of(name), "")


def binary_kind(name: str) -> str:
    """Returns what kind of binary a name announces, or ""."""
    return _BINARY_KINDS.get(suffix_of(name), "")


_SIGNATURES = ((b"%PDF-", "pdf"), (b"{\\rtf", "rtf"))
_UTF_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def format_of_content(head: bytes) -> str:
    """Returns the format of a file whose name tells none, or "" for a binary.

    Args:
        head: Its first `HEAD` bytes.
    """
    if signed := _signed(head):
        return signed
    if is_binary(head):
        return ""
    if head.startswith(b"#!"):
        return _interpreter(head.split(b"\n", 1)[0])
    lowered = head[:256].lstrip().lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        return "html"
    if re.match(_REQUEST, head) and re.search(_MANUAL, head):
        return "man"
    return "ini" if _are_settings(head) else "text"


def is_document(head: bytes) -> bool:
    """Tells whether a file that starts so has a format; costs less than to name it.

    Args:
        head: Its first `HEAD` bytes.
    """
    return bool(_signed(head)) or not is_binary(head)


def _signed(head: bytes) -> str:
    """Returns the format that the first bytes of a file stand for, or ""."""
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    return ""


_REQUEST = rb"\s*(?:[.'][ \t]*(?:\\[\"#]|[A-Za-z]{1,4}\b)|\\\")"
_MANUAL = rb"(?m)^[.'](?:TH|Dd|Dt|SH|Sh|so)[ \t]"
"""What the source of a page of a manual has; its suffix is only a number."""

_SETTING = (
    rb"[ \t]*[#;]?(?:[\w.-]+[ \t]*=[ \t]*\S"
    rb"|[A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*[ \t]+\S+(?:[ \t]+\S+){0,4}[ \t]*$)"
)
_REMARK = rb"[ \t]*(?:[#;]|\[[^\]]+\][ \t]*$|$)"
_FEWEST_SETTINGS = 3


def _are_settings(head: bytes) -> bool:
    """Tells whether a text is keys and values, but for comments and sections."""
    lines = [line.rstrip(b"\r") for line in head.split(b"\n")[:-1] or [head]]
    setting, remark = re.compile(_SETTING), re.compile(_REMARK)
    settings = sum(bool(setting.match(line)) for line in lines)
    others = sum(not (setting.match(x) or remark.match(x)) for x in lines)
    return settings >= _FEWEST_SETTINGS and 3 * others <= settings


def _interpreter(line: bytes) -> str:
    """Returns the language that a `#!` line names."""
    for word, name in (
        (b"python", "python"),
        (b"perl", "perl"),
        (b"ruby", "ruby"),
        (b"node", "javascript"),
    ):
        if word in line:
            return name
    return "shell"


def is_binary(head: bytes) -> bool:
    """Tells whether these first bytes are no text in any encoding that is read here."""
    if b"\0" not in head or head.startswith(_UTF_MARKS):
        return False
    from ragcli.language.encodings import utf_16

    return not utf_16(head)
