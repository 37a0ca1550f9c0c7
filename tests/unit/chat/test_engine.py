"""The engine over a real history, with a scripted model and retriever."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ragcli.chat.engine import Engine, Parts
from ragcli.chat.events import (
    AskRequest,
    Event,
    Failed,
    Finished,
    Notice,
    Retrieved,
    Stage,
    Thinking,
    Token,
)
from ragcli.chat.prompting.summary import GATHERED, KEPT, RECENCY_ONLY
from ragcli.config import Settings
from ragcli.errors import (
    ConversationNotFound,
    Locked,
    ModelFailed,
    RagcliError,
    ServerUnreachable,
    StorageFailed,
    StoreUnavailable,
    Unverified,
    UsageError,
)
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.passages import Passage, SearchRequest, SearchResult
from ragcli.models.base import (
    Ended,
    Piece,
    Prompt,
    Reading,
    Restart,
    Sign,
    Thought,
    Usage,
    Waiting,
)
from ragcli.models.select import ChosenModel
from ragcli.paths import Home
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.records.record_types import Turn

PASSAGE = Passage(
    id="locks:1",
    path="/docs/locks.md",
    text="A commit waits at most ten seconds for the lock. Then it gives up.",
    score=0.9,
    lines=(3, 4),
)
ANSWER = ("A commit waits ", "at most ten seconds", " [1].")


class ScriptedModel:
    """Says what it is told to, and remembers its prompts."""

    spec = "test:scripted"
    generates = True
    remote = ""

    def __init__(self, *script: Piece | Sign | Exception) -> None:
        self.script = script
        self.prompts: list[Prompt] = []
        self.completions: list[str] = []

    def window(self) -> int:
        return 4096

    def count_tokens(self, text: str) -> int:
        return len(text) // 3 + 1

    def stream(self, prompt: Prompt) -> Iterator[Piece | Sign]:
        self.prompts.append(prompt)
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def complete(
        self,
        instruction: str,
        text: str,
        after: Prompt | None = None,
        *,
        one_line: bool = False,
    ) -> str:
        self.completions.append(text)
        return ""


class Quoting(ScriptedModel):
    """Stands for the built-in model."""

    spec = "builtin:extractive"
    generates = False

    def window(self) -> int:
        return 0


class FixedRetriever:
    """Finds what it is given."""

    def __init__(self, *passages: Passage, relevant: bool = True) -> None:
        self.passages = passages
        self.relevant = relevant
        self.requests: list[SearchRequest] = []

    def search(self, request: SearchRequest) -> SearchResult:
        self.requests.append(request)
        return SearchResult(
            self.passages, f"{request.question} +", self.relevant, "gen-00000001"
        )


class Bench:
    """An engine over a fresh profile."""

    def __init__(self, root: Path, model: ScriptedModel | Exception) -> None:
        home = Home(root, root / "config.toml", root / "cache")
        store = LocalStore(
            home,
            snapshots=LocalSnapshots,
            passphrase=lambda name: None,
            settings=Settings(),
        )
        self.history = History(store.create("work", {}), Settings())
        self.model = model
        self.fallback = Quoting("Built-in: ten seconds [1].")
        self.retriever = FixedRetriever(PASSAGE)
        self.settings = Settings()

    def choose(self) -> ChosenModel:
        if isinstance(self.model, Exception):
            raise self.model
        return ChosenModel(self.model, "test")

    def ask(self, question: str = "How long?", **options: object) -> list[Event]:
        return list(self.events(question, **options))

    def events(self, question: str = "How long?", **options: object) -> Iterator[Event]:
        engine = Engine(
            Parts(
                history=self.history,
                settings=self.settings,
                choose_model=self.choose,
                fallback=lambda: self.fallback,
                retriever=lambda request: self.retriever,  # type: ignore[arg-type, return-value]
            )
        )
        return engine.ask(AskRequest(question, **options))  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home", ScriptedModel(*ANSWER))


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def test_a_question_becomes_a_cited_recorded_turn(bench: Bench) -> None:
    events = bench.ask()

    turn = finished(events).turn
    text = "".join(event.text for event in events if isinstance(event, Token))
    assert turn.answer == text == "A commit waits at most ten seconds [1]."
    assert [c.path for c in turn.citations] == ["/docs/locks.md"]
    assert turn.status == "answered"
    assert turn.query == "How long? +"
    assert turn.snapshot == "gen-00000001"
    assert turn.retrieved[0]["text"] == PASSAGE.text
    assert set(turn.timings) == {"retrieve_ms", "first_token_ms", "total_ms"}
    assert bench.history.transcript(turn.conversation) == [turn]
    assert bench.history.conversation(turn.conversation).title == "How long?"


def test_events_come_in_order(bench: Bench) -> None:
    events = bench.ask()

    assert [
        event.name if isinstance(event, Stage) else type(event)
        for event in events
        if not isinstance(event, Token)
    ] == ["choosing", "searching", Retrieved, "reading", "writing", Finished]
    kinds = [type(event) for event in events]
    assert set(kinds[5:-1]) == {Token}


def spoken(bench: Bench, *script: object) -> tuple[Turn, list[str]]:
    """Returns the turn that a model of these pieces makes, and the notices."""
    bench.model = ScriptedModel(*script)  # type: ignore[arg-type]
    events = bench.ask()
    told = [event.message for event in events if isinstance(event, Notice)]
    return finished(events).turn, told


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("length", "cut at its longest (1024 tokens): ragcli config set max_tokens"),
        ("filter", "the model's filter cut the answer"),
        ("unfinished", "broke the answer off"),
    ],
)
def test_an_answer_that_is_not_whole_says_why(
    bench: Bench, reason: str, words: str
) -> None:
    turn, told = spoken(bench, *ANSWER, Ended(reason, Usage(9, 3, 5)))

    assert (turn.status, turn.answer) == ("truncated", "".join(ANSWER))
    assert turn.usage == {"prompt": 9, "completion": 3, "cached": 5}
    assert any(words in message for message in told)
    assert bench.history.transcript(turn.conversation) == [turn]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([Ended("stop")], "gave an empty answer"),
        ([Ended("tools")], "asked for a tool"),
        ([Ended("filter")], "kept its answer back"),
        ([Thought("hm"), Ended("stop")], "reasoned, and gave no answer"),
        ([Thought("hm"), Ended("length")], "spent all its 1024 tokens on reasoning"),
    ],
)
def test_silence_is_the_models_failure_not_the_documents(
    bench: Bench, script: list[object], words: str
) -> None:
    turn, told = spoken(bench, *script)

    assert turn.model == "builtin:extractive"
    assert words in told[0]
    assert "using built-in answers (" in told[0]
    bench.settings = replace(bench.settings, require_model=True)
    with pytest.raises(ModelFailed, match=words):
        spoken(bench, *script)


@pytest.mark.parametrize(
    "loop",
    [
        "A commit waits at most ten seconds for the lock. ",
        "- A commit waits for the lock\n",
        "1, 2, ",
        "lock ",
    ],
)
def test_an_answer_that_goes_round_in_circles_is_ended(bench: Bench, loop: str) -> None:
    turn, told = spoken(bench, "It waits. ", *[loop] * 5000, Ended("stop"))

    assert turn.status == "truncated"
    assert len(turn.answer) < 1000
    assert any("began to repeat itself" in message for message in told)


def test_rows_code_and_short_lines_may_repeat(bench: Bench) -> None:
    answer = (
        "| a | b |\n| --- | --- |\n" + "| yes | no |\n" * 5
        + "```\n" + "    return None\n" * 6 + "```\nYes. Yes. Yes. Done."
    )  # fmt: skip

    turn, told = spoken(bench, *answer.splitlines(keepends=True), Ended("stop"))

    assert (turn.status, told) == ("answered", [])


def test_marks_of_passages_never_reach_anybody(bench: Bench) -> None:
    class Echoing(ScriptedModel):
        def stream(self, prompt: Prompt) -> Iterator[Piece | Sign]:
            text = (
                f"<<passage 1 {prompt.boundary}>>\n[1] docs/locks.md:3-4\n"
                f"A commit waits.\n<<end passage 1 {prompt.boundary}>>\nUse <<EOF."
            )
            yield from text

    bench.model = Echoing()

    turn = finished(bench.ask()).turn

    assert turn.answer == "A commit waits.\nUse <<EOF."


def test_reasoning_is_kept_apart(bench: Bench) -> None:
    bench.model = ScriptedModel(
        Thought("Let me see."), Reading(5, 9), Waiting(2, "it loads"), "It ", "waits.",
        Ended("stop"),
    )  # fmt: skip

    events = bench.ask()

    turn = finished(events).turn
    assert (turn.answer, turn.reasoning) == ("It waits.", "Let me see.")
    assert Thinking("Let me see.") in events
    stages = [event for event in events if isinstance(event, Stage)]
    assert [stage.name for stage in stages[-3:]] == ["thinking", "reading", "writing"]
    assert (stages[-2].done, stages[-2].total) == (5, 9)
    assert Notice("it loads; asking again in 2 s", "warning") in events


def test_what_turns_out_to_be_reasoning_is_taken_back(bench: Bench) -> None:
    turn, _ = spoken(bench, "I wonder. ", Restart(), "It waits.", Ended("stop"))

    assert (turn.answer, turn.reasoning) == ("It waits.", "I wonder.")


def test_a_follow_up_goes_on_with_the_latest_conversation(bench: Bench) -> None:
    first = finished(bench.ask()).turn
    second = finished(bench.ask("And then?")).turn
    other = finished(bench.ask("Something else", new=True)).turn

    assert second.conversation == first.conversation != other.conversation
    assert bench.retriever.requests[1].history[0].question == "How long?"
    assert bench.retriever.requests[2].history == ()
    assert isinstance(bench.model, ScriptedModel)
    assert bench.model.prompts[1].history[0].question == "How long?"


def test_what_found_nothing_does_not_lead_later_searches(bench: Bench) -> None:
    bench.retriever.passages = ()
    bench.ask("Who wrote Moby Dick?")
    bench.retriever.passages = (PASSAGE,)

    bench.ask("How long?")

    assert bench.retriever.requests[1].history == ()


def test_a_stateless_question_leaves_no_trace(bench: Bench) -> None:
    bench.ask()
    head = bench.history.head()

    turn = finished(bench.ask("And then?", record=False)).turn

    assert bench.history.head() == head
    assert turn.seq == 0
    assert bench.retriever.requests[1].history == ()


def test_closing_the_events_keeps_what_was_said(bench: Bench) -> None:
    events = bench.events()
    said = next(event for event in events if isinstance(event, Token))
    events.close()  # type: ignore[attr-defined]

    (turn,) = bench.history.since(0)
    assert turn.status == "interrupted"
    assert turn.answer == said.text.strip()


def test_a_silent_model_can_be_cancelled(bench: Bench) -> None:
    silence = threading.Event()

    class Silent(ScriptedModel):
        def stream(self, prompt: Prompt) -> Iterator[Piece | Sign]:
            yield "It waits "
            silence.wait()

    bench.model = Silent()
    cancel = threading.Event()
    events = []
    for event in bench.events(cancel=cancel):
        events.append(event)
        if isinstance(event, Token):
            cancel.set()
    silence.set()

    turn = finished(events).turn
    assert (turn.status, turn.answer) == ("interrupted", "It waits")
    assert bench.history.transcript(turn.conversation) == [turn]


def test_a_missing_model_is_replaced_and_said_so(bench: Bench) -> None:
    bench.model = ServerUnreachable("no Ollama at 127.0.0.1:1")

    events = bench.ask()

    notices = [event for event in events if isinstance(event, Notice)]
    assert notices[0].kind == "warning"
    assert "no Ollama" in notices[0].message
    assert finished(events).turn.model == "builtin:extractive"


def test_a_model_that_fails_before_its_first_word_is_replaced(bench: Bench) -> None:
    bench.model = ScriptedModel(ModelFailed("it broke"))

    turn = finished(bench.ask()).turn

    assert turn.model == "builtin:extractive"
    assert turn.status == "answered"


@pytest.mark.parametrize("script", [(), ("A commit ",)])
def test_a_required_or_half_heard_model_is_not_replaced(
    bench: Bench, script: tuple[str, ...]
) -> None:
    bench.model = ScriptedModel(*script, ModelFailed("it broke"))
    if not script:
        bench.settings = replace(bench.settings, require_model=True)

    with pytest.raises(ModelFailed):
        bench.ask()

    (turn,) = bench.history.since(0)
    assert turn.status == "failed"
    assert turn.answer == "".join(script).strip()


def broken(events: Iterator[Event], error: type[Exception]) -> Failed:
    """The last event before the error."""
    heard: list[Event] = []
    with pytest.raises(error):  # noqa: PT012 - the events before it are what counts
        for event in events:
            heard.append(event)  # noqa: PERF402
    last = heard[-1]
    assert isinstance(last, Failed)
    return last


def test_a_model_that_fails_hands_over_the_turn_as_it_is_recorded(bench: Bench) -> None:
    bench.model = ScriptedModel("A commit ", ModelFailed("it broke"))

    failed = broken(bench.events(), ModelFailed)

    assert (failed.turn.status, failed.turn.answer) == ("failed", "A commit")
    assert list(bench.history.since(0)) == [failed.turn]


@pytest.mark.parametrize(
    "error",
    [Locked("held by 42"), StorageFailed("disk full"), StoreUnavailable("no server")],
    ids=lambda error: error.kind,
)
def test_a_turn_that_cannot_be_stored_is_tried_once_and_handed_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: RagcliError
) -> None:
    tried: list[Turn] = []

    def refused(turn: Turn, **_: object) -> Turn:
        tried.append(turn)
        raise error

    bench.model = ScriptedModel(*ANSWER, " The moon is made of cheese [1].")
    with monkeypatch.context() as patch:
        patch.setattr(bench.history, "commit", refused)
        failed = broken(bench.events(), type(error))

    assert tried == [failed.turn]
    assert (failed.turn.status, failed.turn.seq) == ("answered", 0)
    # The second marker was refused: it is no citation, whoever stores the turn.
    assert failed.turn.answer.endswith("The moon is made of cheese.")
    assert [(c.marker, c.quote) for c in failed.turn.citations] == [
        (1, "A commit waits at most ten seconds")
    ]
    assert failed.title == "How long?"
    stored = bench.history.commit(failed.turn, title=failed.title)
    assert stored == replace(failed.turn, seq=stored.seq, ts=stored.ts)


def test_a_cancelled_turn_that_cannot_be_stored_is_handed_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(turn: Turn, **_: object) -> Turn:
        raise Locked("held by 42")

    monkeypatch.setattr(bench.history, "commit", refused)
    cancel = threading.Event()
    cancel.set()

    failed = broken(bench.events(cancel=cancel), Locked)

    assert (failed.turn.status, failed.turn.seq) == ("interrupted", 0)


def test_a_quoting_model_that_is_silent_has_found_nothing(bench: Bench) -> None:
    bench.model = Quoting()

    events = bench.ask()

    assert finished(events).turn.status == "nothing_found"
    assert not any(isinstance(event, Token) for event in events)


def test_without_documents_a_generating_model_finds_nothing(bench: Bench) -> None:
    bench.retriever.passages = ()

    assert finished(bench.ask()).turn.status == "nothing_found"


def test_without_asking_the_documents_the_model_answers_alone(bench: Bench) -> None:
    bench.model = ScriptedModel("From what I know.")

    turn = finished(bench.ask(use_documents=False)).turn

    assert (turn.status, turn.retrieved) == ("answered", ())
    assert bench.retriever.requests == []


def test_strict_refuses_what_no_passage_bears_out(bench: Bench) -> None:
    bench.model = ScriptedModel("The moon is made of green cheese [1].")

    with pytest.raises(Unverified):
        bench.ask(strict=True)

    assert bench.history.since(0)[0].answer == "The moon is made of green cheese."


def test_an_asked_again_turn_takes_the_place_of_the_first(bench: Bench) -> None:
    first = finished(bench.ask()).turn

    again = finished(bench.ask(replaces=first.id)).turn

    assert bench.history.transcript(first.conversation) == [again]
    assert bench.retriever.requests[1].history == ()


def test_an_answer_stays_when_its_replacement_is_stopped(bench: Bench) -> None:
    first = finished(bench.ask()).turn
    events = bench.events(replaces=first.id)
    next(event for event in events if isinstance(event, Token))

    events.close()  # type: ignore[attr-defined]

    kept, partial = bench.history.transcript(first.conversation)
    assert kept == first
    assert (partial.status, partial.replaces) == ("interrupted", "")
    assert partial.answer


def test_of_a_repeated_question_stopped_before_a_word_nothing_is_kept(
    bench: Bench,
) -> None:
    first = finished(bench.ask()).turn
    events = bench.events(replaces=first.id)
    next(event for event in events if isinstance(event, Retrieved))

    events.close()  # type: ignore[attr-defined]

    assert bench.history.transcript(first.conversation) == [first]


def test_a_changed_question_stopped_before_a_word_is_kept(bench: Bench) -> None:
    first = finished(bench.ask()).turn
    events = bench.events("How long does it wait for sure?", replaces=first.id)
    next(event for event in events if isinstance(event, Retrieved))

    events.close()  # type: ignore[attr-defined]

    kept, changed = bench.history.transcript(first.conversation)
    assert kept == first
    assert changed.question == "How long does it wait for sure?"


def test_an_interrupted_answer_goes_on_where_it_stopped(bench: Bench) -> None:
    events = bench.events()
    next(event for event in events if isinstance(event, Token))
    events.close()  # type: ignore[attr-defined]
    (partial,) = bench.history.since(0)

    bench.ask("go on", continues=partial.id)

    assert isinstance(bench.model, ScriptedModel)
    prompt = bench.model.prompts[-1]
    assert (prompt.question, prompt.begun) == (partial.question, partial.answer)


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question_is_refused(bench: Bench, question: str) -> None:
    with pytest.raises(UsageError):
        bench.ask(question)


def test_an_unknown_conversation_is_refused(bench: Bench) -> None:
    with pytest.raises(ConversationNotFound):
        bench.ask(conversation="nowhere")


def test_a_changed_file_makes_its_citation_stale(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "locks.md"
    path.write_text("now different")
    bench.retriever.passages = (replace(PASSAGE, path=str(path), digest="0" * 64),)

    assert finished(bench.ask()).stale == {1}


def test_older_turns_are_summed_up_once_and_the_next_prompt_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.settings = replace(bench.settings, memory="summary")
    model = bench.model
    assert isinstance(model, ScriptedModel)
    monkeypatch.setattr(model, "complete", lambda *_, **__: "They spoke of locks.")
    events: Sequence[object] = ()
    for number in range(KEPT + GATHERED):
        events = bench.ask(f"Question {number}?")

    assert events[-1] == Notice(f"{GATHERED} earlier turns are summed up now")
    bench.ask("And now?")

    assert [prompt.summary for prompt in model.prompts] == [
        *[""] * (KEPT + GATHERED),
        "They spoke of locks.",
    ]
    conversation = finished(bench.ask("And then?")).turn.conversation
    assert bench.history.context(conversation, 3).covers == GATHERED + 1


def test_the_built_in_model_says_once_that_it_sums_up_nothing(bench: Bench) -> None:
    bench.settings = replace(bench.settings, memory="summary")
    bench.model = Quoting("Ten seconds [1].")
    told = [Notice(RECENCY_ONLY) in bench.ask(f"Question {n}?") for n in range(3)]

    assert told == [True, False, False]
    assert Notice(RECENCY_ONLY) not in bench.ask("Quietly?", record=False)
