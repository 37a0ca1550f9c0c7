"""A question that stands on its own has one answer, whatever was asked before it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragcli.chat.events import AskRequest, Finished
from ragcli.runtime import Runtime
from ragcli.sessions.records.record_types import Turn
from ragcli.workspace import Workspace
from tests.unit.index.search.conftest import Quiet

FILES = {
    "tank.md": """\
# Tank

The tank holds 400 litres of rain water. A float valve closes the inlet of the tank. The
pump of the tank is switched off at night. The filter of the tank is rinsed every two
weeks.

## Spare parts

A new filter costs 18 EUR. A new pump costs 240 EUR.
""",
    "kalvo.md": """\
# Kalvo

Kalvo is a bakery at the harbour. Kalvo closes at 18:30 on weekdays. The head baker of
Kalvo is Inger Holm. She learned her trade in Turku.
""",
    "store.md": """\
# Store

Records are kept on disk for ninety days. In Redis a record expires after seven days. A
lease is held for thirty seconds. Nobody reads a record without a key.
""",
    "kurs.md": """\
# Kurs

Der Kurs beginnt am 4. Mai um 9 Uhr. Die Geb\u00fchr betr\u00e4gt 120 Euro.
Anmelden kann man sich bei Frau Lindner.
""",
}
STANDING = (
    "When does Kalvo close?",
    "How much water does the tank hold?",
    "Who is the head baker?",
    "What is Kalvo?",
    "How long is a lease held?",
    "What closes the inlet of the tank?",
    "How long are records kept on disk?",
    "Wann beginnt der Kurs?",
    "Wie hoch ist die Geb\u00fchr?",
    "Is there a filter in the tank?",
    "If the pump of the tank fails, what does it cost?",
    "Which people live on the moon?",
)
EARLIER = (
    "What is the tank for?",
    "How often is the filter rinsed?",
    "When is the pump switched off?",
    "When do records expire?",
    "Where did Inger Holm learn her trade?",
    "Bei wem kann man sich anmelden?",
    "Who wrote Faust?",
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    place = tmp_path_factory.mktemp("conversation")
    for name, text in FILES.items():
        (place / name).write_text(text, encoding="utf-8")
    env = {
        "HOME": str(place),
        "RAGCLI_HOME": str(place / "home"),
        "OLLAMA_HOST": "127.0.0.1:9",
        "RAGCLI_MODEL": "builtin",
        "PATH": os.environ["PATH"],
    }
    opened = Runtime({}, env, profile="talk")
    opened.store.create("talk", {})
    found = opened.open("talk")
    found.library.add([place / name for name in FILES], Quiet(), wait=10)
    yield found
    found.close()


def asked(workspace: Workspace, question: str, conversation: str = "") -> Turn:
    request = AskRequest(question, conversation=conversation, new=not conversation)
    [turn] = [
        event.turn
        for event in workspace.ask(request, [])
        if isinstance(event, Finished)
    ]
    return turn


def after(workspace: Workspace, earlier: list[str], question: str) -> Turn:
    conversation = ""
    for one in earlier:
        conversation = asked(workspace, one, conversation).conversation
    return asked(workspace, question, conversation)


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(STANDING),
    st.lists(st.sampled_from(EARLIER), min_size=1, max_size=4),
)
def test_what_was_asked_before_changes_no_answer(
    workspace: Workspace, question: str, earlier: list[str]
) -> None:
    alone = asked(workspace, question)
    later = after(workspace, earlier, question)

    assert (later.answer, later.status) == (alone.answer, alone.status)
    assert [one.quote for one in later.citations] == [
        one.quote for one in alone.citations
    ]


@pytest.mark.parametrize(
    ("earlier", "question", "answer"),
    [
        (["How long are records kept on disk?"], "And in Redis?", "seven days"),
        (["What does a new filter cost?"], "What about a new pump?", "240 EUR"),
        (["Who is the head baker of Kalvo?"], "Where did she learn it?", "Turku"),
        (["Is there a filter in the tank?"], "How often is it rinsed?", "two weeks"),
        (["Gibt es eine Geb\u00fchr?"], "Und wie hoch ist sie?", "120 Euro"),
    ],
)
def test_a_follow_up_is_answered_with_what_was_asked_before(
    workspace: Workspace, earlier: list[str], question: str, answer: str
) -> None:
    assert answer in after(workspace, earlier, question).answer
