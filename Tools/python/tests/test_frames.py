"""Points as data frames, Arrow tables, Parquet and pictures."""

from __future__ import annotations

import numpy as np
import pytest
import trackerstate
from trackerstate import InstanceTracker


@pytest.fixture
def file(path, rng):
    """Two metrics of two types, two modes, a data set, missing points."""
    with InstanceTracker(
        metric=["ce", "wide"], mode=["train", "eval"], n_max_to_keep=2, n_min_to_keep=1, path=path
    ) as tracker:
        for epoch in range(1, 5):
            there = rng.permutation(30)[: 20 + epoch]
            losses = rng.standard_normal(len(there)).astype(np.float32)
            tracker.record(there, {"ce": losses, "wide": losses / np.float64(3)}, mode="train")
            tracker.end_epoch(10 * epoch, epoch, "train")
            tracker.record([1, 2], {"ce": [np.float32("nan"), np.float32(0.5)]}, mode="eval", ds_id="é")
            tracker.end_epoch(10 * epoch, epoch, "eval")
    with trackerstate.open(path) as file:
        yield file


def rows(file):
    """Every point, as the arrays say."""
    found = []
    for channel in file.channels:
        points = channel.points()
        for row in zip(points.index, points.epoch, points.step, points.value):
            found.append((*channel.name, *(value.item() for value in row)))
    return found


def same(found, expected):
    assert len(found) == len(expected)
    for left, right in zip(found, expected):
        assert left[:6] == right[:6]
        assert left[6] == right[6] or (left[6] != left[6] and right[6] != right[6])


def test_arrow_tables_hold_every_point(file):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = file.to_arrow()
    same([tuple(row.values()) for row in table.to_pylist()], rows(file))
    one = file.to_arrow(metric="ce", mode="train", indices=[1, 2, 3], steps=(20, 30))
    assert str(one.schema.field("value").type) == "float"
    same([tuple(row.values()) for row in one.to_pylist()],
         [row for row in rows(file)
          if row[:2] == ("ce", "train") and row[3] in (1, 2, 3) and row[5] in (20, 30)])


def test_data_frames_hold_every_point(file):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = file.to_pandas()
    names = frame["ds_id"].astype(object).where(frame["ds_id"].notna(), None)
    found = [
        (metric, mode, ds_id, index, epoch, step, value)
        for metric, mode, ds_id, index, epoch, step, value in zip(
            frame["metric"], frame["mode"], names, frame["index"], frame["epoch"], frame["step"],
            frame["value"],
        )
    ]
    same(found, rows(file))
    assert frame.groupby("metric", observed=True).size().to_dict() == {"ce": 98, "wide": 90}
    stats = file.stats("mean", metric="ce", mode="train").to_pandas()
    assert isinstance(stats, pandas.DataFrame) and list(stats) == ["index", "points", "mean"]
    assert file.commits.to_pandas()["step"].iloc[-1] == 40


def test_polars_frames_hold_every_point(file):
    pytest.importorskip("polars", reason="polars is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    same(file.to_polars().rows(), rows(file))
    assert file.stats("mean", metric="ce", mode="train").to_polars().columns == [
        "index", "points", "mean",
    ]


def test_parquet_files_hold_every_point(file, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    target = tmp_path / "points.parquet"
    assert file.to_parquet(target, row_group_size=50) == file.point_count
    table = pyarrow.parquet.read_table(target)
    same([tuple(row.values()) for row in table.to_pylist()], rows(file))
    assert pyarrow.parquet.ParquetFile(target).num_row_groups > 1
    assert [entry.name for entry in tmp_path.iterdir() if "tmp" in entry.name] == []
    try:
        import polars

        same(polars.read_parquet(target).rows(), rows(file))
    except ImportError:
        pass
    try:
        import duckdb

        same(duckdb.sql(f"from '{target}'").fetchall(), rows(file))
    except ImportError:
        pass
    with pytest.raises(ValueError):
        file.to_parquet(target, indices=["a"])
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["points.parquet", "run.tracker"]


def test_trackers_of_strings_become_frames(path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with InstanceTracker(mode="train", index_type="string", path=path) as tracker:
        tracker.record(["b", "ä"], [1.0, 2.0])
        tracker.end_epoch(1)
    with trackerstate.open(path) as file:
        assert file.to_arrow()["index"].to_pylist() == ["b", "ä"]


def test_empty_trackers_become_empty_frames(path, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    InstanceTracker(mode="train", path=path).close()
    with trackerstate.open(path) as file:
        assert file.to_arrow().num_rows == 0
        assert file.to_parquet(tmp_path / "empty.parquet") == 0
        assert file.channels == [] and file.select() == []


def test_a_picture_has_a_panel_for_each_metric_and_a_line_for_each_instance(file):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    axes = file.plot()
    assert [panel.get_title() for panel in axes] == ["ce", "wide"]
    train, = file.select(metric="wide", mode="train")
    lines = axes[1].get_lines()
    assert [line.get_label() for line in lines] == [f"{index} train" for index in train.all]
    for line, index in zip(lines, train.all):
        history = file.history(index, "wide", "train")[index]
        assert line.get_xdata().tolist() == history.step.tolist()
        assert line.get_ydata().tolist() == history.value.tolist()
    labels = [line.get_label() for line in axes[0].get_lines()]
    assert len(labels) == len(set(labels)) == 3 + 2
    assert {"1 eval é", "2 eval é"} <= set(labels)
    (panel,) = file.plot(metric="ce", mode="train", indices=[3], axes=axes[1])
    assert panel is axes[1]
    with pytest.raises(ValueError, match="axes"):
        file.plot(axes=axes[0])
    matplotlib.pyplot.close("all")
