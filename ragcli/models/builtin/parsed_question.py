# ruff: noqa: E501 - a pattern of many languages reads better whole
"""What a question asks for: the kind of its answer, its words, and how much of it.

Rules over the question's own words, for the languages that have them here; a question
that no rule knows asks for nothing in particular: nothing is demanded of its answer.
"""

from __future__ import annotations

import re
from functools import cached_property, partial
from itertools import islice, pairwise

from ragcli.frozen import frozen
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stop_word_lists import stop_words
from ragcli.language.vocabulary.words import words

_I = re.IGNORECASE

_WORD = re.compile(r"\w+")

_MONTHS = (
    r"jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[eé]vrier|m(?:ar(?:ch|zo)?|[äa]rz|ars)"
    r"|apr(?:il)?|avril|abril|ma[iy]o?|jun[ei]o?|juin|jul[iy]o?|juillet|aug(?:ust)?|ao[uû]t"
    r"|agosto|sep(?:t(?:ember|embre)?|tiembre)?|o[ck]t(?:ober|obre|ubre)?"
    r"|nov(?:ember|embre|iembre)?|de[cz](?:ember|iembre)?|d[eé]cembre"
)
_NUMBER_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety|tens|hundreds?|thousands?|[mb]illions?|dozens?|half|twice|once|single"
    r"|zwei|drei|vier|f[üu]nf|sechs|sieben|acht|neun|zehn|elf|zw[öo]lf|hundert|tausend"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|cent|mille|dos|tres|cuatro|cinco|seis"
    r"|siete|ocho|nueve|diez|cien|mil"
)
_CLOCK_TIME = r"(?<![\w.])(?:[01]?\d|2[0-4])[:.h][0-5]\d(?!\w|\.\w)"
"""A time of day, and no part of a version."""
NUMBER = deferred(
    rf"\d|\b(?:{_NUMBER_WORDS})\b|[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d"
    r"\u5341\u767e\u5343\u4e07]|\uc0bc|\ubc31|\ub9cc",
    _I,
)
MONEY = deferred(
    r"[$\u20ac\u00a3\u00a5\u20bd]\s?\d|\d\s?(?:[$\u20ac\u00a3\u00a5\u20bd]|euros?\b|eur\b"
    r"|usd\b|gbp\b|chf\b|pln\b|z\u0142|dollars?\b|cents?\b|pounds?\b|francs?\b|rubles?\b"
    r"|\u0440\u0443\u0431|\u5186|\u5143|\uc6d0)|\d+[.,]\d{2}\b|\b(?:is|are|it's) free\b(?! (?:of|from|to)\b)|\bfree (?:of charge|admission|entry)",
    _I,
)
DATE = deferred(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\b(?:{_MONTHS})\b\.?\s*\d"
    rf"|\d{{1,2}}\.?\s*(?:de\s+)?(?:{_MONTHS})\b|\b(?:1[0-9]|20|21)\d\d\b|\b\d{{3,4}}s\b"
    rf"|{_CLOCK_TIME}|\b\d{{1,2}}\s?(?:[ap]\.?m|uhr)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?\b"
    r"|\b(?:century|decade|today|tomorrow|yesterday|noon|midnight|daily|weekly|monthly)\b"
    rf"|\b(?:{_MONTHS})\b|\d\s*[\u5e74\u6708\u65e5\ub144\uc6d4\uc77c]"
    r"|\b(?:spring|summer|autumn|winter|easter|christmas|morning|evening|afternoon"
    r"|dawn|dusk|sunrise|sunset|tonight|nights?|lunch(?:time)?|breakfast|dinner|weekends?|weekdays?|hourly|yearly|annually|quarterly"
    r"|(?:this|next|last|every|each|coming|following|same) (?:day|week|month|year|quarter)s?)\b"
    r"|\b\d+\s*(?:bc|ad|bce|ce)\b|\b(?:after|before|when|while|during|until|since|once)\b"
    rf"|\b(?:{_NUMBER_WORDS}) o'clock|half past|[\u5e74\u6708\u65e5]",
    _I,
)
DURATION_PATTERN = (
    rf"(?:\d|\b(?:{_NUMBER_WORDS}|an?|few|several|half|quarter)\b)[\s-]*"
    r"(?:[a-z-]+\s)?(?:sec|min|hour|day|week|month|year|decade|century|s\b|ms\b|m\b|h\b|d\b"
    r"|sekunde|minute|stunde|tag|woche|monat|jahr|jour|semaine|mois|an\b|ans\b|heure"
    r"|d[ií]a|semana|mes|a[ñn]o|hora)|\b(?:until|till)\b|forever|indefinite|permanent"
)
DURATION = deferred(DURATION_PATTERN, _I)
_OTHER_LETTER = r"[^\W\d_\x00-\u024f]"
"""A letter of another script than Latin's: no capital tells a name from other words."""
PERSON = deferred(
    r"(?<=[a-z\u00e0-\u00ff,;:(] )[A-Z\u00c0-\u00de][\w'\u2019-]+"
    r"|[A-Z\u00c0-\u00de][\w.'\u2019-]*\s[A-Z\u00c0-\u00de][\w'\u2019-]+|(?<=: )[A-Z\u00c0-\u00de]\w+"
    r"|@\w|\b(?:I|we|he|she|they|you|everyone|anyone|nobody|users?|owner|author|team)\b"
    rf"|{_OTHER_LETTER}"
)
PLACE = deferred(
    r"(?<=[a-z\u00e0-\u00ff,;:(] )[A-Z\u00c0-\u00de][\w'\u2019-]+|[A-Z]\w+ [A-Z]\w+|(?<=: )[A-Z\u00c0-\u00de]\w+|/\w"
    r"|\b(?:in|on|at|near|under|below|above|behind|beside|between|inside|outside|from|to"
    r"|north|south|east|west|left|right|here|there|room|floor|street|page)\b"
    rf"|{_OTHER_LETTER}"
)
PHONE = deferred(
    r"(?<![\w.,$\u20ac-])(?!\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\d+(?:\.\d+){3}\b|\d+\.\d+\b)"
    r"(?:\+\d[\d\s()/.-]{5,}\d|\d{9,}|(?=(?:[^\d\n]*\d){6})\(?\d{2,5}(?:[\s()/.-]{1,3}\d{2,}){1,4})(?!\w)"
    r"|\b(?:tel|phone|fax)\w*\W{0,3}\d{3,}",
    _I,
)
"""Digits that are no date, version, address of a host or amount."""
_EXTENT = (
    r"|\d\s?-?(?:mm|cm|m|km|inch|in\b|ft\b|feet|foot|yard|mile|met(?:er|re)|character|char|letter|digit|word|line|page"
    r"|byte|bit|item|row|zeichen|seite)"
)
EMAIL = deferred(r"[\w.+-]+@[\w-]+\.\w+")
ADDRESS = deferred(
    r"https?://|www\.|\b[\w-]+\.(?:com|org|net|de|io|eu|fr|uk|info)\b|\w@\w", _I
)
IDENTIFIER = deferred(r"\d|\b[A-Z]{2,}\b")
MEASURE = deferred(
    r"\d[\d.,\u00a0 ]*\s?-?(?:mm|cm|dm|m|km|metres?|meters?|met(?:er|re)n?|inch(?:es)?|ft|feet|foot|yards?|miles?"
    r"|kilomet(?:er|re)s?|kg|g|grams?|kilos?|tons?|tonnes?|lbs?|pounds?|ounces?|l|ml|lit(?:er|re)s?|gallons?"
    r"|[kmgt]i?b|bytes?|bits?|hz|[kmg]hz|w|kw|mw|v|a|\u00b0|degrees?|grad|celsius|fahrenheit|k|mph|km/h|knots?"
    r"|m\u00b2|m2|m\u00b3|hectares?|acres?|storeys?|floors?|pages?|%)(?![\w])|[\"\u2033\u2032]",
    _I,
)
REASON = deferred(
    r"\b(?:because|since|due to|so that|in order|reasons?|therefore|thus|hence|caus\w+|as a result"
    r"|to avoid|prevents?|otherwise|weil|damit|wegen|denn|parce|car|pour|porque)\b|\bto [a-z]+",
    _I,
)
FREQUENCY = deferred(
    r"\b(?:every|each|daily|weekly|monthly|yearly|hourly|nightly|annual\w*|quarterly|once|twice|times|per|always"
    r"|never|rarely|interval\w*|frequen\w+|period\w*|schedule\w*|cron|rate|t[\u00e4a]glich|w[\u00f6o]chentlich|monatlich|j[\u00e4a]hrlich"
    r"|jede\w*|alle|st[\u00fcu]ndlich|chaque|cada|siempre|toujours)\b|[\d_]interval|\b\d+ ?[hms]\b",
    _I,
)
CLOCK = deferred(
    rf"{_CLOCK_TIME}|\b\d{{1,2}} ?(?:[ap]\.?m\b|uhr\b|h\b)|\bnoon\b|\bmidnight\b|o'clock|half past|\bmidi\b|\bmittags?\b",
    _I,
)
PRICED = deferred(
    r"[$\u20ac\u00a3\u00a5]|\b(?:price|cost|fee|charge|salary|salaries|wage|rent|deposit|total|subtotal|amount|pay\w*|paid|budget"
    r"|sales?|revenue|expens\w+|income|profit|tax|vat|due|balance|value|usd|eur|gbp|chf|pln|kosten|preis\w*|betrag|summe|gesamt\w*"
    r"|geb[\u00fcu]hr|miete|prix|co[\u00fbu]t|montant|loyer|precio|importe|cena|warto[\u015bs]\w+|kwota)s?\b",
    _I,
)
"""What the names of money say."""
LABEL = deferred(
    r"\b(?:figures?|figs?\.?|tables?|sections?|chapters?|appendix|steps?|pages?|articles?|examples?|annex|paragraphs?"
    r"|abb(?:ildung|\.)|tab(?:elle|\.)|abschnitt|kapitel|seite|artikel|anhang|schritt) ?(?:\d|[A-Z]\b|[IVX]+\b)|\u00a7 ?\d",
    _I,
)
PERCENT = deferred(r"\d\s?%|per\s?cent|prozent|pour cent|\d", _I)


