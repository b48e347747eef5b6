"""Per-instance training histories: compact, crash-safe, merged and selected.

``InstanceTracker`` records one value per instance and epoch; ``open`` reads them back as NumPy arrays,
data frames, Arrow and Parquet; ``merge`` makes one file of those of several workers.
"""

from __future__ import annotations

from ._errors import (
    MergeConflict,
    TrackerClosed,
    TrackerDamaged,
    TrackerError,
    TrackerExists,
    TrackerForked,
    TrackerLocked,
    TrackerNotFound,
    TrackerValueError,
)
from ._files import Channel, Correctness, Selection, TrackerFile
from ._files import all_criteria as criteria
from ._files import open_files as open  # noqa: A004
from ._identity import Run, continuing, current_run
from ._library import library as _library
from ._matrix import History, Matrix, Points
from ._merge import MergeReport, Verification, merge, rewind, verify
from ._sources import BytesSource, Source
from ._tables import Table
from ._tracker import InstanceTracker

__version__ = _library.version

__all__ = [
    "BytesSource",
    "Channel",
    "Correctness",
    "History",
    "InstanceTracker",
    "Matrix",
    "MergeConflict",
    "MergeReport",
    "Points",
    "Run",
    "Selection",
    "Source",
    "Table",
    "TrackerClosed",
    "TrackerDamaged",
    "TrackerError",
    "TrackerExists",
    "TrackerFile",
    "TrackerForked",
    "TrackerLocked",
    "TrackerNotFound",
    "TrackerValueError",
    "Verification",
    "continuing",
    "criteria",
    "current_run",
    "merge",
    "open",
    "rewind",
    "verify",
]
