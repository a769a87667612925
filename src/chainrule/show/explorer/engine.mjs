// The library's engine in a page: its own kernels, compiled to WebAssembly (tools/build_page_engine), one thread.
//
// Training is in float32 and gives the bits of Python's `train(…, engine="native")` with CHAINRULE_ISA=baseline and
// CHAINRULE_SUBNORMALS=keep, as long as all numbers are finite. `trace` is in float64. Names, their parameters and their
// defaults are those of Python's tables, which the binary holds. Arrays are flat and row by row; rows of a matrix are
// samples: X is (N, n_0), Y is (N, n_L) as the loss encodes targets, W[l] is (n_l, n_{l-1}).
// θ = (W[1], …, W[L], b[1], …, b[L]), D numbers. Equation numbers are those of docs/equations.md.
//
// It runs in browsers and in Node 20, and imports nothing.

/** Bad input: what was given, what is allowed, what to do. */
export class InputError extends Error {
  constructor(given, allowed, remedy) {
    super(`${given}; allowed: ${allowed}. ${remedy}`);
    this.name = "InputError";
  }
}

const KEYED = { initialization: 0n, order: 1n, dropout: 2n }; // draws.Purpose
const STRATEGIES = ["narrow", "tiles", "two phases"];
const MOST_LAYERS = 64;
const RULES = {
  l1: 0, l2: 0, alpha: 0, clip_value: null, clip_norm: null, max_norm: null, dropout: [], frozen_layers: [],
};

function whole(name, value, low, high = 2 ** 31 - 1) {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new InputError(`${name} = ${value}`, `a whole number from ${low} to ${high}`, "Pass such a number.");
  }
  return value;
}

function finite(name, value) {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new InputError(`${name} = ${value}`, "a finite number from 0", "Pass such a number.");
  }
  return value;
}

/** Σw of row weights, 1 each without them. */
function weight_of(weights, rows) {
  if (!weights) return rows;
  const sum = of_length("weights", weights, rows).reduce((all, w) => all + finite("a weight", w), 0);
  if (sum > 0) return sum;
  throw new InputError("weights of 0 alone", "some weight above 0", "Leave weights out for 1 each.");
}

function seeded(name, value) {
  const seed = typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value) : -1n;
  if (seed < 0n || seed >= 2n ** 64n) {
    throw new InputError(`${name} = ${value}`, "a whole number from 0 to 2^64 - 1, large ones as BigInt", "Pass 0, say.");
  }
  return seed;
}

function of_length(name, array, length) {
  if (array?.length !== length) {
    throw new InputError(`${name} with ${array?.length} numbers`, `${length} numbers`, "Check its rows and columns.");
  }
  return array;
}

/** A piece of the engine's memory; `view` is made anew, as memory may have moved since. */
class Block {
  constructor(exports, type, length) {
    Object.assign(this, { exports, type, length });
    this.at = exports.allocate(Math.max(1, length) * type.BYTES_PER_ELEMENT);
  }
  get view() {
    return new this.type(this.exports.memory.buffer, this.at, this.length);
  }
  copy() {
    return this.view.slice();
  }
  free() {
    this.exports.release(this.at);
  }
}

/** The engine, loaded once a page. */
export class Engine {
  /**
   * @param {ArrayBuffer|Uint8Array|WebAssembly.Module} bytes of engine.wasm
   * @returns {Promise<Engine>}
   */
  static async load(bytes) {
    const module = bytes instanceof WebAssembly.Module ? bytes : await WebAssembly.compile(bytes);
    return new Engine(await WebAssembly.instantiate(module, {}));
  }

  constructor(instance) {
    this.exports = instance.exports;
    this.exports._initialize();
    const numbers = { phi: {}, ell: {}, rule: {} };
    for (const line of this.text(this.exports.functions()).trim().split("\n")) {
      const [kind, name, like] = line.split(" ");
      const have = numbers[kind];
      have[name] = like && like !== name ? have[like] : new Set(Object.values(have)).size;
    }
    this.numbers = numbers;
    const tables = JSON.parse(this.text(this.exports.tables()));
    const had = (table, kind) => Object.fromEntries(Object.entries(table).filter(([name]) => name in numbers[kind]));
    /** Name → its parameters and their defaults. */
    this.activations = had(tables.activations, "phi");
    /** Name → { parameters, outputs: the names of output activations that it has }. */
    this.losses = had(tables.losses, "ell");
    /** Name → { parameters, slots: names of what it remembers }. */
    this.optimizers = had(tables.optimizers, "rule");
    /** Name → how the weights of a layer are drawn. */
    this.initializers = INITIALIZERS;
  }

