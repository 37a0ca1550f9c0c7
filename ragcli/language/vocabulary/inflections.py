"""Forms of English words that no stemmer brings together: `kept` is `keep`."""

from __future__ import annotations

from functools import cache

_IRREGULAR = """
bear bore borne|beat beaten|become became|begin began begun|bend bent|bind bound
bite bit bitten|blow blew blown|break broke broken|bring brought|build built
burn burnt|buy bought|catch caught|choos chose chosen|come came|creep crept|deal dealt
dig dug|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten
fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fly flew flown
forbid forbad forbidden|forget forgot forgotten|forgiv forgave forgiven
freez froze frozen|get got gotten|give gave given|go went gone|grind ground
grow grew grown|hang hung|hear heard|hide hid hidden|hold held|keep kept|kneel knelt
know knew known|lead led|leav left|lend lent|lose lost|make made|mean meant|meet met
pay paid|ride rode ridden|ring rang rung|rise rose risen|run ran|say said|see saw seen
seek sought|sell sold|send sent|shake shook shaken|shine shone|shoot shot|show shown
shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|slide slid
speak spoke spoken|spend spent|spin spun|stand stood|steal stole stolen|stick stuck
strike struck stricken|strive strove striven|swear swore sworn|sweep swept
swim swam swum|swing swung|take took taken|teach taught|tear tore torn|tell told
think thought|throw threw thrown|understand understood|wake woke woken|wear wore worn
weav wove woven|win won|write wrote written|withdraw withdrew withdrawn|man men
woman women|child children|person peopl|foot feet|tooth teeth|mous mice
"""
"""Stems, the base form first; what is also another common word is left out."""


def base_form(stem: str) -> str:
    """Returns the stem of a word's base form; other stems are themselves.

    Args:
        stem: As the English stemmer gives it.
    """
    return _bases().get(stem, stem)


@cache
def _bases() -> dict[str, str]:
    """Returns the base form of each form."""
    groups = _IRREGULAR.strip().replace("\n", "|").split("|")
    families = [group.split() for group in groups]
    return {form: base for base, *others in families for form in others}
