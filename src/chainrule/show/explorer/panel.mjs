// The formula of a number: in general, with its indices, with its numbers, the result, and how it is checked.

import { line, math } from "./markup_views.mjs";
import { split } from "./templates.mjs";

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
const minus = (text) => text.replaceAll("-", "−");
const MOST_CHIPS = 40;

export const WORDS = { A: "activation", X: "input before its mask", Z: "pre-activation", M: "mask of dropout", P: "slope of the activation",
  Y: "target", ell: "loss of the row", s: "share of the row", J: "objective", R: "penalty", G: "derivative by the activation", D: "delta",
  W: "weight", b: "bias", dW: "gradient of a weight", db: "gradient of a bias", "W+": "weight after the step", "b+": "bias after the step",
  alpha: "learning rate", N: "number of rows", one: "the constant 1", Gone: "derivative by the constant" };
export const wordFor = (name, L) => {
  const { kind, layer } = split(name);
  if (kind === "A" && layer === 0) return "input";
  if (kind === "A" && layer === L) return "output";
  if (kind === "G" && layer === 0) return "derivative by the input";
  return WORDS[kind] ?? (kind.endsWith("+") ? "memory of the optimizer after the step" : "memory of the optimizer");
};

// The parameter that a number is of: "W2.1.3" for its gradient and for what it becomes.
export const parameterOf = (name) => /^[dmvu]?[Wb]\+?\d/.test(name) ? name.replace(/^[dmvu]/, "").replace("+", "") : null;

export const chip = (shown, name, pressed, words = true) => {
  const value = shown.moment.read(name);
  const spoken = escape(`${shown.text(`@!${name}@`)} = ${shown.rounded(value)}`);
  return `<li><button type="button" data-name="${name}" title="${spoken}"${pressed === undefined ? "" : ` aria-pressed="${pressed}"`}>` +
    `${math(`<mrow>${shown.symbolMathml(shown.templates.symbol(name))}${words ? `<mo>=</mo>${shown.number(value)}` : ""}</mrow>`)}</button></li>`;
};

export const stepView = (session, step, entry) => {
  const { shown, templates } = session;
  const general = templates.general(step).map((of) => line(shown.mathml(of, false))).join("");
  const arrays = templates.ofArrays(step).map((of) => line(shown.mathml(of, false)) + line(shown.mathml(of, true))).join("");
  const notes = templates.notes(step).map((words) => `<p class="note">${escape(words)}</p>`).join("");
  const names = step.entries(), few = names.slice(0, MOST_CHIPS);
  const more = names.length > few.length ? `<p class="soft">${names.length - few.length} more: choose them in the drawing.</p>` : "";
  const source = templates.where(step);
  return `<h2 class="hidden">${escape(step.title)}</h2><div class="big">${general}</div><p class="soft">${escape(source)}</p>${notes}` +
    `${arrays ? `<details open><summary>In this layer</summary>${arrays}</details>` : ""}` +
    `<h3>Its numbers</h3><ul class="chips">${few.map((name) => chip(shown, name, name === entry)).join("")}</ul>${more}`;
};