  /** A text of the binary. */
  text(at) {
    const bytes = new Uint8Array(this.exports.memory.buffer);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  block(type, content) {
    const block = new Block(this.exports, type, typeof content === "number" ? content : content.length);
    if (typeof content !== "number") block.view.set(content);
    return block;
  }

  /** use(blocks…) with copies of arrays in the engine's memory, or room for so many numbers. */
  lend(contents, use) {
    const blocks = contents.map(([type, content]) => (content == null ? null : this.block(type, content)));
    try {
      return use(...blocks);
    } finally {
      for (const block of blocks) block?.free();
    }
  }

  /**
   * A network and its rules; activations, loss, optimizer and rules as their `specification()` has them in Python.
   *
   * @param {object} description
   * @param {number[]} description.sizes n_0 … n_L
   * @param {(string|object)[]} description.activations L of them: a name, or {name, its parameters}
   * @param {string|object} description.loss a name, or {name, its parameters}
   * @param {string|object} description.optimizer a name, or {name, learning_rate, …}; what is left out is as in Python
   * @param {Float32Array} [description.parameters] θ; 0 without it
   * @param {number} [description.l1] penalty (J2)
   * @param {number} [description.l2] penalty (J2)
   * @param {number} [description.alpha] added to l2, divided by Σw of each batch
   * @param {number[]} [description.dropout] p of the input and of each hidden layer, L numbers
   * @param {?number} [description.clip_value] limit of an entry of ∇J
   * @param {?number} [description.clip_norm] limit of the norm of ∇J
   * @param {?number} [description.max_norm] limit of each unit's incoming weights
   * @param {number[]} [description.frozen_layers] layers, from 1, that do not move
   * @returns {Network}
   */
  network(description) {
    return new Network(this, description);
  }

  /** The rows of an epoch in its order, as `draws.epoch_order` has it: Int32Array, shape (rows,). */
  order({ rows, seed = 0, epoch = 0 }) {
    whole("rows", rows, 1);
    return this.lend([[BigInt64Array, rows]], (to) => {
      this.exports.order(to.at, rows, seeded("seed", seed), seeded("epoch", epoch));
      return Int32Array.from(to.view, Number);
    });
  }

  /** The stream of numpy.random.default_rng(seed). */
  draws(seed) {
    return new Draws(this, this.exports.new_draws(0, seeded("seed", seed), 0n, 0n, 0n));
  }

  /** The stream of `draws.generator(seed, purpose, epoch, step)`; purpose: initialization, order or dropout. */
  keyed_draws({ seed, purpose, epoch = 0, step = 0 }) {
    if (!(purpose in KEYED)) {
      throw new InputError(`purpose = ${purpose}`, Object.keys(KEYED).join(", "), "Choose one of these.");
    }
    const key = [seeded("seed", seed), KEYED[purpose], seeded("epoch", epoch), seeded("step", step)];
    return new Draws(this, this.exports.new_draws(1, ...key));
  }

  /** θ to start from, as `Network.init(seed, "float32", initializer)` draws it: Float32Array, shape (D,). */
  initial({ sizes, seed = 0, initializer = "glorot_uniform" }) {
    if (!(initializer in INITIALIZERS)) {
      throw new InputError(`initializer = ${initializer}`, Object.keys(INITIALIZERS).join(", "), "Choose one of these.");
    }
    const theta = new Float32Array(length_of(sizes));
    const draws = this.keyed_draws({ seed, purpose: "initialization" });
    let at = 0;
    for (let l = 1; l < sizes.length; l++) {
      const W = INITIALIZERS[initializer](draws, sizes[l], sizes[l - 1]);
      theta.set(W, at);
      at += W.length;
    }
    draws.free();
    return theta;
  }
}

/** D of these sizes. */
function length_of(sizes) {
  return sizes.slice(1).reduce((sum, width, l) => sum + width * (sizes[l] + 1), 0);
}

// W of (fan_out, fan_in), count numbers; the formulas are those of initializers.py.
const INITIALIZERS = {
  glorot_uniform: (draws, fan_out, fan_in) => symmetric(draws, fan_out * fan_in, 6 / (fan_in + fan_out)),
  glorot_normal: (draws, fan_out, fan_in) => normal(draws, fan_out * fan_in, 2 / (fan_in + fan_out)),
  he_uniform: (draws, fan_out, fan_in) => symmetric(draws, fan_out * fan_in, 6 / fan_in),
  he_normal: (draws, fan_out, fan_in) => normal(draws, fan_out * fan_in, 2 / fan_in),
  lecun_uniform: (draws, fan_out, fan_in) => symmetric(draws, fan_out * fan_in, 3 / fan_in),
  lecun_normal: (draws, fan_out, fan_in) => normal(draws, fan_out * fan_in, 1 / fan_in),
  zeros: (draws, fan_out, fan_in) => new Float64Array(fan_out * fan_in),
};
const symmetric = (draws, count, square) => draws.uniform(count, -Math.sqrt(square), Math.sqrt(square));
const normal = (draws, count, variance) => draws.normal(count, 0, Math.sqrt(variance));

/** Numbers drawn one after the other, as numpy.random.Generator draws them. */
export class Draws {
  constructor(engine, at) {
    Object.assign(this, { engine, at });
  }
  /** Generator.uniform(low, high, count): Float64Array. */
  uniform(count, low = 0, high = 1) {
    return this.engine.lend([[Float64Array, whole("count", count, 0)]], (to) => {
      this.engine.exports.draw_uniform(this.at, to.at, count);
      return to.view.map((u) => low + (high - low) * u);
    });
  }
  /** Generator.normal(mean, deviation, count): Float64Array. */
  normal(count, mean = 0, deviation = 1) {
    return this.engine.lend([[Float64Array, whole("count", count, 0)]], (to) => {
      this.engine.exports.draw_normal(this.at, to.at, count);
      return to.view.map((z) => mean + deviation * z);
    });
  }
  /** Generator.permutation(count): Int32Array. */
  permutation(count) {
    return this.engine.lend([[BigInt64Array, whole("count", count, 0)]], (to) => {
      this.engine.exports.draw_permutation(this.at, to.at, count);
      return Int32Array.from(to.view, Number);
    });
  }
  free() {
    this.engine.exports.delete_draws(this.at);
  }
}

/** The row of a table that is meant, with all its parameters: { name, … }. */
function chosen(word, value, table, parameters_of) {
  const { name, ...given } = typeof value === "string" ? { name: value } : (value ?? {});
  if (!Object.hasOwn(table, name)) {
    throw new InputError(`${word} ${name}`, `one of ${Object.keys(table).join(", ")}`, "Choose one of these.");
  }
  const parameters = parameters_of(table[name]);
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(parameters, key)) {
      const have = Object.keys(parameters).join(", ") || "none";
      throw new InputError(`${key} of ${name}`, `its parameters: ${have}`, "Leave it out, or correct its name.");
    }
    if (typeof parameters[key] === "number") finite(`${key} of ${name}`, given[key]);
  }
  return { name, ...parameters, ...given };
}

