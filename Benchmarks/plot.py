"""Draws the table: a bar for each server and case, as an SVG file by itself."""

from xml.sax.saxutils import escape

COLOURS = {
    "Countersign": "#1f6feb", "nginx": "#2da44e", "HAProxy": "#bf8700", "Varnish": "#8250df",
    "floor server": "#8c959f", "floor proxy": "#8c959f"}
BAR, GAP, LABELS, WIDTH, MOST = 9, 12, 230, 560, 3.0


def bars(rows, reference):
    """The rows of a case with their CPU time as a multiple of the reference's."""
    base = next((row.cpu for row in rows if row.server == reference), None)
    return [(row, row.cpu / base) for row in rows] if base else []


def draw(cases, reference="nginx"):
    """`cases` maps a name to its rows. Cases without the reference are left out."""
    body, y = [], 56
    for name, rows in cases.items():
        drawn = bars(rows, reference)
        if not drawn:
            continue
        middle = y + len(drawn) * BAR / 2 + 4
        body.append(
            f'<text x="{LABELS - 10}" y="{middle:.0f}" text-anchor="end">{escape(name)}</text>')
        for row, ratio in drawn:
            length = min(ratio, MOST) / MOST * WIDTH
            body.append(
                f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR - 1}" '
                f'fill="{COLOURS.get(row.server, "#57606a")}">'
                f'<title>{escape(row.server)}: {row.cpu:.2f} µs, {ratio:.2f}</title></rect>')
            mark = f"{ratio:.2f}" + (" →" if ratio > MOST else "")
            body.append(
                f'<text class="value" x="{LABELS + length + 4:.1f}" y="{y + BAR - 2}">{mark}'
                "</text>")
            y += BAR
        y += GAP
    line = LABELS + WIDTH / MOST
    legend, x = [], LABELS
    for server in dict.fromkeys(row.server for rows in cases.values() for row in rows):
        legend.append(
            f'<rect x="{x}" y="30" width="9" height="9" fill="{COLOURS.get(server, "#57606a")}"/>'
            f'<text x="{x + 13}" y="38">{escape(server)}</text>')
        x += 30 + 7 * len(server)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + WIDTH + 60}" height="{y + 10}" '
        'font-family="sans-serif" font-size="11">',
        "<style>text{fill:#1f2328}.value{font-size:8px}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>",
        f'<text x="{LABELS}" y="16" font-weight="bold">CPU time a request, {escape(reference)} = 1'
        " (shorter is better)</text>",
        *legend,
        f'<line x1="{line}" x2="{line}" y1="48" y2="{y}" stroke="#8c959f" stroke-dasharray="3 3"/>',
        *body, "</svg>"]) + "\n"
