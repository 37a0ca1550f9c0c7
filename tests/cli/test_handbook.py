"""What a newcomer asks the handbook is answered right, by the built-in model alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import SAMPLES, Ran

QUESTIONS = {
    "How do I add a folder of documents?": "ragcli docs add FOLDER",
    "How do I start a new profile?": "ragcli profile create NAME",
    "How do I install a model?": "ragcli models pull",
    "How do I continue the last conversation?": "ragcli ask -c",
    "How do I delete a conversation?": "ragcli history delete ID",
    "How do I export a conversation?": "ragcli history export ID",
    "How do I update the index after I edited files?": "ragcli docs sync",
    "How do I switch the model?": "-m SPEC",
    "How do I search without an answer?": 'ragcli search "WORDS"',
    "How do I read scanned pages?": "documents.ocr true",
    "How do I leave the chat?": "Ctrl+Q",
    "How do I encrypt a profile?": "ragcli profile encrypt NAME",
    "How do I make a backup of a profile?": "ragcli profile export backup.ragcli",
    "How do I share documents with a colleague?": "ragcli docs mount team.ragcli",
    "How do I use it from Claude Code?": "ragcli skill install claude",
    "How can I open a source in my editor?": "ragcli open 2",
    "Where are my files stored?": "ragcli profile path",
    "Which Redis version is needed?": "7.0",
    "What does exit code 75 mean?": "holds a lock",
    "What happens if I forget my passphrase?": "recovery code",
    "Does anything leave my machine?": "Nothing leaves your machine",
    "Which file formats can be read?": "EPUB",
    "How long does a commit wait for the lock?": "ten seconds",
    "Why does the answer only quote sentences?": "no model is installed",
}


@pytest.fixture
def answers(run_cli: Callable[..., Ran]) -> dict[str, dict[str, object]]:
    """Question → the answer's JSON, all asked in one call."""
    ran = run_cli(
        "ask", "--docs", str(SAMPLES), "--batch", "-", stdin="\n".join(QUESTIONS)
    )
    told = [json.loads(line) for line in ran.lines]
    return {one["question"]: one for one in told}


def test_each_question_gets_its_answer_first(
    answers: dict[str, dict[str, object]],
) -> None:
    wrong = {
        question: answers[question]["answer"]
        for question, wanted in QUESTIONS.items()
        if wanted not in str(answers[question]["answer"])[:250]
    }

    assert not wrong
