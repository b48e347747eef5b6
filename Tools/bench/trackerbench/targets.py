"""What the format must reach, and what was measured: a line each."""
import statistics
from dataclasses import dataclass

from . import figures, synthetic

# Bytes a point of the whole compacted file, and the stretch where there is one.
SIZES = {"D1": (2.10, None), "D2": (1.63, None), "D2s": (1.85, None), "D3": (0.0145, 0.0125),
         "D4b": (0.60, None), "D4h": (0.95, None), "D5": (2.15, 2.00), "D6": (1.93, None),
         "D7": (2.98, None), "DP": (2.35, None)}
PICKLE_HELD = 113  # bytes a point of the reference's memory, as its own class was measured


@dataclass
class Line:
    what: str
    target: str
    measured: str
    reached: bool | None  # None where it was not measured
    stretch: str = ""


def at_most(what, limit, value, unit="", stretch=None, digits=3, remark=""):
    note = "" if stretch is None else f"stretch {stretch:g}"
    if value is not None and stretch is not None:
        note += ": reached" if value <= stretch else ": not reached"
    return Line(what, f"≤ {limit:.3g}{unit}", shown(value, unit, digits) + remark,
                None if value is None else value <= limit, note)


def at_least(what, limit, value, unit="", stretch=None, digits=2, remark=""):
    note = "" if stretch is None else f"stretch {stretch:g}"
    if value is not None and stretch is not None:
        note += ": reached" if value >= stretch else ": not reached"
    return Line(what, f"≥ {limit:g}{unit}", shown(value, unit, digits) + remark,
                None if value is None else value >= limit, note)


def shown(value, unit, digits):
    return "not measured" if value is None else f"{value:.{digits}f}{unit}"


def lines(results):
    """All of them, in the order of the plan."""
    sets = figures.all_sets(results)
    return [*sizes(sets, results), *speeds(sets), *appends(results), *others(results),
            *merges(results)]


def sizes(sets, results):
    found = []
    for key, (limit, stretch) in SIZES.items():
        ours = sets[key].bytes.get("ours") if key in sets else None
        digits = 4 if limit < 0.1 else 3
        found.append(at_most(f"{key}, bytes a point", limit, ours, "", stretch, digits))
    ratios = figures.size_ratios(sets)
    complete = all(ratios.get(key) for key in SIZES)
    found.append(at_most("geometric mean, ours / best peer", 0.74,
                         figures.geometric_mean(ratios.values()), "", 0.70,
                         remark="" if complete else f" (over {', '.join(ratios)} only)"))
    entry = results.get("append", {}).get("ours", {})
    appended = entry["bytes"] / entry["points"] if "bytes" in entry else None
    found.append(at_most("D2 as appended, bytes a point", 1.85, appended))
    worst, where = None, ""
    for key, figure in sets.items():
        value = figures.ratio(figure.bytes.get("ours"), figure.bytes.get("pcodec-8"))
        if value and (worst is None or value > worst):
            worst, where = value, f" ({key})"
    found.append(at_most("largest ours / pcodec-8 of all sets, random bits included", 1.02, worst,
                         remark=where))
    found.append(synthetics(results))
    return found


def synthetics(results):
    entries = results.get("synthetic", {}).get("columns", [])
    some = synthetic.counted(entries)
    worst = max(some, key=synthetic.ratio, default=None)
    remark = ""
    if worst:
        above = sum(synthetic.ratio(entry) > 1.02 for entry in some)
        remark = f" ({worst['name']}; {above} above)"
    return at_most(f"largest ours / pcodec-8 on {len(some)} synthetic columns, bytes of values", 1.02,
                   synthetic.ratio(worst) if worst else None, remark=remark)


def speeds(sets):
    figure = sets.get("D2")
    if not figure:
        return []

    def rate(what, peer):
        return figures.paired_rate(figure.seconds, what, peer)

    name, columnar = figures.columnar(figure.lookup)
    found = [
        at_least("D2 write, rate / parquet-wide", 1.5, rate("write", "parquet-wide"), " ×"),
        at_least("D2 write, rate / pcodec-8", 0.8, rate("write", "pcodec-8"), " ×", 1.0),
        at_least("D2 full read, rate / parquet-wide", 1.9, rate("read", "parquet-wide"), " ×"),
        at_least("D2 full read, rate / vortex", 0.9, rate("read", "vortex"), " ×", 1.2),
        at_most("D2 one instance's history, time / best columnar peer", 0.6,
                figures.ratio(figure.lookup.get("ours"), columnar), " ×", 0.3, 2,
                f" ({name})" if name else ""),
    ]
    for key, limit in (("D2", 5), ("D6", 1)):
        value = None
        if key in sets and "ours" in sets[key].lookup_bytes:
            value = 100 * sets[key].lookup_bytes["ours"] / sets[key].file_bytes["ours"]
        found.append(at_most(f"{key} one instance's history, part of the file read", limit, value,
                             " %", None, 2))
    return found


