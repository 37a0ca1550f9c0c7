# ruff: noqa: E501 - a pattern of four languages reads better whole
"""What a question asks to be computed over rows, and what narrows the rows down.

Rules for English, German, French and Spanish, over folded text (`values.folded`): one
pattern for each kind of question, with its four languages side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.language.patterns import deferred
from ragcli.models.builtin.computing.cell_values import (
    DATE_PATTERN,
    MONTHS,
    Date,
    date,
    folded,
    number,
)

if TYPE_CHECKING:
    from decimal import Decimal

COUNT = deferred(
    r"\bhow many\b|\btotal number of\b|(?<![a-z] )\bnumber of\b"
    r"|(?:(?<=\bthe )|(?<=\ba )|(?<=\bwhat )|(?<=\bwhich )|(?<=\bexact )|(?<=\boverall )|(?<=\baverage )|(?<=\bmean )|(?<=est )|(?<=imum )|(?<=\bto )|(?<=\band )|(?<=\bof )|(?<=\bin )|(?<=\bby )|(?<=\bgive )|(?<=\bfind )|(?<=\bshow )|(?<=\bme ))number of\b"
    r"|\bcount (?:of |the |all )|\bwie ?viele\b|\banzahl\b|\bzahle? (?:alle|die)\b"
    r"|\bcombien\b(?! (?:de temps|cout|vaut|pese|mesure))|\bnombre (?:total )?d[e']|\bcuant[oa]s\b|\bnumero total de\b|\bnumero de (?=\w+s\b)|\bcuenta (?:los|las|todos|todas)\b",
    cues=" how many | number of | count of | count the | count all | wie viele | wieviele | anzahl | zahl alle | zahle alle | zahl die | zahle die | combien | nombre | cuantos | cuantas | numero total de | numero de | cuenta ",
)
"""Asks for a count. The phone number of somebody is none: a noun says which number."""
SUM = deferred(
    r"\btotal (?=of all\b)|\b(?:sum|add(?:ed)? up|in total|altogether|all together|combined|summe|insgesamt|zusammen(?:gerechnet)?|aufsummiert|addiere"
    r"|au total|en tout|somme|additionne|en total|suma|sumar)\b",
    cues=" total | sum | add up | added up | in total | altogether | all together | combined | summe | insgesamt | zusammen| aufsummiert | addiere | au total | en tout | somme | additionne | en total | suma | sumar ",
)
MEAN = deferred(
    # "What does it mean?" asks for a meaning, and English has other media.
    r"\b(?:average|(?:the|a|an|its|their|arithmetic|overall) mean(?! (?:that|to|by)\b)"
    r"|mean (?:of|value|number)|^mean (?!to\b|by\b)|on average|durchschnitt(?:lich(?:e[rsnm]?)?)?|im schnitt|im mittel|mittelwert|moyen(?:ne)?s?|en moyenne|promedio|(?:la|de) media|media de)\b",
    cues=" average | mean | durchschnitt| im schnitt | im mittel | mittelwert | moyen | moyens | moyenne | moyennes | promedio | media ",
)
_MOST = (
    r"(?<=ed )last|most expensive|most recent|most|largest|biggest|greatest|highest|longest|tallest|heaviest|latest|newest|maximum|max|oldest|fastest|strongest"
    r"|teuerste[nrs]?|neu(?:e)?ste[nrs]?|meisten?|grosste[nrs]?|hochste[nrs]?|langste[nrs]?|schwerste[nrs]?|spateste[nrs]?|jungste[nrs]?|alteste[nrs]?"
    r"|(?:le|la|les) plus (?:grande?s?|elevee?s?|haute?s?|longue?s?|long|cher|chere|chers|cheres|recente?s?|lourde?s?|de|d'|ancien(?:ne)?s?)"
    r"|(?:el|la|los|las) (?:mas (?:grandes?|altos?|altas?|caros?|caras?|largos?|largas?|recientes?|nuevos?|nuevas?|pesados?|pesadas?|antiguos?|antiguas?)|mayor(?:es)?)|mayor(?: numero| cantidad)?|maximo|mas"
)
_LEAST = (
    r"(?<=ed )first|least expensive|least|fewest|smallest|lowest|shortest|lightest|earliest|minimum|min|cheapest|slowest"
    r"|billigste[nrs]?|gunstigste[nrs]?|kleinste[nrs]?|niedrigste[nrs]?|geringste[nrs]?|wenigsten?|kurzeste[nrs]?|leichteste[nrs]?|fruheste[nrs]?"
    r"|(?:le|la|les) moins (?:cher|chere|chers|cheres|elevee?s?|de|d')|(?:le|la|les) plus (?:petite?s?|basse?s?|bas|courte?s?|court|faibles?|legere?s?)"
    r"|(?:el|la|los|las) (?:mas (?:pequenos?|pequenas?|bajos?|bajas?|baratos?|baratas?|cortos?|cortas?|ligeros?|ligeras?)|menor(?:es)?)|menor|minimo|(?<=con )menos|(?<=tiene )menos"
)
EXTREME = deferred(
    rf"(?<!at )\b(?:(?P<most>{_MOST})|(?P<least>{_LEAST}))(?: (?:number|amount) of)?(?!\w)",
    cues="ed last | expensive | most | largest | biggest | greatest | highest | longest | tallest | heaviest | latest | newest | maximum | max | oldest | fastest | strongest |ste |sten |ster |stes | meist | plus | mas | mayor | mayores | maximo |ed first | least | fewest | smallest | lowest | shortest | lightest | earliest | minimum | min | cheapest | slowest | wenigst | moins | menor | menores | minimo | menos ",
)
SELECT = deferred(
    r"^\s*(?:please )?(?:list|name|show|give|enumerate|find|tell)\b|\ball (?:the )?\w+ (?:that|which|who|whose|with|of|from)\b|\bwhich \w+s are there\b"
    r"|\bnenne\b|\bliste\b|\bzahle\b.*\bauf\b|\bzeige?\b|\balle \w+,? (?:die|mit|von|aus)\b|\bwelche \w+ gibt es\b"
    r"|\blister?\b|\benumere[rz]?\b|\bnomme[rz]?\b|\bcite[rz]?\b|\bmontre[rz]?\b|\btou(?:s|tes) les\b|\bquel(?:le)?s \w+ (?:y a|existent)"
    r"|\blista\b|\benumera\b|\bnombra\b|\bmuestra\b|\btod[oa]s l[oa]s\b|\bque \w+s (?:hay|existen)\b",
    cues=" list | name | show | give | enumerate | find | tell | all | are there | nenne | liste | zahle | zeig | zeige | alle | gibt es | lister | enumere | enumerer | enumerez | nomme | nommer | nommez | cite | citer | citez | montre | montrer | montrez | tous les | toutes les | y a| existent| lista | enumera | nombra | muestra | todos l| todas l| hay | existen ",
)
LISTS = deferred(
    r"\b(?:all|every|everybody|everyone|each)\b|^\s*(?:please )?(?:list|enumerate)\b|\bwhich \w+s are there\b|^\s*(?:which|what|who) are (?:all )?the \w+s\b"
    r"|^\s*(?:which|what) \w+s do(?:es)? [^?]{2,60} (?:have|contain|include)\b"
    r"|\b(?:alle|jeder|samtliche)\b|^\s*(?:bitte )?liste\b|\bzahle\b.*\bauf\b|\bwelche \w+ gibt es\b"
    r"|\b(?:tous|toutes|chacun)\b|^\s*(?:list|enumere)[a-z]*\b|\bquel(?:le)?s (?:sont les )?\w+ (?:y a|existent)"
    r"|\btod[oa]s\b|^\s*(?:lista|enumera)\b|\b(?:que|cuales) \w+s (?:hay|existen)\b",
    cues=" all | every | everybody | everyone | each | list| enumerate | are there | which are | what are | who are | have | contain | include | alle | jeder | samtliche | zahle | gibt es | tous | toutes | chacun | enumer| y a| existent| todos | todas | hay | existen ",
)
"""Asks for everything of a kind."""
SEVERAL = deferred(
    r"^\s*(?:which|what) (?!(?:does|is|was|has|this|its|are|were|do|did) )(?:\w+ ){0,2}?(?!(?:is|was|has|does|this|its) )\w{2,}s (?!(?:is|was|has|does) )\w"
    r"|^\s*(?:which|what) (?:people|men|women|children) \w"
    r"|^\s*welche \w+ .*\b(?:sind|waren|haben|hatten|kosten|wurden|wiegen|kommen)\b|^\s*quel(?:le)?s \w+s \w|^\W*(?:que|cuales) \w+s \w",
    cues=" which | what | welche | quels | quelles | que | cuales ",
)
"""Rows in the plural, asked for by what narrows them down."""

_MANNER = deferred(
    r"\W*(?:(?:and|so|but|und|et|y) )?(?:how (?:do|does|did|can|could|should|would|to)\b|why\b"
    r"|wie (?:kann|konnen|muss|mussen|soll|sollte|mache|macht|lasst|lassen)\b|warum\b|wieso\b"
    r"|comment\b|pourquoi\b|como (?:se|puedo|puede|hago|debo|funciona)\b|por que\b)"
)
"""Asks how or why: "How do I install the latest version?" compares nothing."""
_AMOUNT = deferred(
    r"\bwie (?:hoch|gross|viel)\b|\bhow (?:high|much|large|big)\b",
    cues=" wie hoch | wie gross | wie viel | how high | how much | how large | how big ",
)
"""Asks for an amount; its adjective measures nothing."""
_DIFFERENT = deferred(
    r"\b(?:different|distinct|unique|various|verschiedenen?|unterschiedlichen?|different[es]*|distint[oa]s|diferentes)\b"
)
_NEGATION = frozenset(
    [
        "not",
        "no",
        "without",
        "except",
        "never",
        "other",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "keiner",
        "ohne",
        "ausser",
        "nie",
        "sans",
        "pas",
        "sauf",
        "aucun",
        "aucune",
        "excepte",
        "sin",
        "ningun",
        "ninguna",
        "excepto",
        "salvo",
    ]
)
_YEAR_FILLER = r"(?:(?:the|dem|den|der|das|le|la|l'|el|year|jahr|jahre|annee|an|ano|del|de|of) ){0,3}(?:l'annee )?"
_CURRENCY = r"(?:[$\u20ac\u00a3\u00a5] ?|(?:eur|usd|chf|gbp) )?"
_VALUE = rf"{_YEAR_FILLER}{_CURRENCY}(?P<{{name}}>{DATE_PATTERN}(?![\w.,]*\d)|-?\d[\d.,' ]*\d|-?\d)(?![\d])"


def _value(name: str) -> str:
    return _VALUE.replace("{name}", name)


_UNIT = r"(?: ?(?P<unit>%|[$\u20ac\u00a3\u00a5\u00b0]|(?:euro|eur|dollar|usd|chf|gbp|kilo|kg|gramm?e?s?|tonn?e|percent|prozent|pour cent|years?|jahren?|ans|anos|met(?:er|re|ro)s?|km|cm|mm|hour|stunde|heure|hora|minute|day|tag|jour|dia|litre|liter|mb|gb|kb)[a-z]*)(?!\w))?"
_RELATIONS = (
    (
        ">=",
        r"at least|no less than|not less than|not fewer than|since|starting from|mindestens|wenigstens|seit|ab|au moins|a partir de|depuis|al menos|por lo menos|como minimo|desde",
    ),
    (
        "<=",
        r"at most|no more than|not more than|up to|until|till|hochstens|maximal|nicht mehr als|bis|au plus|au maximum|jusqu'a|jusqu'en|como maximo|a lo sumo|hasta",
    ),
    (
        ">",
        r"more than|over|above|greater than|higher than|larger than|longer than|heavier than|exceeding|exceeds?|after|later than|posteriore?s? a|mehr als|uber|grosser als|hoher als|langer als|schwerer als|nach|spater als|plus de|plus grande? que|plus que|superieure?s? a|apres|au-dessus de|mas de|mas que|mayor(?:es)? (?:que|de|a)|superior(?:es)? a|por encima de|despues (?:de|del)",
    ),
    (
        "<",
        r"less than|fewer than|below|under|lower than|smaller than|shorter than|lighter than|cheaper than|before|earlier than|prior to|anteriore?s? a|weniger als|unter|kleiner als|niedriger als|kurzer als|leichter als|billiger als|vor|fruher als|moins de|moins que|inferieure?s? a|au-dessous de|avant|menos de|menos que|menor(?:es)? (?:que|de|a)|inferior(?:es)? a|por debajo de|antes (?:de|del)",
    ),
)


@cache
def _between() -> re.Pattern[str]:
    """Returns the pattern of a range; made when a question has a number."""
    return re.compile(
        rf"\b(?:between|zwischen|entre) {_value('low')}(?: ?[%$\u20ac\u00a3])? (?:and|und|et|y|e) {_value('high')}{_UNIT}"
        rf"|\b(?:from|von|desde|depuis|de) {_value('low2')} (?:to|until|till|through|bis|a|jusqu'a|jusqu'en|hasta) {_value('high2')}{_UNIT.replace('unit', 'unit2')}"
    )


@cache
def _compared() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Returns each relation's sign and pattern; made when a question has a number."""
    return tuple(
        (sign, re.compile(rf"\b(?P<word>{pattern}) {_value('low')}{_UNIT}"))
        for sign, pattern in _RELATIONS
    )


