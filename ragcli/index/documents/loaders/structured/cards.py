"""Calendars and address books: iCalendar and vCard.

An event, a task or a person is a section under its name; what is said of it are fields
in words. Lines that are folded are read as one.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, Element, Section, flat, one_line
from ragcli.index.documents.loaders.structured.source_code import code

_LINE = re.compile(
    r"(?:[\w-]+\.)?(?P<name>[A-Za-z-]+)(?P<parameters>(?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):"
    r"(?P<value>.*)$",
    re.DOTALL,
)
_PARAMETER = re.compile(
    r";(?P<key>[\w-]+)(?:=(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[^;:\"]*)))?"
)
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?\d\d)?(Z?))?$")
_KEYS = {
    "SUMMARY": "Summary", "DESCRIPTION": "Description", "LOCATION": "Location",
    "DTSTART": "Start", "DTEND": "End", "DUE": "Due", "DURATION": "Duration",
    "RRULE": "Repeats", "ATTENDEE": "Attendee", "ORGANIZER": "Organizer",
    "STATUS": "Status", "PRIORITY": "Priority", "CATEGORIES": "Categories",
    "COMPLETED": "Completed", "COMMENT": "Comment", "CONTACT": "Contact", "URL": "URL",
    "EXDATE": "Except on", "RDATE": "Also on", "RESOURCES": "Resources", "FN": "Name",
    "NICKNAME": "Nickname", "TEL": "Phone", "EMAIL": "Email", "ADR": "Address",
    "BDAY": "Birthday", "ANNIVERSARY": "Anniversary", "ORG": "Organization",
    "TITLE": "Title", "ROLE": "Role", "NOTE": "Note", "GENDER": "Gender",
    "IMPP": "Messenger", "LANG": "Language", "RELATED": "Related", "TZ": "Time zone",
    "X-WR-CALNAME": "Calendar", "X-WR-CALDESC": "Calendar description",
    "TRIGGER": "Reminder", "PERCENT-COMPLETE": "Percent complete", "GEO": "Place",
}  # fmt: skip
_NAMES = ("SUMMARY", "FN", "X-WR-CALNAME", "ORG", "N")
_BY_SEMICOLON = frozenset({"ADR", "ORG", "N"})
_SPOKEN_TYPES = {"cell": "mobile", "internet": "", "pref": "", "voice": ""}
_WHOLE = frozenset({"VCALENDAR"})


class _Property(NamedTuple):
    start: int
    end: int
    name: str
    parameters: dict[str, str]
    value: str


def cards(content: Content) -> Document:
    """Reads a calendar or an address book."""
    text = content.text
    sections = list(_sections(text))
    return Document("", tuple(sections)) if sections else code(content)


def _sections(text: str) -> Iterator[Section]:
    """Yields each event, task or person under its name."""
    held: list[_Property] = []
    zone = counted = 0
    line = 1
    for item in _properties(text):
        kind = item.value.strip().upper()
        if item.name in {"BEGIN", "END"}:
            if kind == "VTIMEZONE":
                zone += 1 if item.name == "BEGIN" else -1
            if kind != "VALARM" and held:
                line += text.count("\n", counted, held[0].start)
                counted = held[0].start
                yield from _section(text, held, line)
                held = []
        elif not zone:
            held.append(item)
    if held:
        line += text.count("\n", counted, held[0].start)
        yield from _section(text, held, line)


def _section(text: str, held: list[_Property], line: int) -> Iterator[Section]:
    start, end = held[0].start, held[-1].end
    fields = []
    for item in held:
        key, value = _spoken(item)
        if key and value:
            cells = (key, value)
            fields.append(
                Element("field", item.start - start, item.end - start, -1, cells)
            )
    values = {item.name: _spoken(item)[1] or _value(item) for item in reversed(held)}
    name = next((values[key] for key in _NAMES if values.get(key)), "")
    if fields:
        heading = (one_line(name),) if name else ()
        yield Section(text[start:end], heading, None, line, tuple(fields))


def _properties(text: str) -> Iterator[_Property]:
    """Yields the lines, each with those that it is folded into."""
    start, lines = 0, text.split("\n")
    at = 0
    while at < len(lines):
        first, said = start, lines[at]
        is_printable = "QUOTED-PRINTABLE" in said.partition(":")[0].upper()
        end = start + len(said)
        start = end + 1
        at += 1
        while at < len(lines) and (
            lines[at][:1] in {" ", "\t"} or (is_printable and said.endswith("="))
        ):
            more = lines[at]
            said = (
                said[:-1] + more
                if is_printable and said.endswith("=")
                else said + more[1:]
            )
            end = start + len(more)
            start = end + 1
            at += 1
        if match := _LINE.match(said):
            parameters = {
                parameter["key"].upper(): parameter["quoted"]
                or parameter["plain"]
                or ""
                for parameter in _PARAMETER.finditer(match["parameters"])
            }
            yield _Property(
                first, end, match["name"].upper(), parameters, match["value"]
            )


def _spoken(item: _Property) -> tuple[str, str]:
    """Returns key and value as a person reads them; "" for what only programs read."""
    key = _KEYS.get(item.name, "")
    if not key:
        return "", ""
    value = _value(item)
    if item.name in {"ATTENDEE", "ORGANIZER"}:
        address = value.rpartition(":")[2]
        name = item.parameters.get("CN", "")
        state = item.parameters.get("PARTSTAT", "").lower().replace("needs-action", "")
        value = f"{name} <{address}>" if name and name != address else address
        value += f" ({state})" if state else ""
    elif item.name in {"TEL", "IMPP"}:
        value = value.removeprefix("tel:")
    kinds = [
        _SPOKEN_TYPES.get(kind.lower(), kind.lower())
        for kind in item.parameters.get("TYPE", "").split(",")
    ]
    shown = ", ".join(filter(None, kinds))
    zone = item.parameters.get("TZID", "")
    return f"{key} ({shown})" if shown else key, f"{value} ({zone})" if zone else value


def _value(item: _Property) -> str:
    """Returns a value without what hides its commas, line breaks and bytes."""
    value = item.value
    if item.parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        charset = item.parameters.get("CHARSET", "utf-8")
        with suppress(LookupError):
            value = quopri.decodestring(value.encode()).decode(charset, "replace")
    if match := _DAY.fullmatch(value.strip()):
        day = f"{match[1]}-{match[2]}-{match[3]}"
        clock = (
            f" {match[4]}:{match[5]}{' UTC' if match[6] else ''}" if match[4] else ""
        )
        return day + clock
    if item.name in _BY_SEMICOLON:
        value = ", ".join(filter(None, re.split(r"(?<!\\);", value)))
    return flat(
        re.sub(r"\\([nN,;:\\])", lambda m: " " if m[1] in "nN" else m[1], value)
    )