@frozen
class Kind:
    """A kind of answer."""

    name: str
    """`number`, `date`, `person` …"""

    asked: re.Pattern[str]
    """Pattern of a question that asks for it."""

    sign: re.Pattern[str]
    """Pattern of an answer that holds it."""

    required: bool = False
    """Whether a text without it cannot be the answer."""

    expected: bool = False
    """Whether a text without it is hardly the answer, though it may be."""

    value: re.Pattern[str] | None = None
    """Pattern of it in a row or field, whose name says what the value is."""

    def is_in(self, text: str, *, is_structured: bool) -> bool:
        """Tells whether a sentence, or a row or field, holds this kind."""
        sign = self.value if is_structured and self.value else self.sign
        return bool(sign.search(text))


_asked = partial(deferred, flags=_I)


KINDS = (
    Kind(
        "phone",
        _asked(
            r"\b(?:tele)?phone(?: number)?\b|\bmobile number|\bfax\b|telefon|t[eé]l[eé]phone"
            r"|\bcall (?:to|him|her|them|for)\b|tel[eé]fono",
            cues="phone| mobile number| fax |telefon|téléphone| call |fono",
        ),
        PHONE,
        required=True,
        value=deferred(r"\d[\d\s()/.-]*\d{2}"),
    ),
    Kind(
        "email",
        _asked(
            r"\be-?mail address|\b(?:what|which|whose) e-?mail|e-?mail[- ]?adresse|correo electr"
            r"|^\W*(?:what(?:'s| is| was)? )?(?:the )?e-?mail (?:of|for)\b(?!.*\babout\b)|['\u2019]s e-?mail\W*$",
            cues="mail|correo electr",
        ),
        EMAIL,
        required=True,
    ),
    Kind(
        "url",
        _asked(
            r"\burl\b|\bweb ?(?:site|page|address)\b|\blink\b|\bhomepage\b",
            cues=" url | web| link | homepage ",
        ),
        ADDRESS,
        required=True,
    ),
    Kind(
        "percent",
        _asked(
            r"\b(?:what|which) (?:percent|percentage|share|proportion|fraction)|\bpercentage\b|wie ?viel prozent",
            cues=" percent| share| proportion| fraction|prozent",
        ),
        PERCENT,
        required=True,
    ),
    Kind(
        "length",
        _asked(
            r"\bhow long\b|\bwie lang\b|\bhow (?:short|lengthy)\b",
            cues=" how long | wie lang | how short | how lengthy ",
        ),
        deferred(DURATION_PATTERN + _EXTENT, _I),
        required=True,
        value=NUMBER,
    ),
    Kind(
        "duration",
        _asked(
            r"\bhow many (?:seconds|minutes|hours|days|weeks|months|years)\b|\bwie lange\b"
            r"|combien de temps|cu[aá]nto (?:tiempo|dura)|\bhow old\b|\bwhat age\b|wie alt",
            cues=" how many | wie lange |combien de temps|tiempo|dura| how old | what age |wie alt",
        ),
        DURATION,
        required=True,
        value=NUMBER,
    ),
    Kind(
        "frequency",
        _asked(
            r"\bhow (?:often|frequently)\b|\bwie (?:oft|h[\u00e4a]ufig)\b|\bcon qu[e\u00e9] frecuencia\b",
            cues=" how often | how frequently | wie oft | wie h| con qu",
        ),
        FREQUENCY,
        required=True,
    ),
    Kind(
        "time",
        _asked(
            r"\bwhat time\b|\bquelle heure\b|\bqu[e\u00e9] hora\b|\buhrzeit\b|\bwie ?viel uhr\b",
            cues=" what time | hora | heure | uhr",
        ),
        CLOCK,
        required=True,
    ),
    Kind(
        "money",
        _asked(
            r"\bhow much (?:is|are|does|do|did|will|would|was|were|money)\b(?!.*\b(?:sugar|water|memory|time|space)\b)"
            r"|\b(?:price|cost|costs|fee|charge|salary|rent|deposit|total|amount|payment|budget)s?\b|\b(?:what|how much) .*\bpaid\b"
            r"|\bwie ?viel kostet|was kostet|kosten\b|preis\b|combien co[uû]te|prix\b|cu[aá]nto cuesta|precio",
            cues=" how much | price| cost| fee| charge| salary| salarys| rent| deposit| total| amount| payment| budget| paid |kost|preis|prix|combien co|cuánto|cuanto|precio",
        ),
        MONEY,
        required=True,
        value=NUMBER,
    ),
    Kind(
        "measure",
        _asked(
            r"\bhow (?:far|big|large|tall|high|deep|fast|wide|heavy|hot|cold|warm|thick|broad)\b|\bhow long is (?:the|a|an)\b"
            r"|\bwie (?:hoch|gro[\u00dfs]|weit|schwer|breit|tief|schnell|warm)\b|\bwhat (?:is|was) the (?:height|length|width|depth|weight|size|temperature|speed)\b",
            cues=" far | big | large | tall | high | deep | fast | wide | heavy | hot | cold | warm | thick | broad | how long is | wie | height | length | width | depth | weight | size | temperature | speed ",
        ),
        MEASURE,
        value=NUMBER,
    ),
    Kind(
        "number",
        _asked(
            r"\bhow (?:many|much|far|big|large|tall|often|high|deep|fast|wide|heavy|hot|cold|strong|small|loud)\b"
            r"|\b(?:what|which) (?:number|amount|port|size|weight|value)s?\b|\bnumber of\b|\bpopulation\b|\bwie ?viele?\b|\bcombien\b"
            r"|\bcu[aá]nt[oa]s?\b|\bquant[ie]\b|\bwie (?:hoch|gro[ßs]|weit|schwer|oft|schnell)\b|\bile\b"
            r"|\u0441\u043a\u043e\u043b\u044c\u043a\u043e|\u591a\u5c11|\u3044\u304f\u3064|\uc5bc\ub9c8|\u4f55\u4eba",
            cues=" how many | how much | far | big | large | tall | often | high | deep | fast | wide | heavy | hot | cold | strong | small | loud | number| amount| port| size| weight| value| population | wie | wieviel| combien | cuant| cuánt| quanti | quante | ile |сколько|多少|いくつ|얼마|何人",
        ),
        NUMBER,
        required=True,
    ),
    Kind(
        "label",
        _asked(
            r"\b(?:what|which) (?:figure|table|section|chapter|appendix|step|page|article|example|annex|paragraph)\b"
            r"|\b(?:welche[mnrs]?) (?:abbildung|tabelle|abschnitt|kapitel|seite|artikel|anhang|schritt)\b",
            cues=" figure | table | section | chapter | appendix | step | page | article | example | annex | paragraph | abbildung | tabelle | abschnitt | kapitel | seite | artikel | anhang | schritt ",
        ),
        LABEL,
    ),
    Kind(
        "date",
        _asked(
            r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b"
            r"|\bwann\b|\bquand\b|\bcu[aá]ndo\b|\bquando\b|\bkiedy\b|\bwelche[ms]? (?:tag|jahr|datum)"
            r"|\b(?:due|release|birth|closing|opening|start|end)[ -]?(?:date|time|hours?)\b"
            r"|\u043a\u043e\u0433\u0434\u0430|\u4ec0\u4e48\u65f6\u5019|\u54ea\u5e74|\u3044\u3064|\uc5b8\uc81c",
            cues=" when | year | date|date | day | month | century | decade |time |hour |hours | wann | quand | cuándo | cuando | quando | kiedy | tag| jahr| datum|когда|什么时候|哪年|いつ|언제",
        ),
        DATE,
        required=True,
    ),
    Kind(
        "numbered",
        _asked(
            r"\w number\b(?! (?:of\b|\d))|\w nummer\b(?! \d)|\bnumer \w|\bnum[e\u00e9]ro d[eu']",
            cues=" number | nummer | numer | numéro | numero ",
        ),
        NUMBER,
        required=True,
    ),
    Kind(
        "version",
        _asked(
            r"\b(?:what|which|welche[rsnm]?|quelle|qu[e\u00e9]) (?:\w+ )?(?:version|release|versi\u00f3n)\b(?!s)",
            cues=" version | release | versión ",
        ),
        deferred(r"(?<![:/@\d])\d"),  # `db://host:6379/0` has a port and a path
    ),
    Kind(
        "identifier",
        _asked(
            r"\b(?:number|no\.|id|iban|bic|code|version|serial|isbn|pin|port|sku|vat|key)\b.*\?*$|\bnummer\b|\bnumer\b|num[eé]ro",
            cues=" number | no | id | iban | bic | code | version | serial | isbn | pin | port | sku | vat | key | nummer | numer |numéro|numero",
        ),
        IDENTIFIER,
    ),
    Kind(
        "person",
        _asked(
            r"\bwho(?:m|se)?\b|\bwer\b|\bwem\b|\bqui\b|\bqui[eé]n\b|\bkto\b|\u043a\u0442\u043e|\u8c01|\u8ab0|\ub204\uac00"
            r"|\b(?:what|which) (?:person|author|player|president|king|queen|actor|singer|scientist)\b",
            cues=" who | whom | whose | wer | wem | qui | quien | quién | kto |кто|谁|誰|누가| person | author | player | president | king | queen | actor | singer | scientist ",
        ),
        PERSON,
    ),
    Kind(
        "place",
        _asked(
            r"\bwhere\b|\bwo\b|\bwohin\b|\bo[uù]\b|\bd[oó]nde\b|\bgdzie\b|\u0433\u0434\u0435|\u54ea\u91cc|\u3069\u3053|\uc5b4\ub514"
            r"|\b(?:what|which) (?:country|city|state|nation|place|river|island|town|room|street|region|continent)\b",
            cues=" where | wo | wohin | ou | où | donde | dónde | gdzie |где|哪里|どこ|어디| country | city | state | nation | place | river | island | town | room | street | region | continent ",
        ),
        PLACE,
    ),
    Kind(
        "reason",
        _asked(
            r"\bwhy\b|\bwarum\b|\bwieso\b|\bpourquoi\b|\bpor qu[eé]\b|\bwhat (?:is|was) the reason|\u043f\u043e\u0447\u0435\u043c\u0443",
            cues=" why | warum | wieso | pourquoi | por qu| the reason|почему",
        ),
        REASON,
    ),
    Kind(
        "default",
        _asked(
            r"\bdefaults?\b",
            cues=" default | defaults ",
        ),
        deferred(
            r"\bdefaults? (?:value |setting )?(?:is|are|to|of)\b|\bdefaults?\s*[:=(]|[(\[]default|\bby default\b"
            r"|\b(?:is|are) the default\b|\bdefaults\b",
            _I,
        ),
        expected=True,
        value=deferred(r"\S"),
    ),
)