/** A network that trains: its rows, θ and the optimizer's state lie in the engine's memory until `free`. */
export class Network {
  constructor(engine, description) {
    const { parameters, ...rest } = description;
    this.engine = engine;
    /** The whole description, with every default. */
    this.description = described(engine, rest);
    this.sizes = this.description.sizes;
    this.length = length_of(this.sizes);
    const { optimizer } = this.description;
    // without momentum a step remembers nothing (optimizers/first_order.py)
    const slots = optimizer.momentum === 0 ? [] : engine.optimizers[optimizer.name].slots;
    /** Names of what the optimizer remembers. */
    this.slot_names = slots;
    this.blocks = {
      theta: engine.block(Float32Array, this.length),
      slots: slots.map(() => engine.block(Float32Array, this.length)),
      outcome: engine.block(Float64Array, 5),
    };
    this.reset();
    this.at = engine.lend([[Float64Array, numbers_of(engine, this.description, slots.length > 0)]], (numbers) =>
      engine.exports.new_network(numbers.at),
    );
    if (parameters) this.parameters = parameters;
    /** α of each step to come. */
    this.learning_rate = optimizer.learning_rate;
  }

  /** θ, shape (D,): a copy. */
  get parameters() {
    return this.blocks.theta.copy();
  }
  set parameters(theta) {
    this.blocks.theta.view.set(of_length("parameters", theta, this.length));
  }

