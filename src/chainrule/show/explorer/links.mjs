// A state as text and back: what a link holds is whatever somebody wrote, so each part of it is looked at first.

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const MOST_ROWS = 6000, MOST_STATE = 360_000, MOST_WIDTH = 512, MOST_PARAMETERS = 600_000;

export const textOf = (array) => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};
// Raises in three parts: what was given, what is allowed, what to do.
const refuse = (what, allowed) => { throw new Error(`${what}; allowed: ${allowed}. Copy the link again, whole.`); };
const shown = (value) => String(JSON.stringify(value)).slice(0, 40);
const whole = (found, name, low, high) => {
  if (!Number.isInteger(found[name]) || found[name] < low || found[name] > high) {
    refuse(`${name} ${shown(found[name])}`, `a whole number from ${low} to ${high}`);
  }
};
const oneOf = (name, value, table) => {
  if (typeof value !== "string" || !Object.hasOwn(table, value)) refuse(`${name} ${shown(value)}`, "one that this page has");
};
const within = (found, name, low, high) => {
  if (!(Number.isFinite(found[name]) && found[name] >= low && found[name] <= high)) {
    refuse(`${name} ${shown(found[name])}`, `a number from ${low} to ${high}`);
  }
};
const numbers = (name, text, type, length, what = "numbers") => {
  let bytes = new Uint8Array(0);
  try { bytes = bytesOf(text); } catch { /* of no length that is allowed */ }
  const size = type.BYTES_PER_ELEMENT;
  if (typeof text !== "string" || !bytes.length || bytes.length % size || !(length(bytes.length / size))) {
    refuse(`${name} of ${bytes.length} bytes`, `as many ${what} as the network has`);
  }
  const found = new type(bytes.buffer);
  if (!found.every((value) => Number.isFinite(Math.fround(value)))) refuse(`${name} with a number that is not finite`, "finite numbers");
  return found;
};

// Rows that are typed, as a data set.
export const typedData = (sizes, rows) => ({ id: "typed", title: "Typed", inputs: sizes[0], outputs: sizes.at(-1), rows, left: 0,
  names: Array.from({ length: sizes[0] }, (_, i) => `x${i + 1}`) });

// What a session has to say: settings, θ with what the optimizer remembers, and rows that are no others' of the page.
export const linkOf = (session, more) => {
  const { settings, X, Y, exact } = session, { data } = settings, state = session.network.state(), left = [];
  const { sizes, activations, loss, optimizer, learning_rate, l1, l2, dropout, seed, batch } = settings;
  const link = { sizes, activations, loss, optimizer, learning_rate, l1, l2, dropout, seed, batch, data: data.id, notation: session.notation,
    row: session.row, epoch: session.epoch, batchNumber: session.batch, ...more };
  const rows = session.ownRows ? { X: textOf(X), Y: textOf(Y) } : {};
  if (session.ownRows && X.length + Y.length > MOST_ROWS) left.push("the rows that were changed");
  else Object.assign(link, rows);
  if (state.length <= MOST_STATE) link.state = textOf(state);
  else left.push("the weights");
  if (exact.theta && link.state) link.theta = textOf(exact.theta);
  if (exact.X && link.X) Object.assign(link, { exactX: textOf(exact.X), exactY: textOf(exact.Y) });
  return { link, left };
};

