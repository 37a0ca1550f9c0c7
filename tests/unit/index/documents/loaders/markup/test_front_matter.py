"""Front matter of Markdown: fields of the note, and facts of the document."""

from __future__ import annotations

from tests.unit.index.documents.conftest import Load

NOTE = """\
---
title: Falcon move
aliases: [PF-9, "Wind fang"]
tags:
  - database
  - move
owner: Selma
date: 2025-11-30
---
# Overview

Words.
"""


def test_front_matter_is_fields_and_tells_facts(loaded: Load) -> None:
    document = loaded("a.md", NOTE)
    matter = document.sections[0]
    assert document.title == "Falcon move"
    assert document.facts == {
        "aliases": ["PF-9", "Wind fang"],
        "tags": ["database", "move"],
        "date": "2025-11-30",
    }
    fields = [e.cells for e in matter.elements if e.kind == "field"]
    assert ("owner", "Selma") in fields
    assert ("aliases", "PF-9, Wind fang") in fields
    for element in matter.elements:
        assert NOTE[element.start : element.end] in NOTE.split("---")[1]
