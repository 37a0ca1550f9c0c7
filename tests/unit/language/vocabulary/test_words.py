"""Words of Latin texts are found by a short way, and are those of the long one."""

from __future__ import annotations

from ragcli.language.vocabulary.words import words


def test_signs_and_accents_part_words_as_any_other_script_does() -> None:
    texts = [f"ab{chr(code)}cd {chr(code)}e" for code in range(0x80, 0x3100)]

    assert [words(text) for text in texts] == [
        words(f"{text} 中文")[:-1] for text in texts
    ]
    assert words("“Déjà” → 3\u00a0€ · 中文字") == ["déjà", "中文", "文字"]
