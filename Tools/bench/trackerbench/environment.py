"""The virtual environment of the peers, the histories and the Swift worker: made where missing."""
import hashlib
import os
import subprocess
import sys
import time
import venv


def say(text):
    print(text, file=sys.stderr, flush=True)


def install(folder, requirements):
    """Installs a list of pinned packages, once for each content of the list."""
    with open(requirements, "rb") as file:
        mark = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(folder, "." + os.path.basename(requirements) + ".installed")
    if os.path.exists(stamp) and open(stamp).read() == mark:
        return
    say(f"installing {os.path.basename(requirements)}")
    subprocess.run([python_of(folder), "-m", "pip", "install", "--quiet",
                    "--disable-pip-version-check", "-r", requirements], check=True)
    with open(stamp, "w") as file:
        file.write(mark)


def make_venv(folder):
    """Debian's Python cannot give an environment its pip before python3-venv is installed."""
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        say("installing python3-venv")
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*as_root, "apt-get", "update"], check=True, stdout=sys.stderr)
        subprocess.run([*as_root, "apt-get", "install", "-y", "python3-venv"], check=True,
                       stdout=sys.stderr)
        # The module that this process holds still knows nothing of it.
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)


def python_of(folder):
    return os.path.join(folder, "bin", "python")


def enter(options):
    """Makes the environment, and goes on in its interpreter."""
    folder = os.path.abspath(options.venv)
    if not os.path.exists(python_of(folder)):
        say(f"making a virtual environment in {folder}")
        make_venv(folder)
    install(folder, os.path.join(options.folder, "requirements.txt"))
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        os.execv(python_of(folder), [python_of(folder), *sys.argv])


def histories_python(options):
    """An interpreter that can train models; installs what it needs."""
    if options.histories_python:
        return options.histories_python
    install(os.path.abspath(options.venv),
            os.path.join(options.folder, "requirements-histories.txt"))
    return python_of(os.path.abspath(options.venv))


def make_histories(options, infos):
    """Makes the data sets that are not there, or waits for them."""
    from . import corpus
    os.makedirs(options.data, exist_ok=True)
    missing = [info for info in infos if not corpus.is_there(options.data, info)]
    end = time.monotonic() + options.wait * 60
    while missing and time.monotonic() < end:
        say(f"waiting for {', '.join(info.key for info in missing)}")
        time.sleep(20)
        missing = [info for info in missing if not corpus.is_there(options.data, info)]
    if not missing:
        return
    names = list(dict.fromkeys(info.generator for info in missing))
    if not all(os.path.exists(os.path.join(options.data, f"pool_{part}.npz")) for part in (0, 1)) \
            and names not in (["d1"], ["d5"]):
        names.insert(0, "pool")
    say(f"making histories: {', '.join(names)} (minutes each)")
    subprocess.run([histories_python(options), os.path.join(options.folder, "histories.py"),
                    options.data, *names], check=True, stdout=sys.stderr)


def build_worker(options):
    """The Swift worker, built for release; its path."""
    package = os.path.join(options.folder, "worker")
    command = ["swift", "build", "-c", "release", "--package-path", package, "--product", "worker"]
    if not options.skip_build:
        say("building the worker")
        subprocess.run([os.path.join(options.folder, "..", "prepare")], check=True)
        subprocess.run(command, check=True, stdout=sys.stderr)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True)
    return os.path.join(shown.stdout.strip(), "worker")


def build_tracker(options):
    """The command line tool, built for release; its path."""
    package = os.path.join(options.folder, "..", "..")
    command = ["swift", "build", "-c", "release", "--package-path", package, "--product", "tracker"]
    if not options.skip_build:
        say("building tracker")
        subprocess.run(command, check=True, stdout=sys.stderr)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True)
    return os.path.join(shown.stdout.strip(), "tracker")