_INTERROGATIVES = frozenset([
    "what", "which", "how", "who", "whom", "whose", "when", "where", "why", "welche",
    "welchem", "welchen", "welcher", "welches", "wer", "wem", "wen", "wie", "wo",
    "wann", "warum", "quel", "quels", "quelle", "quelles", "qui", "quand", "ou", "où",
    "comment", "combien", "pourquoi", "que", "qué", "cual", "cuál", "cuales", "cuáles",
    "quien", "quién", "quienes", "quiénes", "como", "cómo", "cuando", "cuándo", "donde",
    "dónde", "cuanto", "cuánto", "cuantos", "cuántos", "cuanta", "cuánta", "cuantas",
    "cuántas",
])  # fmt: skip
_CODE_ASKED = deferred(
    r"\b(?:code|function|method|class|snippet|example|syntax|command|script|signature"
    r"|implement\w*|regex|imports?|api)\b|[a-z]_[a-z]",
    _I,
    cues="code|function|method|class|snippet|example|syntax|command|script|signature|implement|regex|import|api|_",
)
_LIST = deferred(
    r"^\s*(?:please\s+)?(?:list|name|enumerate|give|show|tell)\b.*\b(?:all|every|each|everybody|everyone|the)\b"
    r"|^\s*(?:list|enumerate)\b|\b(?:which|what) (?:are|were) (?:all|the)\b.*s\b|\ball (?:the )?\w+s\b"
    r"|^(?:which|what) (?:\w+ ){0,2}?(?:\w{3,}s) (?:are|were|do|can|have|exist)\b|\bz[äa]hle?\b.*\bauf\b|\bnenne\b|\bliste\b",
    _I,
    cues=" list| enumerate | name | give | show | tell | what are | what were | which are | which were | all |s are |s were |s do |s can |s have |s exist |zahl|zähl| nenne ",
)
_COUNTED = deferred(
    r"\bhow (?:many|much) (?!(?:is|are|was|were|do|does|did|can|will|would|should|may|must|has|have|had|more|less|of)\b)(?P<what>(?:[a-z-]+ ){0,2}?[a-z-]+?)(?= (?:is|are|was|were|do|does|did|have|has"
    r"|had|can|could|will|would|may|must|should|fit|in|on|of|per|at|to|that|which)\b|\?|$)",
    _I,
    cues=" how many | how much ",
)
_COUNTED_FIRST = deferred(r"\bhow many (?P<what>[a-z-]+(?: [a-z-]+)?)(?![\w.])", _I)
_WHETHER = frozenset([
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can",
    "could", "will", "would", "should", "must", "may", "ist", "sind", "war", "hat",
    "haben", "kann", "muss", "darf", "wird", "peut", "es", "son", "puede",
])  # fmt: skip
_UNIT = deferred(
    r"(?:mile|kilomet(?:er|re)|met(?:er|re)|foot|feet|inche?|yard|gram|kilo|kilogram|pound|ton|lit(?:er|re)|gallon"
    r"|second|minute|hour|day|week|month|year|degree|percent|euro|dollar|byte|megabyte|gigabyte)s?"
)
"""What a number is measured in: a table says `km` and `Distance (mi)`."""
_NEXT = frozenset([
    "after", "afterwards", "next", "then", "nach", "danach", "après", "apres",
    "despues", "después",
])  # fmt: skip
_SEVERAL = deferred(
    r"\b(?:steps|procedure|instructions|differences?|compare[ds]?|comparison|versus|vs|advantages"
    r"|disadvantages|pros|reasons|and (?:what|how|why|when|where|who|which))\b|^how (?:do|can|should|to)\b|^wie (?:kann|mache)\b",
    _I,
    cues=" step|steps |procedure|instructions|difference| compar| versus | vs |advantages | pros | reasons | and what | and how | and why | and when | and where | and who | and which | how do | how can | how should | how to | wie kann | wie mache ",
)
_HOW = deferred(
    r"^\W*(?:(?:and|so|but|und|et|y) )?(?:how (?:do|does|can|could|should|to|would)\b"
    r"|wie (?:kann|mache|muss|soll)|comment\b|c[o\xf3]mo\b)",
    _I,
    cues=" how do| how can | how could | how should | how to | how would | wie kann| wie mache| wie muss| wie soll| comment | como | cómo ",
)
_THING = deferred(
    r"^\s*(?:what|who) (?:is|are|was|were) (?:an? |the )?(?P<term>[^?]{2,60}?)\s*\??$",
    _I,
    cues=" what is | what are | what was | what were | who is | who are | who was | who were ",
)
"""Asks what or who something is."""
_TO_DO = deferred(
    r"^\W*(?:(?:and|so|but|und|et) )?(?:how (?:(?:do|can|could|should|would|must|might|may) (?:i|we|you|one|people|users?)\b|to\b)"
    r"|what (?:do|must|should|can|could|would) (?:i|we|you|one)(?: (?:have|need))?(?: to)? do\b(?: to\b| if\b| when\b)?"
    r"|wie (?:kann|k\xf6nnen|mache|muss|soll|stelle|richte|\xe4ndere|l\xf6sche)\b|was muss (?:ich|man)\b"
    r"|comment (?:(?:puis|dois|peut|faut|faire)\b|[a-z]+er\b))",
    _I,
    cues=" how do | how can | how could | how should | how would | how must | how might | how may | how to | what do | what must | what should | what can | what could | what would | wie kann | wie k\xf6nnen | wie mache | wie muss | wie soll | wie stelle | wie richte | wie \xe4ndere | wie l\xf6sche | was muss | comment ",
)
_DEFINITION = deferred(
    r"\b(?:was (?:bedeutet|hei[\u00dfs]s?t|ist)|que (?:signifie|veut dire)|qu[eé] (?:significa|es)|co (?:oznacza|to jest)|cosa significa)"
    r" (?:(?:d(?:er|ie|as)|eine?|l[eao]s?|une?|el|il) |l['\u2019])?(?P<term5>[^?]{1,60}?)\s*\??$"
    r"|\bwhat does (?P<term2>[^?]{1,60}?) (?:mean|stand for|do|say)\b|\bmeaning of (?P<term3>[^?]{1,60})|\bdefine (?P<term4>[^?]{2,60})",
    _I,
    cues=" was bedeutet | was hei| was ist | que signifie | que veut dire | que significa | qué significa | que es | qué es | co oznacza| co to jest|cosa significa| what does | meaning of | define ",
)
_SORT = deferred(
    r"^(?:(?:an?|the) )?(?:parameter|option|flag|field|setting|key|variable|column|command|term|word|acronym|abbreviation|code|symbol|sign|attribute|property|keyword|status) (?=\S)"
    r"|^(?:an?|the) (?=\S)"
)
"""What sort of thing a term is: no part of it."""
_MEANING = deferred(
    r"\b(?:mean|stand for|meaning of|bedeutet|signifie|veut dire|significa|oznacza)\b",
    _I,
    cues=" mean | stand for | meaning of | bedeutet | signifie | veut dire | significa | oznacza ",
)
_NAMED_THING = deferred(
    r"\b(?:which|what) (?:\w+ )?(?:option|flag|switch|command|function|method|class|setting|parameter|argument|variable|keyword|directive"
    r"|attribute|property|macro|module|endpoint|header|field|constant|signal|error|event)s?\b",
    _I,
    cues=" option| flag| switch| command| function| method| class| setting| parameter| argument| variable| keyword| directive| attribute| property| macro| module| endpoint| header| field| constant| signal| error| event",
)
_SUMMARY = deferred(
    r"\b(?:summari[sz]e|summary|overview|main points|gist|in a few (?:points|words|sentences)|what is (?:this|the) (?:document|file|text|page|note|report) about)\b"
    r"|\bfasse?\b.*\bzusammen\b|zusammenfassung|\br[eé]sumez?\b(?= (?:moi|le|la|les|ce|cet|cette|el|los|las|este|esta|esto|lo)\b| l['\u2019])"
    r"|\b(?:un|le) r[eé]sum[eé]\b|\b(?:un|el) resumen\b|\bde qu[eé] trata\b|\bde quoi (?:parle|traite)\b|\bworum geht",
    _I,
    cues="summari|summary|overview|main points|gist|in a few|about| zusammen |zusammenfassung| résum| resum| de qu| worum geht",
)
_NAMES = deferred(r"(?<!^)(?<![.!?:] )\b[A-Z\u00c0-\u00de][\w\u2019'-]*[^\W_]")
_ASKING_WORDS = frozenset({"many", "much", "often", "long", "old"})
_DEED = deferred(
    r"\b(?i:who|wer|qui|qui[e\u00e9]n(?:es)?)\s+(?:"
    r"(?:is|are|was|were|ist|sind|war|waren|est|sont|\u00e9tait|es|son|era|fue)\s+(?:the|d(?:er|ie|as)|el|l[aeo]s?|l['\u2019])\s*(?P<role>[^\W\d_]+)(?=\s+(?:of|von|vom|des|de[rlmn]?|du)\b|\s+d['\u2019])"
    r"|(?:hat|haben|hatten?)\s.*?(?P<participle>[^\W\d_]+)\s*\??\s*$"
    r"|(?:(?:first|also|has|had|have|a|ont|ha|han|\w+ly)\s+)*(?P<verb>[^\W\d_A-Z]+))",
    cues=" who | wer | qui | quien | quién | quienes | quiénes ",
)
_OWNER = deferred(r"['\u2019]s?$")
_ORDINAL = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_PARTS = {
    "note": deferred(
        r"\b(?:foot|end)?notes?\b|\bfu[\u00dfs]s?noten?\b|\bnotes? de bas\b",
        _I,
        cues="note",
    ),
}
"""Kinds of units \u2192 how a question names them."""
_TOKENS = deferred(
    r"(?<![\w-])--?[A-Za-z][\w-]*|[\w.%#/-]*\d[\w.%#/-]*|\b\w+_\w+\b|[\"\u201c'\u00ab\u300c]([^\"\u201d'\u00bb\u300d]{2,40})[\"\u201d'\u00bb\u300d]"
)
_MARKING = "-_\"\u201c'\u00ab\u300c"
"""What each token has that has no digit."""


