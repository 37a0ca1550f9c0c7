"""Makes every line legible: text contrasts with its ground, in any theme.

Themes blend their colours with share and tint, so what a text is drawn in is known
only once it is drawn. A text that does not reach the contrast that WCAG 2 asks for
(4.5 to 1) is drawn lighter or darker until it does. Where a terminal has 256 colours,
each colour becomes the nearest of them to the eye: the usual rounding by channel makes
dark grey panels navy and highlights olive.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product

from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color, Lab, rgb_to_lab
from textual.filter import LineFilter

CONTRAST = 4.5
"""Least contrast of a text to its ground."""

_STEPS = 24
"""Steps from a colour to black or white in which a legible one is looked for."""

_FIRST_CUBE, _FIRST_GREY = 16, 232
_CUBE = (0, 95, 135, 175, 215, 255)
"""Levels of a channel in the cube of 216 colours."""

_MEMORY = 4096

_DRAWING = re.compile(r"[\s─-▟🬀-\U0001fbff]*")
"""Blanks, lines and blocks: they are no text."""


class Legible(LineFilter):
    """Makes every text legible.

    Args:
        limited: Whether the terminal has 256 colours and no more.
    """

    def __init__(self, *, limited: bool = False) -> None:
        super().__init__()
        self.limited = limited

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Returns the line as it is to be drawn.

        Args:
            segments: The line.
            background: What stands under segments that name no ground.
        """
        limited, ground = self.limited, background.rich_color
        return [
            segment
            if segment.style is None or segment.control
            else Segment(
                segment.text,
                _legible(
                    segment.style,
                    ground,
                    is_text=_DRAWING.fullmatch(segment.text) is None,
                    limited=limited,
                ),
            )
            for segment in segments
        ]


@lru_cache(_MEMORY)
def _legible(style: Style, under: RichColor, *, is_text: bool, limited: bool) -> Style:
    ground = style.bgcolor or under
    if style.bgcolor is None and under.type is not ColorType.TRUECOLOR:
        return style
    if ground.type is not ColorType.TRUECOLOR:  # the terminal's own: not ours to judge
        return style
    if limited:
        ground = nearest(ground)
    colour = style.color
    if colour is not None and colour.type is ColorType.TRUECOLOR:
        colour = _shade(colour, ground, is_text=is_text, limited=limited)
    grounds = style.bgcolor and ground
    return style + Style.from_color(colour, grounds)


def _shade(
    colour: RichColor, ground: RichColor, *, is_text: bool, limited: bool
) -> RichColor:
    """Returns a colour, or the next to it that stands out from the ground."""
    start, below = Color.from_rich_color(colour), Color.from_rich_color(ground)
    # Away from the ground: what stands out from it most is black or white.
    aim = max(WHITE, BLACK, key=lambda far: contrast(far, below))
    for step in range(_STEPS + 1):
        shade = start.blend(aim, step / _STEPS, alpha=1).rich_color
        shade = nearest(shade) if limited else shade
        if not is_text or contrast(Color.from_rich_color(shade), below) >= CONTRAST:
            return shade
    return aim.rich_color


def contrast(one: Color, other: Color) -> float:
    """Returns the contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(_MEMORY)
def _luminance(colour: Color) -> float:
    """Returns the relative luminance of a colour, 0 to 1."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (colour.r / 255, colour.g / 255, colour.b / 255)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(_MEMORY)
def nearest(colour: RichColor) -> RichColor:
    """Returns the one of 256 colours that is nearest to the eye (CIE L*a*b*)."""
    wanted = rgb_to_lab(Color.from_rich_color(colour))
    number = min(_palette(), key=lambda item: _distance(wanted, item[1]))[0]
    return RichColor.from_ansi(number)


def _distance(one: Lab, other: Lab) -> float:
    return (one.L - other.L) ** 2 + (one.a - other.a) ** 2 + (one.b - other.b) ** 2


@cache
def _palette() -> tuple[tuple[int, Lab], ...]:
    """Returns the colours that every terminal with 256 of them has alike."""
    cube = enumerate(product(_CUBE, repeat=3), _FIRST_CUBE)
    greys = enumerate(range(8, 248, 10), _FIRST_GREY)
    colours = [(number, Color(red, green, blue)) for number, (red, green, blue) in cube]
    colours += [(number, Color(level, level, level)) for number, level in greys]
    return tuple((number, rgb_to_lab(colour)) for number, colour in colours)
