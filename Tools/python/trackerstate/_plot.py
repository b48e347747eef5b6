"""Histories as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._files import TrackerFile

Axes = Any

#: How the lines of each mode are drawn.
_STYLES = {"train": "-", "eval": "--", "test": ":", "infer": "-."}


def plot(
    file: TrackerFile,
    *,
    metric: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    indices: Any = None,
    axes: Any = None,
    **selection: Any,
) -> Axes:
    import matplotlib.pyplot as plt

    channels = file.select_channels(metric, mode, ds_id)
    metrics = list(dict.fromkeys(channel.metric for channel in channels))
    if axes is None:
        _, axes = plt.subplots(
            1, max(1, len(metrics)), squeeze=False, figsize=(6 * max(1, len(metrics)), 4)
        )
    panels = np.atleast_1d(np.asarray(axes, dtype=object)).reshape(-1)
    if len(panels) < len(metrics):
        raise ValueError(f"{len(metrics)} metrics, and {len(panels)} axes to draw them in")
    for panel, name in zip(panels, metrics):
        colors: dict[Any, Any] = {}
        for channel in channels:
            if channel.metric != name:
                continue
            kept = channel.select(**selection).all if indices is None else indices
            for index, history in channel.history(kept).items():
                if len(history) == 0:
                    continue
                (line,) = panel.plot(
                    history.step,
                    history.value,
                    _STYLES[channel.mode],
                    color=colors.get(index),
                    marker="." if len(history) == 1 else None,
                    label=" ".join(filter(None, [str(index), channel.mode, channel.ds_id])),
                )
                # An instance has one colour in all modes.
                colors[index] = line.get_color()
        panel.set_title(name)
        panel.set_xlabel("step")
        panel.set_ylabel(name)
        if panel.lines:
            panel.legend(fontsize="small", loc="best")
    return panels
