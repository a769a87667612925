// A pass and a step as a notation writes them: the page's form of `explanation.template`, for a network of any widths.

import { made, penaltyFormula } from "./expressions.mjs";
import { TIGHT, parse, toLatex, toMathml, toText } from "./markup.mjs";
import { bracketed, general } from "./rounding.mjs";

const MOST_UNITS = 12;
const AUGMENTED = { x: "A", Zx: "Z", Dx: "D", Gx: "G" };
const OF_LAYERS = ["A", "x", "Z", "M", "X", "Y", "P", "D", "G", "Gx", "Gone", "one"];
const NAME = /^([A-Za-z]+\+?)(\d*)((?:\.\d+)*)(?:~(\d+))?$/;

// Kind, layer, indices from 1, row from 0.
const cache = new Map();
export const split = (name) => {
  if (!cache.has(name)) {
    const [, kind, layer, index, row] = NAME.exec(name);
    cache.set(name, { kind, layer: Number(layer || 0), index: index.split(".").slice(1).map(Number),
      row: row === undefined ? undefined : Number(row), array: kind + layer });
  }
  return cache.get(name);
};

export class Templates {
  // choices: { sizes, activations, loss, optimizer, l1, l2, masked: Set of layers, rows, row, weighed, unequal, digits, terms }
  constructor(payload, notation, choices) {
    Object.assign(this, { payload, notation, choices });
    this.L = choices.sizes.length - 1;
    this.linear = choices.activations.at(-1) === "identity";
    this.many = choices.rows > 1;
    this.penalized = Boolean(choices.l1 || choices.l2);
    const found = payload.notations[notation], squares = choices.loss === payload.wholeSquares;
    const shape = `${this.linear ? "linear" : ""}|${squares ? "squares" : ""}|${this.many && !choices.unequal ? "mean" : ""}`;
    this.block = found.blocks[found.where[String(this.L)][shape]];
    this.keys = payload.notations.keys[String(this.L)];
    this.oneLetter = this.block.oneLetter && (this.many || this.penalized);
    this.expressions = new Map();
  }
  text(number) { return this.payload.texts[number]; }

  label(layer) { return this.block.labels[layer]; }
  get remark() {
    return this.text(this.block.remarks[`${this.many ? "many" : "one"}|${this.penalized ? "penalty" : ""}`]);
  }

  // The steps of this notation, in the order in which they are computed.
  get steps() {
    const { sizes, activations, masked } = this.choices, { L } = this, found = [];
    const units = (kind, l, width = sizes[l]) => Array.from({ length: width }, (_, i) => `${kind}${l}.${i + 1}`);
    const weights = (kind, l) => units(kind, l).flatMap((one) =>
      Array.from({ length: sizes[l - 1] }, (_, i) => `${one}.${i + 1}`));
    const add = (phase, kind, layer, equation, title, entries) =>
      found.push({ key: `${kind}${layer}`, phase, kind, layer, equation, title, entries });
    if (masked.has(0)) add("forward", "A0", 1, "F0", "the input, with its mask", () => units("A", 0));
    for (let l = 1; l <= L; l += 1) {
      add("forward", "Z", l, "F1", "pre-activation", () => units("Z", l));
      add("forward", "A", l, "F2", "activation", () => units("A", l));
    }
    add("loss", "ell", L, "J1", "loss of the row", () => ["ell"]);
    if (this.penalized) add("loss", "J", L, "J1, J2", "objective", () => ["R", "J"]);
    else if (this.many) add("loss", "J", L, "J1", "objective", () => ["J"]);
    add("backward", "GL", L, "B1", "derivative of the loss by the output", () => units("G", L));
    for (let l = L; l >= 1; l -= 1) {
      const phi = activations[l - 1], where = l === L ? "B1" : "B2";
      if (!phi.startsWith("softmax") && phi !== "identity") {
        add("backward", "P", l, where, "slope of the activation", () => units("P", l));
      }
      add("backward", "D", l, where, "delta: derivative by the pre-activation", () => units("D", l));
      add("backward", "dW", l, "B3", "gradient of weights and biases", () => [...weights("dW", l), ...units("db", l)]);
      if (l === 1) add("backward", "G", l, "B4", "derivative by the input", () => units("G", 0));
      else add("backward", "G", l, "B2", "passed back: derivative by the activation before", () => units("G", l - 1));
    }
    for (let l = 1; l <= L; l += 1) {
      add("update", "W+", l, "U1", "step: new weights and biases", () => this.moved(l, [...weights("W", l), ...units("b", l)]));
    }
    const hidden = this.linear ? this.block.hidden.map((kind) => `${kind}${L}`) : [];
    return found.filter((step) => !hidden.includes(step.key));
  }
  moved(l, names) {
    const letters = Object.keys(this.payload.optimizers[this.choices.optimizer].moved)
      .filter((one) => /^[mv]W/.test(one)).map((one) => one[0]);
    return names.flatMap((name) => [...letters, ""].map((letter) => letter + name.replace(/^[Wb]/, "$&+")));
  }
  // The step that gives a number.
  stepOf(name) {
    const { kind, layer } = split(name), { L } = this;
    const key = { A: layer ? `A${layer}` : "A01", Z: `Z${layer}`, P: `P${layer}`, D: `D${layer}`, ell: `ell${L}`,
      J: `J${L}`, R: `J${L}`, G: layer === L ? `GL${L}` : `G${layer + 1}`, dW: `dW${layer}`, db: `dW${layer}` }[kind]
      ?? (kind.endsWith("+") ? `W+${layer}` : "");
    return this.steps.find((step) => step.key === key);
  }

