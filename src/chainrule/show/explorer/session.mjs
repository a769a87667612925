// What is explored: a network with rows, its training forward and back, and what was changed in it. No page in here.

import { Moment, indexOf, places } from "./moment.mjs";
import { Shown, Templates, split } from "./templates.mjs";

export const KEPT = 500;
const MOST_UNDONE = 60;
// Of networks that others took the place of: each has its kept steps, which take memory.
const MOST_OPENED = 8;
// What was typed, where the engine's number is that, rounded to float32.
const kept = (typed, value) => typed !== undefined && Math.fround(typed) === value ? typed : value;
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// Arrays of a data set: { x: { bytes, kind, scale }, y: …, rows, … } as `ready.py` writes them.
export const numbersOf = ({ bytes, kind, scale }) => {
  const raw = bytesOf(bytes);
  if (kind === "uint8") return Float32Array.from(raw, (value) => value * scale);
  return new Float32Array(raw.buffer.slice(0));
};
export const targetsOf = (data, width) => {
  if (data.y.kind !== "uint8") return numbersOf(data.y);
  const labels = bytesOf(data.y.bytes);
  if (width === 1) return Float32Array.from(labels);
  const found = new Float32Array(labels.length * width);
  labels.forEach((label, i) => { found[i * width + label] = 1; });
  return found;
};

export class Session {
  // start: { sizes, activations, loss, optimizer, learning_rate, batch, l1, l2, dropout, seed, theta?, data, notation }
  constructor(engine, payload, start) {
    Object.assign(this, { engine, payload });
    this.digits = 6;
    this.terms = 6;
    this.undone = [];
    this.open(start);
  }

  // A network from the beginning.
  open(start) {
    const { payload, engine } = this;
    const settings = { l1: 0, l2: 0, dropout: 0, seed: 0, initializer: "glorot_uniform", notation: this.notation ?? "canonical",
      learning_rate: payload.optimizers[start.optimizer].specification.learning_rate, ...start };
    const { sizes } = settings, data = settings.data;
    const network = engine.network(this.described(settings));
    const { theta, state, exactTheta, exactX, exactY } = settings;
    const X = settings.X ? Float32Array.from(settings.X) : numbersOf(data.x);
    const Y = settings.Y ? Float32Array.from(settings.Y) : targetsOf(data, sizes.at(-1));
    const w = data.w && Y.length === data.rows * sizes.at(-1) ? numbersOf(data.w) : null;
    try {
      network.parameters = theta ? (theta.bytes ? numbersOf(theta) : Float32Array.from(theta))
        : engine.initial({ sizes, seed: settings.seed, initializer: settings.initializer });
      if (state) network.restore(state);
      network.set_rows(X, Y, w);
    } catch (error) {
      network.free();
      throw error;
    }
    network.learning_rate = settings.learning_rate;
    this.network?.free();
    this.network = network;
    this.settings = { ...settings };
    for (const name of ["theta", "state", "exactTheta", "exactX", "exactY", "X", "Y", "seen", "removed"]) delete this.settings[name];
    Object.assign(this, { X, Y, w });
    this.ownRows = Boolean(settings.X);
    this.first = state ? null : exactTheta ?? null; // weights that were typed, to start again from
    // What was typed, in float64: 0.1 + 0.2 - 0.3 is 0 then, as on paper, where the float32 of the engine is not.
    this.exact = { theta: exactTheta ?? null, X: exactX ?? null, Y: exactY ?? null };
    this.rows = this.X.length / sizes[0];
    this.settings.batch = Math.min(settings.batch ?? this.rows, this.rows);
    this.notation = settings.notation;
    this.held = new Set(settings.held ?? []); // units, "l.k"
    this.removed = new Set(settings.removed ?? []);
    this.past = [];             // { state, epoch, batch, J }
    this.at = 0;                // where in it we are
    this.epoch = settings.epoch ?? 0;
    this.batch = settings.batchNumber ?? 0;
    this.row = Math.min(settings.row ?? 0, this.rows - 1);
    this.keep();
  }
  described(settings) {
    const { payload } = this, { sizes, activations, loss, optimizer, learning_rate, l1, l2, dropout } = settings;
    return { sizes, activations: activations.map((name) => payload.activations[name]), loss: payload.losses[loss].specification,
      optimizer: { ...payload.optimizers[optimizer].specification, learning_rate },
      l1, l2, dropout: dropout ? sizes.slice(1).map((_, l) => l ? dropout : 0) : [] };
  }
  get sizes() { return this.settings.sizes; }
  get L() { return this.sizes.length - 1; }
  get theta() { return this.network.parameters; }
  // θ, and rows by number, as they were typed, while the engine has them rounded.
  get typedTheta() {
    const { theta, exact } = this;
    return exact.theta ? Float64Array.from(theta, (value, i) => kept(exact.theta[i], value)) : theta;
  }
  typedRows(rows) {
    const { exact } = this, take = (from, typed, width) => {
      const found = new Float64Array(rows.length * width);
      rows.forEach((at, i) => { for (let k = 0; k < width; k += 1) found[i * width + k] = kept(typed?.[at * width + k], from[at * width + k]); });
      return found;
    };
    return { X: take(this.X, exact.X, this.sizes[0]), Y: take(this.Y, exact.Y, this.sizes.at(-1)),
      weights: this.w && Float64Array.from(rows, (at) => this.w[at]) };
  }
  get batches() { return this.network.batches(this.settings.batch); }

