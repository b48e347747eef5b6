"""A contender: its process, and what it says of itself."""
import os
import sys

from .process import Failed, Worker

# The allocator keeps what is freed, as the pools of some peers do anyway. Else a large result lies in pages that
# the system clears anew for each reading, or not, depending on what was freed before.
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 33)}


class Contender:
    def __init__(self, name, run):
        self.name = name
        self.run = run
        self.worker = None
        self.description = {}

    @property
    def is_ours(self):
        return self.name == "ours"

    def start(self, cores="pinned", environment=None):
        """A fresh process, on the one core unless told otherwise; it keeps freed memory unless told otherwise."""
        if self.is_ours:
            command = [self.run.worker]
        else:
            command = [sys.executable, "-m", "trackerbench.peer_process", self.name]
        variables = {"PYTHONPATH": self.run.options.folder, **(KEPT if environment is None else environment)}
        self.worker = Worker(command, {self.run.core} if cores == "pinned" else None, variables)
        self.description = self.worker.ask("hello", timeout=120)
        return self

    def ask(self, *fields, **options):
        if self.worker is None:
            self.start()
        try:
            return self.worker.ask(*fields, **options)
        except Failed:
            if self.worker.child.poll() is not None:
                self.stop()  # the next question starts a new process
            raise

    def stop(self):
        if self.worker:
            self.worker.stop()
        self.worker = None

    def path(self, suffix=""):
        return self.run.path(self.name + suffix)
