"""Copies from other devices that nobody waits for.

A batch on a CUDA device is copied to pinned memory behind what its stream has still to do, with an event
behind the copy. It is recorded once the event has passed: looked at with every later batch, and waited for
only where an epoch ends or a checkpoint is made. Batches keep their order.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

#: Batches that may wait: more are waited for, so that pinned memory stays bounded.
MAX_WAITING = 256


def is_remote(value: Any) -> bool:
    """Whether a value is a tensor on another device than the CPU."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor) and value.device.type != "cpu"


def copy_to_host(value: Any) -> tuple[Any, Any]:
    """Begins to copy a tensor; returns where it goes, and an event that passes when it is there.

    The event is None where the copy is done, as on devices that are not CUDA.
    """
    torch: Any = sys.modules["torch"]
    value = value.detach()
    if value.device.type != "cuda":
        return value.cpu(), None
    target = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
    with torch.cuda.device(value.device):
        stream = torch.cuda.current_stream()
        target.copy_(value, non_blocking=True)
        # The allocator must not give the tensor's memory away before it was read.
        value.record_stream(stream)
        event = torch.cuda.Event()
        event.record(stream)
    return target, event


class PendingBatches:
    """Batches on their way from other devices, and those that came behind them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[list[Any], Callable[[], None]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, events: list[Any], record: Callable[[], None]) -> None:
        """Adds a batch that ``record`` records once all events have passed."""
        self._waiting.append((events, record))
        while len(self._waiting) > MAX_WAITING:
            self._record_first()

    def settle(self) -> None:
        """Records what has arrived; waits for nothing."""
        while self._waiting and all(event.query() for event in self._waiting[0][0]):
            self._record_first()

    def finish(self) -> None:
        """Records everything, waiting for it."""
        while self._waiting:
            self._record_first()

    def clear(self) -> None:
        self._waiting.clear()

    def _record_first(self) -> None:
        events, record = self._waiting.popleft()
        for event in events:
            event.synchronize()
        record()
