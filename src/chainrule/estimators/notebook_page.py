"""How an estimator looks in a notebook: scikit-learn's diagram, and below it the network, once there is one."""

from __future__ import annotations

from typing import Any

__all__ = ["NotebookPage"]


class NotebookPage:
    """The HTML of an estimator; before scikit-learn's classes in the order of bases."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """What a notebook asks for."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        if "text/html" in bundle and hasattr(self, "coefs_"):
            estimator: Any = self
            bundle["text/html"] += estimator.network_._repr_html_()
        return bundle
