"""What marks in a line show: those of reStructuredText, AsciiDoc and Org."""

from __future__ import annotations

import time

import pytest

from ragcli.language.notations import shown
from ragcli.language.units import Unit, spoken


@pytest.mark.parametrize(
    ("notation", "text", "page"),
    [
        ("rst", r"See `the site <https://x.org>`__ and :ref:`Locks <locks>`.",
         "See the site and Locks."),
        ("rst", "Its **rated power** is *high* [1]_, ``KILN_HEAT=3*2*`` sets it.",
         "Its rated power is high, KILN_HEAT=3*2* sets it."),
        ("rst", r"H\ :sub:`2`\ O, 10\ :sup:`6` kilns, x\ :sup:`a`.",
         "H2O, 10\u2076 kilns, xa."),
        ("rst", "Python_ calls __init__ with 2 * 3 and kiln_heat.",
         "Python calls __init__ with 2 * 3 and kiln_heat."),
        ("asciidoc", "At https://x.org[the site] or link:a.html[here], see <<x,Part>>.",
         "At the site or here, see Part."),
        ("asciidoc", "The *rated* _power_ is `+9 kW+`.footnote:[At 400 V.]",
         "The rated power is 9 kW. (At 400 V.)"),
        ("asciidoc", "H~2~O, 10^6^{nbsp}kilns, {product}, stem:[x], kiln_heat_on",
         "H2O, 10\u2076 kilns, {product}, x, kiln_heat_on"),
        ("org", r"See [[https://x.org][the site]], [[a]] and /this/ *bold* word.[fn:1]",
         "See the site, a and this bold word."),
        ("org", r"Set =kiln_heat= or ~x~ to 10^{6} or H_{2}O, \(P\), a/b/c.",
         "Set kiln_heat or x to 10\u2076 or H2O, P, a/b/c."),
        ("markdown", "The **rated** `power`.", "The **rated** `power`."),
        ("text", "See `it <x>`_.", "See `it <x>`_."),
    ],
)  # fmt: skip
def test_a_line_reads_as_its_page_shows_it(notation: str, text: str, page: str) -> None:
    assert shown(text, notation) == page
    assert shown(page, notation) == page


def test_code_and_rows_keep_their_signs() -> None:
    text = "``a`` = *b*"
    assert spoken(text, Unit("code", 0, len(text)), (), "rst") == text
    assert spoken(text, Unit("row", 0, len(text), cells=("*b*",)), (), "rst") == "*b*"
    assert spoken(text, Unit("prose", 0, len(text)), (), "rst") == "a = b"


@pytest.mark.parametrize("notation", ["rst", "asciidoc", "org"])
@pytest.mark.parametrize("sign", ["`", "*a", "a.", "[", "_", "{a", "<<", "\\(", ":a:`"])
def test_signs_without_end_cost_little(notation: str, sign: str) -> None:
    started = time.process_time()
    shown(sign * 20_000, notation)
    assert time.process_time() - started < 2
