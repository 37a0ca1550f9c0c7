"""Settings of every kind: keys with values, what explains them, where they stand."""

from __future__ import annotations

import pytest

from ragcli.index.documents import formats
from ragcli.index.documents.elements import Document, TableFacts
from ragcli.index.documents.splitter import split
from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import elements, rows


def fields(document: Document) -> dict[tuple[str, ...], str]:
    return {
        element.cells: element.label
        for section in document.sections
        for element in section.elements
        if element.kind == "field"
    }


SERVER = """\
# Which port the server listens on.
#Port 22
AddressFamily any

# Change to yes to enable
# the older challenge
#KbdInteractive no
Subsystem\tsftp\t/usr/libexec/sftp-server
#This is no setting at all.
Match User guest
    X11Forwarding no
"""


def test_what_is_commented_out_is_a_field_that_says_so(loaded: Load) -> None:
    document = loaded("sshd_config", SERVER)
    assert document.format == "ini"
    assert fields(document) == {
        ("Port", "22"): "commented out",
        ("AddressFamily", "any"): "",
        ("KbdInteractive", "no"): "commented out",
        ("Subsystem", "sftp /usr/libexec/sftp-server"): "",
        ("Match", "User guest"): "",
        ("Match User guest.X11Forwarding", "no"): "",
    }
    assert elements(document)[:3] == [
        ("prose", "Which port the server listens on."),
        ("field", "Port 22"),
        ("field", "AddressFamily any"),
    ]
    assert (
        "prose",
        "Change to yes to enable\n# the older challenge",
    ) in elements(document)


