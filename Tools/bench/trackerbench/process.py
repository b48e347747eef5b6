"""A worker as a child process: ours in Swift or a peer's in Python, spoken to in the same way."""
import json
import os
import select
import subprocess
import sys
import time


class Failed(Exception):
    """A contender that crashed, hung or answered with an error."""


# One thread each, whatever the library reads.
SINGLE = {name: "1" for name in (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS", "ARROW_IO_THREADS",
    "BLOSC_NTHREADS")}


class Worker:
    """Starts `command`, pinned to `cores`, and asks it one thing at a time."""

    def __init__(self, command, cores=None, environment=None, log=None):
        self.buffer = b""
        variables = dict(os.environ, **SINGLE, **(environment or {}))
        variables.pop("TRACKER_RUN_ID", None)
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log or sys.stderr,
            env=variables, preexec_fn=pin)

    @property
    def pid(self):
        return self.child.pid

    def ask(self, *fields, timeout=120):
        """The answer to a command; `Failed` where there is none, or an error."""
        try:
            self.child.stdin.write(("\t".join(map(str, fields)) + "\n").encode())
            self.child.stdin.flush()
            answer = json.loads(self.line(timeout))
        except (BrokenPipeError, ValueError) as error:
            raise Failed(self.fate(error)) from None
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def line(self, timeout):
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                self.child.kill()
                raise Failed(f"no answer within {timeout} s")
            part = os.read(self.child.stdout.fileno(), 1 << 20)
            if not part:
                raise Failed(self.fate("it ended"))
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def fate(self, error):
        try:
            status = self.child.wait(5)
        except subprocess.TimeoutExpired:
            return str(error)
        return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"

    def stop(self):
        if self.child.poll() is None:
            try:
                self.child.stdin.write(b"quit\n")
                self.child.stdin.close()
                self.child.wait(20)
            except (BrokenPipeError, subprocess.TimeoutExpired, OSError):
                self.child.kill()
                self.child.wait()

    # Memory, as the system counts it.

    def memory(self, name="VmRSS"):
        """Bytes of resident memory: VmRSS now, VmHWM at its highest."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) * 1024
        return 0

    def reset_peak(self):
        """Makes the highest resident memory that of now."""
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")
