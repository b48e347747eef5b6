"""Markdown tables."""


def table(heads, rows):
    widths = [max(len(str(row[place])) for row in [heads, *rows]) for place in range(len(heads))]

    def line(cells):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(heads), rule, *map(line, rows)]) + "\n"


def number(value, digits=2):
    """With so many significant places as are worth reading; a dash where there is none."""
    if value is None:
        return "—"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) < 0.1:
        return f"{value:.{digits}g}"
    return f"{value:.{digits}f}"
