"""The steps by which the five documents build up to the general case, each a module to be read in one sitting.

    polynomial        regression by gradient descent, against least squares
    neuron            one neuron
    chain             L neurons in a row: the product formula
    paths             any widths: sums over paths, and how many there are
    data_points       N data: sum and mean
    softmax_jacobian  the Jacobian of softmax, and why it cancels
    flat_training     the loss as a function of one vector θ
    layer_subset      training some of the layers
    pattern_steps     a step per pattern, or one for all
    affine_collapse   what remains without activations

Each is written for itself, without the passes of `chainrule.forward` and `chainrule.backward` where it derives
what they do, so that tests can hold one against the other.
"""
