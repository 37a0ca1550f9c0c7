"""`ragcli eval`: retrieval and answers, measured on your own questions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.commands.search import MODES
from ragcli.cli.input.options import Invocation, choice, examples, paths
from ragcli.cli.input.question_options import DocsOption, ModelOption
from ragcli.config.settings import AUTO
from ragcli.errors import DocumentNotFound, ExitCode, UsageError

if TYPE_CHECKING:
    from ragcli.chat.evaluation import Evaluation
    from ragcli.workspace import Workspace

_FEWEST_JUDGED = 10
"""Answers from which a threshold can be learnt."""


@examples(
    "ragcli eval questions.jsonl",
    "ragcli eval questions.jsonl --docs wiki/ --compare bm25,vectors,hybrid",
    "ragcli eval questions.jsonl --min-recall5 0.8 --json > figures.json",
)
def evaluate(
    call: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE")],
    *,
    docs: DocsOption = None,
    compare: Annotated[
        str,
        typer.Option(
            "--compare", metavar="MODES", help="Side by side: bm25,vectors,hybrid."
        ),
    ] = "",
    min_recall5: Annotated[
        float | None,
        typer.Option("--min-recall5", metavar="X", help="End with 1 below this."),
    ] = None,
    no_answers: Annotated[
        bool, typer.Option("--no-answers", help="Measure retrieval only.")
    ] = False,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn", help="Set this profile's retrieval.threshold to the best one."
        ),
    ] = False,
    model: ModelOption = None,
) -> int:
    """Measure retrieval and answers on your own questions.

    FILE holds one JSON object a line: "question", "relevant" (a list of paths, or
    path to grade), and optionally "id", "history" and "answers". A path matches a
    document by its end. Figures follow trec_eval; with --min-recall5 the exit code
    is 1 when recall at 5 is below it.

    Where "answers" is given, and [] where nothing answers, the share of questions that
    the built-in model answers and of wrong answers is told for several thresholds.
    The best of all is learnt with --learn, or where retrieval.threshold is "auto".
    """
    from ragcli.chat import evaluation
    from ragcli.chat.question_files import read_questions
    from ragcli.cli import measuring

    call.flags["model"] = model
    questions = read_questions(Path(file))
    with call.open() as workspace, call.progress() as progress:
        retriever = workspace.retriever(documents=paths(docs), progress=progress)
        if retriever is None:
            raise DocumentNotFound(
                "there are no documents to search", "ragcli docs add PATH"
            )
        answer = None if no_answers else measuring.answerer(workspace)
        modes = _modes(compare) or [workspace.settings.retrieval_mode]
        searches = {mode: measuring.searcher(retriever, mode) for mode in modes}
        evaluations = evaluation.compare(questions, searches, answer, progress)
        if learn or _learns(call, workspace, evaluations[modes[-1]]):
            _learn(call, workspace, evaluations[modes[-1]])
    _print(call, evaluations, side_by_side=bool(compare))
    return _verdict(call, evaluations[modes[-1]], min_recall5)


def _modes(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    return list(dict.fromkeys(choice("--compare", name, *MODES) for name in names))


def _print(
    call: Invocation, evaluations: dict[str, Evaluation], *, side_by_side: bool
) -> None:
    if call.as_json and side_by_side:
        modes = {mode: figures.as_json() for mode, figures in evaluations.items()}
        call.output.document({"compare": modes})
    elif call.as_json:
        [figures] = evaluations.values()
        call.output.document(figures.as_json())
    else:
        columns = [dict(_figures(figures)) for figures in evaluations.values()]
        rows = [(name, *(column[name] for column in columns)) for name in columns[0]]
        call.output.table(("figure", *evaluations), rows)


def _figures(measured: Evaluation) -> list[tuple[str, str]]:
    """Returns name and value of each figure that could be measured."""
    figures = {f"recall@{k}": value for k, value in measured.recall.items()}
    figures |= {f"nDCG@{k}": value for k, value in measured.ndcg.items()}
    figures |= {"MRR@10": measured.mrr}
    figures |= {
        f"answer in first {k}": value for k, value in measured.answer_in.items()
    }
    figures |= {"citation precision": measured.citation_precision}
    figures |= {"answered": measured.answered}
    rows = [("questions", str(measured.questions))]
    rows += [
        (name, "-" if math.isnan(value) else f"{value:.4f}")
        for name, value in figures.items()
    ]
    rows += [
        (f"{name} ms", f"{value:.1f}") for name, value in measured.latency_ms.items()
    ]
    for item in measured.risk[::2]:
        rows += [(f"answered at {item.threshold}", f"{item.answered:.4f}")]
        rows += [(f"wrong of these at {item.threshold}", f"{item.wrong:.4f}")]
    return rows


def _judged(measured: Evaluation) -> int:
    return sum("judged" in row for row in measured.details)


def _learns(call: Invocation, workspace: Workspace, measured: Evaluation) -> bool:
    """Tells whether a profile's threshold is learnt, and enough answers were judged."""
    if workspace.settings.retrieval_threshold != AUTO:
        return False
    judged = _judged(measured)
    if judged < _FEWEST_JUDGED:
        call.output.note(
            f"retrieval.threshold = auto learns nothing: {judged} built-in answers "
            f"could be judged, {_FEWEST_JUDGED} are needed"
        )
    return judged >= _FEWEST_JUDGED


def _learn(call: Invocation, workspace: Workspace, measured: Evaluation) -> None:
    """Sets the profile's threshold to the one that does best."""
    judged = _judged(measured)
    if judged < _FEWEST_JUDGED:
        raise UsageError(
            f"--learn: {judged} built-in answers could be judged, "
            f"{_FEWEST_JUDGED} are needed",
            'add "answers" to the questions, [] where nothing answers',
        )
    best = round(measured.best_threshold, 2)
    is_auto = workspace.settings.retrieval_threshold == AUTO
    key = "retrieval.learned_threshold" if is_auto else "retrieval.threshold"
    workspace.session.change_settings({key: best})
    call.output.note(f"profile {workspace.name}: {key} = {best}")


def _verdict(call: Invocation, measured: Evaluation, least: float | None) -> int:
    if least is None:
        return int(ExitCode.ANSWERED)
    if math.isnan(measured.recall[5]):
        raise UsageError("--min-recall5: no question says what is relevant")
    if measured.recall[5] >= least:
        return int(ExitCode.ANSWERED)
    call.output.note(f"recall@5 is {measured.recall[5]:.4f}, below {least}")
    return int(ExitCode.NOTHING_FOUND)


COMMANDS = {"eval": evaluate}
