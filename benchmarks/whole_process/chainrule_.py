"""E11 with chainrule's functional interface: python chainrule_.py TABLE.csv MODEL."""

import sys

import numpy as np

import chainrule

table = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
x, y = table[:, :-1].astype(np.float32), table[:, -1].astype(int)
network = chainrule.Network((4, 16, 3), ("relu", "softmax"), "cross_entropy")
report = chainrule.train(
    network,
    x,
    y,
    dtype="float32",
    optimizer="adam",
    batch_rows=32,
    max_epochs=200,
    progress=False,
)
chainrule.save_model(sys.argv[2], network, report.parameters)
sys.stdout.write(f"{report.loss[-1]}\n")
