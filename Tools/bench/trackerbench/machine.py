"""Versions, processor and commit; neither names of hosts nor paths."""
import datetime
import os
import platform
import subprocess
import zlib


def output(*command, cwd=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd).stdout.strip()
    except OSError:
        return ""


def describe(options):
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    changed = output("git", "status", "--porcelain", "--", "Sources", "Package.swift",
                     cwd=os.path.join(options.folder, "..", ".."))
    return {
        "date": datetime.date.today().isoformat(),
        "commit": output("git", "rev-parse", "--short=12", "HEAD", cwd=options.folder)
        + (" with changed sources" if changed else ""),
        "cpu": model, "cores": len(os.sched_getaffinity(0)), "memory": memory, "system": system,
        "kernel": platform.release().split("-")[0],
        "load": os.getloadavg()[0],
        "python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "swift": output("swift", "--version").splitlines()[0] if output("swift", "--version") else "",
        "valgrind": output("valgrind", "--version"),
    }
