// The numbers of one pass and of the step that follows, by name, as `explanation.numbers` names them.

import { split } from "./templates.mjs";

// parameters: theta as it lies: all W, layer by layer and row by row, then all b.
export const places = (sizes) => {
  const W = [], b = [];
  let at = 0;
  for (let l = 1; l < sizes.length; l += 1) { W[l] = at; at += sizes[l] * sizes[l - 1]; }
  for (let l = 1; l < sizes.length; l += 1) { b[l] = at; at += sizes[l]; }
  return { W, b, count: at };
};
export const indexOf = (sizes, where, name) => {
  const { kind, layer, index } = split(name);
  return kind.endsWith("W") ? where.W[layer] + (index[0] - 1) * sizes[layer - 1] + index[1] - 1
    : where.b[layer] + index[0] - 1;
};

export class Moment {
  // of: { sizes, theta, slots: { m, v }, steps, learningRate, trace, targets, row, masks, inputs }
  constructor(of) {
    Object.assign(this, of);
    this.where = places(this.sizes);
    this.rows = this.trace.row_loss.length;
    this.given = { step: this.steps + 1 };
    this.read = this.read.bind(this);
    this.after = new Map();
  }
  read(name) {
    const { kind, layer, index, row: other } = split(name), { sizes, trace, where } = this;
    const row = other ?? this.row, k = (index[0] ?? 1) - 1, at = row * sizes[layer] + k, here = trace.layers[layer - 1];
    switch (kind) {
      case "A": return layer ? here.A[at] : trace.A0[at];
      case "X": return this.inputs[at];
      case "Z": return here.Z[at];
      case "P": return here.slope[at];
      case "D": return here.delta[at];
      case "G": return layer ? here.dA[at] : this.byInput(row, k);
      case "M": return this.masks[layer][at];
      case "Y": return this.targets[at];
      case "ell": return trace.row_loss[row];
      case "s": return trace.share[row];
      case "J": return trace.J;
      case "R": return trace.penalty;
      case "alpha": return this.learningRate;
      case "N": return this.rows;
      case "one": return 1;
      case "Gone": return this.byConstant(layer);
      case "W": return this.theta[where.W[layer] + k * sizes[layer - 1] + index[1] - 1];
      case "b": return this.theta[where.b[layer] + k];
      case "dW": return here.dW[k * sizes[layer - 1] + index[1] - 1];
      case "db": return here.db[k];
      case "mW": case "vW": return this.slots[kind[0]][where.W[layer] + k * sizes[layer - 1] + index[1] - 1];
      case "mb": case "vb": return this.slots[kind[0]][where.b[layer] + k];
      default: return this.moved(name);
    }
  }
  // ∂ℓ by the input (B4), and by the constant that a bias is multiplied by.
  byInput(row, j) {
    const { delta } = this.trace.layers[0], [n, width] = this.sizes;
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += delta[row * width + k] * this.theta[this.where.W[1] + k * n + j];
    return this.masks?.[0] ? sum * this.masks[0][row * n + j] : sum;
  }
  byConstant(layer) {
    const { delta } = this.trace.layers[layer], width = this.sizes[layer + 1];
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += delta[this.row * width + k] * this.theta[this.where.b[layer + 1] + k];
    return sum;
  }
  // A number after the step, by the formula of the optimizer.
  moved(name) {
    if (!this.after.has(name)) {
      const formula = this.formula(name);
      if (!formula) throw new Error(`no number ${name}`);
      this.after.set(name, formula.filled(this).value(this.read));
    }
    return this.after.get(name);
  }
}
