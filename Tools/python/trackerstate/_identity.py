"""Who this worker is: from arguments, torch.distributed or the environment."""

from __future__ import annotations

import ctypes
import os
import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import _abi, _arguments
from ._arguments import Path
from ._errors import TrackerValueError
from ._library import library


@dataclass(frozen=True)
class Run:
    """Which worker of which run writes a file.

    Workers of one run share its id, and each has a rank below the world size. The generation counts how
    often the run was gone on with.
    """

    run_id: str | None = None
    rank: int = 0
    world_size: int = 1
    generation: int = 0

    def _struct(self) -> _abi.Run:
        return _abi.Run(
            run_id=_arguments.text(self.run_id),
            generation=self.generation,
            rank=self.rank,
            world_size=self.world_size,
        )


def _distributed() -> Any:
    """torch.distributed where it is imported and has a process group; else None."""
    torch = sys.modules.get("torch.distributed")
    if torch is None or not torch.is_available() or not torch.is_initialized():
        return None
    return torch


def _number(name: str) -> int | None:
    text = os.environ.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise TrackerValueError("INVALID_PARAMETER", f"{name} is '{text}', which is no number")
    return int(text)


#: What the workers of a process group agreed on, by its name.
_AGREED_KEY = "trackerstate/run_id"


def _agreed_run_id(distributed: Any) -> str | None:
    """A run id that all workers of a process group share: the first one's proposal.

    No worker waits for another: whoever comes first writes it to the store that the group was made with.
    """
    try:
        store = distributed.distributed_c10d._get_default_store()
        proposal = uuid.uuid4().hex[:16]
        return str(store.compare_set(_AGREED_KEY, "", proposal).decode())
    except (AttributeError, RuntimeError, ValueError):
        return None


def current_run(
    run_id: str | None = None, rank: int | None = None, world_size: int | None = None
) -> Run:
    """This worker, as arguments, torch.distributed or the environment tell, in this order.

    Rank and world size come from torch.distributed where it is imported and initialised, else from RANK
    and WORLD_SIZE, else from SLURM_PROCID and SLURM_NTASKS. The run id comes from TRACKER_RUN_ID, else
    from TORCHELASTIC_RUN_ID, else from what the process group agrees on, else from SLURM_JOB_ID; a worker
    on its own may have none, and gets one of its own.
    """
    distributed = _distributed()
    if rank is None and world_size is None:
        if distributed is not None:
            rank, world_size = distributed.get_rank(), distributed.get_world_size()
        elif _number("WORLD_SIZE") is not None:
            rank, world_size = _number("RANK"), _number("WORLD_SIZE")
        elif _number("SLURM_NTASKS") is not None and _number("SLURM_PROCID") is not None:
            rank, world_size = _number("SLURM_PROCID"), _number("SLURM_NTASKS")
    world_size = 1 if world_size is None else world_size
    rank = 0 if rank is None else rank
    if run_id is None:
        run_id = os.environ.get("TRACKER_RUN_ID") or None
    if run_id is None:
        elastic = os.environ.get("TORCHELASTIC_RUN_ID", "")
        # "none" is what torchrun says where it was given no id.
        run_id = elastic if elastic not in ("", "none") else None
    if run_id is None and world_size > 1:
        if distributed is not None:
            run_id = _agreed_run_id(distributed)
        if run_id is None:
            job = os.environ.get("SLURM_JOB_ID")
            run_id = f"slurm-{job}" if job else None
    return Run(run_id, rank, world_size)


def worker_path(path: Path, run: Run) -> str:
    """A worker's path: ``{rank}`` is its rank, put before the suffix where there are several workers."""
    text = os.fspath(path)
    if "{rank}" not in text:
        if run.world_size <= 1:
            return text
        root, suffix = os.path.splitext(text)
        text = f"{root}-{{rank}}{suffix}"
    return text.replace("{rank}", str(run.rank))


def continuing(paths: Iterable[Path], rank: int, world_size: int) -> Run:
    """Who a worker is that goes on with the run of other files, with another number of workers.

    Args:
        paths: the files of all workers before, or what they were merged into, taken back to the step of
            the model with ``trackerstate.rewind``.
        rank, world_size: this worker's place among the new ones.

    Returns:
        The files' run, in its next generation: give it to ``InstanceTracker(run=...)``.
    """
    length, generation = ctypes.c_int64(), ctypes.c_int64()
    buffer = ctypes.create_string_buffer(1 << 13)
    library.call(
        "trk_run_continuing",
        _arguments.strings([os.fspath(path) for path in paths]),
        rank,
        world_size,
        buffer,
        len(buffer),
        ctypes.byref(length),
        ctypes.byref(generation),
    )
    return Run(buffer.raw[: length.value].decode(), rank, world_size, generation.value)