  /** What the optimizer remembers: { name: Float32Array of shape (D,) }, copies. */
  get slots() {
    return Object.fromEntries(this.slot_names.map((name, s) => [name, this.blocks.slots[s].copy()]));
  }

  /** Forget what the optimizer remembers, and count steps from 0. */
  reset() {
    for (const slot of this.blocks.slots) slot.view.fill(0);
    /** Steps made. */
    this.steps = 0;
  }

  /**
   * The rows to train on.
   * @param {Float32Array} X shape (N, n_0)
   * @param {Float32Array} Y shape (N, n_L), as the loss encodes targets
   * @param {?Float32Array} weights shape (N,), or none for 1 each
   */
  set_rows(X, Y, weights = null) {
    const rows = whole("rows", X.length / this.sizes[0], 1);
    of_length("Y", Y, rows * this.sizes.at(-1));
    weight_of(weights, rows);
    this.free_rows();
    this.rows = rows;
    this.blocks.x = this.engine.block(Float32Array, X);
    this.blocks.y = this.engine.block(Float32Array, Y);
    this.blocks.w = weights && this.engine.block(Float32Array, weights);
  }

  /** Batches of an epoch. */
  batches(batch) {
    return Math.ceil(this.rows / Math.min(batch, this.rows));
  }

  /** The strategy that steps through batches of so many rows: narrow, tiles or two phases. */
  strategy(batch) {
    return STRATEGIES[this.engine.exports.strategy(this.at, batch)];
  }

  /**
   * An epoch, or its batches [first, last): rows in the order that (seed, epoch) draws, as they lie where a batch is all.
   * The same bits however an epoch is cut. learning_rates: α of each of these steps, where a schedule has it.
   * @returns {{loss: number, loss_sum: number, weight_sum: number, batches: number, steps: number, finite: boolean}}
   *   loss: the mean of J over the rows passed, that of each batch taken before its step (with `before`, an earlier
   *   outcome, those of the epoch before too). Where a number is not finite, `finite` is false, and θ is of no use.
   */
  epoch({ seed = 0, epoch = 0, batch, first = 0, last, before, learning_rates } = {}) {
    this.require_rows();
    const rows = this.rows;
    batch = Math.min(whole("batch", batch ?? Math.min(128, rows), 1), rows);
    const count = this.batches(batch);
    whole("first", first, 0, count);
    last = whole("last", last ?? count, first, count);
    const rates = learning_rates ?? new Array(last - first).fill(this.learning_rate);
    return this.run(null, rows, batch, first, of_length("learning_rates", rates, last - first), seed, epoch, before);
  }

  /**
   * One step along the gradient of these rows, by number.
   * @param {ArrayLike<number>} row_numbers
   * @param {{batch?: number, seed?: number|bigint, epoch?: number}} [options] batch: the rows of a full batch, where these
   *   are fewer, as at the end of an epoch; seed, epoch: the key of dropout's masks, by default the number of the step
   */
  step(row_numbers, { batch, seed = 0, epoch = this.steps } = {}) {
    this.require_rows();
    const order = BigInt64Array.from(row_numbers, (row) => BigInt(whole("a row", row, 0, this.rows - 1)));
    whole("rows of a step", order.length, 1);
    batch = whole("batch", batch ?? order.length, order.length);
    return this.engine.lend([[BigInt64Array, order]], (block) =>
      this.run(block, order.length, batch, 0, [this.learning_rate], seed, epoch),
    );
  }

