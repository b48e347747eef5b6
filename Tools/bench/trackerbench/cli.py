"""The command line. Imports nothing but the standard library before the environment is there."""
import argparse
import os
import sys

from . import environment

FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SECTIONS = ("sets", "memory", "append", "long", "training", "cores", "instructions", "grids",
            "merging", "synthetic")

DESCRIPTION = """\
Measures TrackerState beside its peers on real per-instance histories, in one run: on one core,
interleaved, medians. Installs the peers from PyPI in a virtual environment, makes the histories by
training models (about 15 minutes on one core, once), builds the Swift worker for release, measures,
prints tables of ratios, and writes Tools/bench/RESULTS.md. Progress goes to standard error.

Needs Swift, Python 3.11 or later with venv (Debian's python3-venv), zlib's headers (Tools/prepare) and,
for the count of machine instructions, valgrind."""

EPILOG = """\
sections:
  sets          bytes a point, write, full read and one instance's history, by data set
  memory        peak memory of writing and reading D2
  append        epochs of D2 appended, each durable
  long          1,000 commits of 200,000 points: times along the file, memory
  training      record and seal beside the reference's own loops; memory held
  cores         write and read on one core and on all
  instructions  machine instructions of the encode and decode kernels, by callgrind
  grids         how many cross-entropy losses of CPU and GPU lie on the codec's grids
  merging       trackers of 8 workers merged, selected from and counted up, beside DuckDB and pyarrow;
                10,000 files merged
  synthetic     hundreds of columns of plausible and of adverse shape, from fixed seeds: bytes of values
                beside pcodec level 8, every one read back

examples:
  Tools/bench/run                              # everything
  Tools/bench/run --quick                      # some minutes: D1 and D2, two rounds
  Tools/bench/run --sets D2 --peers pcodec-8,parquet-wide --sections sets
  Tools/bench/run --data DIR --wait 60         # histories that another process is making
  Tools/bench/run --resume                     # go on where a run was cut off
"""


def arguments():
    parser = argparse.ArgumentParser(
        prog="Tools/bench/run", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", metavar="DIR", default=os.path.join(FOLDER, ".work"),
                        help="where everything is kept that is made (default Tools/bench/.work)")
    parser.add_argument("--data", metavar="DIR", help="the histories (default WORK/data)")
    parser.add_argument("--venv", metavar="DIR", default=os.path.join(FOLDER, ".venv"),
                        help="the virtual environment of the peers (default Tools/bench/.venv)")
    parser.add_argument("--histories-python", metavar="FILE",
                        help="an interpreter that has torch, scikit-learn and mnist1d; by default "
                        "they are installed beside the peers where histories must be made")
    parser.add_argument("--wait", metavar="MINUTES", type=float, default=0,
                        help="wait for missing histories instead of making them")
    parser.add_argument("--sets", metavar="KEYS", help="D1,D1e,D1s,D2,D2s,D3,D3s,D4b,D4h,D5,D6,D7,"
                        "DP,RB or some of them (default all)")
    parser.add_argument("--peers", metavar="NAMES", help="some of the peers (default all; 'list' "
                        "prints their names)")
    parser.add_argument("--sections", metavar="NAMES", help="some of the sections below")
    parser.add_argument("--rounds", metavar="N", type=int,
                        help="rounds over the contenders (default 9 for D2, else 3)")
    parser.add_argument("--budget", metavar="SECONDS", type=float, default=8,
                        help="no further rounds of what took a contender so long already (default 8)")
    parser.add_argument("--core", metavar="N", type=int, help="the core to measure on (default the "
                        "last one)")
    parser.add_argument("--quick", action="store_true", help="D1 and D2 in two rounds, and the "
                        "sections sets and append")
    parser.add_argument("--resume", action="store_true",
                        help="keep what the last whole run measured, and measure what is missing")
    parser.add_argument("--report", action="store_true", help="only write RESULTS.md anew")
    parser.add_argument("--merge-rounds", metavar="N", type=int, default=3,
                        help="rounds of the section merging (default 3)")
    parser.add_argument("--skip-build", action="store_true", help="the worker is built already")
    parser.add_argument("--results", metavar="FILE", help="where the results go (default "
                        "Tools/bench/RESULTS.md after whole runs, nowhere after partial ones)")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    options.data = os.path.abspath(options.data or os.path.join(options.work, "data"))
    options.folder = FOLDER
    # The results of a part are printed; RESULTS.md is of everything, unless a name is given.
    options.is_partial = not options.report and bool(
        options.quick or options.sets or options.peers or options.sections)
    sections = options.sections.split(",") if options.sections else list(SECTIONS)
    if options.quick:
        sections = options.sections.split(",") if options.sections else ["sets", "append"]
        options.sets = options.sets or "D1,D2"
        options.rounds = options.rounds or 2
    for name in sections:
        if name not in SECTIONS:
            parser.error(f"no section '{name}'; there are {', '.join(SECTIONS)}")
    options.sections = sections
    if not options.results and (not options.is_partial or options.resume):
        options.results = os.path.join(FOLDER, "RESULTS.md")
    return options


def main():
    options = arguments()
    if options.peers == "list":
        from .peers import CONTENDERS
        print("\n".join(CONTENDERS))
        return 0
    environment.enter(options)  # from here on in the virtual environment
    from . import bench
    try:
        return bench.run(options)
    except KeyboardInterrupt:
        print("\ninterrupted; --resume goes on from here", file=sys.stderr)
        return 130
