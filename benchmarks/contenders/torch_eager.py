"""PyTorch, eager: modules, autograd, a fused optimizer, rows gathered by index."""

from __future__ import annotations

import torch
from cases import PIXEL_SCALE, Array
from torch import Tensor, nn
from torch.nn import functional

from . import interface

LAYERS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class Contender(interface.Contender):
    """Tensors share the memory of the arrays given."""

    def set_up(self) -> None:
        torch.set_num_threads(self.threads)
        torch.set_flush_denormal(True)
        self.x, self.y = (
            torch.from_numpy(self.inputs.x),
            torch.from_numpy(self.inputs.y),
        )
        self.renew()

    def renew(self) -> None:
        """Stand at the start."""
        case = self.case
        weights, biases = case.split(self.inputs.theta)
        layers: list[nn.Module] = []
        for w, b, phi in zip(weights, biases, case.activations, strict=True):
            layer = nn.Linear(w.shape[1], w.shape[0])
            layer.weight, layer.bias = (
                nn.Parameter(torch.from_numpy(w)),
                nn.Parameter(torch.from_numpy(b)),
            )
            layers += [layer] + ([LAYERS[phi]()] if phi in LAYERS else [])
        self.model = nn.Sequential(*layers)
        if case.optimizer == "adam":
            self.optimizer: torch.optim.Optimizer = torch.optim.Adam(
                self.model.parameters(), lr=case.learning_rate, fused=True
            )
        else:
            self.optimizer = torch.optim.SGD(
                self.model.parameters(), lr=case.learning_rate or 0.1, fused=True
            )

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        if self.case.loss == "cross_entropy":
            return functional.cross_entropy(z, y)
        return 0.5 * functional.mse_loss(z, y) * y.shape[1]

    def step(self, x: Tensor, y: Tensor) -> None:
        if x.dtype == torch.uint8:
            x = x.to(torch.float32).mul_(PIXEL_SCALE)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.model(x), y).backward()
        self.optimizer.step()

    def step_on(self, rows: Tensor) -> None:
        self.step(self.x.index_select(0, rows), self.y.index_select(0, rows))

    def theta_after(self, batches: list[Array]) -> Array:
        self.renew()
        for rows in batches:
            if self.case.full_batch:
                self.step(self.x, self.y)
            else:
                self.step_on(torch.from_numpy(rows))
        return self.theta()

    def theta(self) -> Array:
        linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        return self.case.join(
            [layer.weight.detach().numpy() for layer in linear],
            [layer.bias.detach().numpy() for layer in linear],
        )

    def predict(self, x: Tensor) -> Tensor:
        return torch.softmax(self.model(x), 1)

    def output(self, rows: int) -> Array:
        with torch.inference_mode():
            return self.predict(self.x[:rows]).numpy()

    def work(self, units: int) -> None:
        case = self.case
        if case.kind == "prediction":
            rows, predict = self.x[: case.batch_rows], self.predict
            with torch.inference_mode():
                for _ in range(units):
                    predict(rows)
            return
        for _ in range(units):
            if case.full_batch:
                self.step(self.x, self.y)
            else:
                for rows in torch.randperm(case.rows).split(case.batch_rows):
                    self.step_on(rows)

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__}