  /** A step for each of the rates, from batch number `first` on. */
  run(order, rows, batch, first, rates, seed, epoch, before) {
    const { x, y, w, theta, slots, outcome } = this.blocks;
    if (!rates.every((rate) => Number.isFinite(rate) && rate > 0)) {
      throw new InputError(`learning rate ${rates}`, "finite numbers above 0", "Pass 0.01, say.");
    }
    this.engine.lend([[Float64Array, rates]], (lent) =>
      this.engine.exports.run(
        this.at, x.at, y.at, w?.at ?? 0, rows, order?.at ?? 0, Number(!order && batch < rows), batch, first,
        first + rates.length, lent.at, theta.at, slots[0]?.at ?? 0, slots[1]?.at ?? 0, this.steps, before?.loss_sum ?? 0,
        before?.weight_sum ?? 0, seeded("seed", seed), seeded("epoch", epoch), outcome.at,
      ),
    );
    const [batches, steps, loss_sum, weight_sum, finite] = outcome.view;
    this.steps += steps;
    return { loss: loss_sum / weight_sum, loss_sum, weight_sum, batches, steps, finite: finite === 1 };
  }

  /** A[L] of rows X, shape (rows, n_0), without dropout: Float32Array, shape (rows, n_L). */
  predict(X) {
    const rows = whole("rows", X.length / this.sizes[0], 0);
    return this.engine.lend([[Float32Array, X], [Float32Array, rows * this.sizes.at(-1)]], (x, out) => {
      this.engine.exports.predict(this.at, x.at, rows, this.blocks.theta.at, out.at);
      return out.copy();
    });
  }

  /** J with its penalty (J1, J2) of these rows by number, all without them, in float32, without dropout. */
  loss(row_numbers = null) {
    const { X, Y, weights } = this.taken(row_numbers);
    const rows = X.length / this.sizes[0];
    weight_of(weights, rows);
    const contents = [X, Y, weights, this.length].map((content) => [Float32Array, content]);
    return this.engine.lend(contents, (x, y, w, gradient) =>
      this.engine.exports.loss(this.at, x.at, y.at, w?.at ?? 0, rows, this.blocks.theta.at, gradient.at),
    );
  }

  /** Everything that a step changes, as bytes: θ, what the optimizer remembers, the count of steps. */
  state() {
    const parts = [this.blocks.theta, ...this.blocks.slots];
    const bytes = new Uint8Array(8 + 4 * this.length * parts.length);
    new DataView(bytes.buffer).setFloat64(0, this.steps, true);
    parts.forEach((part, i) => new Float32Array(bytes.buffer, 8 + 4 * this.length * i, this.length).set(part.view));
    return bytes;
  }

  /** Go back, or forward, to a `state` of this network. */
  restore(bytes) {
    const parts = [this.blocks.theta, ...this.blocks.slots];
    const content = of_length("a state", bytes, 8 + 4 * this.length * parts.length).slice();
    this.steps = new DataView(content.buffer).getFloat64(0, true);
    parts.forEach((part, i) => part.view.set(new Float32Array(content.buffer, 8 + 4 * this.length * i, this.length)));
  }

  /**
   * A network of the same sizes with the changes: its rows, its θ, and where the optimizer remembers the same, that too.
   * This one is freed.
   */
  changed(changes) {
    const next = this.engine.network({ ...this.description, ...changes, parameters: this.parameters });
    if (this.rows) {
      const { x, y, w } = this.blocks;
      next.set_rows(x.copy(), y.copy(), w?.copy());
    }
    const same = next.description.optimizer.name === this.description.optimizer.name;
    if (same && next.slot_names.join() === this.slot_names.join()) next.restore(this.state());
    if (!("optimizer" in changes)) next.learning_rate = this.learning_rate;
    this.free();
    return next;
  }

