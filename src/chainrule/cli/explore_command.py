"""`chainrule explore`: the explorer in a browser, from a small server on this machine, or as a page in a file."""

from __future__ import annotations

import webbrowser
from typing import Any

from ..data.load import load_data
from ..equations.network import Network
from ..errors import InputError
from ..files.storage import load_model
from ..printable import printable
from ..show.explorer import Explorer, Server, explore
from .explain_rows import rows_of_model
from .option_spelling import as_option
from .options.explore import Explore
from .output import Output
from .run_folder import model_file
from .saved_average import is_average
from .saved_model import load_saved
from .typed_network import typed_pass

__all__ = ["run"]


def run(request: Explore) -> int:
    """Write the page, or serve it until Ctrl-C."""
    if request.to is not None and request.to.suffix != ".html":
        raise InputError(
            f"--to {request.to}", "a file that ends in .html", "Name it page.html, say."
        )
    made = explorer_of(request)
    console = Output()
    if request.to is not None:
        made.save(request.to)
        console.print(f"{request.to}", soft_wrap=True)
        return 0
    with Server(made, request.port) as server:
        console.print(server.address, soft_wrap=True)
        console.print("Ctrl-C ends it.", soft_wrap=True)
        if request.browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def explorer_of(request: Explore) -> Explorer:
    """The explorer that is asked for."""
    if request.typed.given:
        return explorer_of_text(request)
    if request.model is None and request.data is None:
        return explore(**request.options)
    if request.model is None:
        return explorer_of_data(str(request.data), request)
    of_no_model = [
        as_option(name)
        for name in ("target", "ignore", "categories")
        if name in request.reading
    ]
    if of_no_model:
        raise InputError(
            f"{', '.join(of_no_model)} for {request.model}, which is a model",
            "these options for data without a model",
            "Leave them out: a model knows how to read its rows.",
        )
    path = model_file(request.model)
    if not is_average(path) and "preparation" not in load_model(path).notes:
        raise InputError(
            f"{path}, a model without notes on how to prepare raw rows",
            "a model that `chainrule train` saved",
            f'In Python, chainrule.explore("{path.name}", x, y) takes prepared rows.',
        )
    rows = rows_of_model(path, request.data, dict(request.reading))
    known: dict[str, Any] = {}
    if not is_average(path):  # whose inputs are no columns
        saved = load_saved(path)
        classes = saved.preparation.target.classes
        known = {
            "names": [printable(name) for name in saved.preparation.inputs],
            "picture": saved.notes.picture,
        }
        if saved.model.network.sizes[-1] > 1 and classes:
            known["classes"] = [printable(name) for name in classes]
    return explore(
        load_model(path),
        rows.x,
        rows.y,
        title=printable(rows.name),
        **known,
        **request.options,
    )


def explorer_of_text(request: Explore) -> Explorer:
    """A network that is typed, with its samples."""
    others = {"MODEL": request.model, "--data": request.data}
    beside = [name for name, value in others.items() if value is not None]
    beside += [as_option(name) for name in request.reading]
    network, parameters, x, y = typed_pass(request.notation, request.typed, beside)
    return explore(network, x, y, parameters=parameters, **request.options)


def explorer_of_data(source: str, request: Explore) -> Explorer:
    """A network of 8 hidden units, with first weights, on a data set or a file."""
    data = load_data(source, **request.reading)
    x, _ = data.scaled("float32")
    y, _ = data.standardized_targets()
    outputs = len(data.classes) or (1 if y.ndim == 1 else y.shape[1])
    network = Network(
        (x.shape[1], 8, outputs),
        ("tanh", "softmax" if data.classes else "identity"),
        "cross_entropy" if data.classes else "squared_error",
    )
    return explore(
        network,
        x,
        y,
        parameters=network.init(0, "float32"),
        names=[printable(name) for name in data.preparation.inputs],
        classes=[printable(name) for name in data.classes] or None,
        picture=data.image_shape,
        title=printable(data.name),
        **request.options,
    )
