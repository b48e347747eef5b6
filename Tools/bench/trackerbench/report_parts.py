"""The parts of RESULTS.md behind the ratios: each section's own table, and the conditions."""
import statistics

from . import corpus, peers, synthetic
from .tables import number, table


def names_of(sets):
    order = ["ours", *peers.CONTENDERS]
    return [name for name in order if any(name in figure.bytes for figure in sets.values())]


def sections(results, sets):
    return [sizes(sets), speeds(sets), appending(results), memory(results), long(results),
            merging(results), training(results), cores(results), instructions(results), grids(results),
            synthetics(results)]


def sizes(sets):
    if not sets:
        return ""
    rows = [[name, *(number(figure.bytes.get(name), 4 if key.startswith("D3") else 3)
                     for key, figure in sets.items())] for name in names_of(sets)]
    return "## Bytes a point\n\n" + table(["", *sets], rows)


def speeds(sets):
    parts = []
    for key in ("D2", "D6"):
        if key not in sets:
            continue
        figure = sets[key]
        rows = []
        for name in names_of({key: figure}):
            read = figure.lookup_bytes.get(name)
            part = number(100 * read / figure.file_bytes[name]) + " %" if read else "—"
            rows.append([name, number(per_million(figure.write.get(name))),
                         number(per_million(figure.read.get(name))),
                         number(milliseconds(figure.lookup.get(name))), part])
        scan = per_million(figure.scan.get("ours"))
        parts.append(
            f"## {key}: speed\n\nMillions of points a second, one core, files in the page cache, not "
            "synced. The look-up opens the file anew; 'read' is what it asked the system for (a dash "
            f"where files are mapped). Ours reads by tiles; by the scan {number(scan)}.\n\n"
            + table(["", "write", "full read", "one instance, ms", "read of the file"], rows))
    return "\n".join(parts)


def per_million(value):
    return None if value is None else value / 1e6


def milliseconds(value):
    return None if value is None else value * 1e3


def appending(results):
    entries = results.get("append")
    if not entries or "failed" in entries:
        return ""
    rows = []
    for name, entry in entries.items():
        if "bytes" not in entry:
            rows.append([name, f"failed: {entry.get('failed', '?')}", "", "", ""])
            continue
        seconds = entry["seconds"]
        share = "" if entry["points"] == max(e.get("points", 0) for e in entries.values()) else (
            f"of {entry['points'] // len(seconds):,} points")
        rows.append([name, number(milliseconds(statistics.median(seconds))),
                     number(milliseconds(max(seconds))),
                     number(entry["bytes"] / len(seconds) / 1e3), share])
    ours = entries.get("ours", {})
    parts = ", ".join(f"{part} {number(milliseconds(statistics.median(ours[part])))}"
                      for part in ("record", "seal", "checkpoint") if part in ours)
    compact = ""
    if "compact" in ours:
        compact = (f" The appended file compacts in {number(ours['compact'])} s to "
                   f"{ours['compacted_bytes'] / ours['points']:.3f} bytes a point.")
    return ("## Appending an epoch of D2\n\nFrom arrays in memory to durable bytes, one epoch after "
            f"the other, contenders in turns; an fsync of each file written. Ours, ms: {parts}."
            f"{compact} Parquet, Vortex and npz cannot append: a file for each epoch. Pickle rewrites "
            "everything.\n\n"
            + table(["", "median, ms", "maximum, ms", "kB an epoch", ""], rows))


def memory(results):
    entries = results.get("memory")
    if not entries or "failed" in entries:
        return ""
    full = max(entry.get("points", 0) for entry in entries.values())
    rows = []
    for name, entry in entries.items():
        remark = entry.get("failed", "")
        if not remark and entry["points"] != full:
            remark = f"of {entry['points']:,} points"
        rows.append([name, number(megabytes(entry.get("write"))),
                     number(megabytes(entry.get("read"))), remark])
    return ("## Peak memory, D2\n\nHighest resident memory above that before, in a fresh process: for "
            "writing above the data in the library's own form, for reading above its imports (the "
            f"arrays read are {full * 4 / 1e6:.0f} MB). What a peer freed after choosing its settings "
            "is used again unseen: its figures for writing are too low rather than too high.\n\n"
            + table(["", "write, MB", "read, MB", ""], rows))


def megabytes(value):
    return None if value is None else value / 1e6