  // The rows of the batch of the step to come, by number.
  get batchRows() {
    const { batch, seed } = this.settings, { rows } = this;
    if (batch >= rows) return Int32Array.from({ length: rows }, (_, i) => i);
    if (this.order?.key !== `${seed} ${this.epoch} ${rows}`) {
      this.order = { key: `${seed} ${this.epoch} ${rows}`, rows: this.engine.order({ rows, seed, epoch: this.epoch }) };
    }
    return this.order.rows.slice(this.batch * batch, (this.batch + 1) * batch);
  }
  // Choose a row of the data; where it is not in the batch, the batch is not what is shown.
  get place() { return [...this.batchRows].indexOf(this.row); }

  // The numbers of the step to come.
  look() {
    const rows = this.batchRows, { sizes, settings, network } = this;
    if (this.place < 0) this.row = rows[0];
    const row = this.place, masked = new Set();
    let masks = null;
    if (settings.dropout) {
      masks = network.masks({ rows: rows.length, seed: settings.seed, epoch: this.epoch, step: this.batch });
      masks.forEach((mask, l) => { if (mask) masked.add(l); });
    }
    const typed = this.typedRows(rows), parameters = this.typedTheta;
    const trace = network.trace(null, { ...typed, parameters, masks: masks ?? [] });
    const width = sizes.at(-1), targets = typed.Y;
    const own = targets.subarray(row * width, (row + 1) * width);
    const weighed = settings.loss === "cross_entropy" && own.reduce((a, b) => a + b, 0) !== 1;
    this.templates = new Templates(this.payload, this.notation, { sizes, activations: settings.activations,
      loss: settings.loss, optimizer: settings.optimizer, l1: settings.l1, l2: settings.l2, masked, rows: rows.length, row,
      weighed, unequal: trace.share.some((share) => share !== trace.share[0]), digits: this.digits, terms: this.terms });
    const letters = this.payload.optimizers[settings.optimizer].slots, slots = {};
    for (const [name, values] of Object.entries(network.slots)) {
      slots[name === "velocity" || name === "mean" ? "m" : "v"] = values;
    }
    for (const name of letters) slots[name === "velocity" || name === "mean" ? "m" : "v"] ??= new Float32Array(network.length);
    this.moment = new Moment({ sizes, theta: parameters, slots, steps: network.steps, row, masks, trace, targets, inputs: typed.X,
      learningRate: network.learning_rate, formula: (name) => this.templates.formula(name) });
    this.shown = new Shown(this.templates, this.moment);
    return this.shown;
  }

  // Training