  entry(step) {
    const { activations, loss, optimizer, masked, weighed } = this.choices, { kind, layer: l } = step, { L } = this;
    const out = l === L, phi = activations[l - 1], mask = !out && masked.has(l) ? "|masked" : "";
    const batch = `${this.many ? "many" : "one"}|${this.penalized ? "penalty" : ""}`;
    const lost = `${this.linear ? "linear" : ""}|${loss}`;
    const key = { Z: `${l}Z`, A0: "A0", A: `${l}A|${phi}${mask}`, P: `${l}P|${phi}`, GL: `GL|${lost}`,
      D: out ? `${l}D|${phi}|${loss}${weighed ? "|weighed" : ""}` : `${l}D|${phi}${mask}`,
      dW: `${l}dW|${batch}`, G: l === 1 && masked.has(0) ? "1G|masked" : `${l}G`, "W+": `${l}W+|${optimizer}`,
      ell: `ell|${lost}|${batch}`, J: `J|${batch}` }[kind];
    const at = this.keys.indexOf(key);
    return at < 0 ? [[], []] : this.payload.entries[this.block.lines[at]].map((part) => part.map((n) => this.text(n)));
  }
  general(step) { return this.entry(step)[0]; }
  ofArrays(step) {
    return this.entry(step)[1].filter((line) =>
      [...line.matchAll(/@\[([^\]]+)\]@/g)].some(([, array]) => this.grid(array).length));
  }
  // The document's own output: softmax with cross-entropy, or its squares.
  get own() {
    const { activations, loss } = this.choices, phi = activations.at(-1), found = this.payload.notations[this.notation];
    if (loss === "cross_entropy" && phi === "softmax") return "softmax";
    const squares = this.payload.losses[loss].specification;
    const its = squares.name === "squared_error" && squares.factor === found.factor;
    return its && (!found.outputPhi || found.outputPhi === phi) ? "squares" : "other";
  }
  get plainStep() { return this.payload.optimizers[this.choices.optimizer].specification.name === "gradient_descent"; }
  source(step) {
    if (step.kind === "W+" && !this.plainStep) return "";
    const found = this.block.sources[`${this.own}|${step.key}`];
    return found === undefined ? "" : this.text(found);
  }
  where(step) {
    const source = this.source(step);
    return [source === step.equation ? "" : source, step.equation].filter(Boolean).join(", ");
  }
  // The equations of a step that the document prints otherwise.
  notes(step) {
    if (step.kind === "W+" && !this.plainStep) return [];
    const phi = this.choices.activations[step.layer - 1].replace(/\(.*/, "");
    const key = `${this.own}|${step.key}`, { notes } = this.block;
    return (notes[`${key}|${phi}`] ?? notes[key] ?? []).map((number) => this.text(number));
  }

  // The formula of a number; null for what is given.
  formula(name) {
    if (!this.expressions.has(name)) this.expressions.set(name, this.formulaOf(name));
    return this.expressions.get(name);
  }
  formulaOf(name) {
    const { sizes, activations, loss, optimizer, l1, l2, masked, rows } = this.choices;
    const { kind, layer, index } = split(name), { payload, L } = this;
    const at = { layer, k: index[0], j: index[1], sizes, rows, syntax: payload.syntax, penalty: { l1, l2 } };
    const linear = payload.linear[this.block.style];
    const batch = `${this.many ? "many" : "one"}${l1 ? "|l1" : ""}${l2 ? "|l2" : ""}`;
    const of = activations[layer - 1];
    let json = null;
    if (kind.endsWith("+")) json = payload.optimizers[optimizer].moved[kind] ?? null;
    else if (kind === "A" && layer === 0) json = masked.has(0) ? linear.A0 : null;
    else if (kind === "D" && layer === L) json = payload.outputs[`${of}|${loss}`];
    else if (["A", "P", "D"].includes(kind)) {
      json = payload.elementwise[of][masked.has(layer) && layer < L ? `${kind}|masked` : kind];
    } else if (kind === "G" && layer === L) json = payload.losses[loss].G;
    else if (kind === "G") json = layer === 0 && masked.has(0) ? linear["G0|masked"] : linear.G;
    else if (kind === "Z") json = linear.Z;
    else if (kind === "ell") { json = payload.losses[loss].ell; at.layer = L; }
    else if (kind === "J") { json = linear[`J|${batch}`]; at.layer = L; }
    else if (kind === "dW") json = linear[`dW|${batch}`];
    else if (kind === "db") json = linear[`db|${this.many ? "many" : "one"}`];
    else if (kind === "R") return this.penalized ? penaltyFormula(sizes, { l1, l2 }) : null;
    return json ? made(json, at) : null;
  }

  // The symbol of a number, as markup.
  symbol(name) {
    let { kind, layer, index, row } = split(name);
    const { L } = this;
    if (this.linear && this.block.hidden.length && layer === L) kind = { A: "Z", G: "D" }[kind] ?? kind;
    if (kind === "ell" && row === undefined && this.oneLetter) row = this.choices.row;
    const bare = ["ell", "s", "J", "R", "alpha", "N"].includes(kind);
    let written = this.text(this.block.symbols[bare ? kind : kind + layer]);
    index.forEach((i, at) => { written = written.replaceAll(`#${at + 1}`, String(i)); });
    if (written.includes("#r")) return written.replaceAll("#r", String((row ?? this.choices.row) + 1));
    return row === undefined ? written : `${written} \\langle ${row} \\rangle`;
  }
  array(array) { return this.text(this.block.arrays[array]); }
  grid(array) {
    const { kind, layer } = split(array), { sizes, rows, row } = this.choices, { block } = this;
    const beside = kind.includes("W") ? sizes[layer - 1] : block.columns ? rows : 0;
    if (Math.max(sizes[layer], beside) > MOST_UNITS) return [];
    const units = Array.from({ length: sizes[layer] }, (_, i) => i + 1);
    if (block.columns && [...OF_LAYERS, "B"].includes(kind)) {
      return units.map((k) => Array.from({ length: rows }, (_, i) => kind === "B" ? `@b${layer}.${k}@`
        : `@${kind}${layer}.${k}${i === row ? "" : `~${i}`}@`));
    }
    const plain = AUGMENTED[kind] ?? kind;
    const first = block.constant === "first";
    if (["W", "dW", "W+"].includes(plain)) {
      const lines = units.map((k) => {
        const line = Array.from({ length: sizes[layer - 1] }, (_, i) => `@${plain}${layer}.${k}.${i + 1}@`);
        const bias = block.constant ? [`@${plain.replace("W", "b")}${layer}.${k}@`] : [];
        return first ? [...bias, ...line] : [...line, ...bias];
      });
      if (!block.transposed) return lines;
      return lines[0].map((_, j) => [j ? "0" : plain === "dW" ? "0" : "1", ...lines.map((line) => line[j])]);
    }
    let cells = units.map((k) => `@${plain}${layer}.${k}@`);
    if (kind !== plain) {
      const one = { A: `@one${layer}@`, Z: "1", D: "0", G: `@Gone${layer}@` }[plain];
      cells = first ? [one, ...cells] : [...cells, one];
    }
    return block.rows.includes(kind) ? [cells] : cells.map((cell) => [cell]);
  }
}