def appends(results):
    append, long = results.get("append", {}), results.get("long", {})
    ours, pco = append.get("ours", {}), append.get("pcodec-8", {})
    size = ours["bytes"] / len(ours["seconds"]) / 1e3 if "bytes" in ours else None
    time = None
    if ours.get("seconds") and pco.get("seconds"):
        time = statistics.median(ours["seconds"]) / statistics.median(pco["seconds"])
    found = [
        at_most("append one epoch of 200,000", 370, size, " kB", None, 1),
        at_most("append, time / pcodec-8's blob, one fsync each", 1.5, time, " ×", None, 2),
    ]
    hundreds = long.get("hundreds")
    growth = None
    if hundreds:
        # A line fitted through the means: from the first hundred commits to the last.
        middle = (len(hundreds) - 1) / 2
        mean = sum(hundreds) / len(hundreds)
        slope = sum((place - middle) * value for place, value in enumerate(hundreds)) / sum(
            (place - middle) ** 2 for place in range(len(hundreds)))
        growth = 100 * slope * (len(hundreds) - 1) / mean
    maximum = f"; mean {mean * 1e3:.1f} ms, maximum {long['maximum'] * 1e3:.1f} ms" if hundreds else ""
    found.append(at_most("means of hundred commits, fitted growth from 1 to 1,000 (flat: 10 %)", 10,
                         growth, " %", None, 1, maximum))
    return found


def others(results):
    cores, training = results.get("cores", {}), results.get("training", {})
    found = []
    for what in ("write", "read"):
        value = None
        if "one" in cores and cores.get("cores", 1) > 1:
            value = statistics.median(
                one / both for one, both in zip(cores["one"][what], cores["all"][what]))
        found.append(at_least(f"both cores, D2 {what}, rate / one core", 1.7, value, " ×"))
    time, held, remark = None, None, ""
    if "ours" in training:
        ours, theirs = training["ours"], training["reference"]
        whole = theirs["record"] + theirs["seal"]
        time = (ours["record"] + ours["seal"]) / whole
        held = ours["held"] / PICKLE_HELD
        alone = training.get("alone")
        if alone:
            remark = f"; all on one core {(alone['record'] + alone['seal']) / whole:.4f} ×"
    found.append(at_most("record + seal, what the loop waits a point / reference's", 0.01, time,
                         " ×", None, 4, remark))
    found.append(at_most("memory held with no file, a point / reference's 113 B", 0.0222, held,
                         " ×", None, 4))
    long, growth = results.get("long", {}), None
    if "resident" in long:
        # From the second hundred on: the first ones bring buffers to their size.
        resident = long["resident"]
        growth = (resident[-1] - resident[1]) / (100 * (len(resident) - 2))
    found.append(at_most("memory growth an epoch with a file (directory entries only: 4 kB)", 4,
                         None if growth is None else growth / 1e3, " kB", None, 2))
    return found


def merges(results):
    runs = results.get("merging", {}).get("runs", {})

    def time(what, other):
        """The median over the rounds of `what`'s time / `other`'s in the same round."""
        if not runs.get(what) or not runs.get(other):
            return None
        return statistics.median(
            left["seconds"] / right["seconds"] for left, right in zip(runs[what], runs[other]))

    def peak(what):
        """The highest of all rounds."""
        return max(run["peak"] for run in runs[what]) if runs.get(what) else None

    def growth(suffix):
        ratio = figures.ratio(peak("merge" + suffix.replace(",", "")),
                              peak("merge of 1 M points" + suffix))
        return None if ratio is None else (ratio - 1) * 100

    small = peak("merge of 10,000 files, ulimit -n 64")
    fastest = min(("DuckDB", "pyarrow"), key=lambda peer: time(peer, "merge") or 0)
    return [
        at_most("merge 10,000 files with ulimit -n 64, peak memory", 256,
                None if small is None else small / 2**20, " MiB", None, 0),
        at_least("merge 30 M points of 8 workers, rate / the faster of DuckDB and pyarrow", 5,
                 time(fastest, "merge"), " ×", remark=f" ({fastest})"),
        at_most("the same, peak memory / that one's", 0.25,
                figures.ratio(peak("merge"), peak(fastest)), " ×", None, 3),
        at_most("peak memory from 1 M to 30 M points, default memory (flat: 10 %)", 10, growth(""),
                " %", None, 1),
        at_most("the same with --memory 48MiB", 10, growth(", --memory 48MiB"), " %", None, 1),
        at_most("select from the same 8 files, time / merge", 1 / 3, time("select", "merge"), " ×"),
        at_most("stats, all criteria but rank-change, time / merge", 1, time("stats", "merge"), " ×",
                None, 2),
        at_most("stats --by rank-change, time / merge", 3, time("stats --by rank-change", "merge"),
                " ×", None, 2),
    ]