export const entryView = (session, name) => {
  const { shown, templates, moment } = session, { read } = moment, step = templates.stepOf(name), L = session.L;
  const own = templates.formula(name), value = read(name), parts = [];
  const symbol = shown.symbolMathml(templates.symbol(name));
  const equal = (inside) => line(`<mrow>${symbol}<mo>=</mo>${inside}</mrow>`);
  const { layer } = split(name), label = layer || /\d/.test(name) ? `, layer ${templates.label(layer)}` : "";
  parts.push(`<h2>${math(`<mrow>${symbol}<mo>=</mo>${shown.number(value)}</mrow>`)}<small>${wordFor(name, L)}${label}${step ? ` – ${escape(templates.where(step))}` : ""}</small></h2>`);
  const parameter = parameterOf(name);
  if (name === parameter || /^[AX]0\.\d+$/.test(name)) parts.push(adjust(session, name, value));
  if (own) {
    const markup = shown.formula(name), again = shown.again(name);
    if (step) parts.push(`<h3>In general</h3>${templates.general(step).map((of) => line(shown.mathml(of, false))).join("")}`);
    if (step) parts.push(templates.notes(step).map((words) => `<p class="note">${escape(words)}</p>`).join(""));
    parts.push(`<h3>With its indices</h3>${equal(shown.mathml(markup, false))}`);
    parts.push(`<h3>With its numbers</h3><div class="big">${equal(shown.mathml(markup, true))}</div>`);
    parts.push(`<h3>Result</h3><div class="result">${equal(shown.number(value))}</div><p class="exact">in full: ${minus(String(value))}</p>`);
    parts.push(`<h3>Checked</h3><p>${checks(session, name, value, again)}</p>`);
  } else {
    parts.push("<p class=\"soft\">Given: an input, a target, a parameter or a setting.</p>");
  }
  if (parameter) {
    const others = [parameter, `d${parameter}`, parameter.replace(/^([Wb])/, "$1+")].filter((one) => one !== name);
    parts.push(`<h3>Of the same ${parameter[0] === "W" ? "weight" : "bias"}: its value, its gradient, its value after the step</h3>` +
      `<ul class="chips">${others.map((one) => chip(shown, one)).join("")}</ul>`);
  }
  if (own) {
    const found = [...new Set([...shown.formula(name).matchAll(/@([^@]+)@/g)].map((match) => match[1].replace("!", ""))
      .filter((place) => !place.startsWith("rest:")))];
    if (found.length) {
      parts.push(`<h3>The numbers in it, and where they come from</h3><ul class="chips">` +
        `${found.slice(0, MOST_CHIPS).map((one) => chip(shown, one)).join("")}</ul>`);
    }
  }
  parts.push(units(session, name));
  return parts.join("");
};

const checks = (session, name, value, again) => {
  const { shown } = session, size = Math.max(Math.abs(value), 1e-12);
  const agrees = Math.abs(again - value) <= 1e-9 * size + 1e-13;
  const found = [`<span class="${agrees ? "ok" : "wrong"}">${agrees ? "✓" : "✗"} evaluated again: <span class="exact">${minus(shown.rounded(again))}</span></span>`];
  const quotient = session.quotientOf(name);
  if (quotient?.derived === name) {
    const moved = session.difference(quotient.by, 1e-5), scale = sizeBeside(session, quotient, size);
    const near = Math.abs(moved - value) <= 1e-6 * scale + 1e-9;
    found.push(`<span class="${near ? "ok" : "wrong"}">${near ? "✓" : "≈"} difference quotient: <span class="exact">${minus(shown.rounded(moved))}</span></span>`);
  }
  const step = /^([Wb])\+(\d+)\.(\d+)/.exec(name);
  if (step && session.held.has(`${step[2]}.${step[3]}`)) found.push("<span class=\"soft\">frozen: the step leaves it as it is</span>");
  return found.join("<br>");
};

// The size that the rounding of a difference quotient is measured by: that of the largest derivative of its kind.
const sizeBeside = (session, { of, derived }, size) => {
  const { trace } = session.moment, { kind, layer } = split(derived);
  const beside = of === "J" ? trace.gradient : kind === "D" ? trace.layers[layer - 1].delta : layer ? trace.layers[layer - 1].dA : [];
  return beside.reduce((most, value) => Math.max(most, Math.abs(value)), size);
};

const adjust = (session, name, value) => {
  const reach = Math.max(2, Math.ceil(2 * Math.abs(value)));
  return `<div class="adjust"><label class="hidden" for="adjust-slider">Value</label>` +
    `<input id="adjust-slider" type="range" min="${-reach}" max="${reach}" step="${reach / 400}" value="${value}" data-adjust="${name}">` +
    `<label class="hidden" for="adjust-number">Value, typed</label><input id="adjust-number" type="number" step="any" value="${session.shown.rounded(value)}" data-adjust="${name}"></div>`;
};

const units = (session, name) => {
  const found = /^(?:[AZDPG]|b|db|b\+)(\d+)\.(\d+)$/.exec(name);
  if (!found || Number(found[1]) === 0) return "";
  const [, l, k] = found, key = `${l}.${k}`, held = session.held.has(key), hidden = Number(l) < session.L;
  return `<p><button type="button" data-freeze="${key}" aria-pressed="${held}">${held ? "Thaw" : "Freeze"} this unit</button> ` +
    `${hidden ? `<button type="button" data-remove="${key}">Remove this unit</button>` : ""}</p>`;
};
