"""The mathematics: networks, activations, losses, the forward and the backward pass (F0 to B4), the gradient check."""