def long(results):
    entry = results.get("long")
    if not entry or "failed" in entry:
        return ""
    rows = [[f"{place * 100 + 1:,} to {place * 100 + 100:,}", number(milliseconds(mean)),
             number(entry["resident"][place] / 1e6), number(entry["sizes"][place] / 1e6)]
            for place, mean in enumerate(entry["hundreds"])]
    return (f"## 1,000 commits of {entry['instances']:,} points\n\nRecord, seal and durable "
            f"checkpoint. Maximum {number(milliseconds(entry['maximum']))} ms, at commit "
            f"{entry['maximum_at'] + 1:,}.\n\n"
            + table(["commits", "mean, ms", "resident, MB", "file, MB"], rows))


def merging(results):
    entry = results.get("merging")
    if not entry or "failed" in entry:
        return ""
    rows = []
    for name, runs in entry["runs"].items():
        merges = [merge["seconds"] for merge in entry["runs"]["merge"]]
        seconds = [run["seconds"] for run in runs]
        size = entry["bytes"].get(name)
        rows.append([
            name, number(statistics.median(seconds)),
            number(statistics.median(run["processor"] for run in runs)),
            number(statistics.median(own / merge for own, merge in zip(seconds, merges))),
            number(max(run["peak"] for run in runs) / 2**20),
            number(size / 1e6) if size else "—"])
    same = "are the same bytes" if entry["same bytes"] else "**differ**"
    return (f"## Merges\n\nThe trackers of 8 workers with 30 epochs of 1,000,000 instances, a random "
            f"eighth each, on {entry['cores']} cores; peers unite and sort the same points from Parquet "
            f"files of the workers, on all cores. Whole processes, {len(merges)} rounds over all of them, "
            "every second backwards; medians, and of memory the highest. Merges of all 30 M points "
            f"{same}.\n\n"
            + table(["", "seconds", "processor seconds", "time / merge", "peak, MiB", "file, MB"], rows))


def training(results):
    entry = results.get("training")
    if not entry or "failed" in entry:
        return ""
    rows = [[name, number(1e9 * part["record"], 3), number(1e9 * part["seal"], 3),
             number(part["held"], 3)]
            for name, part in (("ours", entry["ours"]), ("ours, all on one core", entry.get("alone")),
                               ("reference", entry["reference"])) if part]
    return (f"## Recording, in memory\n\nD2 in batches of {entry['batch']}, in random order; the "
            f"reference's loops re-enacted from its source, {entry['reference']['points']:,} points. "
            "Its memory at few epochs counts each instance's list on few points; with many it was "
            "measured to hold 113 bytes a point. Times are those that the loop waits: with a second core "
            "an ended epoch is encoded there while the next one's batches are made.\n\n"
            + table(["", "record, ns a point", "seal, ns a point", "held, bytes a point"], rows))


def cores(results):
    entry = results.get("cores")
    if not entry or "failed" in entry:
        return ""
    rows = []
    for what in ("write", "read"):
        one, every = (statistics.median(entry[name][what]) for name in ("one", "all"))
        rows.append([what, number(milliseconds(one)), number(milliseconds(every)),
                     number(one / every)])
    return (f"## One core and {entry['cores']}, D2\n\n"
            + table(["", "one, ms", "all, ms", "times as fast"], rows))


def instructions(results):
    entry = results.get("instructions")
    if not entry or "failed" in entry:
        reason = entry["failed"] if entry else "not run"
        return f"## Machine instructions\n\nNot counted: {reason}.\n"
    rows = [[kernel, number(entry[kernel])] for kernel in ("encode", "decode")]
    return (f"## Machine instructions\n\nOf one tile of D2, {entry['points']:,} points, counted by "
            "callgrind, zlib included.\n\n"
            + table(["kernel", "instructions a point"], rows))


def grids(results):
    entry = results.get("grids")
    if not entry or "failed" in entry:
        return ""
    rows = []
    for name, part in [*entry["sets"].items(), *entry["devices"].items()]:
        rows.append([name, f"{part['points']:,}",
                     *(f"{100 * part[grid][how]:.1f} %" for grid in ("log1p", "-log")
                       for how in ("exact", "within 1 ulp"))])
    gpu = (f"GPU: {entry['gpu']}." if entry.get("gpu")
           else "**Untested on a GPU**: this machine has none that torch can reach.")
    return ("## Losses on the grids\n\nOf the losses below log 2, how many lie on "
            "Float(log(1 + k·2⁻²³)) and on Float(−log(1 − m·2⁻²⁴)). Sets are torch on the CPU; 'cpu' "
            f"and 'cuda' are a million simulated logits there. {gpu}\n\n"
            + table(["", "losses", "log(1 + k·2⁻²³) exactly", "within 1 ulp",
                     "−log(1 − m·2⁻²⁴) exactly", "within 1 ulp"], rows))