@cache
def _on_a_date() -> re.Pattern[str]:
    """Returns the pattern of a day, month or year; made when a question has a number."""
    return re.compile(
        rf"\b(?:in|im|en|during|on|am|wahrend|le|el|vom|of|dated) {_YEAR_FILLER}(?P<low>{DATE_PATTERN})(?![\w.,-]*\d)"
    )


@cache
def _month() -> re.Pattern[str]:
    """Returns the pattern of a month without its year."""
    names = "|".join(sorted((n for n in MONTHS if len(n) > 2), key=len, reverse=True))
    return re.compile(
        rf"\b(?:in|im|en|during|wahrend|pendant|durante) (?:the month of )?(?P<low>{names})\b(?![.,]? (?:de |of )?\d)"
    )


_OF_TIME = deferred(
    r"\b(?:since|after|later|posterior|anterior|before|earlier|until|till|prior|seit|nach|vor|bis|spater|fruher|ab|depuis|apres|avant|jusqu|desde|despues|antes|hasta)"
)
_UNITS = {
    "euro": ("eur", "price", "preis", "prix", "precio", "cost"),
    "dollar": ("usd", "price", "cost"),
    "kilo": ("kg", "weight", "gewicht", "poids", "peso"),
    "kg": ("kg", "weight", "gewicht", "poids", "peso"),
    "percent": ("percent", "pct", "share"),
    "\u20ac": ("eur", "price", "preis", "prix", "precio"),
    "$": ("usd", "price"),
    "year": ("age", "years", "year"),
    "jahre": ("alter", "age"),
    "metr": ("m", "metres", "meters", "length"),
    "hour": ("h", "hours"),
    "stunde": ("h", "stunden"),
    "minute": ("min", "minutes"),
    "day": ("days",),
    "tag": ("tage", "days"),
}
"""Units of a question, by how they begin, with words of the columns that have them."""
_MEASURES = {
    "expensive cheap teuer teuerste billig gunstig cher chere caro cara barat cost costs kosten coutent cuestan": (
        "price", "cost", "preis", "kosten", "prix", "cout", "precio", "coste", "amount", "betrag",
    ),
    "heav light schwer leicht lourd leger pesad weigh wieg": ("weight", "gewicht", "poids", "peso"),
    "long short lang kurz court larg cort": ("length", "duration", "lange", "dauer", "longueur", "duree", "longitud", "duracion"),
    "tall hoch haut alto": ("height", "hohe", "hauteur", "altura"),
    "old young alt jung": ("age", "alter", "edad"),
}  # fmt: skip
"""How things are measured that a question calls expensive, heavy, long or old."""
_GENERIC = frozenset(
    [
        "list",
        "listed",
        "lists",
        "listing",
        "name",
        "named",
        "names",
        "show",
        "give",
        "tell",
        "find",
        "enumerate",
        "please",
        "row",
        "rows",
        "record",
        "records",
        "entry",
        "entries",
        "item",
        "items",
        "line",
        "lines",
        "table",
        "tables",
        "document",
        "file",
        "sheet",
        "data",
        "column",
        "all",
        "every",
        "each",
        "there",
        "many",
        "much",
        "number",
        "count",
        "total",
        "sum",
        "average",
        "mean",
        "altogether",
        "together",
        "value",
        "values",
        "have",
        "has",
        "had",
        "does",
        "did",
        "contain",
        "contains",
        "contained",
        "exist",
        "exists",
        "include",
        "includes",
        "included",
        "appear",
        "different",
        "distinct",
        "various",
        "overall",
        "recorded",
        "cost",
        "costs",
        "weigh",
        "weighs",
        "come",
        "comes",
        "zeile",
        "zeilen",
        "eintrag",
        "eintrage",
        "eintragen",
        "datensatz",
        "datensatze",
        "tabelle",
        "datei",
        "liste",
        "dokument",
        "nenne",
        "zahle",
        "auf",
        "zeige",
        "gibt",
        "es",
        "stehen",
        "steht",
        "haben",
        "hat",
        "enthalt",
        "anzahl",
        "summe",
        "durchschnitt",
        "durchschnittlich",
        "durchschnittliche",
        "durchschnittlichen",
        "insgesamt",
        "zusammen",
        "mittelwert",
        "viele",
        "wieviele",
        "kosten",
        "kostet",
        "wiegen",
        "verschiedene",
        "verschiedenen",
        "unterschiedliche",
        "gelistet",
        "aufgelistet",
        "wert",
        "werte",
        "kommen",
        "ligne",
        "lignes",
        "entree",
        "entrees",
        "enregistrement",
        "enregistrements",
        "tableau",
        "fichier",
        "liste",
        "combien",
        "nombre",
        "total",
        "somme",
        "moyenne",
        "moyen",
        "toutes",
        "tous",
        "lister",
        "cite",
        "citez",
        "nomme",
        "nommez",
        "enumere",
        "montre",
        "existe",
        "existent",
        "contient",
        "valeur",
        "valeurs",
        "differents",
        "differentes",
        "coutent",
        "coute",
        "pesent",
        "viennent",
        "fila",
        "filas",
        "registro",
        "registros",
        "entrada",
        "entradas",
        "tabla",
        "archivo",
        "fichero",
        "lista",
        "cuantos",
        "cuantas",
        "numero",
        "total",
        "suma",
        "promedio",
        "media",
        "hay",
        "enumera",
        "nombra",
        "muestra",
        "todos",
        "todas",
        "existen",
        "contiene",
        "valor",
        "valores",
        "cuestan",
        "cuesta",
        "pesan",
        "vienen",
    ]
)
"""Words that narrow nothing down: they name rows, tables and what is done with them."""
PEOPLE = frozenset(
    [
        "people",
        "person",
        "persons",
        "everybody",
        "everyone",
        "anybody",
        "who",
        "personen",
        "leute",
        "wer",
        "personne",
        "personnes",
        "gens",
        "qui",
        "personas",
        "persona",
        "gente",
        "quien",
        "quienes",
    ]
)
NAMED_LIKE_PEOPLE = frozenset(
    [
        "name",
        "person",
        "people",
        "employee",
        "member",
        "participant",
        "attendee",
        "author",
        "customer",
        "mitarbeiter",
        "mitarbeiterin",
        "teilnehmer",
        "kunde",
        "nom",
        "personne",
        "employe",
        "membre",
        "client",
        "nombre",
        "empleado",
        "miembro",
        "cliente",
    ]
)
_TOKEN = deferred(r"[^\W_]+")