YAML = """\
a:
  b: 'c'  # d
  e:
  - name: one
    port: 80
  - name: two
    port: 81
    in:
    - deep: 1
t: >
  some
  text
# u: 5
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.ini",
            "top = 1\n[db]\n; The host.\nhost = db.local ; x\nport: 5432\n;user = x",
            [
                ("top", "1"), ("db.host", "db.local"), ("db.port", "5432"),
                ("db.user", "x"),
            ],
        ),
        (
            "a.service",
            "[Service]\nUser=node\nExecStart=/bin/a --b=c \\\n  --d\n",
            [("Service.User", "node"), ("Service.ExecStart", "/bin/a --b=c --d")],
        ),
        (
            "a.properties",
            "server.port=8080\n! remark\nurl: jdbc:x://y\n",
            [("server.port", "8080"), ("url", "jdbc:x://y")],
        ),
        (
            "nginx.conf",
            "user www;\nserver {\n  listen 80;\n  location / {\n  root /srv;\n  }\n}\n",
            [
                ("user", "www"), ("server.listen", "80"),
                ("server.location /.root", "/srv"),
            ],
        ),
        (
            ".env.example",
            "# Where mail goes.\nMAIL_TO='a@b.c'\nDEBUG=0\n",
            [("MAIL_TO", "a@b.c"), ("DEBUG", "0")],
        ),
        (
            "a.toml",
            "[a.b]\nx = 'y' # why\nlist = ['p', \"q, r\"]\nlong = '''\nm\nn'''\n#z=3",
            [("a.b.x", "y"), ("a.b.list", "p, q, r"), ("a.b.long", "m n"),
             ("a.b.z", "3")],
        ),
        (
            "a.yaml",
            YAML,
            [
                ("a.b", "c"), ("a.e[one].name", "one"), ("a.e[one].port", "80"),
                ("a.e[two].name", "two"), ("a.e[two].port", "81"),
                ("a.e[two].in[0].deep", "1"), ("t", "some text"), ("u", "5"),
            ],
        ),
    ],
)  # fmt: skip
def test_each_setting_has_its_path_and_value(
    loaded: Load, name: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert list(fields(loaded(name, text))) == expected


def test_entries_of_lists_are_items_below_their_path(loaded: Load) -> None:
    document = loaded("a.yaml", "nc:\n  ports:\n    - 80:80\n    - '443:443'\n  x: 1\n")
    items = [e for e in document.sections[0].elements if e.kind == "item"]
    assert [item.label for item in items] == ["nc.ports", "nc.ports"]
    document = loaded(
        "a.toml", 'a = 1\nuses = [\n  "x>=1", # why\n  # more\n  "y",\n]\n'
    )
    assert elements(document)[2:] == [
        ("item", "x>=1"),
        ("prose", "more"),
        ("item", "y"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "columns", "cells"),
    [
        (
            "a.toml",
            (
                "[[package]]\nname = 'x' # why\nneeds = [\n  'p',\n  'q',\n]\n"
                "[package.from]\nurl = 'u'\n\n# The second.\n[[package]]\n# What.\n"
                "name = 'y'\n[other]\nz = 1\n"
            ),
            ("name", "needs", "from.url"),
            [("x", "p, q", "u"), ("y", "", "")],
        ),
        (
            "a.yaml",
            (
                "package:\n  # First.\n  - name: x\n    in:\n      k: 1\n  - name: y\n"
                "    t: >\n      of\n      lines\n    l:\n    - p\n    - q\nother: z\n"
            ),
            ("name", "in.k", "t", "l"),
            [("x", "1", "", ""), ("y", "", "of lines", "p, q")],
        ),
        (
            "a.yaml",
            "package:\n- {a: 1, 'b c': \"x, y\"}\n- {a: 2}\nother: z\n",
            ("a", "b c"),
            [("1", "x, y"), ("2", "")],
        ),
    ],
)
def test_entries_with_keys_are_rows_of_one_table(
    loaded: Load,
    name: str,
    text: str,
    columns: tuple[str, ...],
    cells: list[tuple[str, ...]],
) -> None:
    document = loaded(name, text)
    assert document.tables == (TableFacts(columns, "package", len(cells)),)
    assert rows(document) == cells
    assert len(fields(document)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a:\n- name: x\n  in:\n  - k: 1\n- name: y\n"),
        ("a.yaml", "a:\n- run: |\n    ls\n    cd\n- uses: y\n"),
        ("a.yaml", f"a:\n- k: {'x ' * 2500}\n- k: y\n"),
        ("a.yaml", "a:\n- k: 1\n---\nb:\n- k: 2\n"),
        ("a.toml", "[[a]]\nk = 1\n[[a.b]]\nk = 2\n[[a.b]]\nk = 3\n[[a]]\nk = 4\n"),
    ],
)
def test_entries_that_hold_more_than_values_keep_their_fields(
    loaded: Load, name: str, text: str
) -> None:
    captions = {table.caption for table in loaded(name, text).tables}
    assert "a" not in captions


def test_entries_are_counted_anew_in_every_document_of_a_file(loaded: Load) -> None:
    document = loaded("a.yaml", "p:\n- a: 1\n  b:\n  - c: 2\n---\np:\n- a: 3\n")
    assert [path for path, _ in fields(document)] == ["p[0].a", "p[0].b[0].c", "p[0].a"]


def test_commands_below_a_key_are_code_and_sentences_prose(loaded: Load) -> None:
    text = (
        "run: |\n  set -e\n  make all\n"
        f"about: |\n  It is long. {'Very long indeed. ' * 30}\n  It ends.\n"
    )
    kinds = [kind for kind, _ in elements(loaded("a.yml", text))]
    assert kinds == ["heading", "code", "heading", "prose"]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (
            (
                SERVER + "#LogLevel INFO\n#MaxTries 6\n#UseDNS no\n#TcpAlive yes\n"
            ).encode(),
            "ini",
        ),
        (b"# The tool\n\nIt reads files and tells\nwhat is in them.\n", "text"),
        (b"A=1\nB=2\nC=3\n", "ini"),
        (b"Dear Anna,\nthe PriceList is here.\nx = 3 holds.\n", "text"),
    ],
)
def test_settings_are_told_without_a_suffix(head: bytes, name: str) -> None:
    assert formats.format_of_content(head) == name


def test_a_comment_stays_with_the_setting_that_it_explains(loaded: Load) -> None:
    text = "[server]\n" + "".join(
        f"# What number {n} is about, in a few words.\nkey{n} = {n}\n\n"
        for n in range(60)
    )
    chunks = split(loaded("a.ini", text), size=400, overlap=0)
    assert len(chunks) > 5
    for chunk in chunks:
        assert chunk.heading == ("server",)
        assert chunk.text.startswith(("#", "[server]"))
        assert not chunk.text.splitlines()[-1].startswith("#")
        assert [unit.kind for unit in chunk.units][-2:] == ["prose", "field"]


def test_what_has_no_keys_is_text_as_it_is(loaded: Load) -> None:
    [section] = loaded("a.yaml", "just a sentence\n").sections
    assert section.is_code
