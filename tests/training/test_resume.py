"""n + m epochs are n epochs, save, load, m epochs, bit for bit; whatever does not fit is refused."""

import itertools
import random
import signal
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from chainrule import (
    SCHEDULES,
    Callback,
    Checkpoint,
    EarlyStopping,
    InputError,
    Network,
    StopReason,
    save_model,
    train,
)
from chainrule.engines import Reference
from chainrule.optimizers.state import State
from chainrule.training import run as loop

from ..support.runs import ABLE, BUILT, NET, content, everything, outcome, problem


@pytest.fixture(autouse=True)
def one_thread():
    """The reference's bits follow the BLAS."""
    with threadpool_limits(1):
        yield


def in_parts(path, parts, options):
    """A run cut at each limit in turn, each part resumed from the file of the one before; the last report."""
    x, y = problem()
    report = None
    for limit in parts:
        resume = {"resume": path} if report is not None else {}
        report = train(
            NET,
            x,
            y,
            checkpoint=Checkpoint(path=path),
            **resume,
            **{**options, **limit},
        )
    return report


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("engine", "optimizer"), ABLE)
def test_a_run_in_parts_is_the_run(tmp_path, engine, optimizer, schedule):
    options = everything(optimizer, schedule, engine, max_epochs=8)
    whole = in_parts(tmp_path / "whole", [{}], options)
    batches = whole.steps // 8
    assert batches == (1 if options["batch_rows"] is None else 4)
    cuts = {
        "between epochs": [{"max_epochs": 3}, {}],
        "in an epoch": [{"max_steps": 3 * batches + batches // 2}, {}],
        "often": [*({"max_steps": at} for at in (1, 2, 7, 13, 13, 19)), {}],
    }
    for name, parts in cuts.items():
        again = in_parts(tmp_path / name, parts, options)
        assert outcome(again) == outcome(whole), name
        assert content(tmp_path / name) == content(tmp_path / "whole"), name
    rates = {epoch.learning_rate for epoch in whole.history}
    assert len(rates) > 1
    assert len(set(whole.loss)) == 8


def test_a_part_differs_from_the_whole(tmp_path):
    """The comparison sees what it should: another step, another slot, another record."""
    options = everything("sgd", max_epochs=8)
    whole = in_parts(tmp_path / "whole", [{}], options)
    other = in_parts(tmp_path / "other", [{"max_steps": 31}], options)
    assert outcome(whole) != outcome(other)
    text, tensors = content(tmp_path / "whole")
    text2, tensors2 = content(tmp_path / "other")
    assert set(tensors) == {"theta", "slot0", "best"}
    assert all(tensors[name] != tensors2[name] for name in ("theta", "slot0"))
    assert text["state"] != text2["state"]
    assert (
        text["state"]["schedule"][0] != "1.0"
    )  # the adaptive schedule has something to remember
    assert whole.best_epoch not in (None, 8)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_early_stopping_stops_a_resumed_run_where_it_stops_the_run(
    tmp_path, dtype, engine
):
    rule = EarlyStopping(smoothing=0.5, patience=4)
    options = everything(
        engine=engine, dtype=dtype, early_stopping=rule, max_epochs=500
    )
    whole = in_parts(tmp_path / "whole", [{}], options)
    assert whole.stopped is StopReason.STALLED
    # those count that have come down from 0.05
    since = [e.learning_rate for e in whole.history[whole.best_epoch :]]
    assert sum(rate < 0.05 for rate in since) == 4
    for steps in (whole.steps // 3, whole.steps - 5, whole.steps - 1, whole.steps):
        again = in_parts(tmp_path / f"{steps}", [{"max_steps": steps}, {}], options)
        assert again.stopped is StopReason.STALLED
        assert outcome(again) == outcome(whole)
        assert content(tmp_path / f"{steps}") == content(tmp_path / "whole")
    # stalled is stalled: resuming adds nothing, unless more patience is asked for
    x, y = problem()
    assert outcome(train(NET, x, y, resume=tmp_path / "whole", **options)) == outcome(
        whole
    )
    patient = train(
        NET,
        x,
        y,
        resume=tmp_path / "whole",
        **{**options, "early_stopping": replace(rule, patience=6)},
    )
    assert patient.epochs > whole.epochs


def test_checkpoints_by_the_clock_lie_within_epochs(tmp_path, monkeypatch):
    x, y = problem()
    ticks = itertools.count()
    monkeypatch.setattr(loop.time, "perf_counter", lambda: next(ticks))
    saved = []
    real = loop.save_checkpoint

    def save(path, settings, progress, notes):
        real(path, settings, progress, notes)
        saved.append((progress.state.steps, progress.state.step_in_epoch))
        path.rename(tmp_path / f"{len(saved)}")

    monkeypatch.setattr(loop, "save_checkpoint", save)
    options = everything(max_epochs=6)
    whole = train(
        NET,
        x,
        y,
        checkpoint=Checkpoint(path=tmp_path / "c", every_seconds=5),
        **options,
    )
    assert (
        len({step for _, step in saved}) == 5
    )  # after each of the 4 batches, and at the end of an epoch
    monkeypatch.undo()
    for number in range(1, len(saved) + 1):
        again = train(NET, x, y, resume=tmp_path / f"{number}", **options)
        assert outcome(again) == outcome(whole)


def test_every_so_many_epochs(tmp_path, monkeypatch):
    x, y = problem()
    saved = []
    monkeypatch.setattr(
        loop,
        "save_checkpoint",
        lambda path, settings, progress, notes: saved.append(progress.state.epoch),
    )
    train(
        NET,
        x,
        y,
        checkpoint=Checkpoint(path=tmp_path / "c", every_epochs=3),
        max_epochs=8,
    )
    assert saved == [3, 6, 8]


CHANGED = {
    "optimizer": "sgd",
    "schedule": "cosine",
    "batch_rows": 7,
    "l1": 0.002,
    "l2": 0.02,
    "dropout": 0.3,
    "input_dropout": 0.2,
    "clip_value": None,
    "clip_norm": 0.8,
    "max_norm": 3.0,
    "frozen_layers": (1,),
    "early_stopping": EarlyStopping(monitor="accuracy", smoothing=0.5, patience=1000),
    "seed": 8,
    "dtype": "float32",
    "validation": None,
}


@pytest.mark.parametrize("setting", CHANGED)
def test_other_settings_are_refused_by_name(tmp_path, setting):
    x, y = problem()
    options = everything(max_epochs=2)
    train(NET, x, y, checkpoint=Checkpoint(path=tmp_path / "c"), **options)
    named = {
        "input_dropout": "dropout",
        "seed": "seed|data",
        "validation": "rows|data|validation",
    }.get(setting, setting)
    with pytest.raises(
        InputError, match=f"of a run with (({named})[^ ]* = |other rows|no validation)"
    ):
        train(
            NET, x, y, resume=tmp_path / "c", **{**options, setting: CHANGED[setting]}
        )


def test_another_network_or_other_data_is_refused(tmp_path):
    x, y = problem()
    options = everything(max_epochs=2, validation=problem(1))
    train(NET, x, y, checkpoint=Checkpoint(path=tmp_path / "c"), **options)
    resume = {"resume": tmp_path / "c", **options}
    other = Network((3, 5, 4, 2), ("tanh", "elu", "softmax"), "cross_entropy")
    with pytest.raises(InputError, match="network"):
        train(other, x, y, **resume)
    moved = x.copy()
    moved[17, 1] = np.nextafter(moved[17, 1], 9)
    for rows, targets in ((moved, y), (x, 1 - y)):
        with pytest.raises(InputError, match="with other rows or targets"):
            train(NET, rows, targets, **resume)
    with pytest.raises(InputError, match=r"with other rows or targets.*weights"):
        train(NET, x, y, sample_weight=np.full(29, 2.0), **resume)
    with pytest.raises(InputError, match="with rows = "):
        train(NET, x[1:], y[1:], **resume)
    with pytest.raises(InputError, match="with other validation rows or targets"):
        train(NET, x, y, **{**resume, "validation": (moved, y)})
    assert train(NET, x, y, **resume).epochs == 2  # the control


def test_files_that_are_no_checkpoints(tmp_path):
    x, y = problem()
    options = everything(max_epochs=2)
    file = tmp_path / "c"
    train(NET, x, y, checkpoint=Checkpoint(path=file), **options)
    whole = file.read_bytes()
    with pytest.raises(FileNotFoundError):
        train(NET, x, y, resume=tmp_path / "missing", **options)
    with pytest.raises(InputError, match="which is a folder"):
        train(NET, x, y, resume=tmp_path, **options)
    save_model(tmp_path / "model", NET, NET.init())
    with pytest.raises(InputError, match="chainrule-model"):
        train(NET, x, y, resume=tmp_path / "model", **options)
    file.write_bytes(whole[:-1])
    with pytest.raises(InputError, match="checksum"):
        train(NET, x, y, resume=file, **options)
    for wrong in ({"every_epochs": 0}, {"every_seconds": -1.0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Checkpoint(path=file, **wrong)
    with pytest.raises(InputError, match="folder that exists"):
        Checkpoint(path=tmp_path / "no" / "c")


class Everywhere(Callback):
    """Raises KeyboardInterrupt in the nth call of one place of the loop."""

    def __init__(self, monkeypatch, place, nth):
        self.place, self.left = place, nth
        for home, name in (
            (loop, "diagnose"),
            (loop, "save_checkpoint"),
            (loop.ProgressLine, "advance"),
        ):
            if place == name:
                monkeypatch.setattr(home, name, self.wrapped(getattr(home, name)))
        for name in ("loss_and_gradient", "run_epoch"):
            if place == name:
                monkeypatch.setattr(
                    Reference, name, self.wrapped(getattr(Reference, name))
                )
        if place == "next_epoch":  # after the epoch was recorded, before it is over
            monkeypatch.setattr(State, place, self.wrapped(State.next_epoch))
        if place == "_evaluate":
            monkeypatch.setattr(
                loop.Run, name := "_evaluate", self.wrapped(getattr(loop.Run, name))
            )

    def wrapped(self, real):
        def function(*arguments, **options):
            self.count(self.place)
            return real(*arguments, **options)

        return function

    def count(self, place):
        self.left -= place == self.place
        if place == self.place and self.left == 0:
            raise KeyboardInterrupt

    def on_step(self, moment):
        self.count("on_step")

    def on_epoch(self, moment):
        self.count("on_epoch")


PLACES = [
    "diagnose",
    "save_checkpoint",
    "advance",
    "loss_and_gradient",
    "run_epoch",
    "_evaluate",
    "on_step",
    "on_epoch",
    "next_epoch",
]


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("place", PLACES)
def test_an_interrupt_at_each_place_of_the_loop(tmp_path, monkeypatch, place, nth):
    x, y = problem()
    options = everything(max_epochs=5)
    whole = train(NET, x, y, **options)
    kept = {"checkpoint": Checkpoint(path=tmp_path / "c", every_epochs=1)}
    with monkeypatch.context() as patch:
        report = train(
            NET, x, y, callbacks=[Everywhere(patch, place, nth)], **options, **kept
        )
    assert report.stopped is StopReason.INTERRUPTED
    text, tensors = content(tmp_path / "c")
    assert tensors["theta"].endswith(report.last.theta.tobytes())
    assert (text["state"]["steps"], text["state"]["epoch"]) == (
        report.steps,
        report.epochs,
    )
    again = train(NET, x, y, resume=tmp_path / "c", **options)
    assert outcome(again) == outcome(whole)


@pytest.mark.parametrize("engine", BUILT)
def test_interrupts_at_random_moments(tmp_path, engine):
    """A signal's handler raises between any two operations of Python, a hundred times."""
    x, y = problem()
    options = everything(engine=engine, max_epochs=8 if engine == "reference" else 40)
    file = tmp_path / "c"
    kept = {"checkpoint": Checkpoint(path=file, every_epochs=3, every_seconds=0.01)}
    whole = train(NET, x, y, **options, **kept)
    rng, interrupted = random.Random(0), 0

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(100):
            file.unlink(missing_ok=True)
            report = None
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, whole.seconds))
                report = train(NET, x, y, **options, **kept)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                pass  # before the loop began, while its end was saved, or after it
            if report is not None and report.stopped is StopReason.INTERRUPTED:
                interrupted += 1
                assert content(file)[0]["state"]["steps"] == report.steps
                assert content(file)[1]["theta"].endswith(report.last.theta.tobytes())
            if file.exists():
                assert outcome(train(NET, x, y, resume=file, **options)) == outcome(
                    whole
                )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 20
