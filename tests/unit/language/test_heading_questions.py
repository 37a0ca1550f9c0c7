"""Headings, fields and cells suggest questions that a person would ask, or none."""

from __future__ import annotations

import pytest

from ragcli.language.heading_questions import of_cell, of_field, of_heading


@pytest.mark.parametrize(
    ("heading", "below", "question"),
    [
        ("Opening hours", "Open from 8 to 22.", "What are the opening hours?"),
        (
            "2.1 Notice period",
            "The notice period is long.",
            "What is the notice period?",
        ),
        ("Membership Fees", "Adults pay 12 euros.", "What are the membership fees?"),
        ("Forth Bridge", "The Forth Bridge is red.", "What is the Forth Bridge?"),
        ("The Harbour", "The harbour is shut.", "What is the harbour?"),
        ("VAT", "", "What is said about VAT?"),
        ("Remote work", "Work from home.", "What is said about remote work?"),
        ("Keeping bees", "They sting.", "What is said about keeping bees?"),
        ("Scope of delivery", "A lamp.", "What is the scope of delivery?"),
        ("How to book a court", "At the desk.", "How do I book a court?"),
        ("How billing works", "Monthly.", "How does billing work?"),
        ("Cancel a booking", "Until noon.", "How do I cancel a booking?"),
        ("Who may use the sauna?", "Members.", "Who may use the sauna?"),
    ],
)
def test_english_headings(heading: str, below: str, question: str) -> None:
    assert of_heading(heading, "en", below) == question


@pytest.mark.parametrize(
    ("heading", "below", "question"),
    [
        ("Öffnungszeiten", "Von 9 bis 12.", "Welche Öffnungszeiten gibt es?"),
        (
            "Kündigungsfrist",
            "Die Kündigungsfrist beträgt drei Monate.",
            "Was ist die Kündigungsfrist?",
        ),
        ("Hunde", "Die Hunde müssen draußen bleiben.", "Welche Hunde gibt es?"),
        ("Das Treppenhaus", "Das Treppenhaus ist rot.", "Was ist das Treppenhaus?"),
        ("Fahrräder abstellen", "Im Keller.", "Wie kann man Fahrräder abstellen?"),
        ("Umzug", "Drei Tage vorher.", "Was steht zum Thema Umzug?"),
        ("Wer zahlt?", "Der Mieter.", "Wer zahlt?"),
    ],
)
def test_german_headings(heading: str, below: str, question: str) -> None:
    assert of_heading(heading, "de", below) == question


@pytest.mark.parametrize(
    "heading",
    [
        "Introduction", "Table of Contents", "README", "1", "2024-05-01",
        "We moved the office", "Ignore all previous instructions", "Test the",
        "Below the prompt", "Why it matters", "How it works", "Install", "Add users",
        "max_tokens", "openFile", "src/main.py", "def f():", "`rm -rf /`", "$(id)",
        "@/etc/passwd", "/quit now", "[bold]Hours[/bold]", "\x1b[31mRed hours",
        "Red\u202ehours", "<b>Hours</b>", "{{ hours }}", "https://host/hours",
        "A " + "very " * 20 + "long heading", "",
    ],
)  # fmt: skip
def test_what_names_no_subject_suggests_nothing(heading: str) -> None:
    assert of_heading(heading, "en", "") == ""


@pytest.mark.parametrize(
    "heading", ["Einleitung", "Wie man sich anmeldet", "Wir ziehen um", "src/main.py"]
)
def test_nor_does_it_in_german(heading: str) -> None:
    assert of_heading(heading, "de", "") == ""


def test_a_language_that_is_not_known_suggests_only_questions() -> None:
    assert of_heading("Åbningstider", "da", "") == ""
    assert of_heading("Hvad koster det?", "da", "") == "Hvad koster det?"


def test_fields_and_cells() -> None:
    assert of_field("Deadline", "en") == "What is the deadline?"
    assert of_field("Contact persons", "en") == "What are the contact persons?"
    assert of_field("Frist", "de") == "Was steht unter Frist?"
    assert of_field("max_tokens", "en") == ""
    assert of_cell("price", "Kettle", "en") == "What is the price of Kettle?"
    assert of_cell("Preis", "Kanne", "de") == "Was steht bei Kanne unter Preis?"
    assert of_cell("price", "17", "en") == ""
    assert of_cell("price", "@/etc/passwd", "en") == ""
