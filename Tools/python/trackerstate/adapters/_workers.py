"""The workers of a process group: what they agree on, and the files that they go on with.

A run goes on in its files as long as the number of workers stays the same. With another number it goes on in
new files, as the next generation: those before are taken back to the model's step and stay. The name
tells the generation: ``run-0.tracker``, then ``run-g1-0.tracker``. All files together are the history.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .._arguments import Path
from .._errors import TrackerError, TrackerExists, TrackerValueError
from .._files import open_files
from .._identity import Run, _distributed, continuing, current_run, worker_path
from .._merge import rewind
from .._tracker import InstanceTracker

Result = TypeVar("Result")


class Workers:
    """The workers of the process group, or one that is alone."""

    def __init__(self) -> None:
        self._distributed = _distributed()
        self.run = current_run()
        if self.run.world_size > 1 and self._distributed is None:
            raise TrackerValueError(
                "INVALID_PARAMETER",
                f"{self.run.world_size} workers agree through a process group: "
                "call torch.distributed.init_process_group first",
            )

    def agree(self, decide: Callable[[], Result]) -> Result:
        """What the first worker decides; raises in all of them what it raises there."""
        if self.run.world_size == 1:
            return decide()
        told: list[Any] = [None, None]
        if self.run.rank == 0:
            try:
                told[0] = decide()
            except Exception as error:  # noqa: BLE001 - the others must not wait for ever
                told[1] = error
        self._distributed.broadcast_object_list(told, src=0)
        if told[1] is not None:
            raise told[1]
        decided: Result = told[0]
        return decided

    def together(self, act: Callable[[], Result]) -> Result:
        """Acts in every worker, and returns once all have; raises in all of them where one fails."""
        if self.run.world_size == 1:
            return act()
        failure: Exception | None = None
        result: Any = None
        try:
            result = act()
        except Exception as error:  # noqa: BLE001 - the others must not wait for ever
            failure = error
        told: list[str | None] = [None] * self.run.world_size
        self._distributed.all_gather_object(told, None if failure is None else str(failure))
        if failure is not None:
            raise failure
        for rank, text in enumerate(told):
            if text is not None:
                raise TrackerError("OTHER_WORKER", f"worker {rank} failed: {text}")
        done: Result = result
        return done


# -- Names -----------------------------------------------------------------------------------------


def _template(path: Path) -> str:
    """A path in which ``{rank}`` stands, once, in the file's name."""
    text = os.fspath(path)
    if "{rank}" not in text:
        root, suffix = os.path.splitext(text)
        return f"{root}-{{rank}}{suffix}"
    folder, name = os.path.split(text)
    if "{rank}" in folder or name.count("{rank}") != 1:
        raise TrackerValueError("INVALID_PARAMETER", f"{text}: {{rank}} stands once, in the file's name")
    return text


def _found(path: Path) -> dict[str, int]:
    """The files of a run, each with its generation."""
    template = _template(path)
    folder, name = os.path.split(template)
    before, behind = name.split("{rank}")
    pattern = re.compile(f"{re.escape(before)}(?:g([0-9]+)-)?[0-9]+{re.escape(behind)}")
    found: dict[str, int] = {}
    if not os.path.isdir(folder or "."):
        return found
    for entry in os.scandir(folder or "."):
        match = pattern.fullmatch(entry.name)
        if match is not None:
            found[os.path.join(folder, entry.name)] = int(match[1] or 0)
    alone = os.fspath(path)
    if "{rank}" not in alone and os.path.exists(alone):
        found[alone] = 0
    return found


def worker_files(path: Path) -> list[str]:
    """The files of all workers and generations of a run, sorted: what is merged to its history.

    Args:
        path: as the workers were given it.
    """
    return sorted(_found(path))


def _generation_path(path: Path, generation: int) -> str:
    if generation == 0:
        return os.fspath(path)
    return _template(path).replace("{rank}", f"g{generation}-{{rank}}")


# -- Going on --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    """What a file tells of its commits."""

    path: str
    generation: int
    rank: int
    world_size: int
    #: Of each commit that led to the last one its number and step, oldest first.
    commits: tuple[tuple[int, int | None], ...]

    def at(self, step: int) -> int | None:
        """The newest commit made at a step."""
        return next((number for number, known in reversed(self.commits) if known == step), None)

    def until(self, step: int) -> int:
        """The newest commit made at a step or before; the first one, of no points, where there is none."""
        return next(
            (number for number, known in reversed(self.commits) if known is not None and known <= step),
            self.commits[0][0],
        )


