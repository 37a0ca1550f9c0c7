# ruff: noqa: E501 - patterns and messages read better whole
"""Computes over all rows of a table: which ones a question selects, and what of them.

Every word of the question must be accounted for: it names a column, a value of a cell,
what the table is about, or nothing in particular. One that does not is a reason to
compute nothing: how many planes are *blue* is not how many planes there are.

    How many orders are open?                count of rows, cell equals a word
    How many suppliers are there?            count of a column's different values
    What is the average price of …?          sum or mean of a column
    Which airline had the most …?            the rows with a column's extreme
    List all articles from Ibex Metal        the rows themselves
    Which … cost more than 50 euros?         rows by comparison of numbers or dates
    What did the harbour cost on 1/2/2024?   the one row that two of its cells name
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ragcli.language.patterns import deferred
from ragcli.language.units import Unit, spoken
from ragcli.language.vocabulary.stemming import stemmer
from ragcli.models.base import ComputedStatement, Drawn, Source, Stretch, WholeDocument
from ragcli.models.builtin.computing import cell_values, question_wording
from ragcli.models.builtin.computing.cell_values import Signs, folded
from ragcli.models.builtin.computing.question_wording import (
    ColumnCondition,
    QuestionToken,
    TableQuery,
)

if TYPE_CHECKING:
    from decimal import Decimal

MOST_SHOWN = 40
"""Rows or values that are given at most; what is left out is counted."""
MOST_PLACES = 1000
"""Runs of neighbouring rows that are cited at most."""
SAMPLE = 1000
"""Rows that tell what a column holds."""
_NEAR = 0.5
"""Least cosine of a word and a column's name that mean the same."""
_MOSTLY = 0.8
"""Share of a column's filled cells that make it one of numbers or of dates."""
_LONGEST_NAME = 6
_LONG_CELLS = 12
"""Words in a column's cells, on average, from which they are prose: no names."""
_MOST_TIES = 5
_KEYS = 2
"""Cells of a row that a question must name to look it up."""
_MOST_VALUES = 100_000
"""Different values of a column that are told apart at most."""
_TOTALS = deferred(
    r"(?:grand |sub)?-?totals?:?|sums?:?|(?:gesamt|zwischen)?summe:?|gesamt:?|insgesamt:?|somme:?|total general:?"
)
_PARTS = deferred(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
_WORD = deferred(r"[^\W_]+")

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""Returns the cosines of a word and others."""


class TableRow(NamedTuple):
    """A row with where it stands."""

    cells: tuple[str, ...]
    source: Source
    unit: Unit


def rows(document: WholeDocument, number: int) -> Iterator[TableRow]:
    """Yields the rows of a table of a document, without those that sum others up."""
    for source in document.read():
        here = [index for index, t in enumerate(source.tables) if t.number == number]
        if not here:
            continue
        for unit in source.units:
            if unit.kind == "row" and unit.table in here:
                label = next(filter(None, unit.cells), "")
                if not _TOTALS.fullmatch(folded(label.strip())):
                    yield TableRow(unit.cells, source, unit)


@dataclass(slots=True)
class Column:
    """A column and what a sample of its cells says about it."""

    index: int
    name: str
    words: tuple[str, ...]
    signs: Signs = field(default_factory=Signs)
    filled: int = 0
    numbers: int = 0
    dates: int = 0
    years: int = 0
    words_in_cells: int = 0
    seen: set[str] = field(default_factory=set)
    units: dict[str, None] = field(default_factory=dict)
    """Units and currencies beside its numbers, in order."""
    empty: int = 0
    """Cells of the sample without a value."""

    @property
    def is_truth(self) -> bool:
        """Whether its cells say yes or no."""
        return bool(self.seen) and all(
            cell_values.truth(cell) is not None for cell in self.seen
        )

    @property
    def is_date(self) -> bool:
        """Whether its cells are dates or years."""
        return self.filled > 0 and self.dates >= _MOSTLY * self.filled

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers, years among them."""
        return self.filled > 0 and self.numbers >= _MOSTLY * self.filled

    @property
    def repeats(self) -> bool:
        """Whether several rows have the same value."""
        return len(self.seen) < self.filled

    @property
    def is_prose(self) -> bool:
        """Whether its cells are sentences rather than names."""
        return self.words_in_cells > _LONG_CELLS * max(1, self.filled)

    def see(self, cell: str) -> None:
        """Takes a cell of the sample into account."""
        if cell_values.is_empty(cell) and cell_values.truth(cell) is None:
            self.empty += 1
            return
        self.filled += 1
        self.seen.add(cell)
        self.units.setdefault(cell_values.unit_of(cell))
        self.words_in_cells += cell.count(" ") + 1
        self.signs.see(cell)

    @property
    def _is_comparable(self) -> bool:
        """Whether its numbers have units of one kind: kg and t, not EUR and USD."""
        named = [unit for unit in self.units if unit]
        return len(named) < 2 or all(self.scale(unit) for unit in named)

    def scale(self, unit: str) -> float:
        """Returns the size of a unit in the first of its units; 0 where it has none."""
        first = next(filter(None, self.units), "")
        return scale(unit, first)

    def judge(self, *, decimal_comma: bool) -> None:
        """Counts what its sample holds, once the signs of all columns are known."""
        weight = self.filled / max(1, len(self.seen))
        for cell in self.seen:
            self.numbers += (
                cell_values.number(cell, decimal_comma=decimal_comma) is not None
            )
            date = cell_values.date(cell, self.signs)
            self.dates += date is not None
        if not self._is_comparable:
            self.numbers = 0
        self.numbers = round(self.numbers * weight)
        self.dates = round(self.dates * weight)


@dataclass(slots=True)
class Condition:
    """What a row's cell must be."""

    column: Column
    shown: str
    holds: Callable[[str], bool]
    positions: tuple[int, ...] = ()
    """The question's words that name it."""


class QueriedTable:
    """A table that a question may be about.

    Args:
        document: Where it stands.
        piece: A piece of the document that has rows of it.
        number: Which of the piece's tables it is.
        similarity: Compares words by meaning.
    """

    def __init__(
        self,
        document: WholeDocument,
        piece: Source,
        number: int,
        similarity: Similarity,
    ) -> None:
        self.document = document
        self.facts = piece.tables[number]
        self._similarity = similarity
        self.columns = [
            Column(index, name, _name_words(name))
            for index, name in enumerate(self.facts.columns)
        ]
        about = (document.name.rsplit(".", 1)[0], document.title, self.facts.caption)
        self.about = tuple(
            word for text in (*about, *piece.above) for word in _name_words(text)
        )
        self.decimal_comma = False

    def rows(self) -> Iterator[TableRow]:
        """Yields its rows."""
        return rows(self.document, self.facts.number)

    def sample(self) -> None:
        """Looks at the first rows, to learn what the columns hold."""
        total = Signs()
        for row in islice(self.rows(), SAMPLE):
            while len(self.columns) < len(row.cells):
                self.columns.append(Column(len(self.columns), "", ()))
            for column, cell in zip(self.columns, row.cells, strict=False):
                column.see(cell.strip())
        for column in self.columns:
            total.comma += column.signs.comma
            total.point += column.signs.point
        self.decimal_comma = total.decimal_comma
        for column in self.columns:
            column.judge(decimal_comma=self.decimal_comma)

    def number(self, column: Column, cell: str) -> Decimal | None:
        """Returns a cell as a number."""
        comma = self.decimal_comma
        if column.signs.comma != column.signs.point:
            comma = column.signs.decimal_comma
        value = cell_values.number(cell, decimal_comma=comma)
        if value is None or len(column.units) < 2:
            return value
        unit = cell_values.unit_of(cell)
        from decimal import Decimal  # most tables have one unit

        return value * Decimal(repr(column.scale(unit))) if unit else value

    def near(self, word: str, names: Sequence[str]) -> int:
        """Returns which of some names means the same as a word, -1 for none."""
        if not names or len(word) < 3:
            return -1
        similarities = list(self._similarity(word, names))
        best = max(range(len(names)), key=similarities.__getitem__)
        return best if similarities[best] >= _NEAR else -1


def computed(wanted: TableQuery, table: QueriedTable, document: int) -> Drawn:
    """Returns what a question asks to be computed over a table.

    Args:
        wanted: The question, taken apart.
        table: The table; its columns are looked at here.
        document: The number of its document.
    """
    table.sample()
    if not any(column.filled for column in table.columns):
        return Drawn()
    reading = _Reading(wanted, table)
    if not reading.read():
        return Drawn(reason=reading.reason, is_unknown=reading.is_unknown)
    return _Computing(reading, document).drawn()


class _Reading:
    """A question's words, told as columns and conditions of one table."""

    def __init__(self, wanted: TableQuery, table: QueriedTable) -> None:
        self.wanted = wanted
        self.table = table
        self.named: dict[int, list[int]] = {}
        """Columns by index, with the positions of the words that name them."""
        self.conditions: list[Condition] = []
        self.reason = ""
        self.is_unknown = False
        self._open: list[int] = []
        self._akin: list[int] = []
        """Words that are like a column's name, and may be a value as well."""
        self._denied: set[int] = set()
        """Columns of yes and no that the question has with a "no"."""
        self._qualifiers: set[str] = set()

    def read(self) -> bool:
        """Tells whether all words are accounted for."""
        self._open = [
            index
            for index, token in enumerate(self.wanted.tokens)
            if not question_wording.is_generic(token.text)
            and not self._is_negation(token)
        ]
        comparisons = self._filters()
        self._name_columns()
        if not self._name_values():
            self.reason = "cannot tell what its negation is about"
            self.is_unknown = True
            return False
        self._name_subject()
        for comparison in comparisons:
            if comparison.sign == "month" and not self._is_open_month(comparison):
                continue
            if not self._compare(comparison) and comparison.sign != "month":
                self.reason = f"no column of {self.table.document.name} can be compared with {comparison.low!r}"
                return False
        self._measure_words()
        self._leave_out_described()
        if self._open:
            word = self.wanted.tokens[self._open[0]].text
            self.is_unknown = True
            self.reason = f"{word!r} is neither a column nor a value of {self.table.document.name}"
            return False
        return not self.wanted.needs_condition or bool(self.conditions)

    def _is_negation(self, token: QuestionToken) -> bool:
        return token.end in self.wanted.negations

    def _filters(self) -> list[ColumnCondition]:
        """Returns the comparisons that narrow rows down.

        A period that names a column, as in `fatalities_85_99`, is none.
        """
        conditions = []
        for item in self.wanted.comparisons:
            ends = [item.low[-2:], item.high[-2:]] if item.sign == ".." else []
            if ends and any(
                set(ends) <= {word[-2:] for word in column.words if word.isdigit()}
                for column in self.table.columns
            ):
                self._qualifiers.update(ends)
            else:
                conditions.append(item)
        return conditions

    def _name_columns(self) -> None:
        for position in list(self._open):
            word = self.wanted.tokens[position].text
            same = [
                column.index
                for column in self.table.columns
                if any(_same(word, name) for name in column.words)
            ]
            exact = any(word in column.words for column in self.table.columns)
            if same and not exact:
                self._akin.append(position)
            if not same and word.startswith("un"):
                same = [
                    column.index
                    for column in self.table.columns
                    if column.is_truth and word[2:] in column.words
                ]
                self._denied.update(same)
            for index in same:
                self.named.setdefault(index, []).append(position)
            if same:
                self._open.remove(position)

    def _name_values(self) -> bool:
        """Finds values of cells among the words; False where a "not" has no object."""
        tokens = self.wanted.tokens
        if self._open or self._akin:
            self._find_values()
        denials = [
            position
            for position, token in enumerate(tokens)
            if self._is_negation(token)
        ]
        if self.wanted.operation not in {"count", "select"}:
            return not denials
        if len(denials) > 1 or (denials and not self._deny(denials[0])):
            return False
        self._narrow_to_truths()
        return True

    def _deny(self, position: int) -> bool:
        """Turns round what a "not" stands before; False where that is unclear.

        A value is another then; a column of yes and no says no; one with empty cells
        is empty.
        """
        after = next(
            (
                at
                for at in range(position + 1, len(self.wanted.tokens))
                if not question_wording.is_generic(self.wanted.tokens[at].text)
            ),
            -1,
        )
        for number, item in enumerate(self.conditions):
            if after in item.positions:
                self.conditions[number] = _denied(item)
                return True
        for index, positions in self.named.items():
            column = self.table.columns[index]
            if after not in positions:
                continue
            if column.is_truth:
                self._denied.add(index)
                return True
            if column.empty:
                self.conditions.append(
                    Condition(column, f"{column.name} is empty", cell_values.is_empty)
                )
                return True
        return False

    def _narrow_to_truths(self) -> None:
        """Takes the rows that say yes in a column of yes and no that is asked for."""
        known = {item.column.index for item in self.conditions}
        for index in self.named:
            column = self.table.columns[index]
            if not column.is_truth or index in known:
                continue
            wanted = index not in self._denied
            shown = f"{column.name} = {'yes' if wanted else 'no'}"
            self.conditions.append(
                Condition(column, shown, _says(yes=wanted), tuple(self.named[index]))
            )

    def _find_values(self) -> None:
        tokens = self.wanted.tokens
        candidates = {*self._open, *self._akin}
        grams: dict[str, tuple[int, ...]] = {}
        for start in range(len(tokens)):
            for length in range(1, _LONGEST_NAME + 1):
                positions = tuple(range(start, min(start + length, len(tokens))))
                if len(positions) == length and set(positions) & candidates:
                    grams[" ".join(tokens[at].text for at in positions)] = positions
        singles = {tokens[at].text: at for at in self._open}
        stems = {_stems(word): at for word, at in singles.items()}
        equal, held = self._matches(grams, singles, stems)
        self._take(equal, held)

    def _matches(
        self,
        grams: dict[str, tuple[int, ...]],
        singles: dict[str, int],
        stems: dict[frozenset[str], int],
    ) -> tuple[dict[tuple[int, ...], dict[int, int]], dict[int, dict[int, int]]]:
        """Returns in which columns, how often, cells equal or hold some words."""
        equal: dict[tuple[int, ...], dict[int, int]] = {}
        held: dict[int, dict[int, int]] = {}
        known: dict[str, tuple[tuple[int, ...], frozenset[int]]] = {}
        for row in self.table.rows():
            for index, cell in enumerate(row.cells):
                if not cell:
                    continue
                if cell not in known:
                    if len(known) > _MOST_VALUES:
                        known.clear()
                    known[cell] = _in_cell(cell, grams, singles, stems)
                positions, parts = known[cell]
                if positions:
                    columns = equal.setdefault(positions, {})
                    columns[index] = columns.get(index, 0) + 1
                elif parts and not self.table.columns[index].is_prose:
                    for part in parts:
                        columns = held.setdefault(part, {})
                        columns[index] = columns.get(index, 0) + 1
        return equal, held

    def _take(
        self,
        equal: dict[tuple[int, ...], dict[int, int]],
        held: dict[int, dict[int, int]],
    ) -> None:
        """Makes conditions of values, the longest names first."""
        taken: set[int] = set()
        by_column: dict[int, list[_Named]] = {}
        shown: dict[int, list[str]] = {}
        said: dict[int, list[int]] = {}

        def take(positions: Sequence[int], columns: dict[int, int]) -> None:
            index = max(columns, key=lambda at: (at in self.named, columns[at], -at))
            words = [self.wanted.tokens[at].text for at in positions]
            name = _Named(tuple(words), in_order=tuple(positions) in equal)
            by_column.setdefault(index, []).append(name)
            shown.setdefault(index, []).append(" ".join(words))
            said.setdefault(index, []).extend(positions)
            taken.update(positions)

        for positions in sorted(equal, key=len, reverse=True):
            if not taken & set(positions):
                take(positions, equal[positions])
        for index, spots in list(self.named.items()):
            # What is a value of a cell is no column that is only named alike.
            left = [at for at in spots if at not in taken or at not in self._akin]
            if left:
                self.named[index] = left
            elif spots:
                del self.named[index]
        loose = sorted(position for position in held if position not in taken)
        while loose:
            run = [loose.pop(0)]
            columns = held[run[0]]
            while (
                loose
                and loose[0] == run[-1] + 1
                and columns.keys() & held[loose[0]].keys()
            ):
                run.append(loose.pop(0))
                columns = {
                    at: columns[at] for at in columns.keys() & held[run[-1]].keys()
                }
            take(run, columns)
        self._open = [position for position in self._open if position not in taken]
        for index, wanted in by_column.items():
            column = self.table.columns[index]
            self.conditions.append(
                Condition(
                    column,
                    f"{column.name or index + 1} = {' or '.join(shown[index])}",
                    _one_of(wanted),
                    tuple(said[index]),
                )
            )

    def _name_subject(self) -> None:
        """Explains words that say what the table is about, or mean a column's name."""
        columns = [column for column in self.table.columns if column.name]
        names = [
            " ".join(word for word in column.words if not word.isdigit())
            for column in columns
        ]
        people = any(
            set(column.words) & question_wording.NAMED_LIKE_PEOPLE for column in columns
        )
        for position in list(self._open):
            word = self.wanted.tokens[position].text
            if any(_same(word, name) for name in self.table.about) or (
                word in question_wording.PEOPLE and people
            ):
                self._open.remove(position)
            elif (at := self.table.near(word, names)) >= 0:
                self.named.setdefault(columns[at].index, []).append(position)
                self._open.remove(position)
            elif self.table.near(word, self.table.about) >= 0:
                self._open.remove(position)

    def _leave_out_described(self) -> None:
        """Explains what is counted, where values describe it: open tickets, say.

        That is what the rows are, and no column need say it.
        """
        head = at = self.wanted.head
        values = {position for item in self.conditions for position in item.positions}
        while at in values:
            at += 1
        if at > head >= 0 and at in self._open:
            self._open.remove(at)

    def _compare(self, item: ColumnCondition) -> bool:
        """Makes a condition of a comparison; False where no column fits."""
        column = self._compared_column(item)
        if column is None:
            return False
        holds, shown = _comparing(item, column, self.table)
        if holds is None:
            return False
        self.conditions.append(Condition(column, shown, holds))
        self._open = [at for at in self._open if not self._beside(at, item)]
        return True

    def _is_open_month(self, item: ColumnCondition) -> bool:
        """Tells whether no cell has been found that says a month."""
        return item.low == "may" or any(
            self.wanted.tokens[at].start == item.span[0] for at in self._open
        )

    def _beside(self, index: int, item: ColumnCondition) -> bool:
        """Tells whether a word is the verb of a comparison with a date.

        It was *placed* after March.
        """
        token = self.wanted.tokens[index]
        between = self.wanted.text[token.end : item.span[0]]
        after = self.wanted.text[item.span[1] : token.start]
        if token.start == item.span[0]:
            return True
        near = (token.end <= item.span[0] and not between.strip()) or (
            token.start >= item.span[1] and not after.strip()
        )
        return near and item.is_date

    def _compared_column(self, item: ColumnCondition) -> Column | None:
        columns = self.table.columns
        low = item.numbers()[0]
        fits = (
            [column for column in columns if column.is_date] if item.dates()[0] else []
        )
        if not item.is_date and low is not None:
            fits += [
                column for column in columns if column.is_number and column not in fits
            ]
        measuring = {*item.unit, *self.wanted.measures}
        named = [column for column in fits if column.index in self.named]
        united = [column for column in fits if measuring & set(column.words)]
        if named:
            return min(
                named,
                key=lambda column: (column not in united, self._distance(column, item)),
            )
        if len(united) == 1:
            return united[0]
        if item.unit and not item.is_date:
            return None
        counted = [column for column in fits if not self.is_key(column)]
        return counted[0] if len(counted) == 1 else None

    def _distance(self, column: Column, item: ColumnCondition) -> int:
        names = [self.wanted.tokens[at] for at in self.named[column.index]]
        return min(
            min(abs(t.end - item.span[0]), abs(t.start - item.span[1])) for t in names
        )

    def _measure_words(self) -> None:
        """Explains the adjectives and verbs that say how a thing is measured."""
        if not self.wanted.measures:
            return
        hints = set(self.wanted.measures)
        if any(hints & set(column.words) for column in self.table.columns):
            self._open = [
                at
                for at in self._open
                if not question_wording.is_measure(self.wanted.tokens[at].text)
            ]

    @staticmethod
    def is_key(column: Column) -> bool:
        """Tells whether a column only numbers or names the rows."""
        whole = all(cell.isdigit() for cell in column.seen)
        return (
            whole and not column.repeats and (column.index == 0 or not column.is_date)
        )

    def measured(self) -> Column | None:
        """Returns the column whose sum, mean or extreme is asked for; None is unclear."""
        usable = [
            column
            for column in self.table.columns
            if column.is_number or column.is_date
        ]
        if self.wanted.operation in {"sum", "mean"}:
            usable = [column for column in usable if column.is_number]
        hints = set(self.wanted.measures)
        conditions = [item.column for item in self.conditions]

        def rank(column: Column) -> tuple[float, float, bool, bool]:
            positions = self.named.get(column.index, ())
            hinted = len(hints & set(column.words)) / max(1, len(column.words))
            said = {self.wanted.tokens[at].text for at in positions}
            numbers = {
                word
                for word in column.words
                if word[-2:] in self._qualifiers and word.isdigit()
            }
            same = sum(
                any(_same(word, name) for word in said) or name in numbers
                for name in column.words
            )
            share = max(same, bool(positions)) / max(1, len(column.words))
            is_name = column.index == 0 and self.is_key(column)
            return (share + hinted, share, not is_name, column not in conditions)

        ranked = sorted(usable, key=rank, reverse=True)
        if ranked and rank(ranked[0])[0] > 0:
            alike = len(ranked) > 1 and rank(ranked[1]) == rank(ranked[0])
            return None if alike else ranked[0]
        left = [
            column
            for column in usable
            if not self.is_key(column) and column not in conditions
        ]
        return left[0] if len(left) == 1 else None


class _Computing:
    """One pass over all rows, with what is asked for."""

    def __init__(self, reading: _Reading, document: int) -> None:
        self._reading = reading
        self._wanted = reading.wanted
        self._table = reading.table
        self._document = document
        self._runs: list[Stretch] = []
        self._last = -2
        self.total = 0
        self.selected = 0

    def drawn(self) -> Drawn:
        operation = self._wanted.operation
        if operation == "count":
            return self._counted()
        if operation == "select":
            return self._listed()
        if operation == "look up":
            return self._looked_up()
        column = self._reading.measured()
        if column is None:
            return Drawn(
                reason=f"cannot tell which column of {self._table.document.name} is meant"
            )
        if operation in {"sum", "mean"}:
            return self._summed(column, operation)
        return self._extreme(column, operation)

    def _rows(self) -> Iterator[TableRow]:
        """Yields the rows that are selected, and counts all."""
        conditions = [
            (item.column.index, item.holds) for item in self._reading.conditions
        ]
        for row in self._table.rows():
            self.total += 1
            cells = row.cells
            if all(
                index < len(cells) and holds(cells[index])
                for index, holds in conditions
            ):
                self.selected += 1
                yield row

    def _cite(self, row: TableRow) -> None:
        """Adds a row to what is cited; neighbours become one stretch."""
        if self._last == self.total - 1 and self._runs:
            self._runs[-1] = _joined(self._runs[-1], _stretch(self._document, row))
        elif len(self._runs) < MOST_PLACES:
            self._runs.append(_stretch(self._document, row))
        self._last = self.total

    def _selection(self) -> str:
        """Returns which of the rows are meant, for people: `3 of 120 rows: …`."""
        conditions = "; ".join(item.shown for item in self._reading.conditions)
        if not conditions:
            return f"{self.total} {'row' if self.total == 1 else 'rows'}"
        return f"{self.selected} of {self.total} rows: {conditions}"

    def _statement(self, text: str) -> ComputedStatement:
        return ComputedStatement(
            text, tuple(self._runs) or self._whole(), computed=True
        )

    def _whole(self) -> tuple[Stretch, ...]:
        """Returns the whole table: what nothing was found in."""
        ends: list[TableRow] = []
        for row in self._table.rows():
            ends[1:] = [row]
            if len(ends) == 1:
                ends.append(row)
        if not ends:
            return ()
        first, last = (_stretch(self._document, row) for row in ends)
        return (_joined(first, last),)

    def _counted(self) -> Drawn:
        column = self._head_column()
        if (
            column
            and column.is_number
            and (self._wanted.summed or not self._reading.is_key(column))
            and column.index
            and not column.is_date
        ):
            if self._wanted.summed:
                return self._summed(column, "sum")
            return Drawn()
        if column and (self._wanted.distinct or (column.repeats and column.index)):
            return self._different(column)
        if self._wanted.distinct:
            return Drawn(
                reason=f"cannot tell which column of {self._table.document.name} is meant"
            )
        for row in self._rows():
            self._cite(row)
        return Drawn((self._statement(self._selection()),))

    def _head_column(self) -> Column | None:
        """Returns the column that is named by what is counted."""
        head = self._wanted.head
        for index, positions in self._reading.named.items():
            if head in positions:
                return self._table.columns[index]
        return None

    def _different(self, column: Column) -> Drawn:
        values: dict[str, None] = {}
        for row in self._rows():
            cell = row.cells[column.index] if column.index < len(row.cells) else ""
            if cell and len(values) < _MOST_VALUES:
                values.setdefault(cell)
            self._cite(row)
        names = "; ".join(list(values)[:MOST_SHOWN])
        left = (
            f" ({MOST_SHOWN} of {len(values)} shown)"
            if len(values) > MOST_SHOWN
            else ""
        )
        text = f"{len(values)} different {column.name} in {self._selection()}: {names}{left}"
        return Drawn((self._statement(text),)) if values else Drawn()

    def _listed(self) -> Drawn:
        named = [
            self._table.columns[index]
            for index, positions in self._reading.named.items()
            if not self._reading.conditions and self._table.columns[index].repeats
        ]
        if len(named) == 1 and not named[0].is_number:
            return self._different(named[0])
        shown: list[TableRow] = []
        for row in self._rows():
            if len(shown) < MOST_SHOWN:
                shown.append(row)
            else:
                self._cite(row)
        alone = self.selected == 1 and not self._wanted.comparisons
        if not shown or (self._wanted.needs_condition and alone):
            return Drawn()
        left = (
            f" ({len(shown)} of {self.selected} shown)"
            if self.selected > len(shown)
            else ""
        )
        heading = ComputedStatement(
            self._selection() + left, tuple(self._runs), computed=True
        )
        return Drawn((heading, *map(self._said, shown)))

    def _looked_up(self) -> Drawn:
        """Returns the one row that two of its cells name."""
        keys = {item.column.index for item in self._reading.conditions}
        if len(keys) < _KEYS:
            return Drawn()
        named = list(islice(self._rows(), 2))
        return Drawn((self._said(named[0]),)) if len(named) == 1 else Drawn()

    def _said(self, row: TableRow) -> ComputedStatement:
        text = spoken(row.source.text, row.unit, row.source.tables)
        return ComputedStatement(text, (_stretch(self._document, row),))

    def _summed(self, column: Column, operation: str) -> Drawn:
        from decimal import Decimal

        total, count = Decimal(0), 0
        decimals = 0
        for row in self._rows():
            cell = row.cells[column.index] if column.index < len(row.cells) else ""
            value = self._table.number(column, cell)
            if value is None:
                continue
            total, count = total + value, count + 1
            decimals = max(decimals, -int(value.as_tuple().exponent))
            self._cite(row)
        if not count:
            return Drawn()
        value = total
        if operation == "mean":
            value = (total / count).quantize(Decimal(1).scaleb(-decimals - 2))
        shown = cell_values.written(value, decimal_comma=self._table.decimal_comma)
        name = "average" if operation == "mean" else "sum"
        less = (
            f"; {self.selected - count} without a number"
            if count < self.selected
            else ""
        )
        return Drawn(
            (
                self._statement(
                    f"{name} of {column.name} = {shown} over {self._selection()}{less}"
                ),
            )
        )

    def _extreme(self, column: Column, operation: str) -> Drawn:
        is_date = column.is_date and not (self._wanted.age and not column.is_date)
        most = operation == "most"
        if self._wanted.age:
            most = (self._wanted.age == "old") != is_date
        best: Any = None  # numbers, or dates: all of one column, of one kind
        shown, tied, ties = "", 0, list[TableRow]()
        for row in self._rows():
            cell = row.cells[column.index] if column.index < len(row.cells) else ""
            value = (
                _dated(cell, column) if is_date else self._table.number(column, cell)
            )
            if value is None:
                continue
            if best is None or (value > best if most else value < best):
                best, shown, ties, tied = value, cell, [], 0
            if value == best:
                tied += 1
                if len(ties) < _MOST_TIES:
                    ties.append(row)
        if not ties:
            return Drawn()
        which = (
            ("latest" if most else "earliest")
            if is_date
            else ("largest" if most else "smallest")
        )
        left = f" ({len(ties)} of {tied} shown)" if tied > len(ties) else ""
        said = [self._said(row) for row in ties]
        text = f"{which} {column.name} = {shown} over {self._selection()}{left}"
        return Drawn((*said, ComputedStatement(text, (), computed=True)))


def _dated(cell: str, column: Column) -> tuple[int, int, int] | None:
    date = cell_values.date(cell, column.signs)
    if not date:
        return None
    year, month, day, *_ = (*date, 0, 0, 0)
    return year, month, day


def _comparing(
    item: ColumnCondition, column: Column, table: QueriedTable
) -> tuple[Callable[[str], bool] | None, str]:
    """Returns what tells whether a cell compares as asked, and how that is shown."""
    signs = {"..": "between", ">=": "\u2265", "<=": "\u2264", "month": "in"}
    sign = signs.get(item.sign, item.sign)
    shown = f"{column.name} {sign} {item.low}" + (
        f" and {item.high}" if item.high else ""
    )
    if column.is_date and (item.is_date or not column.is_number or item.dates()[0]):
        low, high = item.dates()
        if low is None:
            return None, shown
        return lambda cell: _dates_compare(
            cell_values.date(cell, column.signs), item.sign, low, high
        ), shown
    least, most = item.numbers()
    if least is None:
        return None, shown
    return lambda cell: _numbers_compare(
        table.number(column, cell), item.sign, least, most
    ), shown


def _dates_compare(
    date: cell_values.Date | None,
    sign: str,
    low: cell_values.Date,
    high: cell_values.Date | None,
) -> bool:
    """Compares dates as exactly as the question tells them: after 2019 is from 2020."""
    if date is None or len(date) < len(low):
        return False
    own = date[: len(low)]
    if sign == "..":
        return high is not None and low <= own and date[: len(high)] <= high
    return {
        "<": own < low,
        "<=": own <= low,
        ">": own > low,
        ">=": own >= low,
        "=": own == low,
        "month": own[1:] == low[1:],
    }[sign]


def _numbers_compare(
    number: Decimal | None, sign: str, low: Decimal, high: Decimal | None
) -> bool:
    if number is None:
        return False
    if sign == "..":
        return high is not None and low <= number <= high
    return {
        "<": number < low,
        "<=": number <= low,
        ">": number > low,
        ">=": number >= low,
        "=": number == low,
    }[sign]


def scale(unit: str, other: str) -> float:
    """Returns the size of one unit in another of its kind; 0 where there is none."""
    from ragcli.language.comparison.quantities import measure

    if unit == other:
        return 1.0
    mine, theirs = measure(unit), measure(other)
    if mine is None or theirs is None or mine[0] != theirs[0]:
        return 0.0
    return mine[1] / theirs[1]


def _denied(item: Condition) -> Condition:
    shown = item.shown.replace(" = ", " \u2260 ", 1)
    return Condition(
        item.column,
        shown,
        lambda cell: not cell_values.is_empty(cell) and not item.holds(cell),
        item.positions,
    )


def _says(*, yes: bool) -> Callable[[str], bool]:
    return lambda cell: cell_values.truth(cell) is yes


class _Named(NamedTuple):
    """Words of a question that name a cell."""

    words: tuple[str, ...]
    in_order: bool
    """Whether a cell has been found that says just these, one after the other: that of
    the 1st of January 2013 does not name the 13th."""

    def is_in(self, said: Sequence[str]) -> bool:
        """Tells whether a cell that says this has them."""
        if len(self.words) == len(said) == 1:
            return bool(_stems(*self.words) & _stems(*said)) or self.words[0] == said[0]
        if self.in_order:
            return f" {' '.join(self.words)} " in f" {' '.join(said)} "
        return set(self.words) <= set(said)


def _one_of(wanted: Sequence[_Named]) -> Callable[[str], bool]:
    """Returns what tells whether a cell has all words of one of some names."""
    known: dict[str, bool] = {}

    def holds(cell: str) -> bool:
        if cell not in known:
            if len(known) > _MOST_VALUES:
                known.clear()
            said = _WORD.findall(folded(cell))
            known[cell] = any(name.is_in(said) for name in wanted)
        return known[cell]

    return holds


def _in_cell(
    cell: str,
    grams: dict[str, tuple[int, ...]],
    singles: dict[str, int],
    stems: dict[frozenset[str], int],
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Returns the words that are all of a cell, else those of them that it holds."""
    said = _WORD.findall(folded(cell))
    positions = grams.get(" ".join(said), ())
    if not positions and len(said) == 1:
        at = stems.get(_stems(said[0]))
        positions = () if at is None else (at,)
    if positions:
        return positions, frozenset()
    return (), frozenset(singles[word] for word in said if word in singles)


def _stems(*words: str) -> frozenset[str]:
    """Returns the stem of a word by the rules of each of the four languages."""
    return frozenset(_stem(word) for word in words)


_KNOWN: dict[str, str] = {}


def _stem(word: str) -> str:
    if word not in _KNOWN:
        if len(_KNOWN) > _MOST_VALUES:
            _KNOWN.clear()
        _KNOWN[word] = stemmer("en").stem([word])[0] if len(word) > 3 else word
    return _KNOWN[word]


def _same(word: str, name: str) -> bool:
    """Tells whether a word of a question and one of a name are the same.

    Inflected (versions, Bestellungen), abbreviated in the name (pos for position), or
    the end of a compound (Datum in Lieferdatum).
    """
    if word == name:
        return True
    if min(len(word), len(name)) < 3 or name.isdigit() or word.isdigit():
        return False
    if _stem(word) == _stem(name):
        return True
    if abs(len(word) - len(name)) <= 3 and min(len(word), len(name)) >= 4:
        shorter, longer = sorted((word, name), key=len)
        if (
            longer.startswith(shorter[: max(4, len(shorter) - 1)])
            and longer[len(shorter) :] in _ENDINGS | {""}
            and (longer.startswith(shorter) or longer[len(shorter) - 1 :] in _ENDINGS)
        ):
            return True
    if (
        len(name) in {3, 4}
        and word.startswith(name)
        and name[-1] not in "aeiou"
        and len(word) > len(name) + 2
    ):
        return True
    return len(word) >= 4 and name.endswith(word)


_ENDINGS = frozenset(
    ["s", "e", "n", "en", "er", "es", "ern", "se", "em", "ne", "x", "aux", "al"]
)


def _name_words(name: str) -> tuple[str, ...]:
    """Returns the words of a column's, file's or heading's name, folded."""
    return tuple(
        folded(part) for word in _WORD.findall(name) for part in _PARTS.findall(word)
    )


def _stretch(document: int, row: TableRow) -> Stretch:
    marker = row.source.marker
    return Stretch(document, marker, row.unit.start, marker, row.unit.end)


def _joined(first: Stretch, last: Stretch) -> Stretch:
    return Stretch(first.document, first.first, first.start, last.last, last.end)