@frozen
class QuestionToken:
    """A word or number of a question, folded."""

    text: str
    start: int
    end: int


@frozen
class ColumnCondition:
    """What a column's values are compared with."""

    sign: str
    """`<`, `<=`, `>`, `>=`, `=`, `..` (between, both included) or `month` (of any year)."""

    low: str
    """The number or date, folded, as the question writes it."""

    high: str
    """The other end of `..`, else ""."""

    is_date: bool
    """Whether only a date can be meant."""

    unit: tuple[str, ...]
    """Words that a column with this unit may have in its name."""

    span: tuple[int, int]
    """Where it stands in the folded question."""

    def dates(self) -> tuple[Date | None, Date | None]:
        """Returns both ends as dates; of a month of any year the year is 0."""
        if self.sign == "month":
            return (0, MONTHS[self.low]), None
        return date(self.low), date(self.high) if self.high else None

    def numbers(self) -> tuple[Decimal | None, Decimal | None]:
        """Returns both ends as numbers."""
        return number(self.low), number(self.high) if self.high else None


@frozen
class TableQuery:
    """A question over rows, taken apart."""

    operation: str
    """`count`, `sum`, `mean`, `most`, `least`, `select` or `look up`."""

    text: str
    """The question, folded."""

    comparisons: tuple[ColumnCondition, ...] = ()
    tokens: tuple[QuestionToken, ...] = ()
    """Its words without those of the operation and of comparisons."""

    head: int = -1
    """The word that says what is counted: its position among `tokens`; -1 for none."""

    measures: tuple[str, ...] = ()
    """Words that a column may have which measures what is extreme."""

    distinct: bool = False
    """Whether different values are counted, not rows."""

    needs_condition: bool = False
    """Whether rows are asked for only by what narrows them down."""

    summed: bool = False
    """Whether a count may be the sum of a column: `how many … in total`."""

    age: str = ""
    """`old` or `young` where an extreme age is asked for, which dates turn around."""

    negations: frozenset[int] = field(default_factory=frozenset)
    """Places in the folded text where a negation ends."""