  keep() {
    this.past.length = Math.min(this.past.length, this.at);
    this.past.push({ state: this.network.state(), epoch: this.epoch, batch: this.batch, J: null });
    this.at = this.past.length - 1;
  }
  // One step along the gradient of the batch; false where a number is not finite.
  step() {
    const here = this.past[this.at];
    if (this.at + 1 < this.past.length) {
      this.go(this.at + 1);
      return true;
    }
    const before = this.held.size ? this.theta : null;
    const { batch, seed } = this.settings, { batches } = this;
    const outcome = this.network.epoch({ seed, epoch: this.epoch, batch, first: this.batch, last: this.batch + 1 });
    if (!outcome.finite) {
      this.network.restore(here.state);
      return false;
    }
    if (before) this.hold(before);
    here.J = outcome.loss;
    this.batch += 1;
    if (this.batch >= batches) { this.batch = 0; this.epoch += 1; }
    this.past.length = this.at + 1;
    this.past.push({ state: this.network.state(), epoch: this.epoch, batch: this.batch, J: null });
    if (this.past.length > KEPT + 1) this.past.shift();
    this.at = this.past.length - 1;
    return true;
  }
  // To the end of the epoch.
  stepEpoch() {
    const { epoch } = this;
    let fine = true;
    while (fine && this.epoch === epoch) fine = this.step();
    return fine;
  }
  back() {
    if (this.at === 0) return false;
    this.go(this.at - 1);
    return true;
  }
  go(at) {
    const found = this.past[at];
    this.network.restore(found.state);
    Object.assign(this, { at, epoch: found.epoch, batch: Math.min(found.batch, this.batches - 1) });
  }
  hold(before) {
    const theta = this.theta;
    for (const i of this.heldPlaces()) theta[i] = before[i];
    this.network.parameters = theta;
  }
  *heldPlaces() {
    const { sizes } = this, where = places(sizes);
    for (const unit of this.held) {
      const [l, k] = unit.split(".").map(Number);
      if (l > 0) {
        for (let j = 0; j < sizes[l - 1]; j += 1) yield where.W[l] + (k - 1) * sizes[l - 1] + j;
        yield where.b[l] + k - 1;
      }
      if (this.removed?.has(unit)) {
        for (let m = 0; m < sizes[l + 1]; m += 1) yield where.W[l + 1] + m * sizes[l] + k - 1;
      }
    }
  }

  // Changes

