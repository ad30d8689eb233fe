"""How many bytes were out over time, drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .exports import counted, sized

_WIDTH, _HEIGHT = 960, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 12, 12, 26

Point = tuple[float, int, int]


def as_svg(points: Sequence[Point]) -> str:
    """The picture, with a line of text for those who cannot see it; nothing for fewer than two points."""
    if len(points) < 2:
        return ""
    end = max(points[-1][0], 1e-9)
    peak = max(nbytes for _, nbytes, _ in points)
    top = _ceiling(peak)
    at, most, count = max(points, key=lambda point: point[1])
    words = f"At most {sized(most)} in {counted(count, 'export')} were out, {at:.2f} s after the start; {sized(points[-1][1])} at the end."
    line = _steps(points, end, top)
    ground = _y(0, top)
    grid = "".join(_level(top * part / 2, top) for part in range(3))
    ticks = "".join(_tick(end * part / 4, end) for part in range(5))
    return f"""<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(words)}" data-end="{end}" data-top="{top}">
{grid}{ticks}
<path class="area" d="{line} V {ground} H {_LEFT} Z"/>
<path class="line" d="{line}"/>
<line class="pointer" y1="{_TOP}" y2="{ground}" x1="{_LEFT}" x2="{_LEFT}" visibility="hidden"/>
</svg>
<p class="told">{escape(words)} <output id="moment"></output></p>"""


def _steps(points: Sequence[Point], end: float, top: float) -> str:
    """The number of bytes stays what it was until the next point."""
    path = [f"M {_LEFT} {_y(points[0][1], top)}"]
    for at, nbytes, _ in points:
        path.append(f"H {_x(at, end)} V {_y(nbytes, top)}")
    return " ".join(path) + f" H {_WIDTH - _RIGHT}"


def _x(at: float, end: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * at / end, 1)


def _y(nbytes: float, top: float) -> float:
    return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * nbytes / top, 1)


def _level(nbytes: float, top: float) -> str:
    y = _y(nbytes, top)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{sized(round(nbytes))}</text>'
    )


def _tick(at: float, end: float) -> str:
    x = _x(at, end)
    anchor = "end" if at == end else "middle" if at else "start"
    return f'<text x="{x}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{seconds(at)}</text>'


def seconds(number: float) -> str:
    """A time as people write it."""
    if number < 1:
        return f"{number * 1000:.3g} ms" if number else "0 s"
    return f"{number:.2f} s" if number < 100 else f"{number:,.0f} s"


def _ceiling(peak: int) -> float:
    """The height of the picture in bytes: a round number in the unit that is shown."""
    unit = 1
    while unit * 1024 <= peak:
        unit *= 1024
    for mantissa in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
        if unit * mantissa >= peak:
            return float(max(unit * mantissa, 2))
    return float(max(peak, 2))
