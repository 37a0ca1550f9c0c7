"""What was filled into a form: the fields of AcroForm, and the data of XFA."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from ragcli.index.documents.elements import flat, well_formed

_MOST_FIELDS = 5000
"""Fields of one page that are asked for."""

_LARGEST_DATA = 16 << 20
"""Bytes of XFA data that are parsed."""

_INDEX = re.compile(r"\[\d+\]|^#\w+")
_FORM = re.compile(r"(?:top(?:most)?sub|sub)?form\d*|page\d+", re.IGNORECASE)
_GENERIC = re.compile(
    r"(?:text(?: ?(?:field|box))?|check ?box|radio ?button"
    r"|(?:drop ?down|list) ?(?:list|box)?|combo ?box|field|untitled|undefined|fill)"
    r"[ \d]*",
    re.IGNORECASE,
)


class Filled(NamedTuple):
    """A field of a form with what was filled in."""

    shown: str
    """What the file says that it is called for people, or ""."""

    name: str
    """Its name in the file, as words."""

    value: str
    """Its value; of a check box `yes` or `no`."""

    is_box: bool
    """Whether it is a box to check, whose label stands to the right."""

    box: tuple[float, float, float, float]
    """Left, bottom, right and top, as in the file."""


def filled(formenv: Any, page: Any) -> Iterator[Filled]:
    """Yields the fields of a page that were filled in.

    Args:
        formenv: PDFium's form handle of the document.
        page: PDFium's page.
    """
    import pypdfium2.raw as api

    seen: set[tuple[str, str, str]] = set()
    for number in range(min(api.FPDFPage_GetAnnotCount(page), _MOST_FIELDS)):
        widget = api.FPDFPage_GetAnnot(page, number)
        if not widget:
            continue
        try:
            if api.FPDFAnnot_GetSubtype(widget) == api.FPDF_ANNOT_WIDGET:
                form_field = _told(api, formenv, widget)
                if form_field and form_field[:3] not in seen:
                    seen.add(form_field[:3])
                    yield form_field
        finally:
            api.FPDFPage_CloseAnnot(widget)


def _told(api: Any, formenv: Any, widget: Any) -> Filled | None:
    kind = api.FPDFAnnot_GetFormFieldType(formenv, widget)

    def ask(function: Callable[..., int]) -> str:
        return _string(lambda buffer, size: function(formenv, widget, buffer, size))

    if kind == api.FPDF_FORMFIELD_CHECKBOX:
        state = ask(api.FPDFAnnot_GetFormFieldValue)
        is_on = api.FPDFAnnot_IsChecked(formenv, widget) or state not in {"", "Off"}
        value = "yes" if is_on else "no"
    elif kind == api.FPDF_FORMFIELD_RADIOBUTTON:
        if not api.FPDFAnnot_IsChecked(formenv, widget):
            return None
        value = ask(api.FPDFAnnot_GetFormFieldExportValue) or "yes"
    elif kind in {
        api.FPDF_FORMFIELD_TEXTFIELD,
        api.FPDF_FORMFIELD_COMBOBOX,
        api.FPDF_FORMFIELD_LISTBOX,
    }:
        value = ask(api.FPDFAnnot_GetFormFieldValue)
    else:
        return None
    if not value.strip():
        return None
    box = api.FS_RECTF()
    api.FPDFAnnot_GetRect(widget, ctypes.byref(box))
    return Filled(
        flat(ask(api.FPDFAnnot_GetFormFieldAlternateName)),
        _name(ask(api.FPDFAnnot_GetFormFieldName)),
        value,
        kind in {api.FPDF_FORMFIELD_CHECKBOX, api.FPDF_FORMFIELD_RADIOBUTTON},
        (box.left, box.bottom, box.right, box.top),
    )


def key_of(field: Filled, label: str) -> str:
    """Returns what a field is called: as it tells people, else as its page does.

    Args:
        field: The field.
        label: What stands beside it on the page, or "".
    """
    is_told = bool(field.shown) and not _GENERIC.fullmatch(field.shown)
    shown = field.shown if is_told else label.rstrip(" :._")
    if not shown:
        return field.name
    is_said = not field.name or _GENERIC.fullmatch(field.name)
    if is_said or _words(field.name) <= _words(shown):
        return shown
    return f"{shown} ({field.name})"


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _name(path: str) -> str:
    """Returns a field's name as words, without the forms that it stands in."""
    parts = [_INDEX.sub("", part) for part in path.split(".")]
    named = [part for part in parts if part and not _FORM.fullmatch(part)]
    return flat(" ".join(named[-2:]).replace("_", " "))


def _string(ask: Callable[[Any, int], int]) -> str:
    """Returns a string that PDFium writes as UTF-16 into a buffer."""
    buffer, size = _SHORT, ask(_SHORT, ctypes.sizeof(_SHORT))
    if size > ctypes.sizeof(buffer):
        buffer = (ctypes.c_ushort * (size // 2 + 1))()
        size = min(size, ask(buffer, ctypes.sizeof(buffer)))
    if size <= 2:
        return ""
    return well_formed(bytes(buffer)[: size - 2].decode("utf-16-le", "replace"))


_SHORT = (ctypes.c_ushort * 256)()
"""Room for the strings of most forms, so that each is asked for once."""


def xfa_data(document: Any) -> list[tuple[str, str]]:
    """Returns names and values of a form's XFA data set, none where there is none."""
    import pypdfium2.raw as api

    for number in range(max(0, api.FPDF_GetXFAPacketCount(document))):
        size = api.FPDF_GetXFAPacketName(document, number, None, 0)
        name = ctypes.create_string_buffer(max(1, size))
        api.FPDF_GetXFAPacketName(document, number, name, size)
        if name.value == b"datasets":
            return list(_leaves(_packet(api, document, number)))
    return []


def _packet(api: Any, document: Any, number: int) -> bytes:
    size = ctypes.c_ulong()
    api.FPDF_GetXFAPacketContent(document, number, None, 0, ctypes.byref(size))
    if not 0 < size.value <= _LARGEST_DATA:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    api.FPDF_GetXFAPacketContent(
        document, number, buffer, size.value, ctypes.byref(size)
    )
    return buffer.raw[: size.value]


def _leaves(data: bytes) -> Iterator[tuple[str, str]]:
    """Yields the elements of an XML data set that hold nothing but text."""
    if not data or b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        return
    try:
        root = ET.fromstring(data)  # noqa: S314 - entities are refused above
    except ET.ParseError:
        return
    values = root.find("{http://www.xfa.org/schema/xfa-data/1.0/}data")
    for element in (root if values is None else values).iter():
        if len(element) == 0 and element.text and element.text.strip():
            name = element.tag.rpartition("}")[2]
            yield flat(name.replace("_", " ")), flat(element.text)