  // Call before each change that can be undone; with what was seen, before another network takes the place of this one.
  remember(what, seen = null) {
    const { X, Y, w, ownRows, first, notation, at, epoch, batch, row, rows } = this;
    this.undone.push({ what, seen, state: this.network.state(), own: { X, Y, w, ownRows, first, notation, at, epoch, batch, row, rows,
      settings: { ...this.settings }, exact: { ...this.exact }, held: new Set(this.held), removed: new Set(this.removed), past: [...this.past] } });
    while (this.undone.length > MOST_UNDONE || this.undone.filter((one) => one.seen).length > MOST_OPENED) this.undone.shift();
  }
  // Back to what was remembered last, or before that; gives it.
  undo(to = this.undone.at(-1)) {
    if (!to) return null;
    this.undone.length = Math.max(0, this.undone.indexOf(to));
    const { own, state } = to;
    this.network.free();
    this.network = this.engine.network(this.described(own.settings));
    this.network.learning_rate = own.settings.learning_rate;
    this.network.set_rows(own.X, own.Y, own.w);
    this.network.restore(state);
    Object.assign(this, own);
    return to;
  }
  // A weight or a bias, by its name.
  setParameter(name, value) {
    const theta = this.theta, at = indexOf(this.sizes, places(this.sizes), name), typed = Float64Array.from(this.typedTheta);
    typed[at] = value;
    theta[at] = value;
    this.exact.theta = typed;
    this.network.parameters = theta;
    this.touched();
  }
  setInput(k, value, row = this.row) {
    const at = row * this.sizes[0] + k - 1, typed = Float64Array.from(this.exact.X ?? this.X);
    typed[at] = value;
    this.X = this.X.slice();
    this.X[at] = value;
    this.setRows({ X: typed, Y: this.exact.Y ?? Float64Array.from(this.Y) });
  }
  // The rows, where they are no longer those of the data set.
  get rowsOfOwn() {
    const { X, Y, exact } = this;
    return this.ownRows ? { X, Y, exactX: exact.X, exactY: exact.Y } : {};
  }
  setRows(exact) {
    Object.assign(this.exact, exact);
    this.ownRows = true;
    this.network.set_rows(this.X, this.Y, this.w);
    this.touched();
  }
  setRow(inputs, targets) {
    const [n] = this.sizes, width = this.sizes.at(-1);
    this.X = this.X.slice();
    this.Y = this.Y.slice();
    if (inputs) this.X.set(inputs, this.row * n);
    if (targets) this.Y.set(targets, this.row * width);
    this.setRows({ X: null, Y: null });
  }
  // The steps kept after this one are no longer what comes.
  touched() {
    this.past.length = this.at + 1;
    this.past[this.at] = { state: this.network.state(), epoch: this.epoch, batch: this.batch, J: null };
  }
  set(changes) {
    const settings = { ...this.settings, ...changes };
    if (changes.optimizer && !("learning_rate" in changes)) {
      settings.learning_rate = this.payload.optimizers[changes.optimizer].specification.learning_rate;
    }
    const { optimizer } = this.described(settings);
    if (Object.keys(changes).some((key) => key !== "batch" && key !== "seed" && key !== "learning_rate")) {
      const of = this.network;
      const next = this.engine.network({ ...this.described(settings), parameters: of.parameters });
      next.set_rows(this.X, this.Y, this.w);
      const same = of.description.optimizer.name === optimizer.name && of.slot_names.join() === next.slot_names.join();
      if (same) next.restore(of.state());
      of.free();
      this.network = next;
    }
    this.network.learning_rate = settings.learning_rate;
    this.settings = settings;
    if ("batch" in changes) {
      this.settings.batch = Math.max(1, Math.min(changes.batch, this.rows));
      if (this.batch >= this.batches) { this.batch = 0; this.epoch += 1; }
    }
    // the steps before can be gone back to where the optimizer remembers what it did
    if (!("optimizer" in changes)) this.touched();
    else {
      this.past = [];
      this.at = 0;
      this.keep();
    }
  }
  freeze(unit) {
    if (this.held.has(unit)) this.held.delete(unit);
    else this.held.add(unit);
    this.past.length = this.at + 1;
  }
  // A unit without weights: what leads to it and from it is 0, and stays so.
  remove(unit) {
    const [l] = unit.split(".").map(Number);
    if (l === 0 || l === this.L) return;
    this.removed = new Set(this.removed).add(unit);
    this.held.add(unit);
    const theta = this.theta;
    for (const i of this.heldPlaces()) if (this.ofRemoved(i)) theta[i] = 0;
    this.network.parameters = theta;
    this.touched();
  }
  ofRemoved(place) {
    const all = this.held;
    this.held = new Set(this.removed);
    const found = [...this.heldPlaces()].includes(place);
    this.held = all;
    return found;
  }

