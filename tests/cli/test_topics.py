"""A conversation may change its topic, and go on with it: each question is answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

TANK = """\
# The tank

The tank holds 400 litres of rain water. It was installed in 2019 by the Berger company.
The pump runs twice a day for ten minutes. The filter must be cleaned every spring.
The tank is emptied before the first frost. Anna Berger checks the valve each month.
"""
SHOPS = """\
# Shops in the village

Kalvo closes at half past six in the evening. The bakery opens at seven.
The boss of Kalvo is Tilde Brand. The post office is closed on Mondays.
"""
ASKED = (
    ("How much water does the tank hold?", "400 litres"),
    ("When was it installed?", "in 2019"),
    ("How often does the pump run?", "twice a day"),
    ("When is it emptied?", "before the first frost"),
    ("When does Kalvo close?", "half past six"),
    ("Who is the boss?", "Tilde Brand"),
)


@pytest.fixture
def village(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., Ran]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tank.md").write_text(TANK)
    (tmp_path / "shops.md").write_text(SHOPS)
    assert run_cli("docs", "add", "tank.md", "shops.md").code == 0


def test_what_was_asked_before_takes_nothing_away(
    village: None, run_cli: Callable[..., Ran]
) -> None:
    for question, answer in ASKED:
        ran = run_cli("ask", question)

        assert answer in ran.out.split("[1]")[0], (question, ran.out)


def test_where_nothing_answers_the_nearest_passage_is_named(
    village: None, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("ask", "How much did the tank of the village cost?")

    assert ran.code == 1
    assert not ran.out
    assert "the nearest passage is tank.md:" in ran.err
