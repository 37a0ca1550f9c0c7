"""Words of Latin texts are found by a short way, and are those of the long one."""

from __future__ import annotations

import unicodedata

from ragcli.language.vocabulary import words as tokens


def test_signs_and_accents_part_words_as_any_other_script_does() -> None:
    texts = [f"ab{chr(code)}cd {chr(code)}e" for code in range(0x80, 0x3100)]
    plain = [unicodedata.normalize("NFKC", text) for text in texts]

    assert [tokens.words(text) for text in texts] == [
        [word.lower() for word in tokens._words_and_pairs(text)] for text in plain
    ]
    assert tokens.words("“Déjà” → 3\u00a0€ · 中文字") == ["déjà", "中文", "文字"]
