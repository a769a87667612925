"""How an estimator looks in a notebook: scikit-learn's diagram, and below it the network, once there is one."""

from __future__ import annotations

from typing import Any

__all__ = ["NotebookPage"]


class NotebookPage:
    """The HTML of an estimator; before scikit-learn's classes in the order of bases."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """What a notebook asks for."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        network = getattr(self, "network_", None)
        if "text/html" in bundle and network is not None:
            bundle["text/html"] += network._repr_html_()
        return bundle
