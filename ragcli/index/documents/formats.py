"""Which format a file is in, told by its name; content only where a name says nothing.

Names decide because they cost nothing: a tree of ten thousand files is walked
without opening one. What a name cannot tell is told by a file's first bytes.
"""

from __future__ import annotations

import os

HEAD = 8192
"""Bytes that are looked at to tell text from binary; as git does."""

_NAMES_BY_FORMAT = {
    "markdown": "md markdown mdown mkd mkdn mdx qmd rmd",
    "rst": "rst rest",
    "org": "org",
    "latex": "tex latex sty cls",
    "text": "txt text log asc nfo adoc asciidoc textile pod srt vtt po pot bib",
    "html": "html htm xhtml shtml",
    "pdf": "pdf",
    "docx": "docx docm",
    "pptx": "pptx pptm",
    "odt": "odt ott odp",
    "epub": "epub",
    "eml": "eml",
    "rtf": "rtf",
    "mhtml": "mht mhtml",
    "conllu": "conllu",
    "enex": "enex",
    "msg": "msg",
    "csv": "csv",
    "tsv": "tsv tab",
    "json": "json geojson webmanifest jsonld json5 jsonc",
    "jsonl": "jsonl ndjson",
    "notebook": "ipynb",
    "python": "py pyi pyw pyx pxd",
    "javascript": "js mjs cjs jsx",
    "typescript": "ts tsx mts cts",
    "java": "java",
    "kotlin": "kt kts",
    "scala": "scala sc",
    "groovy": "groovy gradle",
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp hxx ipp inl cu cuh m mm",
    "csharp": "cs",
    "fsharp": "fs fsx fsi",
    "go": "go",
    "rust": "rs",
    "swift": "swift",
    "dart": "dart",
    "zig": "zig",
    "d": "d",
    "php": "php",
    "ruby": "rb rake gemspec",
    "perl": "pl pm t",
    "lua": "lua",
    "r": "r",
    "julia": "jl",
    "haskell": "hs lhs",
    "elm": "elm",
    "ocaml": "ml mli",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "clojure": "clj cljs cljc edn",
    "lisp": "lisp el scm rkt",
    "shell": "sh bash zsh fish ksh",
    "powershell": "ps1 psm1",
    "sql": "sql",
    "fortran": "f f90 f95 f03",
    "pascal": "pas pp",
    "ada": "adb ads",
    "cobol": "cob cbl",
    "solidity": "sol",
    "verilog": "v sv vhd vhdl",
    "assembly": "s asm",
    "proto": "proto",
    "graphql": "graphql gql",
    "css": "css scss sass less",
    "xml": "xml xsd xsl xslt svg plist rss atom wsdl dtd",
    "yaml": "yaml yml",
    "toml": "toml",
    "ini": "ini cfg conf properties desktop service",
    "make": "mk mak cmake",
    "nix": "nix",
    "terraform": "tf tfvars hcl",
    "vue": "vue svelte",
    "diff": "diff patch",
    "template": "j2 jinja tmpl mustache erb",
    "batch": "bat cmd",
    "vim": "vim",
    "tcl": "tcl",
    "awk": "awk sed",
}
_SUFFIXES = {
    f".{suffix}": name
    for name, suffixes in _NAMES_BY_FORMAT.items()
    for suffix in suffixes.split()
}
_WHOLE_NAMES = {
    "makefile": "make",
    "gnumakefile": "make",
    "dockerfile": "make",
    "containerfile": "make",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "vagrantfile": "ruby",
    "justfile": "make",
    "jenkinsfile": "groovy",
    "cmakelists.txt": "make",
}

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
accdb bak db db3 dbf doc faiss feather frm gguf h5 hdf5 joblib mat mdb myd myi
npy npz onnx ods odg parquet pickle pkl pt pth ppt rdb safetensors sav sqlite sqlite3
swp tflite xls xlsb xlsx
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

WHOLE = frozenset(
    [
        "pdf",
        "docx",
        "pptx",
        "odt",
        "epub",
        "eml",
        "rtf",
        "mhtml",
        "conllu",
        "enex",
        "msg",
    ]
)
"""Formats that are parsed as a whole, in a process of their own."""

CODE = frozenset(_NAMES_BY_FORMAT) - WHOLE - {
    "markdown", "rst", "org", "text", "html", "csv", "tsv", "json", "jsonl", "notebook"
}  # fmt: skip
"""Formats whose text is source code or configuration."""


def suffix_of(name: str) -> str:
    """Returns the lower-case suffix with its dot, or ""; a leading dot is no suffix."""
    return os.path.splitext(name)[1].lower()


def format_of(name: str) -> str:
    """Returns the format that a file's name tells, or "" when it tells none."""
    known = _SUFFIXES.get(suffix_of(name))
    return known or _WHOLE_NAMES.get(name.lower(), "")


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
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if is_binary(head):
        return ""
    if head.startswith(b"#!"):
        return _interpreter(head.split(b"\n", 1)[0])
    lowered = head[:256].lstrip().lower()
    return "html" if lowered.startswith((b"<!doctype html", b"<html")) else "text"


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
    return b"\0" in head and not head.startswith(_UTF_MARKS)
