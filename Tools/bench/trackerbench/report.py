"""The tables: ratios on standard output, everything in RESULTS.md."""
import sys

from . import corpus, figures, targets
from .report_parts import conditions, sections
from .tables import number, table


def write(results, options):
    sets = figures.all_sets(results)
    parts = [
        "# Results of Tools/bench\n",
        "Made by `Tools/bench/run`; not edited by hand. Every figure is of one machine and one run: "
        "compare ratios, not times. Sizes are whole files. Where a peer wins, it is named.\n",
        must_reach(results), ratios(sets), losses(sets), *sections(results, sets),
        *conditions(results, sets)]
    text = "\n".join(part for part in parts if part)
    for part in (ratios(sets), must_reach(results)):
        print(part)
    if not options.results:
        return
    with open(options.results, "w") as file:
        file.write(text)
    print(f"wrote {options.results}", file=sys.stderr)


def must_reach(results):
    lines = targets.lines(results)
    marks = {True: "reached", False: "**not reached**", None: "—"}
    rows = [[line.what, line.target, line.measured, marks[line.reached], line.stretch]
            for line in lines]
    reached = sum(line.reached is True for line in lines)
    measured = sum(line.reached is not None for line in lines)
    return (f"## Must reach\n\n{reached} of {measured} measured targets are reached.\n\n"
            + table(["what", "target", "measured", "", ""], rows))


def ratios(sets):
    """Ours beside the best peer and beside the reference's pickle, set by set."""
    rows = []
    means = {}
    for key, figure in sets.items():
        row = [key]
        for name, values, highest in (("bytes", figure.bytes, False), ("write", figure.write, True),
                                      ("read", figure.read, True), ("look-up", figure.lookup, False)):
            peer, value = figures.best(values, highest=highest)
            ours, pickle = values.get("ours"), values.get("pickle")
            pair = (figures.ratio(ours, value), figures.ratio(ours, pickle))
            if corpus.BY_KEY[key].in_mean:
                for place, part in enumerate(pair):
                    means.setdefault((name, place), []).append(part)
            row += [f"{number(pair[0], 3)} ({peer})" if pair[0] else "—", number(pair[1], 3)]
        rows.append(row)
    mean = ["**geometric mean**"]
    for name in ("bytes", "write", "read", "look-up"):
        mean += [f"**{number(figures.geometric_mean(means.get((name, place), [])), 3)}**"
                 for place in (0, 1)]
    heads = ["set"]
    for name in ("bytes", "write rate", "read rate", "look-up time"):
        heads += [f"{name} / best peer", "/ pickle"]
    kept = ", ".join(key for key in sets if corpus.BY_KEY[key].in_mean)
    return ("## Ratios\n\nOurs / the best peer's of that column, whichever peer that is and whatever "
            "its file costs elsewhere; and ours / the reference's pickle. Bytes and times: less is "
            "better. Rates: more is better. Rates and look-ups of pickle are those of its subset. "
            f"Means are over {kept}.\n\n" + table(heads, [*rows, mean]))


def losses(sets):
    """Where a peer wins, in words."""
    found = []
    for key, figure in sets.items():
        for what, values, highest in (("smaller", figure.bytes, False),
                                      ("written faster", figure.write, True),
                                      ("read faster", figure.read, True),
                                      ("looked up faster", figure.lookup, False)):
            ours = values.get("ours")
            if ours is None:
                continue
            better = {name: (value / ours if highest else ours / value)
                      for name, value in values.items()
                      if name != "ours" and (value > ours if highest else value < ours)}
            if better:
                names = ", ".join(f"{name} {factor:.2f} ×" for name, factor in
                                  sorted(better.items(), key=lambda item: -item[1]))
                found.append(f"- {key}, {what}: {names}")
    return ("## Where peers win\n\nEvery peer that is better than ours, by how much.\n\n"
            + ("\n".join(found) if found else "Nowhere.") + "\n")
