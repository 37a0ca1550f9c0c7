"""From a page on the web to what is read and stored of it."""

from __future__ import annotations

import base64
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ragcli import packages
from ragcli.errors import PageGone, PageUnavailable
from ragcli.index.ingest.preparation.reading import Outcome, ReadRequest
from ragcli.index.ingest.web.fetching import FetchedPage, fetch
from ragcli.index.ingest.web.page_requests import PageRequest
from ragcli.index.segments import catalogue

if TYPE_CHECKING:
    from ragcli.index.segments.catalogue import Record


def asked(wanted: PageRequest) -> FetchedPage | None:
    """Returns a page; None when it is as it was.

    Raises:
        PageUnavailable: It cannot be had, or the extra `web` is not installed.
    """
    if find_spec("trafilatura") is None:
        raise PageUnavailable(
            f"pages on the web need the extra web: {packages.of_extra('web')}"
        )
    return fetch(wanted)


def read_request(
    wanted: PageRequest, answer: FetchedPage, record: Record | None
) -> ReadRequest:
    """Returns what has a page read as a file is."""
    is_current = record is not None and not catalogue.is_outdated(record)
    return ReadRequest(
        wanted.address,
        len(answer.data),
        record["digest"] if record and is_current else "",
        body=base64.b64encode(answer.data).decode(),
        format=answer.format,
    )


def completed(outcome: Outcome, answer: FetchedPage) -> Outcome:
    """Returns an outcome whose record says when a page was read, and of what state."""
    if outcome.prepared is None:
        return outcome
    record = outcome.prepared.record
    facts = {**record.get("facts", {}), "read": record["added"]}
    state = {"etag": answer.etag, "modified": answer.modified}
    complete = {**record, "facts": facts, "web": state}
    return replace(outcome, prepared=replace(outcome.prepared, record=complete))


def reason(error: PageUnavailable, record: Record | None) -> str:
    """Says in one line why there is no page, and what becomes of the one before."""
    if record is None:
        return error.message
    day = str(record.get("added", ""))[:10]
    stays = f"{error.message}; it stays as it was read on {day}"
    if isinstance(error, PageGone):
        return f"{stays} (`ragcli docs sync --force` or `docs remove` forgets it)"
    return stays
