"""The data of `chainrule train`: read whole, or as a stream, here or by a cluster."""

from __future__ import annotations

from ..data.dataset import Dataset
from ..data.load import load_data
from ..errors import InputError
from ..training.cluster_client import require_cluster
from ..training.entry import SHARDS
from .options.train import Train
from .output import Output
from .recipe_parts import CLASS_LOSSES
from .stream_set import is_pattern, proposal, stream_set

__all__ = ["ONE_NETWORK", "data_of", "require_cluster_options"]

#: The word for a network by the other options, where a preset of averaged ones would be the default.
ONE_NETWORK = "none"


def require_cluster_options(request: Train) -> None:
    """Raise for a cluster that cannot be had, before all rows are read once."""
    shards, workers = request.shards or SHARDS, request.workers
    if request.scheduler is not None and workers is not None:
        raise InputError(
            f"--workers {workers} beside --scheduler",
            "workers of a scheduler that runs, or workers on this machine",
            "Leave one of both out.",
        )
    if request.stream is False:
        raise InputError(
            "--no-stream beside --workers or --scheduler",
            "streams, whose files each worker reads",
            "Leave one of both out.",
        )
    if workers is not None and workers > shards:
        raise InputError(
            f"--workers {workers} for {shards} shards",
            f"at most {shards} workers, as each has a shard or more",
            "Pass fewer; no more than there are cores is best.",
        )
    require_cluster(request.scheduler)


def data_of(request: Train) -> Dataset:
    """The data set of a request, read whole or as a stream."""
    loss = request.asked.get("loss")
    numbers = None if loss is None else loss not in CLASS_LOSSES
    standardize = loss != "poisson"
    streamed = request.stream
    if streamed is None:
        streamed = is_pattern(request.data) or request.by_cluster
    if streamed:
        if request.preset not in (None, ONE_NETWORK):
            raise InputError(
                f"--preset {request.preset} with --stream",
                "the plain network, as averaged networks need all rows in memory",
                "Leave --preset out.",
            )
        if request.recipe.regularization not in (None, "none"):
            raise InputError(
                f"--regularization {request.recipe.regularization} with rows that are streamed",
                "rows in memory, as the posterior is of all of them",
                "Leave it out, or --stream.",
            )
        said = f"{request.data}: one pass over all rows, to prepare the columns"
        Output(quiet=request.as_json).print(said, soft_wrap=True)
        return stream_set(
            request.data,
            request.reading,
            numbers,
            standardize,
            request.seed,
            request.memory_bytes,
        )
    if request.memory_bytes is not None:
        raise InputError(
            f"--memory-bytes {request.memory_bytes} without --stream",
            "the memory of a stream; other rows are all in memory",
            "Pass --stream, or leave it out.",
        )
    if proposed := proposal(request.data):
        Output(quiet=request.as_json).print(proposed, soft_wrap=True)
    return load_data(
        request.data,
        **request.reading,
        numbers=numbers,
        standardize_target=standardize,
    )