  /**
   * Forward and back over some rows in float64, with all that lies between.
   *
   * @param {?ArrayLike<number>} row_numbers all rows without it
   * @param {object} [instead] float64 numbers in place of the network's: parameters (D,), and X, Y, weights of the rows;
   *   and masks of dropout, as `masks` draws them: without these nothing is dropped
   * @returns {object} J, penalty, row_loss (rows,), share w / Σw (rows,), gradient (D,), A0 (rows, n_0), and layers, layer 1
   *   first, each { Z, A, slope, dA, delta: (rows, n_l); dW (n_l, n_{l-1}); db (n_l,); inputs, outputs }. slope is φ′(Z),
   *   of a softmax null; dA is ∂ℓ/∂A, delta ∂ℓ/∂Z of each row's own loss, neither weighted nor divided (B1, B2).
   *   All arrays are Float64Array.
   */
  trace(row_numbers = null, instead = {}) {
    const own = instead.X && instead.Y ? {} : this.taken(row_numbers);
    const [X, Y] = [instead.X ?? own.X, instead.Y ?? own.Y];
    const weights = instead.weights ?? own.weights ?? null;
    const { sizes, length } = this;
    const rows = whole("rows", X.length / sizes[0], 1);
    of_length("Y", Y, rows * sizes.at(-1));
    const weight = weight_of(weights, rows);
    const masks = instead.masks ?? [];
    masks.forEach((M, l) => M && of_length(`M[${l}]`, M, rows * sizes[l]));
    const theta = of_length("parameters", instead.parameters ?? this.parameters, length);
    const widths = sizes.slice(1);
    const room = 2 + length + rows + 5 * rows * widths.reduce((sum, width) => sum + width, 0);
    const numbers = this.engine.lend(
      [X, Y, weights, theta, room, ...masks].map((content) => [Float64Array, content]),
      (x, y, w, from, to, ...M) => {
        const all = Uint32Array.from(sizes.slice(1), (_, l) => M[l]?.at ?? 0);
        this.engine.lend([[Uint32Array, all]], (addresses) =>
          this.engine.exports.trace(this.at, x.at, y.at, w?.at ?? 0, rows, from.at, masks.length && addresses.at, to.at),
        );
        return to.copy();
      },
    );
    let at = 0;
    const next = (count) => numbers.slice(at, (at += count));
    const [J, penalty] = next(2);
    const gradient = next(length);
    const row_loss = next(rows);
    const layers = widths.map((outputs, l) => {
      const [Z, A, slope, dA, delta] = [1, 2, 3, 4, 5].map(() => next(rows * outputs));
      const vector = this.description.activations[l].name === "softmax";
      return { inputs: sizes[l], outputs, Z, A, slope: vector ? null : slope, dA, delta };
    });
    at = 0;
    for (const layer of layers) layer.dW = gradient.slice(at, (at += layer.inputs * layer.outputs));
    for (const layer of layers) layer.db = gradient.slice(at, (at += layer.outputs));
    const share = Float64Array.from({ length: rows }, (_, i) => (weights ? weights[i] : 1) / weight);
    const A0 = Float64Array.from(X, (x, i) => x * (masks[0]?.[i] ?? 1)); // F0
    return { J, penalty, row_loss, share, gradient, A0, layers };
  }

  /**
   * M[0] … M[L-1] of a step of so many rows, batch number `step` of its epoch: (rows, n_l) each, 0 or 1 / (1 - p), or null
   * where p is 0 (`dropout_masks`).
   */
  masks({ rows, seed = 0, epoch = 0, step = 0 }) {
    const draws = this.engine.keyed_draws({ seed, purpose: "dropout", epoch, step });
    const masks = this.sizes.slice(1).map((_, l) => {
      const p = this.description.dropout[l] ?? 0;
      return p && draws.uniform(rows * this.sizes[l]).map((u) => (u >= p ? 1 / (1 - p) : 0));
    });
    draws.free();
    return masks.map((M) => M || null);
  }

  /** Copies of some rows. */
  taken(row_numbers) {
    this.require_rows();
    const { x, y, w } = this.blocks;
    if (row_numbers === null) return { X: x.copy(), Y: y.copy(), weights: w?.copy() ?? null };
    const take = (block, width) => {
      const to = new Float32Array(row_numbers.length * width);
      Array.from(row_numbers, (row, i) => {
        whole("a row", row, 0, this.rows - 1);
        to.set(block.view.subarray(row * width, (row + 1) * width), i * width);
      });
      return to;
    };
    return { X: take(x, this.sizes[0]), Y: take(y, this.sizes.at(-1)), weights: w && take(w, 1) };
  }