def synthetics(results):
    entries = results.get("synthetic", {}).get("columns")
    if not entries:
        return ""
    some = synthetic.counted(entries)
    rows = []
    for title, part in [("all", some), *((f"{n:,} × {e}", [
            entry for entry in some if entry["shape"] == shape])
            for shape, (n, e) in synthetic.SHAPES.items())]:
        if not part:
            continue
        ratios = [synthetic.ratio(entry) for entry in part]
        rows.append([title, len(part), sum(value > 1.02 for value in ratios),
                     *(number(value, 3) for value in synthetic.quantiles(ratios))])
    worst = [[entry["name"], number(synthetic.ratio(entry), 3),
              number(synthetic.whole_ratio(entry), 3),
              number(8 * (entry["file"] - entry["empty"]) / entry["points"], 3),
              number(8 * entry["pcodec"] / entry["points"], 3)]
             for entry in sorted(some, key=synthetic.ratio, reverse=True)[:40]]
    return (f"## Synthetic columns\n\n{len(entries)} columns from fixed seeds, every one read back; the "
            f"{len(some)} that take more than {synthetic.NOTHING} bits a point, ours or pcodec's. Of ours, "
            "the bytes of values: the compacted file less one of the same shape whose values are all 0. "
            "Of pcodec level 8, its smallest blobs of values. Quantiles of ours / pcodec-8, in percent:"
            "\n\n"
            + table(["", "columns", "above 1.02", *(str(part) for part in synthetic.QUANTILES)], rows)
            + "\nThe worst:\n\n"
            + table(["column", "values", "whole file", "ours, bits a point", "pcodec-8"], worst))


def conditions(results, sets):
    return [contenders(results, sets), data(sets), machine(results)]


def contenders(results, sets):
    told = results.get("contenders", {})
    rows = []
    for name in peers.CONTENDERS:
        entry = told.get(name, {})
        failed = sorted({f"{key}: {figure.failed[name]}" for key, figure in sets.items()
                         if name in figure.failed})
        partial = {key: figure.partial[name] for key, figure in sets.items()
                   if name in figure.partial}
        remarks = entry.get("settings", "")
        if partial:
            remarks += f"; the first {max(partial.values()):,} points of larger sets"
        if failed:
            remarks += f"; **failed** on {'; '.join(failed)}"
        version = f"{entry.get('package', '')} {entry.get('version', '')}".strip()
        rows.append([name, version or "Python", remarks or "not run"])
    return ("## Contenders\n\nOurs: the default level, one compacted file, read and written through "
            "the package's public interface. Each peer's answer is compared with what it was given, "
            "bit for bit, and with every look-up.\n\n"
            + table(["", "version", "settings"], rows))


def data(sets):
    rows = [[key, corpus.BY_KEY[key].title, " × ".join(f"{part:,}" for part in figure.shape[::-1]),
             f"{figure.points:,}"] for key, figure in sets.items()]
    return ("## Data\n\nMade by `Tools/bench/histories.py`: models trained with torch on the CPU, one "
            "thread, fixed seeds, every loss recorded as float32; RB by NumPy, seed 99. Training is "
            "not bit-identical on every processor: sizes differ in their third place elsewhere.\n\n"
            + table(["set", "what", "instances × epochs", "points"], rows))


def machine(results):
    entry = results.get("machine")
    if not entry:
        return ""
    lines = [
        f"- {entry['date']}, commit {entry['commit']}",
        f"- {entry['cpu']}, {entry['cores']} cores, {entry['memory'] / 2**30:.0f} GiB, "
        f"{entry['system']}, Linux {entry['kernel']}; load average at the start "
        f"{entry['load']:.1f} (of others: a quiet machine gives steadier times)",
        f"- {entry['swift']}; zlib {entry['zlib']}; Python {entry['python']}"
        + (f"; {entry['valgrind']}" if entry["valgrind"] else ""),
        "- every contender a process of its own, pinned to one core, one thread asked of every "
        "library, allocators that keep freed memory where speed is measured; contenders in turns, medians of rounds; what took long is measured fewer times; targets of "
        "speed by the median of the rounds' own ratios",
    ]
    if results.get("resumed"):
        lines.append("- the run was interrupted and resumed: not all of it is of one time")
    return "## Conditions\n\n" + "\n".join(lines) + "\n"
