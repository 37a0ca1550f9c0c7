"""Formulas read as Unicode, prices and code stay what they are, and nothing is lost."""

from __future__ import annotations

import pytest

from ragcli.tui.rendering.formulas import as_unicode
from tests.tui.backend import Backend, streamed
from tests.tui.conftest import Chat, ask, screen_text, until, until_idle
from tests.tui.widgets.conversation.test_answer import Host


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        (r"\alpha \le x^2", "α ≤ x²"),
        (r"\sum_{i=1}^{n} x_i^2 = \infty", "∑ᵢ₌₁ⁿ xᵢ² = ∞"),
        (r"\left( \frac{1}{2} \right)^n", "( 1/2 )ⁿ"),
        (r"f'(x)=\frac{f(x+h)-f(x)}{h}", "f′(x)=(f(x+h)-f(x))/h"),
        (r"e^{-\lambda t}", "e^(-λ t)"),
        (r"\sqrt[3]{x+1}", "³√(x+1)"),
        (r"\text{for all } x \in \mathbb{R}", "for all x ∈ ℝ"),
        (r"\Phi(\hat{x}) \cdot \log\phi", "Φ(x̂) · log ϕ"),
        (r"10\% \{a\}", "10% {a}"),
        (r"\begin{cases} a & b \end{cases}", None),
        (r"\unknown{x}", None),
        ("x_", None),
        ("{" * 5000, None),
        (r"\sqrt" * 5000, None),
    ],
)
def test_what_is_understood_whole_is_read(formula: str, read: str | None) -> None:
    assert as_unicode(formula) == read


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"where \(\alpha \le x^2\) holds", "where α ≤ x² holds"),
        (r"so \[ E = mc^2 \] is it", "so E = mc² is it"),
        ("so $$\n\\frac{a}{b}\n$$ it is", "so a/b it is"),
        ("for $x_i$ and $n$ of $10^6$", "for xᵢ and n of 10⁶"),
        ("It is $5 and $6.", "It is $5 and $6."),
        ("$1,000 + $2,000 = $3,000", "$1,000 + $2,000 = $3,000"),
        ("$5-$7, $$5 and $$6", "$5-$7, $$5 and $$6"),
        ("`$x_i$` and `\\(x\\)`", r"$x_i$ and \(x\)"),
        ("$HOME/$USER, $user_name$", "$HOME/$USER, $user_name$"),
        (r"\(\matrix{a}\)", r"\(\matrix{a}\)"),
    ],
)
async def test_an_answer_shows_formulas_and_leaves_the_rest(
    source: str, shown: str
) -> None:
    host = Host(source)
    async with host.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert shown in " ".join(screen_text(host).split())


async def test_formulas_are_stored_and_copied_as_they_were_written(
    chat: Chat, backend: Backend
) -> None:
    answer = r"The bound is \(\alpha \le x^2\) [1]."
    backend.first.script = streamed(answer)
    async with chat() as (pilot, app, _):
        await ask(pilot, app, "What is the bound?")
        await until_idle(pilot, app)
        await until(pilot, lambda: "The bound is α ≤ x² [1]." in screen_text(app))
        app.chat.run_command("copy")
        await until(pilot, lambda: app.clipboard == answer)

    assert backend.first.history.turns[-1].answer == answer
