"""How many cross-entropy losses lie on the grids that the codec looks for.

From logits, v = Float(log(1 + k·2⁻²³)); from probabilities, v = Float(−log(1 − m·2⁻²⁴)); both below
log 2. The data sets tell of torch on the CPU; where torch can reach a GPU, its losses are made here.
"""
import json
import os
import subprocess

import numpy as np

from . import corpus, environment

SETS = ("D1", "D2", "D6", "D7", "DP")
SCRIPT = r'''
import json, sys, numpy as np, torch, torch.nn.functional as F
torch.manual_seed(17)
logits = torch.randn(1_000_000, 10) * 2
target = torch.randint(0, 10, (1_000_000,))
logits[torch.arange(len(target)), target] += 6
where = [d for d in ("cpu", "cuda") if d == "cpu" or torch.cuda.is_available()]
for device in where:
    x, y = logits.to(device), target.to(device)
    p = torch.clip(F.softmax(x, dim=1), 1e-7, 1 - 1e-7)
    for name, loss in (("logits", F.cross_entropy(x, y, reduction="none")),
                       ("probabilities", F.nll_loss(torch.log(p), y, reduction="none"))):
        loss.float().cpu().numpy().tofile(f"{sys.argv[1]}.{device}.{name}")
print(json.dumps({"devices": where, "torch": torch.__version__,
                  "gpu": torch.cuda.get_device_name(0) if len(where) > 1 else None}))
'''


def shares(values):
    """Of the losses below log 2: the shares exactly and within 1 ulp on either grid."""
    values = np.asarray(values, np.float32)
    values = np.abs(values[np.isfinite(values) & (np.abs(values) < np.log(2))])
    wide = values.astype(np.float64)
    grids = {"log1p": np.log1p(np.rint(np.expm1(wide) * 2**23) * 2**-23),
             "-log": -np.log1p(-np.rint(-np.expm1(-wide) * 2**24) * 2**-24)}
    result = {"points": int(values.size)}
    for name, grid in grids.items():
        distance = np.abs(grid.astype(np.float32).view(np.int32).astype(np.int64)
                          - values.view(np.int32))
        result[name] = {"exact": float((distance == 0).mean()),
                        "within 1 ulp": float((distance <= 1).mean())}
    return result


def measure(run):
    result = {"sets": {}, "devices": {}}
    for key in SETS:
        if corpus.is_there(run.options.data, corpus.BY_KEY[key]):
            result["sets"][key] = shares(corpus.load(run.options.data, key).values)
    prefix = os.path.join(run.options.work, "raw", "losses")
    try:
        python = run.options.histories_python or environment.python_of(
            os.path.abspath(run.options.venv))
        done = subprocess.run([python, "-c", SCRIPT, prefix], capture_output=True, text=True,
                              check=True, timeout=600)
        told = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return result
    result |= {"torch": told["torch"], "gpu": told["gpu"]}
    for device in told["devices"]:
        for name in ("logits", "probabilities"):
            values = np.fromfile(f"{prefix}.{device}.{name}", np.float32)
            result["devices"][f"{device}, {name}"] = shares(values)
    return result
