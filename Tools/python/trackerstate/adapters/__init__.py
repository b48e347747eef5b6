"""Recording from training frameworks, each in a module of its own that needs that framework.

``pytorch`` for loops, alone or under DistributedDataParallel; ``lightning``; ``huggingface`` for
Transformers' Trainer; ``fastestimator``.
"""
