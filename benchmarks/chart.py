"""A chart as SVG, with nothing but the figures in it."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 360, 60, 40
COLOURS = ("#000091", "#c9191e", "#18753c", "#716043")


def draw(path: Path, series: dict[str, list[tuple[int, float]]]) -> None:
    """Draw journeys per CPU-second (upwards) for each number of families at once (to the right)."""
    steps = sorted({x for points in series.values() for x, _ in points})
    top = max(y for points in series.values() for _, y in points) * 1.1

    def place(x: int, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - 150) * steps.index(x) / max(len(steps) - 1, 1)
        return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 20) * y / top

    said = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12"><title>Journeys per CPU-second</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for x in steps:
        across, _ = place(x, 0)
        said.append(f'<text x="{across}" y="{HEIGHT - 15}" text-anchor="middle">{x}</text>')
    for share in range(5):
        value = top * share / 4
        _, up = place(steps[0], value)
        said.append(f'<line x1="{LEFT}" x2="{WIDTH - 150}" y1="{up}" y2="{up}" stroke="#ddd"/>')
        said.append(f'<text x="{LEFT - 8}" y="{up + 4}" text-anchor="end">{value:.1f}</text>')
    for (name, points), colour in zip(sorted(series.items()), COLOURS, strict=False):
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(*point) for point in points))
        across, up = place(*points[-1])
        said.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        said.append(f'<text x="{across + 8}" y="{up + 4}" fill="{colour}">{escape(name)}</text>')
    path.write_text("\n".join([*said, "</svg>"]), encoding="utf-8")
