"""Sources of manual pages: both sets of macros, as a terminal shows them."""

from __future__ import annotations

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import spoken


def test_a_page_of_man_is_headings_options_listings_and_tables(loaded: Load) -> None:
    document = loaded(
        "lamp.1",
        r""".\" a remark
.de Own
the \\$1 lamp
..
.TH LAMP 1 2024-01-02
.SH NAME
lamp \- light \fIit\fR up
.SH "EXIT STATUS"
.if t for the printer
.TP
.BR \-a ", " \-\-all [ =N ]
Lights
.B all
of them.
.IP \(bu 2
first
.PP
.Own red
.nf
lamp \-a

lamp
.fi
.TS
l l.
Lamp	Cost
red	12
green	7
.TE
""",
    )

    assert document.title == "lamp(1)"
    assert [section.heading for section in document.sections] == [
        ("lamp(1)", "Name"),
        ("lamp(1)", "Exit status"),
    ]
    assert spoken(document) == [
        ("prose", "lamp - light it up"),
        ("field", "-a, --all[=N] | Lights all of them."),
        ("item", "first"),
        ("prose", "the red lamp"),
        ("code", "lamp -a\n\nlamp"),
        ("columns", "Lamp | Cost"),
        ("row", "red | 12"),
        ("row", "green | 7"),
    ]
    assert document.sections[0].elements[0].lines == (7, 7)
    table = [item.lines for item in document.sections[1].elements if item.table >= 0]
    assert table == [(26, 26), (27, 27), (28, 28)]


def test_a_page_of_mdoc_is_read_by_what_its_macros_mean(loaded: Load) -> None:
    document = loaded(
        "lamp.8",
        """.Dd January 2, 2024
.Dt LAMP 8
.Os
.Sh NAME
.Nm lamp
.Nd light it up
.Sh SYNOPSIS
.Nm
.Op Fl a Ns Ar num
.Op Fl o Ar option Ns = Ns Ar value
.Ar
.Sh DESCRIPTION
See
.Xr sun 1 ,
or
.Dq the moon .
.Bl -tag -width x
.It Fl a , Fl Fl all
Lights all.
.It Fl D Xo
.Sm off
.Op Ar host :
.Ar port
.Sm on
.Xc
Sends it.
.El
.Bl -bullet
.It
first
.El
.Bd -literal
lamp -a
.Ed
""",
    )

    assert document.title == "lamp(8)"
    assert spoken(document) == [
        ("prose", "lamp \u2013 light it up"),
        ("prose", "lamp [-anum] [-o option=value] file ..."),
        ("prose", "See sun(1), or \u201cthe moon\u201d."),
        ("field", "-a, --all | Lights all."),
        ("field", "-D [host]:port | Sends it."),
        ("item", "first"),
        ("code", "lamp -a"),
    ]


def test_what_has_a_number_for_its_suffix_and_no_macros_is_text(loaded: Load) -> None:
    assert loaded("app.log.1", "10:00:01 INFO up\n").format == "text"
    assert loaded("ls.1", ".TH LS 1\n.SH NAME\nls - list\n").format == "man"
