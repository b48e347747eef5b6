"""Runs one command and writes what it took to standard output.

A process of its own, and a small one: the system hands a process's highest resident memory on to what it
starts, so that whatever a large one measures looks at least as large as itself."""
import json
import os
import subprocess
import sys
import time

limit, *command = sys.argv[1:]
if limit != "-":  # file descriptors
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))
start = time.monotonic()
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
errors = child.stderr.read().decode(errors="replace")
_, status, usage = os.wait4(child.pid, 0)
seconds = time.monotonic() - start
print(json.dumps({
    "status": os.waitstatus_to_exitcode(status), "errors": errors[-300:], "seconds": seconds,
    "peak": usage.ru_maxrss * 1024, "processor": usage.ru_utime + usage.ru_stime}))
