"""FastEstimator's Estimator, RestoreWizard and own tests, beside its own trace."""

from __future__ import annotations

import importlib.util
import io
import json
import pickle
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import pytest
import trackerstate
from processes import LOG, environment, logged

pytest.importorskip("fastestimator", reason="FastEstimator is not installed")

# From Python 3.11 on every object has __getstate__, so that FastEstimator 1.7 does not add its own any more:
# it saves whole models with its ops, and restoring fails, whatever the traces. This is as in 3.10.
AS_IN_PYTHON_3_10 = """
import builtins
import fastestimator.util.traceability_util as traceability

def look_up(owner, name, *default):
    found = builtins.getattr(owner, name, *default)
    inherited = builtins.getattr(object, "__getstate__", None)
    return default[0] if name == "__getstate__" and default and found is inherited else found

traceability.getattr = look_up
"""
exec(AS_IN_PYTHON_3_10)  # noqa: S102

RUN = LOG + AS_IN_PYTHON_3_10 + """
import pickle, signal, sys
import fastestimator as fe
import numpy as np
import torch
from fastestimator.dataset import NumpyDataset
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace import Trace
from fastestimator.trace.io import RestoreWizard
from fastestimator.trace.xai import InstanceTracker as Theirs
from trackerstate.adapters.fastestimator import InstanceTracker

fe.fe_history_path = False
folder, phase, kill_at = sys.argv[1], sys.argv[2], int(sys.argv[3])
log = Log(folder, phase, 0)

class Watch(Trace):
    def __init__(self):
        super().__init__(inputs=["idx", "ce"])

    def on_batch_end(self, data):
        if self.system.mode == "train" and self.system.epoch_idx == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        log.add(self.system.mode, self.system.epoch_idx, data["idx"], data["ce"].detach())

def samples(count, first):
    order = np.random.default_rng(first)
    return NumpyDataset({
        "x": order.standard_normal((count, 6)).astype(np.float32),
        "y": order.integers(0, 3, count), "idx": np.arange(first, first + count),
    })

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(6, 3)

    def forward(self, x):
        return torch.softmax(self.layer(x), dim=-1)

pipeline = fe.Pipeline(
    train_data=samples(43, 0), eval_data=samples(10, 100), batch_size=5, num_process=0,
)
model = fe.build(Net, lambda parameters: torch.optim.SGD(parameters, lr=0.1), model_name="net")
network = fe.Network(ops=[
    ModelOp(model=model, inputs="x", outputs="y_pred"),
    CrossEntropy(inputs=("y_pred", "y"), outputs="ce", average_loss=False),
    UpdateOp(model=model, loss_name="ce"),
])
modes = {"train", "eval"}
listed = [3, 7, 104]
traces = [
    Watch(),
    Theirs("idx", "ce", 4, 3, listed, mode=modes, outputs="theirs"),
    InstanceTracker("idx", "ce", 4, 3, listed, mode=modes, outputs="file", path=folder + "/run.tracker"),
    InstanceTracker("idx", "ce", 4, 3, listed, mode=modes, outputs="memory"),
    Theirs("idx", "ce", 0, 0, listed, 2, mode="train", outputs="theirs listed"),
    InstanceTracker("idx", "ce", 0, 0, listed, 2, mode="train", outputs="listed"),
]
file_trace, own_trace = traces[2], traces[1]
if phase != "plain":
    # Its own traces save a copy of the system with them, and then the restored one cannot be saved again.
    traces = [trace for trace in traces if not isinstance(trace, Theirs)]
    traces.append(RestoreWizard(folder + "/wizard"))
estimator = fe.Estimator(
    pipeline=pipeline, network=network, epochs=5, traces=traces, log_steps=0, eval_log_steps=(),
)
estimator.fit(summary="run", warmup=False)
graphs = {
    name: [
        (graph.name, {mode: {key: dict(line) for key, line in lines.items()}
                      for mode, lines in graph.history.items()})
        for graph in graphs
    ]
    for name, graphs in estimator.system.custom_graphs.items()
}
with open(f"{folder}/{phase}.pkl", "wb") as file:
    pickle.dump((graphs, {mode: {index: list(points) for index, points in lines.items()}
                          for mode, lines in file_trace.index_history.items()},
                 {mode: {index: list(points) for index, points in lines.items()}
                  for mode, lines in own_trace.index_history.items()}), file)
"""


def run(folder, phase, kill_at=-1):
    script = folder / "run.py"
    script.write_text(RUN)
    done = subprocess.run(
        [sys.executable, str(script), str(folder), phase, str(kill_at)],
        env=environment(TF_CPP_MIN_LOG_LEVEL="3"), capture_output=True, text=True, cwd=folder,
    )
    if kill_at < 0:
        assert done.returncode == 0, done.stdout + done.stderr
        return pickle.loads((folder / f"{phase}.pkl").read_bytes())
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    return None


def test_summaries_and_graphs_are_those_of_its_own_trace(tmp_path):
    graphs, ours, theirs = run(tmp_path, "plain")
    # It holds empty histories of listed instances in every mode.
    assert ours == {
        mode: {index: points for index, points in lines.items() if points}
        for mode, lines in theirs.items()
    }
    for own, other in (("file", "theirs"), ("memory", "theirs"), ("listed", "theirs listed")):
        assert dict(graphs[own]) == dict(graphs[other])
        names = [name for name, _ in graphs[own]]
        assert names == sorted(names)
    assert len(graphs["file"]) >= 10 and [name for name, _ in graphs["listed"]] == [3, 7]
    with trackerstate.open(tmp_path / "run.tracker") as file:
        assert file.channel("ce", "train").steps()["step"].tolist() == [9, 18, 27, 36, 45]
        assert file.channel("ce", "train").steps()["epoch"].tolist() == [1, 2, 3, 4, 5]
        assert file.parameters["n_max_to_keep"] == 4