@dataclass(frozen=True)
class _Plan:
    """Where every worker records."""

    #: Of each worker the file that it goes on with, and the commit; empty where files are begun.
    resumed: tuple[tuple[str, int], ...] = ()
    #: The path of files that are begun, and their run.
    begun: str = ""
    run_id: str | None = None
    generation: int = 0


def _head(path: str, generation: int) -> _Head:
    with open_files(path) as file:
        rows = list(file.commits.rows())
    last = rows[-1]
    return _Head(
        path,
        generation,
        last["rank"] or 0,
        last["world_size"] or 1,
        tuple((row["sequence"], row["step"]) for row in rows),
    )


def _take_back(head: _Head, commit: int) -> None:
    with open_files(head.path, commit=commit) as file:
        unsealed = file.unsealed_count
    if unsealed:
        warnings.warn(
            f"{head.path}: {unsealed} points are of an epoch that had not ended, and are no part of the "
            "history: another number of workers goes on at the end of an epoch",
            stacklevel=2,
        )
    if commit != head.commits[-1][0]:
        rewind(head.path, commit=commit)


def _plan(path: Path, step: int | None, world_size: int) -> _Plan:
    """Finds out how the run goes on, and takes files back that are no longer recorded into."""
    found = _found(path)
    if not found:
        return _Plan(begun=os.fspath(path))
    if step is None:
        raise TrackerExists(
            "ALREADY_EXISTS",
            f"{min(found)}: the file exists; say from which step of the model the run goes on, 0 for its "
            "beginning, or choose another name",
        )
    heads = [_head(name, generation) for name, generation in sorted(found.items())]
    newest = max(head.generation for head in heads)
    # The generation that made the checkpoint: those after it have begun later, or from it.
    maker = max((head.generation for head in heads if head.at(step) is not None), default=None)
    if maker is None and step != 0:
        known = sorted({known for head in heads for _, known in head.commits if known is not None})
        raise TrackerValueError(
            "OUT_OF_RANGE", f"{heads[0].path}: no checkpoint was made at step {step}, but at {known}"
        )
    targets: dict[str, int] = {}
    for head in heads:
        if maker is None or head.generation > maker:
            targets[head.path] = head.commits[0][0]
        elif head.generation < maker:
            targets[head.path] = head.until(step)
        else:
            commit = head.at(step)
            if commit is None:
                raise TrackerValueError(
                    "OUT_OF_RANGE", f"{head.path}: no checkpoint was made at step {step}"
                )
            targets[head.path] = commit
    current = [head for head in heads if head.generation == newest]
    is_same = sorted((head.rank, head.world_size) for head in current) == [
        (rank, world_size) for rank in range(world_size)
    ]
    for head in heads:
        if not is_same or head.generation < newest:
            _take_back(head, targets[head.path])
    if is_same:
        ordered = sorted(current, key=lambda head: head.rank)
        return _Plan(tuple((head.path, targets[head.path]) for head in ordered))
    run = continuing([head.path for head in heads], 0, world_size)
    return _Plan((), _generation_path(path, run.generation), run.run_id, run.generation)


def open_tracker(
    workers: Workers, path: Path, step: int | None, options: dict[str, Any]
) -> InstanceTracker:
    """Each worker's tracker, of a run that begins or goes on from a step of the model.

    All workers call it, and see the same folder.
    """
    own = workers.run
    plan = workers.agree(lambda: _plan(path, step, own.world_size))

    def open_own() -> InstanceTracker:
        if plan.resumed:
            name, commit = plan.resumed[own.rank]
            # The name is whole: it is nobody else's whatever the number of workers.
            alone = Run(None, 0, 1)
            tracker = InstanceTracker(path=name, run=alone, **options)
            tracker._given_run = None
            tracker.resume(commit=commit)
            return tracker
        run = own
        if plan.run_id is not None:
            run = Run(plan.run_id, own.rank, own.world_size, plan.generation)
        folder = os.path.dirname(worker_path(plan.begun, run))
        os.makedirs(folder or ".", exist_ok=True)
        return InstanceTracker(path=plan.begun, run=run, resume=False, **options)

    return workers.together(open_own)
