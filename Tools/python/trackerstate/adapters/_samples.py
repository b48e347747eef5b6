"""Which of the samples that a worker is given are its own.

Samplers of distributed training give all workers equally many samples: where those of the data set do not
go round, some are repeated on other workers. Repeats stand behind all others in a worker's sequence, so
that the number of its own ones tells them apart.
"""

from __future__ import annotations

from typing import Any

from .._errors import TrackerValueError


def own_sample_count(loader: Any) -> int | None:
    """How many samples of an epoch are a worker's own: those that it is given behind them are repeats.

    Args:
        loader: a DataLoader, or one that accelerate or Lightning made of it; or its sampler.

    Returns:
        The number; None where nothing is known to be repeated: no distributed sampler, or an iterable
        data set, whose length is not known.

    Raises:
        TrackerValueError: the loader gives batches out of order, so that places tell nothing.
    """
    if not getattr(loader, "in_order", True) and getattr(loader, "num_workers", False):
        raise TrackerValueError(
            "INVALID_PARAMETER",
            "the loader gives batches as they come (in_order=False): repeats are told apart by their place",
        )
    batches = getattr(loader, "batch_sampler", None)
    # accelerate wraps it once more to skip the first batches of an epoch that is gone on with.
    while batches is not None and hasattr(batches, "skip_batches"):
        batches = batches.batch_sampler
    if batches is not None and hasattr(batches, "even_batches"):
        return _of_batch_shard(batches)
    for sampler in (loader, getattr(batches, "sampler", None), getattr(loader, "sampler", None)):
        if all(hasattr(sampler, name) for name in ("num_replicas", "rank", "dataset", "num_samples")):
            return _of_sampler(sampler)
    return None


def _of_sampler(sampler: Any) -> int:
    """torch's DistributedSampler: every num_replicas-th position, of the data set's and repeats."""
    own = len(range(sampler.rank, len(sampler.dataset), sampler.num_replicas))
    return min(own, int(sampler.num_samples))


def _of_batch_shard(shard: Any) -> int | None:
    """accelerate's BatchSamplerShard: batches, or parts of batches, in turn."""
    if not shard.even_batches or shard.drop_last:
        return None
    total = len(shard.batch_sampler.sampler)
    workers, batch = int(shard.num_processes), int(shard.batch_size)
    part = batch // workers if shard.split_batches else batch
    rounds, rest = divmod(total, workers * part)
    return rounds * part + min(max(rest - int(shard.process_index) * part, 0), part)