def test_a_restored_run_goes_on(tmp_path):
    run(tmp_path, "first", kill_at=4)
    graphs, ours, _ = run(tmp_path, "again")
    first, again = logged(tmp_path, "first"), logged(tmp_path, "again")
    computed = {**first, **again}
    steps = [9, 18, 27, 36, 45]
    for mode, indices in (("train", range(43)), ("eval", range(100, 110))):
        assert sorted(ours[mode]) == list(indices)
        for index in indices:
            expected = [
                (steps[epoch - 1], float(np.float32(computed[mode, epoch, index][-1])))
                for epoch in range(1, 6)
                if (mode, epoch, index) in computed
            ]
            assert ours[mode][index] == expected
    assert dict(graphs["memory"]) == dict(graphs["file"]) and len(graphs["file"]) >= 10
    assert {step for step, _ in ours["train"][0]} == set(steps)
    assert trackerstate.verify(tmp_path / "run.tracker").is_sound


# -- Its own tests ------------------------------------------------------------------------------------


def own_tests():
    import fastestimator

    path = (
        Path(fastestimator.__file__).parent.parent
        / "test/PR_test/integration_test/trace/xai/test_instance_tracker.py"
    )
    if not path.exists():
        pytest.skip("FastEstimator is installed without its tests")
    spec = importlib.util.spec_from_file_location("its_test_instance_tracker", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("is_file", [False, True])
def test_its_own_tests_pass(tmp_path, is_file):
    from trackerstate.adapters.fastestimator import InstanceTracker

    module = own_tests()
    made = []

    def make(*args, **options):
        # The test of restoring makes a trace twice, of one file.
        if is_file:
            options["path"] = tmp_path / f"{unit.id().split('.')[-1]}.tracker"
            if made:
                made.pop()._tracker.close()
        trace = InstanceTracker(*args, **options)
        made.append(trace)
        return trace

    module.InstanceTracker = make
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    ran = 0
    for case in suite:
        for unit in case:
            made.clear()
            result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite([unit]))
            assert result.wasSuccessful(), result.errors + result.failures
            ran += result.testsRun
    assert ran == 4


# -- In this process ----------------------------------------------------------------------------------


def trace_of(path, **options):
    from fastestimator.test.unittest_util import sample_system_object_torch
    from trackerstate.adapters.fastestimator import InstanceTracker

    trace = InstanceTracker("idx", "ce", mode="train", path=path, **options)
    system = sample_system_object_torch()
    system.traces.append(trace)
    trace.system = system
    system.mode = "train"
    return trace


def record(trace, epoch, indices, values):
    from fastestimator.util.data import Data

    trace.system.epoch_idx, trace.system.global_step = epoch, 10 * epoch
    trace.on_batch_end(Data({"idx": indices, "ce": values}))
    trace.on_epoch_end(Data())


def test_arguments_are_checked_as_by_its_own():
    from fastestimator.trace import xai
    from trackerstate.adapters.fastestimator import InstanceTracker

    for kind in (xai.InstanceTracker, InstanceTracker):
        with pytest.raises(ValueError, match="n_max_to_keep must be non-negative, but got -1"):
            kind("idx", "ce", n_max_to_keep=-1)
        with pytest.raises(ValueError, match="n_min_to_keep must be non-negative, but got -2"):
            kind("idx", "ce", n_min_to_keep=-2)
    ours, theirs = InstanceTracker("idx", "ce"), xai.InstanceTracker("idx", "ce")
    for name in ("inputs", "outputs", "mode", "ds_id", "index_key", "metric_key", "idx_to_keep"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_file_that_exists_is_not_begun_again_unless_told(tmp_path):
    path = tmp_path / "run.tracker"
    trace = trace_of(path)
    record(trace, 1, np.arange(3), np.ones(3, np.float32))
    trace.tracker.close()
    with pytest.raises(FileExistsError, match="restart=True"):
        record(trace_of(path), 1, np.arange(3), np.ones(3, np.float32))
    trace = trace_of(path, restart=True)
    record(trace, 1, np.array([7]), np.array([0.5], np.float32))
    assert dict(trace.index_history["train"]) == {7: [(10, 0.5)]}
    trace.tracker.close()


@pytest.mark.parametrize("is_file", [False, True])
def test_names_index_samples(tmp_path, is_file):
    import tensorflow as tf

    path = tmp_path / "run.tracker" if is_file else None
    trace = trace_of(path)
    record(trace, 1, tf.constant(["b", "a"]), tf.constant([0.5, 0.25]))
    trace.system.save_state(str(tmp_path / "state"))
    record(trace, 2, tf.constant(["c"]), tf.constant([9.0]))
    trace.tracker.close()
    other = trace_of(path)
    other.system.load_state(str(tmp_path / "state"))
    record(other, 2, np.array(["a"]), np.array([0.125], np.float32))
    assert other.index_history["train"] == {"a": [(10, 0.25), (20, 0.125)], "b": [(10, 0.5)]}
    assert other.system.traces[-1] is other
    other.tracker.close()


def test_checkpoints_of_a_file_hold_no_history(tmp_path):
    trace = trace_of(tmp_path / "run.tracker")
    record(trace, 1, np.arange(10000), np.random.default_rng(1).random(10000, np.float32))
    state = pickle.dumps(trace.__getstate__())
    assert len(state) < 500
    assert json.dumps(trace.__getstate__())
    trace.tracker.close()
