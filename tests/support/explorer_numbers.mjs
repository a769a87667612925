// The page's templates, filled with the numbers of its engine, against what Python shows: node THIS tables cases engine.wasm
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, tables, cases, wasm] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { Engine } = await load("engine.mjs");
const { Templates, Shown } = await load("templates.mjs");
const { Moment } = await load("moment.mjs");

const payload = JSON.parse(readFileSync(tables, "utf8"));
const engine = await Engine.load(readFileSync(wasm));
const wrong = [];
let compared = 0;
const same = (where, found, expected) => {
  compared += 1;
  if (found !== expected) wrong.push({ where, found, expected });
};
for (const one of JSON.parse(readFileSync(cases, "utf8"))) {
  const network = engine.network({
    sizes: one.sizes, activations: one.activations.map((name) => payload.activations[name]),
    loss: payload.losses[one.loss].specification, optimizer: payload.optimizers[one.optimizer].specification,
    parameters: Float32Array.from(one.theta), l1: one.l1, l2: one.l2 });
  network.set_rows(Float32Array.from(one.x), Float32Array.from(one.y), one.w && Float32Array.from(one.w));
  const theta = Float64Array.from(network.parameters);
  const masks = one.masks.map((mask) => mask && Float64Array.from(mask));
  for (const [notation, expected] of Object.entries(one.expected)) {
    const targets = one.y.slice(one.row * one.sizes.at(-1), (one.row + 1) * one.sizes.at(-1));
    const templates = new Templates(payload, notation, { sizes: one.sizes, activations: one.activations, loss: one.loss,
      optimizer: one.optimizer, l1: one.l1, l2: one.l2, masked: new Set(masks.flatMap((mask, l) => mask ? [l] : [])), rows: one.rows, row: one.row,
      weighed: one.loss === "cross_entropy" && targets.reduce((a, b) => a + b, 0) !== 1, unequal: Boolean(one.w), digits: 6, terms: 6 });
    const moment = new Moment({ sizes: one.sizes, theta, slots: one.slots, steps: one.steps, row: one.row, masks,
      learningRate: one.learning_rate, trace: network.trace(null, masks.some(Boolean) ? { masks } : {}), targets: Float64Array.from(one.y),
      formula: (name) => templates.formula(name) });
    const shown = new Shown(templates, moment);
    const where = `${one.sizes} ${one.activations} ${one.loss} ${notation}`;
    same(`${where} remark`, templates.remark, expected.remark);
    same(`${where} steps`, templates.steps.map((step) => step.key).join(" "), expected.steps.map((step) => step.key).join(" "));
    for (const step of expected.steps) {
      const own = templates.steps.find((other) => other.key === step.key);
      if (!own) continue;
      same(`${where} ${step.key} title`, own.title, step.title);
      same(`${where} ${step.key} source`, templates.source(own), step.source);
      same(`${where} ${step.key} notes`, templates.notes(own).length, step.notes);
      same(`${where} ${step.key} general`, templates.general(own).map((line) => shown.text(line)).join("\n"), step.general.join("\n"));
      same(`${where} ${step.key} arrays`, templates.ofArrays(own).map((line) => shown.text(line, true)).join("\n"), step.arrays.join("\n"));
    }
    for (const [name, [symbol, indices, numbers, value, latex]] of Object.entries(expected.numbers)) {
      const markup = shown.formula(name);
      same(`${where} ${name} symbol`, shown.text(`@!${name}@`), symbol);
      same(`${where} ${name} indices`, shown.text(markup), indices);
      same(`${where} ${name} numbers`, shown.text(markup, true), numbers);
      same(`${where} ${name} value`, shown.rounded(moment.read(name)), value);
      same(`${where} ${name} latex`, shown.latex(markup, true), latex);
      if (markup) same(`${where} ${name} again`, shown.rounded(shown.again(name)), value);
    }
  }
  network.free();
}
console.log(JSON.stringify({ compared, wrong: wrong.length, first: wrong.slice(0, 40) }, null, 1));