// The settings of a session from a link; raises where there is something in it that the page cannot open.
export const settingsOf = (found, payload) => {
  if (typeof found !== "object" || found === null || Array.isArray(found)) refuse("a link without a state", "one that this page made");
  const { sizes, activations, loss } = found, { where } = payload.notations.canonical;
  if (!Array.isArray(sizes) || !Object.hasOwn(where, String(sizes.length - 1)) ||
      !sizes.every((width) => Number.isInteger(width) && width >= 1 && width <= (found.data === "typed" ? MOST_WIDTH : 1e5))) {
    refuse(`sizes ${shown(sizes)}`, `whole numbers, of ${Object.keys(where).join(", ")} layers`);
  }
  if (!Array.isArray(activations) || activations.length !== sizes.length - 1) refuse(`activations ${shown(activations)}`, `${sizes.length - 1} of them`);
  const D = sizes.slice(1).reduce((sum, m, l) => sum + m * (sizes[l] + 1), 0);
  if (D > MOST_PARAMETERS) refuse(`a network of ${D} parameters`, `${MOST_PARAMETERS}`);
  for (const name of activations) oneOf("activation", name, payload.activations);
  oneOf("loss", loss, payload.losses);
  if (!Object.hasOwn(payload.outputs, `${activations.at(-1)}|${loss}`)) refuse(`the loss ${loss} on ${activations.at(-1)} outputs`, "those that fit");
  oneOf("optimizer", found.optimizer, payload.optimizers);
  oneOf("notation", found.notation, payload.notations);
  if (found.notation === "keys") refuse("notation keys", "one that this page has");
  within(found, "learning_rate", 1e-12, 1e6);
  for (const name of ["l1", "l2"]) within(found, name, 0, 1e6);
  within(found, "dropout", 0, 0.9);
  for (const name of ["seed", "row", "epoch", "batchNumber"]) whole(found, name, 0, Number.MAX_SAFE_INTEGER);
  whole(found, "batch", 1, 1e9);
  const n = sizes[0], width = sizes.at(-1);
  const rows = {};
  if (found.X !== undefined || found.Y !== undefined) {
    rows.X = numbers("X", found.X, Float32Array, (count) => count % n === 0);
    const many = rows.X.length / n;
    rows.Y = numbers("Y", found.Y, Float32Array, (count) => count === many * width);
    if (found.exactX !== undefined) {
      rows.exactX = numbers("X", found.exactX, Float64Array, (count) => count === many * n);
      rows.exactY = numbers("Y", found.exactY, Float64Array, (count) => count === many * width);
    }
  }
  const known = payload.sets.find((one) => one.id === found.data);
  if (!known && !(found.data === "typed" && rows.X)) refuse(`the data ${shown(found.data)}`, "data that this page has");
  const data = known && known.id !== "typed" ? known : typedData(sizes, (rows.X?.length ?? 0) / n);
  if (!rows.X && (data.inputs !== n || data.outputs !== width)) refuse(`sizes ${shown(sizes)}`, `${data.inputs} inputs and ${data.outputs} outputs`);
  const settings = { sizes, activations, loss, optimizer: found.optimizer, notation: found.notation, learning_rate: found.learning_rate, l1: found.l1,
    l2: found.l2, dropout: found.dropout, seed: found.seed, batch: found.batch, row: found.row, epoch: found.epoch, batchNumber: found.batchNumber, data, ...rows };
  if (found.state !== undefined) {
    const slots = payload.optimizers[found.optimizer].slots.length;
    const all = numbers("state", found.state, Uint8Array, (count) => count === 8 + 4 * D * (1 + slots), "bytes");
    const steps = new DataView(all.buffer).getFloat64(0, true);
    if (!Number.isInteger(steps) || steps < 0 || steps > 1e12) refuse(`a state after ${steps} steps`, "a whole number of steps");
    if (!new Float32Array(all.buffer, 8).every(Number.isFinite)) refuse("weights with a number that is not finite", "finite numbers");
    settings.state = all;
  }
  if (found.theta !== undefined) settings.exactTheta = numbers("theta", found.theta, Float64Array, (count) => count === D);
  for (const name of ["held", "removed"]) {
    const units = found[name] ?? [];
    const there = (unit) => {
      const [l, k, ...rest] = String(unit).split(".").map(Number);
      return typeof unit === "string" && !rest.length && l >= 0 && l < sizes.length && k >= 1 && k <= sizes[l];
    };
    if (!Array.isArray(units) || !units.every(there)) refuse(`${name} ${shown(units)}`, "units of the network");
    settings[name] = units;
  }
  settings.seen = typeof found.seen === "object" && found.seen !== null ? found.seen : {};
  return settings;
};
