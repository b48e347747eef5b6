"""What goes wrong, as exceptions."""

from __future__ import annotations


class TrackerError(Exception):
    """Anything that the library refuses or cannot do; ``code`` is its stable name.

    Some failures are Python's own kinds, too: a missing file is a ``FileNotFoundError``, an existing
    one a ``FileExistsError``, a wrong value a ``ValueError``.
    """

    code: str

    def __init__(self, code: str, text: str | None = None) -> None:
        # A text alone is what those make who raise an exception of another process again.
        super().__init__(code if text is None else text)
        self.code = "UNKNOWN" if text is None else code

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.code, str(self))


class TrackerValueError(TrackerError, ValueError):
    """An argument, or a batch, is not what it must be."""


class TrackerNotFound(TrackerError, FileNotFoundError):
    """A file, or a channel of one, is not there."""


class TrackerExists(TrackerError, FileExistsError):
    """The file exists: resume it, or choose another name."""


class TrackerLocked(TrackerError, BlockingIOError):
    """Another process writes to the file."""


class TrackerForked(TrackerError, RuntimeError):
    """The tracker belongs to the parent of this process."""


class TrackerClosed(TrackerError, RuntimeError):
    """The tracker or file was closed."""


class TrackerDamaged(TrackerError):
    """Bytes of a file are not what they must be."""


class MergeConflict(TrackerError):
    """Different files hold different values for one instance and step."""


_KINDS: dict[str, type[TrackerError]] = {
    "INVALID_ARGUMENT": TrackerValueError,
    "INVALID_PARAMETER": TrackerValueError,
    "LENGTH_MISMATCH": TrackerValueError,
    "WRONG_INDEX_TYPE": TrackerValueError,
    "INEXACT_VALUE": TrackerValueError,
    "UNKNOWN_METRIC": TrackerValueError,
    "PARAMETERS_DIFFER": TrackerValueError,
    "OUT_OF_RANGE": TrackerValueError,
    "MIXED_RUNS": TrackerValueError,
    "NOT_FOUND": TrackerNotFound,
    "ALREADY_EXISTS": TrackerExists,
    "LOCKED": TrackerLocked,
    "FORKED_PROCESS": TrackerForked,
    "CLOSED": TrackerClosed,
    "INVALID_HANDLE": TrackerClosed,
    "NOT_A_TRACKER_FILE": TrackerDamaged,
    "UNSUPPORTED_VERSION": TrackerDamaged,
    "TRUNCATED": TrackerDamaged,
    "CHECKSUM_MISMATCH": TrackerDamaged,
    "MALFORMED": TrackerDamaged,
    "UNSUPPORTED_ENCODING": TrackerDamaged,
    "NO_COMMIT": TrackerDamaged,
    "TOO_MUCH_DAMAGE": TrackerDamaged,
    "MERGE_CONFLICT": MergeConflict,
}


def error(code: str, text: str) -> TrackerError:
    """The exception of a status."""
    return _KINDS.get(code, TrackerError)(code, text)
