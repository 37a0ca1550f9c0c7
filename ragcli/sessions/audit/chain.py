"""The lines of the audit log: how each is signed, and bound to the one before it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from ragcli.errors import AuditDamaged, UsageError
from ragcli.sessions.records.line_file import LineFile

NOTHING = "0" * 64
"""Stands for the MAC of an entry that is not there."""

SIGNED = ("v", "seq", "ts", "uid", "pid", "event", "facts")
"""Fields of an entry that stay when it is signed with another key."""

_REPAIR = "`ragcli profile verify --repair` moves it to quarantine and starts anew"
_LINE = re.compile(rb'(.*),"mac":"([0-9a-f]{64})"}', re.DOTALL)


def mac(key: bytes, previous: str, signed: bytes) -> str:
    """Returns the MAC of an entry's bytes and the MAC before it (HMAC-SHA256)."""
    return hmac.new(key, previous.encode() + b"\n" + signed, hashlib.sha256).hexdigest()


def signed(key: bytes, entry: Mapping[str, Any]) -> bytes:
    """Returns an entry's line: `prev` is its last field but for the MAC."""
    signed = json.dumps(entry, separators=(",", ":")).encode()[:-1]
    return signed + b',"mac":"%s"}\n' % mac(key, entry["prev"], signed).encode()


def mac_of(line: bytes) -> str:
    """Returns the MAC at the end of a line that `signed` has made."""
    return line[-67:-3].decode()


def checked(key: bytes, line: bytes, number: int, previous: str) -> str:
    """Returns the MAC of a sound entry; raises `AuditDamaged` naming another."""
    fields = parsed(line, number)
    match = _LINE.fullmatch(line)
    expected = mac(key, previous, match[1]) if match else ""
    fits = fields["seq"] == number and fields["prev"] == previous
    if not fits or not hmac.compare_digest(expected, fields["mac"]):
        raise AuditDamaged(
            f"audit.jsonl: entry {number} (line {number}) does not fit: altered, "
            "moved, inserted, or the one before it is gone",
            _REPAIR,
        )
    return expected


def parsed(line: bytes, number: int) -> dict[str, Any]:
    """Returns a line's fields; `number` 0 means the last one."""
    try:
        fields = json.loads(line)
        complete = type(fields["seq"]) is int and isinstance(fields["event"], str)
        signed = all(re.fullmatch("[0-9a-f]{64}", fields[k]) for k in ("prev", "mac"))
    except (ValueError, TypeError, KeyError, RecursionError):
        complete = signed = False
        fields = {}
    if not complete or not signed:
        which = f"line {number}" if number else "the last line"
        raise AuditDamaged(f"audit.jsonl: {which} is not an entry", _REPAIR)
    return dict(fields)


def head(lines: LineFile) -> tuple[int, str]:
    """Returns seq and MAC of the last entry; zeros when there is none."""
    last = next(lines.backwards(lines.end), None)
    if last is None:
        return 0, NOTHING
    fields = parsed(last.data, 0)
    return fields["seq"], fields["mac"]


def parsed_anchor(anchor: str) -> tuple[int, str]:
    """Returns seq and MAC of an anchor, -1 and "" for none; raises `UsageError`."""
    if not anchor:
        return -1, ""
    match = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", anchor.strip())
    if not match:
        raise UsageError(
            f"{anchor[:80]!r} is not an anchor", "it looks like 42:9f31…, one line"
        )
    return int(match[1]), match[2]
