"""Merging, rewinding and verifying files."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass

from . import _abi, _arguments
from ._arguments import Path
from ._errors import TrackerValueError
from ._files import Conflicts, expand
from ._library import library, new_handle
from ._tables import Table, copy_table
from ._tracker import Level


@dataclass(frozen=True)
class MergeReport:
    """What a merge did."""

    input_points: int
    output_points: int
    #: Points of epochs that had not ended, which are left out.
    unsealed_points: int
    output_bytes: int
    #: Points that had different values in different files.
    conflicts: int
    #: Whether inputs said of each point who recorded it, and the output does not.
    drops_provenance: bool


def merge(
    paths: Path | Iterable[Path],
    output: Path,
    *,
    on_conflict: Conflicts = "error",
    expected_workers: int | None = None,
    partition: tuple[int, int] | None = None,
    overwrite: bool = False,
    allow_mixed_runs: bool = False,
    keep_provenance: bool = False,
    parameters_from: Path | None = None,
    keep_mantissa_bits: int | None = None,
    level: Level = "default",
    memory: int = 256 << 20,
    cores: int | None = None,
) -> MergeReport:
    """Merges the files of several workers into one canonical history.

    The result's bytes depend only on the points: not on the order of files, nor on memory or cores. It
    appears whole or not at all.

    Args:
        paths: files, folders and patterns, as for ``trackerstate.open``.
        output: the file to write.
        on_conflict: what to do with different values for one instance and step; "error" writes nothing.
        expected_workers: fail unless workers 0 to n-1 all took part.
        partition: (k, n) merges the k-th of n parts, counted from 1: the parts merge to the whole.
        overwrite: replace the output where it exists.
        allow_mixed_runs: combine files of different runs.
        keep_provenance: say of each point which worker recorded it.
        parameters_from: the file whose parameters are taken where files disagree.
        keep_mantissa_bits: rounds values to so many significant bits; None keeps every bit.
        level: how much time encoding may take.
        memory: bytes to work in, as far as that can be done.
        cores: how many to use; None for all that the process may use.

    Raises:
        MergeConflict: where the policy refuses or cannot decide.
    """
    files = expand(paths)
    number, count = (0, 0) if partition is None else partition
    options = _abi.MergeOptions(
        conflicts=_arguments.choice(on_conflict, _abi.CONFLICTS, "policy"),
        overwrite=overwrite,
        allow_mixed_runs=allow_mixed_runs,
        keep_provenance=keep_provenance,
        level=_arguments.choice(level, _abi.LEVELS, "level"),
        expected_workers=expected_workers or 0,
        memory=memory,
        cores=cores or 0,
        keep_mantissa_bits=keep_mantissa_bits or 0,
        partition=number,
        partitions=count,
        parameters_from=_arguments.text(
            None if parameters_from is None else os.fspath(parameters_from)
        ),
    )
    if partition is not None and count < 1:
        raise TrackerValueError("INVALID_PARAMETER", f"partition {number} of {count}")
    report = _abi.MergeReport()
    library.call(
        "trk_merge",
        _arguments.strings(files),
        _arguments.path(output),
        options,
        ctypes.byref(report),
    )
    return MergeReport(
        report.input_points,
        report.output_points,
        report.unsealed_points,
        report.output_bytes,
        report.conflicts,
        bool(report.drops_provenance),
    )


def rewind(path: Path, step: int | None = None, *, commit: int | None = None) -> None:
    """Takes a file back to an earlier checkpoint, where nothing more is recorded in it.

    Args:
        path: the file, which no worker writes to.
        step: that of the checkpoint.
        commit: its number in the file, instead; the first one is that of a file without points.
    """
    if (step is None) == (commit is None):
        raise TrackerValueError("INVALID_PARAMETER", "give a step or a commit, and not both")
    if commit is None:
        library.call("trk_rewind", _arguments.path(path), step)
        return
    # With the parameters, and as the worker, that the file tells.
    handle = new_handle(
        "trk_tracker_resume", _arguments.path(path), _abi.AT_SEQUENCE, commit, None, None, None
    )
    try:
        library.call("trk_tracker_checkpoint", handle.value, 0, None, None)
        library.call("trk_tracker_close", handle.value)
    finally:
        handle.release()


@dataclass(frozen=True)
class Verification:
    """What reading every byte of a file found."""

    records: int
    commits: int
    tiles: int
    #: Points that can be read.
    points: int
    #: What is damaged: offset, length, what, lost_points.
    findings: Table

    @property
    def is_sound(self) -> bool:
        return self.findings.row_count == 0


def verify(path: Path) -> Verification:
    """Reads every byte of a file, and says what is damaged; raises only where it cannot be read."""
    result = _abi.Verification()
    handle = new_handle("trk_verify", _arguments.path(path), ctypes.byref(result))
    table = copy_table(handle)
    return Verification(result.records, result.commits, result.tiles, result.points, table)
