"""LaTeX as it is printed: sections, lists, tables with captions, listings, words."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import cells, contents, rows

PAPER = r"""% nobody reads this
\documentclass[11pt]{article}
\usepackage{booktabs}
\newcommand{\pump}{PX-300}
\newcommand*{\vect}[1]{\mathbf{#1} \section{no}}
\title{Pumps of the \emph{North} Station}
\author{Ada Lund\thanks{Uni} \and Enno Beck}
\begin{document}
\maketitle
\begin{abstract}
On the \pump{} pump.
\end{abstract}
\section[Short]{Intro \& aims}\label{sec:intro}
First words % hidden
of it.

\subsection*{Results}
Second words.
\end{document}
Never printed.
"""


def test_sections_lead_to_what_is_printed_below_them(loaded: Load) -> None:
    document = loaded("a.tex", PAPER)
    title = "Pumps of the North Station"
    assert (document.title, document.format) == (title, "latex")
    assert [(part.heading, part.text) for part in document.sections] == [
        ((title,), "Author: Ada Lund, Enno Beck"),
        ((title, "Abstract"), "On the PX-300 pump."),
        ((title, "Intro & aims"), "First words of it."),
        ((title, "Intro & aims", "Results"), "Second words."),
    ]
    lines = [item.lines for part in document.sections for item in part.elements]
    assert lines == [(7, 7), (11, 11), (14, 15), (18, 18)]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (r"The \textbf{pump}~\cite[p.~3]{beck} runs.", "The pump runs."),
        (r"It holds (\cite{a}), see Table~\ref{t}.", "It holds, see Table."),
        (r"50\,\% of \SI{20}{\bar} or \qty{3}{\metre\per\second}",
         "50 % of 20 bar or 3 m/s"),
        (r"caf\'e, \"Uber, \c{c}a, na\"{\i}ve, Stra\ss{}e",
         "café, Über, ça, naïve, Straße"),
        (r"``really'' --- 1--2 \ldots", "“really” — 1\u20132 …"),
        (r"$10^{6}$ m$^2$ at $20^\circ$C", "10⁶ m² at 20°C"),
        (r"See \href{https://x.org}{the site} and \url{a_b}.", "See the site and a_b."),
        (r"Use \verb|a \b{}| now.", r"Use a \b{} now."),
        (r"\enquote{So} 5~m\textsuperscript{3}, the 2\textsuperscript{nd}.",
         "“So” 5 m³, the 2nd."),
        (r"{\large Street 5\\[2pt] Graz}", "Street 5\nGraz"),
        (r"\textcolor{red}{Hot}\vspace{2cm} water\index{water}.", "Hot water."),
        (r"\citet{lund2020} showed \frac{1}{2}.", "lund2020 showed 1/2."),
    ],
)  # fmt: skip
def test_words_are_those_that_are_printed(
    loaded: Load, text: str, printed: str
) -> None:
    assert contents(loaded("a.tex", f"{text}\n")) == [("prose", printed)]


@pytest.mark.parametrize(
    ("table", "columns", "body"),
    [
        (
            r"""\begin{tabular}{@{}lp{3cm}@{}}\toprule
            Pump & \multicolumn{1}{c}{Price} \\ \midrule
            North & 1\,200 \\ % why & what
            South \& more & \makecell{9 \\ 00} \\ \bottomrule\end{tabular}""",
            ("Pump", "Price"), [("North", "1 200"), ("South & more", "9 00")],
        ),
        (
            r"""\begin{tabularx}{\textwidth}{|l|X|}\hline A & B \\ \hline
            \multirow{2}{*}{Pump} & 1 \\ & 2 \\ \hline\end{tabularx}""",
            ("A", "B"), [("Pump", "1"), ("Pump", "2")],
        ),
        (
            r"""\begin{longtable}{ll}A & B\\ \endfirsthead A & B\\ \endhead
            next & page\\ \endfoot 1 & 2\\ 3 & 4\\\end{longtable}""",
            ("A", "B"), [("1", "2"), ("3", "4")],
        ),
    ],
)  # fmt: skip
def test_a_table_has_its_columns_rows_and_caption(
    loaded: Load, table: str, columns: tuple[str, ...], body: list[tuple[str, ...]]
) -> None:
    text = f"\\begin{{table}}[ht]\\centering\n{table}\n\\caption{{All \\emph{{pumps}}}}"
    document = loaded("a.tex", f"{text}\\label{{t}}\n\\end{{table}}\nAfter it.\n")
    [facts] = document.tables
    assert (facts.columns, facts.caption) == (columns, "All pumps")
    assert rows(document) == body
    assert contents(document)[-1] == ("prose", "After it.")


def test_lists_listings_formulas_figures_and_notes_are_what_they_are(
    loaded: Load,
) -> None:
    document = loaded(
        "a.tex",
        r"""\begin{itemize} \item one \item two
\begin{enumerate}\item inner\end{enumerate}\end{itemize}
\begin{description}\item[Impeller:] The wheel. \item[Big] """
        + "word " * 200
        + r"""\end{description}
\begin{lstlisting}[caption={Start it},language=C]
x = 100%2; \item
\end{lstlisting}
\begin{align*} E &= mc^2 \end{align*}
\begin{figure}\includegraphics{a}\caption{The house}\end{figure}
Words\footnote{A note.} end.
""",
    )
    shown = contents(document)
    assert [kind for kind, _ in shown] == [
        *["item"] * 3, "field", "item", "prose", "code", "code", "figure", "prose",
        "note",
    ]  # fmt: skip
    assert cells(document, "field") == [("Impeller", "The wheel.")]
    assert shown[5:7] == [("prose", "Start it"), ("code", "x = 100%2; \\item")]
    assert shown[7:] == [
        ("code", " E &= mc^2 "),
        ("figure", "The house"),
        ("prose", "Words end."),
        ("note", "A note."),
    ]


def test_a_file_of_nothing_but_definitions_is_code(loaded: Load) -> None:
    [section] = loaded("a.tex", "\\newcommand{\\x}{y}\n\\usepackage{z}\n").sections
    assert section.is_code
    assert loaded("a.sty", "\\newcommand{\\x}{y}\n").format == "latex-package"


LONG_TABLE = r"""\hypertarget{wires}{%
\section{Wires}\label{wires}}

\begin{longtable}[]{@{}ll@{}}
\caption{All wires}\tabularnewline
\toprule
\begin{minipage}[b]{\linewidth}\raggedright
Wire
\end{minipage} & Use \\
\midrule
\endfirsthead
\toprule
Wire & Use \\
\midrule
\endhead
Brown & \begin{minipage}[t]{\linewidth}
\begin{itemize}
\tightlist
\item
  phase
\item
  fuse
\end{itemize}
\end{minipage} \\
Blue & neutral \\
\bottomrule
\end{longtable}
"""


def test_a_table_over_pages_has_its_rows_once_each_at_its_own_lines(
    loaded: Load,
) -> None:
    document = loaded("a.tex", LONG_TABLE)
    assert document.sections[0].heading == ("Wires",)
    [facts] = document.tables
    assert (facts.columns, facts.caption) == (("Wire", "Use"), "All wires")
    assert rows(document) == [("Brown", "- phase - fuse"), ("Blue", "neutral")]
    elements = document.sections[0].elements
    assert [(item.kind, item.lines) for item in elements if item.table >= 0] == [
        ("columns", (7, 9)),
        ("row", (16, 24)),
        ("row", (25, 25)),
    ]


def test_fields_of_a_table_without_names_stand_at_their_lines(loaded: Load) -> None:
    document = loaded(
        "a.tex",
        "\\begin{tabular}{ll}\nBank & Rowan \\\\\nDue & 3 May\\\\\n\\end{tabular}",
    )
    [section] = document.sections
    assert [(item.cells, item.lines) for item in section.elements] == [
        (("Bank", "Rowan"), (2, 2)),
        (("Due", "3 May"), (3, 3)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            r"""\begin{Highlighting}[]
\ImportTok{import}\NormalTok{ kiln}

\NormalTok{kiln.run(delay\_minutes}\OperatorTok{=}\StringTok{"}\SpecialCharTok{\textbackslash{}n}\StringTok{"}\NormalTok{)}
\end{Highlighting}
""",
            [("code", 'import kiln\n\nkiln.run(delay_minutes="\\n")')],
        ),
        (
            r"""\DefineVerbatimEnvironment{Shell}{Verbatim}{fontsize=\small}
\DefineVerbatimEnvironment{Code}{Verbatim}{commandchars=\\\{\}}
\begin{document}\begin{Shell}
a \b{} & c
\end{Shell}
\begin{Code}
\textbf{go} \{x\}
\end{Code}\end{document}""",
            [("code", r"a \b{} & c"), ("code", "go {x}")],
        ),
        (
            r"""\begin{itemize}\item[$\boxtimes$] Gasket
            \item[$\square$] Felt\end{itemize}""",
            [("item", "\u2612 Gasket"), ("item", "\u2610 Felt")],
        ),
        (
            r"""\begin{block}{Safety}\protect\hypertarget{s}{}
            Wait.\footnote<.->{Long.}\end{block}""",
            [("prose", "Safety"), ("prose", "Wait."), ("note", "Long.")],
        ),
    ],
)  # fmt: skip
def test_what_converters_write_is_read_as_it_is_printed(
    loaded: Load, text: str, expected: list[tuple[str, str]]
) -> None:
    assert contents(loaded("a.tex", text)) == expected
