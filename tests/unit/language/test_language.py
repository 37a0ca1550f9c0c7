# ruff: noqa: RUF001 - the letters of other scripts are what is tested

"""Words and stems of several languages and scripts, as searches use them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.index.fulltext.analysis import question_words, stems
from ragcli.language.anaphors import refers_back, stands_alone
from ragcli.language.vocabulary.stemming import STEMMERS, likely_language, stemmer
from ragcli.language.vocabulary.stop_word_lists import listed_languages, stop_words
from ragcli.language.vocabulary.words import words


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The writers are holding locks", ["writer", "hold", "lock"]),
        ("de", "Die Häuser der Städte", ["haus", "stadt"]),
        ("fr", "Les chevaux dans les montagnes", ["cheval", "montagn"]),
        ("es", "Los gatos de las ciudades", ["gat", "ciudad"]),
        ("ru", "Кошки на столах", ["кошк", "стол"]),
        ("zh", "北京是首都", ["北京", "京是", "是首", "首都"]),
        ("", "The commit_lock holds", ["commit_lock", "commit", "lock", "hold"]),
    ],
)
def test_stems_leave_out_stop_words_and_endings(
    language: str, text: str, expected: list[str]
) -> None:
    assert stems(text, language) == expected


def test_nothing_but_stop_words_keeps_them_all() -> None:
    assert stems("to be or not to be", "en") == ["to", "be", "or", "not", "to", "be"]


def test_every_stemmer_has_a_stop_list_and_gives_one_stem_a_word() -> None:
    found = ["running", "häuser", "кошки", "مكتبة", "x_y"]

    for language in STEMMERS:
        assert len(stemmer(language).stem(found)) == len(found), language
        assert stop_words(language), language
    assert set(STEMMERS) == listed_languages()


@given(st.text())
def test_a_question_finds_its_own_words(text: str) -> None:
    indexed = set(stems(text, "en"))

    for word in question_words(text, {"en"}):
        assert set(word.variants) <= indexed


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_ascii_words_are_two_word_characters_and_more(text: str) -> None:
    assert all(len(word) > 1 and word == word.lower() for word in words(text))


def test_identifiers_are_found_by_their_parts() -> None:
    assert words("readFile HTTPServerError") == [
        "readfile", "read", "file", "httpservererror", "http", "server", "error",
    ]  # fmt: skip
    assert words("McDonald iPhone") == ["mcdonald", "iphone"]


def test_scripts_with_combining_marks_stay_whole() -> None:
    assert words("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_full_width_and_decomposed_letters_are_the_usual_ones() -> None:
    assert words("Ｐｙｔｈｏｎ cafe\u0301") == ["python", "café"]


def test_a_question_in_several_languages_has_all_stems() -> None:
    hard, *rest = question_words("die hard Häuser", {"en", "de"})

    assert (hard.word, hard.variants) == ("hard", ("hard",))
    assert [word.variants for word in rest] == [("haus", "häuser")]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Was ist die Hauptstadt von Frankreich?", "de"),
        ("Quelle est la capitale de la France ?", "fr"),
        ("¿Cuál es la capital de Francia y por qué?", "es"),
        ("Какой город является столицей и почему он?", "ru"),
        ("What is the capital of France?", "en"),
        ("numpy", "en"),
    ],
)
def test_the_language_of_a_question_is_told_by_its_function_words(
    question: str, language: str
) -> None:
    assert likely_language(words(question), listed_languages()) == language


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote it?",
        "Und warum ist das dort so, sagt er?",
        "它是什么？",
        "А он?",
        "How do I delete one?",
        "Wie lösche ich eines?",
        "Comment en supprimer un ?",
        "¿Cómo puedo borrar una?",
    ],
)
def test_anaphors_refer_back(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize("question", ["Who wrote Faust?", "北京在哪里？"])
def test_a_question_of_its_own_does_not(question: str) -> None:
    assert not refers_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is a profile?",
        "Which exit code means that nothing relevant was found?",
        "Who is the boss?",
        "When does Kalvo close?",
        "Is there a limit on documents?",
        "How many windows are there in the hall?",
        "If a profile is deleted, can it be recovered?",
        "How do I delete a document and add it again?",
        "Which command lists the files that are stale?",
        "Is it possible to encrypt a profile?",
        "How long does it take to index a folder?",
        "Where did Anna leave her bicycle?",
        "Who wrote Faust?",
        "Wie können Sie einen Termin absagen?",
        "Gibt es eine Grenze für Dokumente?",
        "Quand le musée ferme-t-il ?",
        "Y a-t-il une limite ?",
        "What happens when one of two machines fails?",
        "北京在哪里？",
        "How much more than tea does coffee cost?",
        "What does --strict do?",
        "list all open tickets of team B",
        "Why is the sky blue?",
        "Was kostet ein Ticket?",
        "Welche Karte kostet eine Mark?",
        "Where is the boat house and who built one?",
        "¿Cuánto cuesta una entrada?",
        "Which formats are read?",
        "What is the price of the tent, and how heavy is it?",
    ],
)
def test_a_whole_question_stands_alone(question: str) -> None:
    assert stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "And the other one?",
        "how long?",
        "what about Redis?",
        "What is it for?",
        "How do I open that file?",
        "Why is that?",
        "Redis?",
        "In March?",
        "Which port?",
        "How many teams?",
        "Regional differences",
        "And of the second?",
        "What does the second do?",
        "Who wrote it?",
        "Und die Kosten?",
        "它是什么？",
        "any awards",
        "Is that true?",
        "What does that mean?",
        "Does it need a server?",
        "How can I undo it?",
        "Why not?",
        "since when?",
        "Which one is faster?",
        "What is the difference between the two?",
        "Is there another way?",
        "And if it fails, is it restarted?",
        "Und wie teuer ist das?",
        "Et pour Redis ?",
        "When was he born?",
        "What do they cost?",
    ],
)
def test_a_question_that_goes_on_with_another_does_not(question: str) -> None:
    assert not stands_alone(question)