  // What a number is the derivative of and by what, and the number: { of, by, derived }; null for a number that is none.
  //   Of W and b it is J, of Z (B1, B2), A and the inputs (B4) ℓ of the row.
  quotientOf(name) {
    const found = /^(?:[mvu]|d)?([WbZAXDG])\+?(\d+)((?:\.\d+)+)$/.exec(name);
    if (!found) return null;
    const [, kind, layer, index] = found, at = layer + index;
    if ("Wb".includes(kind)) return { of: "J", by: kind + at, derived: `d${kind}${at}` };
    if ("ZD".includes(kind)) return { of: "ell", by: `Z${at}`, derived: `D${at}` };
    return { of: "ell", by: `A${at}`, derived: `G${at}` };
  }
  // J or ℓ in float64 with one number moved.
  moved(name, by) {
    const { moment, sizes, L } = this, { kind, layer, index } = split(name), where = places(sizes), k = index[0];
    const theta = Float64Array.from(this.typedTheta), { masks } = moment;
    if (kind === "W" || kind === "b") {
      theta[indexOf(sizes, where, name)] += by;
      return this.network.trace(null, { ...this.typedRows(this.batchRows), parameters: theta, masks: masks ?? [] }).J;
    }
    const { row } = moment, { X, Y } = this.typedRows([this.row]);
    if (kind === "Z") theta[where.b[layer] + k - 1] += by; // Z of the one row moves as b does
    else if (layer === 0) X[k - 1] += by;
    else if (layer < L) for (let m = 0; m < sizes[layer + 1]; m += 1) theta[where.b[layer + 1] + m] += by * theta[where.W[layer + 1] + m * sizes[layer] + k - 1];
    else { // of an output: the formula of ℓ
      const read = (one) => moment.read(one) + (one === name ? by : 0), there = Object.create(moment, { read: { value: read } });
      return this.templates.formula("ell").filled(there).value(read);
    }
    const own = (masks ?? []).map((mask, l) => mask && mask.subarray(row * sizes[l], (row + 1) * sizes[l]));
    return this.network.trace(null, { X, Y, parameters: theta, masks: own }).row_loss[0];
  }
  difference(name, h) { return (this.moved(name, h) - this.moved(name, -h)) / (2 * h); }

  // The units of every layer over a grid of two inputs, the others as in the row: { layer: Float64Array (cells, width) }.
  over(i, j, box, cells) {
    const [n] = this.sizes, X = new Float64Array(cells * cells * n), base = this.X.subarray(this.row * n, (this.row + 1) * n);
    for (let v = 0; v < cells; v += 1) {
      for (let u = 0; u < cells; u += 1) {
        const at = (v * cells + u) * n;
        X.set(base, at);
        X[at + i] = box.left + (box.right - box.left) * (u + 0.5) / cells;
        if (j !== i) X[at + j] = box.top + (box.bottom - box.top) * (v + 0.5) / cells;
      }
    }
    const Y = new Float64Array(cells * cells * this.sizes.at(-1)).fill(1);
    return this.network.trace(null, { X, Y }).layers.map((layer) => layer.A);
  }

  // What one weight, by its name, adds to the gradient in each row: s Δ A (B3).
  shares(name) {
    const { moment, sizes } = this, { trace } = moment, found = /^(?:[mvu]|d)?([Wb])\+?(\d+)\.(\d+)(?:\.(\d+))?$/.exec(name);
    if (!found) return null;
    const [, kind, layer, k, j] = found, l = Number(layer), before = l > 1 ? trace.layers[l - 2].A : trace.A0;
    return Float64Array.from({ length: moment.rows }, (_, i) => trace.share[i] * trace.layers[l - 1].delta[i * sizes[l] + Number(k) - 1] *
      (kind === "W" ? before[i * sizes[l - 1] + Number(j) - 1] : 1));
  }
  // Along the paths from a weight to the loss: the share of each edge that they pass in ∂ℓ/∂W of the row.
  paths(name) {
    const { moment, sizes, L } = this, { read } = moment, found = /^W(\d+)\.(\d+)\.(\d+)$/.exec(name);
    if (!found) return null;
    const [l, k, j] = found.slice(1).map(Number), edges = new Map();
    if (this.settings.activations.slice(l - 1, -1).some((phi) => phi === "softmax")) return null;
    const a = read(`A${l - 1}.${j}`);
    let reach = new Map([[k, l < L ? a * read(`P${l}.${k}`) : a]]);
    edges.set(name, a * read(`D${l}.${k}`));
    for (let m = l + 1; m <= L; m += 1) {
      const next = new Map();
      for (const [p, value] of reach) {
        for (let q = 1; q <= sizes[m]; q += 1) {
          const along = value * read(`W${m}.${q}.${p}`);
          edges.set(`W${m}.${q}.${p}`, along * read(`D${m}.${q}`));
          next.set(q, (next.get(q) ?? 0) + (m < L ? along * read(`P${m}.${q}`) : along));
        }
      }
      reach = next;
    }
    return edges;
  }
}
