"""PyTorch with the whole step compiled as one graph: forward, backward and the update."""

from __future__ import annotations

import torch
from cases import PIXEL_SCALE, Array
from torch import Tensor

from . import torch_eager

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}


class Contender(torch_eager.Contender):
    """Functional: `torch.func.grad` inside `torch.compile`, one graph for each number of rows."""

    def set_up(self) -> None:
        torch._dynamo.config.recompile_limit = 64
        super().set_up()
        self.compiled_step = torch.compile(
            self._pure_step, dynamic=False, fullgraph=True
        )
        if self.case.kind == "prediction":
            self.model.requires_grad_(False)
            self.compiled_predict = torch.compile(
                self._pure_predict, dynamic=False, fullgraph=True
            )

    def renew(self) -> None:
        super().renew()
        weights, biases = self.case.split(self.inputs.theta)
        self.parameters = [torch.from_numpy(p) for p in (*weights, *biases)]
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]
        self.t = torch.zeros(())

    def _logits(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        if x.dtype == torch.uint8:
            x = x.to(torch.float32) * PIXEL_SCALE
        layers = len(parameters) // 2
        for layer, phi in enumerate(self.case.activations):
            x = torch.nn.functional.linear(
                x, parameters[layer], parameters[layers + layer]
            )
            x = ACTIVATIONS[phi](x) if phi in ACTIVATIONS else x
        return x

    def _pure_step(
        self,
        parameters: list[Tensor],
        m: list[Tensor],
        v: list[Tensor],
        t: Tensor,
        x: Tensor,
        y: Tensor,
    ) -> None:
        gradients = torch.func.grad(lambda p: self.loss(self._logits(p, x), y))(
            parameters
        )
        rate = self.case.learning_rate
        if self.case.optimizer != "adam":
            for p, g in zip(parameters, gradients, strict=True):
                p.sub_(rate * g)
            return
        t.add_(1)
        mean_part, square_part = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
        for p, g, mean, square in zip(parameters, gradients, m, v, strict=True):
            mean.mul_(0.9).add_(0.1 * g)
            square.mul_(0.999).add_(0.001 * g * g)
            p.sub_(mean_part * mean / ((square * square_part).sqrt() + 1e-8))

    def step(self, x: Tensor, y: Tensor) -> None:
        self.compiled_step(self.parameters, self.m, self.v, self.t, x, y)

    def theta(self) -> Array:
        layers = len(self.case.activations)
        arrays = [p.numpy() for p in self.parameters]
        return self.case.join(arrays[:layers], arrays[layers:])

    def _pure_predict(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        return torch.softmax(self._logits(parameters, x), 1)

    def predict(self, x: Tensor) -> Tensor:
        return self.compiled_predict(self.parameters, x)