  require_rows() {
    if (!this.rows) throw new InputError("no rows", "rows set by set_rows", "Call set_rows(X, Y) first.");
  }

  free_rows() {
    for (const name of ["x", "y", "w"]) this.blocks[name]?.free();
    this.rows = 0;
  }

  /** Give the memory back; the network is of no use afterwards. */
  free() {
    this.free_rows();
    const { theta, slots, outcome } = this.blocks;
    for (const block of [theta, ...slots, outcome]) block.free();
    this.engine.exports.delete_network(this.at);
  }
}

/** A checked description with every default. */
function described(engine, { sizes, activations, loss, optimizer, ...given }) {
  if (!Array.isArray(sizes) || sizes.length < 2 || sizes.length > MOST_LAYERS + 1) {
    throw new InputError(`sizes = ${sizes}`, `2 to ${MOST_LAYERS + 1} widths`, "Pass [2, 3, 2], say.");
  }
  sizes.forEach((width) => whole("a width", width, 1));
  of_length("activations", activations, sizes.length - 1);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(RULES, name)) {
      throw new InputError(name, Object.keys(RULES).join(", "), "Leave it out, or correct its name.");
    }
  }
  const all = {
    sizes: [...sizes],
    activations: activations.map((phi) => chosen("activation", phi, engine.activations, (row) => row)),
    loss: chosen("loss", loss, engine.losses, (row) => row.parameters),
    optimizer: chosen("optimizer", optimizer, engine.optimizers, (row) => row.parameters),
    ...RULES,
    ...given,
  };
  const outputs = engine.losses[all.loss.name].outputs;
  if (!outputs.includes(all.activations.at(-1).name)) {
    const given = `${all.loss.name} on ${all.activations.at(-1).name} outputs`;
    throw new InputError(given, `one of ${outputs.join(", ")}`, "Choose another output or another loss.");
  }
  if (all.dropout.length && all.dropout.length !== sizes.length - 1) {
    throw new InputError(`${all.dropout.length} of dropout`, `${sizes.length - 1}: input and hidden layers`, "Add zeros.");
  }
  for (const name of ["l1", "l2", "alpha"]) finite(name, all[name]);
  for (const name of ["clip_value", "clip_norm", "max_norm"]) finite(name, all[name] ?? 0);
  for (const l of all.frozen_layers) whole("a frozen layer", l, 1, sizes.length - 1);
  if (!all.dropout.every((p) => p >= 0 && p < 1)) {
    throw new InputError(`dropout = ${all.dropout}`, "numbers from 0 to below 1", "Pass 0 for none.");
  }
  return all;
}

/** The description as page.cpp reads it: numbers, a list by its length first. */
function numbers_of(engine, d, has_slots) {
  const list = (numbers) => [numbers.length, ...numbers];
  const value = ({ name, ...parameters }) => Object.values(parameters)[0] ?? 0;
  const { name, nesterov, rho, momentum = 0, beta1 = 0, beta2 = rho ?? 0, epsilon = 0, weight_decay = 0 } = d.optimizer;
  const quantiles = d.loss.quantiles ?? [];
  const levels = quantiles.length ? d.sizes.at(-1) / quantiles.length : 0;
  if (!Number.isInteger(levels)) {
    throw new InputError(`${d.sizes.at(-1)} outputs`, `a multiple of ${quantiles.length} quantiles`, "Change one of them.");
  }
  const { phi, ell, rule } = engine.numbers;
  return [
    ...list(d.sizes),
    ...list(d.activations.map((activation) => phi[activation.name])),
    ...list(d.activations.map(value)),
    ...list(Array.from({ length: levels }, () => quantiles).flat()),
    ...list(d.frozen_layers),
    ...list(d.dropout),
    ell[d.loss.name], quantiles.length ? 0 : value(d.loss),
    rule[nesterov ? "nesterov" : name], Number(has_slots),
    momentum, beta1, beta2, epsilon, weight_decay,
    d.l1, d.l2, d.alpha, d.clip_value ?? 0, d.clip_norm ?? 0, d.max_norm ?? 0, 1,
  ];
}