class ParsedQuestion:
    """A question, parsed; each part when it is asked for.

    Args:
        text: The question, verbatim.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of answer that it may want, the most particular first."""
        if self.is_about_sign:
            return ()
        return tuple(islice((kind for kind in KINDS if self._wants(kind)), 2))

    def _wants(self, kind: Kind) -> bool:
        """Tells whether a kind is asked for: by the first word that asks.

        `Which file is read when it starts?` wants no date.
        """
        return any(
            match.start() not in self._asking or match.start() == self._asking[0]
            for match in kind.asked.finditer(self.text)
        )

    @cached_property
    def _said(self) -> frozenset[str]:
        """All its words, lower case."""
        return frozenset(_WORD.findall(self.text.lower()))

    @cached_property
    def _asking(self) -> tuple[int, ...]:
        """Offsets of its words that ask."""
        return tuple(
            match.start()
            for match in _WORD.finditer(self.text)
            if match[0].lower() in _INTERROGATIVES
        )

    @cached_property
    def counted(self) -> frozenset[str]:
        """What is to be counted, in a question that begins so; lower case."""
        match = _COUNTED.search(self.text)
        if not match:
            match = _COUNTED_FIRST.search(self.text)
        counted = frozenset(match["what"].lower().split()) if match else frozenset()
        return frozenset() if any(map(_UNIT.fullmatch, counted)) else counted

    @cached_property
    def asks_what(self) -> bool:
        """Whether it has a word that asks: what, which, how, who, when."""
        return bool(self._asking)

    @cached_property
    def asks_whether(self) -> bool:
        """Whether yes or no is the answer: what says the same is the answer then."""
        asked = self.text.lower().lstrip()
        first = _WORD.match(asked)
        is_french = asked.startswith("est-ce") and not asked[6:7].isalnum()
        return is_french or bool(first and first[0] in _WHETHER)

    @cached_property
    def asks_how(self) -> bool:
        """Whether it asks how something is done."""
        return bool(_HOW.match(self.text))

    @cached_property
    def asks_to_do(self) -> bool:
        """Whether it asks what the one who asks has to do: an instruction answers."""
        return bool(_TO_DO.match(self.text))

    @cached_property
    def deed_to_do(self) -> str:
        """The verb of what is to be done, where that is asked for, or ""."""
        match = _TO_DO.match(self.text)
        return next(iter(words(self.text[match.end() :])), "") if match else ""

    @cached_property
    def wants_next(self) -> bool:
        """Whether what follows something is asked for."""
        return not _NEXT.isdisjoint(self._said)

    @cached_property
    def wants_code(self) -> bool:
        """Whether code may be the answer; `Claude Code` is a name and asks for none."""
        is_code = "`" in self.text or "()" in self.text
        return is_code or any(
            match.start() == 0 or not match[0].istitle()
            for match in _CODE_ASKED.finditer(self.text)
        )

    @cached_property
    def wants_list(self) -> bool:
        """Whether everything of a kind is asked for."""
        return bool(_LIST.search(self.text))

    @cached_property
    def wants_name(self) -> bool:
        """Whether an option, function or the like is asked for, by what it does."""
        return bool(_NAMED_THING.search(self.text))

    @cached_property
    def wants_several(self) -> bool:
        """Whether one sentence is hardly the answer: steps, a comparison, two questions."""
        return self.wants_list or bool(_SEVERAL.search(self.text))

    @cached_property
    def wants_summary(self) -> bool:
        """Whether a document is to be summed up."""
        return bool(_SUMMARY.search(self.text))

    @cached_property
    def term(self) -> str:
        """What is to be defined, lower case; "" when nothing is."""
        match = _THING.search(self.text) or _DEFINITION.search(self.text)
        term = (
            next((g.strip().lower() for g in match.groups() if g), "") if match else ""
        )
        named = _SORT.sub("", term) if " " in term else term
        return named.strip("\"'`\u201c\u201d\u00ab\u00bb")

    @cached_property
    def deed(self) -> str:
        """What the one does or is who is asked for, "" for none.

        `wrote` of `Who wrote it?`, `author` of `Who is the author of it?`.
        """
        match = _DEED.search(self.text)
        return next(filter(None, match.groups()), "") if match else ""

    @cached_property
    def is_about_sign(self) -> bool:
        """Whether what a sign or word stands for is asked, not what a thing is."""
        return bool(_MEANING.search(self.text))

    @cached_property
    def marks(self) -> frozenset[str]:
        """Numbers, identifiers and what stands in quotes: they single out a row."""
        if not any(sign.isdecimal() or sign in _MARKING for sign in self.text):
            return frozenset()
        marks = {m[0].lower().strip("\"'.?") for m in _TOKENS.finditer(self.text)}
        return frozenset(marks) - {""}

    @cached_property
    def namers(self) -> dict[str, str]:
        """Its numbers and identifiers with the word before each: `4` in record 4."""
        said = self.text.lower().split()
        pairs = ((a, b.strip("\"'.,?!:;()")) for a, b in pairwise(said))
        return {mark: word for word, mark in pairs if mark in self.marks}

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Names, numbers and identifiers that its answer is likely to stand beside."""
        names = {
            _OWNER.sub("", match[0]).lower() for match in _NAMES.finditer(self.text)
        }
        return frozenset(names - {"i"}) | self.marks

    @cached_property
    def content(self) -> frozenset[str]:
        """Its words that say something, lower case; names and numbers are others."""
        stops = stop_words("en") | _ASKING_WORDS
        return frozenset(words(self.text)) - stops - self.anchors

    @cached_property
    def ordinals(self) -> frozenset[str]:
        """Numbers that it counts to: `3` for the third."""
        words_counted = enumerate(_ORDINAL, 1)
        return frozenset(str(at) for at, word in words_counted if word in self._said)

    @cached_property
    def parts(self) -> frozenset[str]:
        """Kinds of units that it asks for by their name: `note` for a footnote."""
        return frozenset(
            kind for kind, name in _PARTS.items() if name.search(self.text)
        )


def ordinal_words(numbers: frozenset[str]) -> list[str]:
    """Returns the words for numbers that are counted to: `third`, `3rd` for `3`."""
    ends = {"1": "st", "2": "nd", "3": "rd"}
    return [
        word
        for number in numbers
        for word in (_ORDINAL[int(number) - 1], number + ends.get(number, "th"))
    ]