def wanted(question: str) -> TableQuery | None:
    """Returns what a question asks to be computed over rows; None when nothing.

    Serves "How many …", "What is the sum/average of …", "Which … has the most …",
    "List all … that …" and "Which …s cost more than …?".
    """
    text = folded(question).replace("\u2019", "'")
    text = _AMOUNT.sub(lambda match: " " * len(match[0]), text)
    operation, taken = _operation(text)
    if not operation or _MANNER.match(text):
        return None
    comparisons = _comparisons(text)
    # A month may be a value too, and stays among the words.
    spans = [*taken, *(item.span for item in comparisons if item.sign != "month")]
    tokens = tuple(
        QuestionToken(match[0], match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if not any(start <= match.start() < end for start, end in spans)
    )
    counted = COUNT.search(text) if operation == "count" else None
    head = -1
    if counted:
        after = [
            position
            for position, token in enumerate(tokens)
            if token.start >= counted.end() - 1 and not is_generic(token.text)
        ]
        head = after[0] if after else -1
    return TableQuery(
        operation,
        text,
        tuple(comparisons),
        tokens,
        head,
        _measures(text),
        bool(_DIFFERENT.search(text)),
        needs_condition=operation == "select" and not SELECT.search(text),
        summed=bool(SUM.search(text)),
        age=_age(text),
        negations=frozenset(token.end for token in tokens if token.text in _NEGATION),
    )


def looked_up(question: str) -> TableQuery:
    """Returns a question, taken apart, whose words name one row and a column of it."""
    text = folded(question).replace("\u2019", "'")
    tokens = tuple(
        QuestionToken(match[0], match.start(), match.end())
        for match in _TOKEN.finditer(text)
    )
    negations = frozenset(token.end for token in tokens if token.text in _NEGATION)
    return TableQuery("look up", text, (), tokens, negations=negations)


def _operation(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Returns what is to be done and where the question says so."""
    extreme = EXTREME.search(text)
    mean = MEAN.search(text)
    counted = COUNT.search(text)
    if counted and not (mean and counted.start() >= mean.end() - 1):
        spans = [match.span() for match in COUNT.finditer(text)]
        return "count", spans + [match.span() for match in SUM.finditer(text)]
    if mean:
        spans = [counted.span()] if counted else []  # the average number of hours
        return "mean", [mean.span(), *spans]
    if extreme and not _is_compared(text, extreme.end()):
        return "most" if extreme["most"] else "least", [extreme.span()]
    total = SUM.search(text)
    if total:
        return "sum", [total.span()]
    if SELECT.search(text) or SEVERAL.search(text):
        return "select", []
    return "", []


def _age(text: str) -> str:
    """Returns whether the oldest or the youngest is asked for, "" for neither."""
    if re.search(r"\b(?:oldest|alteste|plus ancien|mas antigu)", text):
        return "old"
    return "young" if re.search(r"\b(?:youngest|jungste)", text) else ""


def _is_compared(text: str, end: int) -> bool:
    """Tells whether a superlative is a part of `mas de 5`, `most of`, and the like."""
    return bool(
        re.match(r" (?:de |que |of )?(?:the )?\d| of\b| likely\b| often\b", text[end:])
    )


def _measures(text: str) -> tuple[str, ...]:
    """Returns the columns that would measure what the question's adjectives say."""
    named: list[str] = []
    for signs, columns in _MEASURES.items():
        if any(re.search(rf"\b{sign}", text) for sign in signs.split()):
            named += columns
    return tuple(named)


def _comparisons(text: str) -> list[ColumnCondition]:
    """Returns what values are compared with, in no order; each word once."""
    conditions: list[ColumnCondition] = []

    def add(sign: str, match: re.Match[str], low: str, high: str, unit: str) -> None:
        span = match.span()
        if any(
            start < span[1] and span[0] < end
            for start, end in (i.span for i in conditions)
        ):
            return
        exact = bool(re.search(r"[a-z]{3}|\d-\d|\d[./]\d+[./]", low)) or sign == "="
        timed = bool(_OF_TIME.match(match[0]))
        is_date = date(low) is not None and (exact or timed)
        conditions.append(
            ColumnCondition(sign, low.strip(), high.strip(), is_date, _unit(unit), span)
        )

    if not any(map(str.isdecimal, text)):
        return list(_in_a_month(text))
    for match in _between().finditer(text):
        low, high = match["low"] or match["low2"], match["high"] or match["high2"]
        add("..", match, low, high, match["unit"] or match["unit2"] or "")
    for sign, pattern in _compared():
        for match in pattern.finditer(text):
            add(sign, match, match["low"], "", match["unit"] or "")
    for match in _on_a_date().finditer(text):
        add("=", match, match["low"], "", "")
    return [*conditions, *_in_a_month(text)]


def _in_a_month(text: str) -> Iterator[ColumnCondition]:
    """Yields the months that a question names without a year."""
    for match in _month().finditer(text):
        yield ColumnCondition("month", match["low"], "", True, (), match.span("low"))


def _unit(word: str) -> tuple[str, ...]:
    for begin, columns in _UNITS.items():
        if word and word.startswith(begin):
            return (word, *columns)
    return (word,) if word else ()


def is_generic(word: str) -> bool:
    """Tells whether a folded word narrows nothing down."""
    return word in _GENERIC or word in _stops()


@cache
def _stops() -> frozenset[str]:
    """Returns the function words of the four languages, without their negations."""
    from ragcli.language.vocabulary.stop_word_lists import stop_words

    listed = (stop_words(language) for language in ("en", "de", "fr", "es"))
    return frozenset(folded(word) for words in listed for word in words) - _NEGATION


def is_measure(word: str) -> bool:
    """Tells whether a folded word says how a thing is measured: heavy, cost, alt."""
    return any(word.startswith(sign) for signs in _MEASURES for sign in signs.split())
