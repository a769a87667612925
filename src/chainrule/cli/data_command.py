"""`chainrule data`: list the data sets, fetch and verify one, or say what a file holds."""

from __future__ import annotations

from ..data.image_sets import IMAGE_SETS, data_folder, state_of
from ..data.load import DATA_SETS, load_data
from .output import Output
from .train_output import say_data

__all__ = ["run"]


def run(name: str | None) -> int:
    """List, or look at one; the exit status."""
    console = Output()
    if name is not None:
        data = load_data(name)
        say_data(console, data)
        if name in IMAGE_SETS:
            console.print(f"verified, in {data_folder() / name}/", soft_wrap=True)
        return 0
    width = max(map(len, DATA_SETS))
    for known, what in DATA_SETS.items():
        state = f" ({state_of(known)})" if known in IMAGE_SETS else ""
        console.print(f"{known.ljust(width)}  {what}{state}")
    console.print(
        f"\nDownloads are kept in {data_folder()}/; CHAINRULE_DATA names another folder.",
        soft_wrap=True,
    )
    console.print(
        "Files of your own: chainrule data FILE, chainrule train FILE --target COLUMN.",
        soft_wrap=True,
    )
    return 0