// A formula with its places filled, in one of three forms.
export class Shown {
  constructor(templates, moment) { Object.assign(this, { templates, moment }); }
  get digits() { return this.templates.choices.digits; }
  // The markup of the formula of a number, with the branches and terms that the numbers lead to.
  formula(name, terms = this.templates.choices.terms) {
    const found = this.templates.formula(name);
    return found ? found.filled(this.moment).markup(terms) : "";
  }
  again(name) {
    const found = this.templates.formula(name);
    return found ? found.filled(this.moment).value(this.moment.read) : null;
  }
  rounded(number) { return general(number, this.digits); }
  text(markup, numbers) {
    return toText(parse(markup), (place) => this.place(place, numbers, (of) => toText(parse(of), String), String, {
      dots: "⋯", rest: (shown, count) => `${shown} [${count} more]`, beside: " ", below: "; ", ends: ["[", "]"] }));
  }
  latex(markup, numbers) {
    const power = (text) => text.replace(/e([+-])0*(\d+)/, (_, sign, digits) =>
      ` \\cdot 10^{${sign === "-" ? "-" : ""}${digits}}`);
    return toLatex(parse(markup), (place) => this.place(place, numbers, (of) => toLatex(parse(of), String), power, {
      dots: "\\cdots", rest: (shown, count) => `\\underbrace{${shown}}_{${count}\\text{ more}}`,
      beside: " & ", below: " \\\\ ", ends: ["\\begin{bmatrix} ", " \\end{bmatrix}"] }));
  }
  mathml(markup, numbers) {
    return toMathml(parse(markup), (place) => this.inMathml(place, numbers));
  }
  place(place, numbers, symbol, number, form) {
    const { templates } = this;
    if (place.startsWith("rest:")) {
      const [, count, value] = place.split(":");
      return form.rest(numbers ? number(bracketed(this.rounded(Number(value)))) : form.dots, count);
    }
    if (place.startsWith("[")) {
      const array = place.slice(1, -1), grid = numbers ? templates.grid(array) : [];
      if (!grid.length) return symbol(templates.array(array));
      const cell = (one) => one.startsWith("@") ? number(this.rounded(this.moment.read(one.slice(1, -1)))) : one;
      return form.ends[0] + grid.map((line) => line.map(cell).join(form.beside)).join(form.below) + form.ends[1];
    }
    const name = place.replace("!", "");
    if (!numbers) return symbol(templates.symbol(name));
    const shown = this.rounded(this.moment.read(name));
    return number(name === place ? bracketed(shown) : shown);
  }
  symbolMathml(markup) { return toMathml(parse(markup), String); }
  number(value) {
    const [mantissa, exponent] = this.rounded(value).split("e");
    const sign = mantissa.startsWith("-") ? '<mo form="prefix" lspace="0" rspace="0">−</mo>' : "";
    const power = exponent === undefined ? ""
      : `<mo>·</mo><msup><mn>10</mn><mn>${String(Number(exponent)).replace("-", "−")}</mn></msup>`;
    return `<mrow>${sign}<mn>${mantissa.replace("-", "")}</mn>${power}</mrow>`;
  }
  named(name, bare) {
    const value = this.moment.read(name), inside = `<mrow class="num" data-name="${name}">${this.number(value)}</mrow>`;
    return !bare && this.rounded(value).startsWith("-") ? `<mrow>${TIGHT}(</mo>${inside}${TIGHT})</mo></mrow>` : inside;
  }
  inMathml(place, numbers) {
    const { templates } = this;
    if (place.startsWith("rest:")) {
      const [, count, value] = place.split(":");
      const shown = numbers ? `<mrow>${TIGHT}(</mo>${this.number(Number(value))}${TIGHT})</mo></mrow>` : "<mo>⋯</mo>";
      return `<munder>${shown}<mtext>${count} more</mtext></munder>`;
    }
    if (place.startsWith("[")) {
      const array = place.slice(1, -1), grid = numbers ? templates.grid(array) : [];
      if (!grid.length) return this.symbolMathml(templates.array(array));
      const cell = (one) => one.startsWith("@") ? this.named(one.slice(1, -1), true) : `<mn>${one}</mn>`;
      const lines = grid.map((line) => `<mtr>${line.map((one) => `<mtd>${cell(one)}</mtd>`).join("")}</mtr>`);
      return `<mtable class="matrix">${lines.join("")}</mtable>`;
    }
    const name = place.replace("!", "");
    return numbers ? this.named(name, place !== name) : this.symbolMathml(templates.symbol(name));
  }
}
