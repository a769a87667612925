// The network drawn with its numbers: A in each unit, Δ below it, b above it; W, dW or paths on the edges; target and loss.

import { math, svgSymbol } from "./markup_views.mjs";
import { fitting, partOf, short } from "./rounding.mjs";

const TOP = 58, BOTTOM = 30, MOST_UNITS = 10, MOST_LABELS = 16, MOST_EDGES = 900;

// The units that are drawn of a layer: all, or the first with those that are chosen.
export const drawnUnits = (width, chosen) => {
  if (width <= MOST_UNITS) return Array.from({ length: width }, (_, i) => i + 1);
  const found = Array.from({ length: MOST_UNITS - 1 }, (_, i) => i + 1);
  if (chosen && !found.includes(chosen)) found.splice(-1, 1, chosen);
  return found;
};
const sign = (value) => value > 0 ? "positive" : value < 0 ? "negative" : "none";
const cut = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;
const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

export const drawing = (session, state) => {
  const { sizes, L, moment, shown, settings } = session, { read } = moment, data = settings.data;
  const { entry } = state;
  const [WIDTH, LEFT, RIGHT, APART] = state.narrow ? [470, 40, 142, 54] : [780, 64, 176, 74];
  const chosen = /^(?:[mvu]|d)?([A-Z]|b)[A-Za-z]*\+?(\d+)\.(\d+)(?:\.(\d+))?/.exec(entry ?? "") ?? [];
  const [, kind, at, k, j] = chosen;
  const isWeight = Boolean(j);
  const what = state.edges === "paths" && !(isWeight && kind === "W") ? "W" : state.edges;
  const picked = (l) => {
    if (!kind) return null;
    if (l === Number(at)) return Number(k);
    return isWeight && l === Number(at) - 1 ? Number(j) : null;
  };
  const picture = data.picture && data.inputs === sizes[0];
  const units = sizes.map((width, l) => l === 0 && picture ? [] : drawnUnits(width, picked(l)));
  const most = Math.max(...units.map((of) => of.length), picture ? 4 : 1);
  const gap = Math.max(36, Math.min(78, 400 / most)), radius = Math.min(21, gap * 0.41), roomy = gap >= 56;
  const height = TOP + BOTTOM + Math.max(gap * most, 210);
  const x = (l) => LEFT + (WIDTH - LEFT - RIGHT) * l / L;
  const middle = TOP + (height - TOP - BOTTOM) / 2;
  const y = (l, i) => middle + gap * (i - (units[l].length - 1) / 2);
  const place = new Map();
  units.forEach((of, l) => of.forEach((unit, i) => place.set(`${l}.${unit}`, [x(l), y(l, i)])));
  const side = 132, corner = [x(0) - 48, middle - side / 2];
  if (picture) {
    const [rows, columns] = data.picture, pixel = picked(0);
    if (pixel) {
      place.set(`0.${pixel}`, [corner[0] + ((pixel - 1) % columns + 0.5) * side / columns,
        corner[1] + (Math.floor((pixel - 1) / columns) + 0.5) * side / rows]);
      units[0] = [pixel];
    }
  }
  const say = (name) => `${shown.text(`@!${name}@`)} = ${shown.rounded(read(name))}`;

  // Edges
  const paths = what === "paths" && isWeight && kind === "W" ? session.paths(`W${at}.${k}.${j}`) : null;
  const value = (name) => what === "dW" ? read(`d${name}`) : what === "WA" ? flow(name) : what === "paths" ? paths?.get(name) ?? 0 : read(name);
  const flow = (name) => {
    const [, l, , from] = /^W(\d+)\.(\d+)\.(\d+)$/.exec(name);
    return read(name) * read(`A${l - 1}.${from}`);
  };
  const listed = [];
  for (let l = 1; l <= L; l += 1) {
    for (const to of units[l]) for (const from of units[l - 1]) listed.push(`W${l}.${to}.${from}`);
  }
  const values = listed.map(value), largest = Math.max(...values.map(Math.abs), 1e-300);
  const lines = [], labels = [], wanted = [];
  const chosenEdge = isWeight ? `W${at}.${k}.${j}` : "";
  listed.forEach((name, i) => {
    const [, l, to, from] = /^W(\d+)\.(\d+)\.(\d+)$/.exec(name).map(Number);
    const [x1, y1] = place.get(`${l - 1}.${from}`), [x2, y2] = place.get(`${l}.${to}`);
    const v = values[i], width = 0.7 + 3.6 * partOf(v, largest), ends = `x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`;
    const target = what === "dW" ? `dW${name.slice(1)}` : name;
    const dim = what === "paths" && paths && !paths.has(name);
    lines.push(`<g class="edge ${sign(v)}${name === chosenEdge ? " chosen" : ""}${dim ? " dim" : ""}" data-name="${target}">` +
      `<line class="grip" ${ends}/><line ${ends} stroke-width="${width.toFixed(2)}"/>` +
      `<title>${escape(say(target))}</title></g>`);
    const count = units[l].length * units[l - 1].length;
    // of many edges those of the unit that is chosen
    const near = name === chosenEdge || (!isWeight && kind && ((Number(at) === l && Number(k) === to) || (Number(at) === l - 1 && Number(k) === from)));
    if ((count <= MOST_LABELS || near) && roomy && !dim) {
      const share = (units[l - 1].indexOf(from) + 0.5) / units[l - 1].length;
      wanted.push({ ends: [x1, y1, x2, y2], text: short(v), chosen: name === chosenEdge, target, v,
        first: units[l - 1].length > 1 ? 0.3 + 0.36 * share : 0.5 });
    }
  });
  // A label lies where no other one and no unit is; that of the chosen edge first, then those of the largest; one without
  // a place is left out, and the edge's title has its number.
  const taken = [...place.values()].map(([cx, cy]) => [cx - 27, cx + 27, cy - radius - 22, cy + radius + 15]);
  wanted.sort((a, b) => b.chosen - a.chosen || Math.abs(b.v) - Math.abs(a.v));
  for (const { ends: [x1, y1, x2, y2], text, chosen: isChosen, target, v, first } of wanted) {
    const half = 3.1 * text.length + 2;
    for (const by of [0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18, 0.24, -0.24, 0.3, -0.3]) {
      const t = first + by, lx = x1 + t * (x2 - x1), ly = y1 + t * (y2 - y1) - 3;
      if (t < 0.1 || t > 0.9) continue;
      const own = [lx - half, lx + half, ly - 10, ly + 3];
      if (taken.some((b) => own[0] < b[1] && b[0] < own[1] && own[2] < b[3] && b[2] < own[3])) continue;
      taken.push(own);
      labels.push(`<text class="weight ${sign(v)}${isChosen ? " chosen" : ""}" data-name="${target}" ` +
        `x="${lx.toFixed(1)}" y="${ly.toFixed(1)}">${text}</text>`);
      break;
    }
  }

  // Units
  const nodes = [], held = session.held, removed = session.removed ?? new Set();
  const focus = kind && place.has(`${at}.${k}`) ? `${at}.${k}` : `${units[0].length && !picture ? 0 : 1}.1`;
  units.forEach((of, l) => of.forEach((unit) => {
    if (l === 0 && picture) return;
    const [cx, cy] = place.get(`${l}.${unit}`), a = `A${l}.${unit}`, back = l ? `D${l}.${unit}` : `G0.${unit}`;
    const key = `${l}.${unit}`, same = picked(l) === unit && (Number(at) === l || isWeight);
    const classes = ["unit", same ? "chosen" : "", held.has(key) ? "held" : "", removed.has(key) ? "removed" : ""].filter(Boolean).join(" ");
    const words = [say(a), say(back), held.has(key) ? "frozen" : ""].filter(Boolean).join(", ");
    const called = l === 0 ? data.names?.[unit - 1] : l === L ? data.classes?.[unit - 1] : "";
    nodes.push(`<g class="${classes}" data-name="${a}" data-back="${back}" data-unit="${key}" role="button" tabindex="${key === focus ? 0 : -1}"><title>${escape(called ? `${called}: ${words}` : words)}</title>` +
      `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${radius.toFixed(1)}"/>` +
      `<text class="value" x="${cx.toFixed(1)}" y="${(cy + 4).toFixed(1)}"${radius < 20 ? ' font-size="11"' : ""}>${radius < 20 ? fitting(short(read(a), 2), 2 * radius - 2, 11) : fitting(short(read(a)), 2 * radius - 3, 12)}</text>` +
      (roomy ? `<text class="back" x="${cx.toFixed(1)}" y="${(cy + radius + 12).toFixed(1)}">${short(read(back))}</text>` : "") + `</g>`);
    if (l > 0 && roomy) {
      const b = `b${l}.${unit}`, shownName = what === "dW" ? `db${l}.${unit}` : b, v = read(shownName);
      nodes.push(`<g class="bias ${sign(v)}${entry === b || entry === `d${b}` ? " chosen" : ""}" data-name="${shownName}">` +
        `<rect x="${(cx - 24).toFixed(1)}" y="${(cy - radius - 19).toFixed(1)}" width="48" height="15" rx="7"/>` +
        `<text x="${cx.toFixed(1)}" y="${(cy - radius - 7.5).toFixed(1)}">${fitting(`${what === "dW" || v < 0 ? "" : "+"}${short(v)}`, 46, 10)}</text>` +
        `<title>${escape(say(shownName))}</title></g>`);
    }
    if (called && l === 0) {
      nodes.push(roomy ? `<text class="called" x="${cx}" y="${(cy - radius - 5).toFixed(1)}">${escape(cut(called, 20))}</text>`
        : `<text class="called left" x="${(cx - radius - 5).toFixed(1)}" y="${(cy + 3.5).toFixed(1)}">${escape(cut(called, 8))}</text>`);
    }
  }));

  // The picture that is the input
  let image = "";
  if (picture) {
    const [rows, columns] = data.picture, w = side / columns, h = side / rows, pixel = picked(0);
    const cells = [];
    let top = 1e-9;
    for (let i = 1; i <= sizes[0]; i += 1) top = Math.max(top, Math.abs(read(`A0.${i}`)));
    for (let i = 0; i < sizes[0]; i += 1) {
      const v = read(`A0.${i + 1}`);
      cells.push(`<rect class="pixel${pixel === i + 1 ? " chosen" : ""}" data-name="A0.${i + 1}" x="${(corner[0] + (i % columns) * w).toFixed(1)}" ` +
        `y="${(corner[1] + Math.floor(i / columns) * h).toFixed(1)}" width="${w.toFixed(1)}" height="${h.toFixed(1)}" fill-opacity="${(v > 0 ? partOf(v, top) : 0).toFixed(3)}"/>`);
    }
    image = `<g class="picture"><rect class="frame" x="${corner[0]}" y="${corner[1]}" width="${side}" height="${side}"/>${cells.join("")}</g>`;
    if (!pixel) {
      image += `<path class="fan" d="M${corner[0] + side + 4} ${corner[1] + 8} l14 ${side / 2 - 8} l-14 ${side / 2 - 8}"/>`;
    }
  }

  // Heads, target, loss
  const { templates } = session, heads = [];
  units.forEach((of, l) => {
    const phi = l === 0 ? "input" : settings.activations[l - 1].replace(/\(.*/, "").replaceAll("_", " ");
    const name = `layer ${templates.label(l)}`;
    heads.push(`<text class="head" x="${x(l)}" y="16">${escape(phi)}</text><text class="sub" x="${x(l)}" y="33">${name}: ${svgSymbol(templates.array(`A${l}`))}</text>`);
    const left = sizes[l] - of.length;
    if (left > 0 && !(l === 0 && picture)) heads.push(`<text class="more" x="${x(l)}" y="${height - 8}">⋮ ${left} more</text>`);
    if (l === 0 && picture) heads.push(`<text class="more" x="${x(0) + 18}" y="${(corner[1] + side + 18).toFixed(1)}">${sizes[0]} pixels</text>`);
  });
  const ends = [], tx = x(L) + APART, lx = WIDTH - 34;
  const outputs = units[L];
  outputs.forEach((unit) => {
    const [, cy] = place.get(`${L}.${unit}`), name = `Y${L}.${unit}`;
    ends.push(`<g class="target${entry === name ? " chosen" : ""}" data-name="${name}"><line x1="${(x(L) + radius).toFixed(1)}" y1="${cy}" x2="${tx - 17}" y2="${cy}"/>` +
      `<rect x="${tx - 17}" y="${(cy - 11).toFixed(1)}" width="34" height="22" rx="3"/><text x="${tx}" y="${(cy + 4).toFixed(1)}">${fitting(short(read(name)), 31, 12)}</text>` +
      `<title>${escape(say(name))}</title></g>`);
    ends.push(`<line class="to" x1="${tx + 17}" y1="${cy.toFixed(1)}" x2="${lx - 30}" y2="${middle.toFixed(1)}"/>`);
    if (data.classes?.[unit - 1]) {
      const [at, up] = roomy ? [tx, -15] : [(x(L) + radius + tx - 17) / 2, -3];
      ends.push(`<text class="called" x="${at.toFixed(1)}" y="${(cy + up).toFixed(1)}">${escape(cut(data.classes[unit - 1], roomy ? 14 : 6))}</text>`);
    }
  });
  heads.push(`<text class="head" x="${tx}" y="16">target</text><text class="sub" x="${tx}" y="33">${svgSymbol(templates.array(`Y${L}`))}</text>`);
  heads.push(`<text class="head" x="${lx - 8}" y="16">loss</text><text class="sub" x="${lx - 8}" y="33">${svgSymbol(templates.symbol("ell"))}</text>`);
  const loss = (name, cy, cls) => `<g class="loss ${cls}${entry === name ? " chosen" : ""}" data-name="${name}" role="button" tabindex="0"><title>${escape(say(name))}</title>` +
    `<rect x="${lx - 38}" y="${cy - 15}" width="66" height="30" rx="4"/><text x="${lx - 5}" y="${cy + 4.5}">${fitting(short(read(name)), 62, 12)}</text></g>`;
  ends.push(loss("ell", Math.round(middle), "row"));
  if (moment.rows > 1 || templates.penalized) {
    const cy = Math.round(middle) + 74;
    ends.push(`<line class="to" x1="${lx - 5}" y1="${Math.round(middle) + 15}" x2="${lx - 5}" y2="${cy - 15}"/>`, loss("J", cy, "all"));
    ends.push(`<text class="sub" x="${lx - 5}" y="${cy + 30}">${svgSymbol(templates.symbol("J"))} of the batch</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height.toFixed(0)}" role="group" aria-label="The network: ${sizes.join(", ")} units">` +
    `<g class="edges${listed.length > 70 ? " many" : ""}">${listed.length > MOST_EDGES ? "" : lines.join("")}</g><g class="labels">${labels.join("")}</g>${image}` +
    `<g class="ends">${ends.join("")}</g><g class="units">${nodes.join("")}</g><g class="heads">${heads.join("")}</g></svg>`;
};

// The legend in the letters of the notation.
export const legend = (session, what) => {
  const { templates, L } = session, l = Math.min(1, L);
  const text = (markup) => math(session.shown.symbolMathml(markup));
  const edge = { W: text(templates.array(`W${l}`)), dW: text(templates.array(`dW${l}`)), WA: "weight times activation", paths: "share of a path" }[what];
  return { unit: text(templates.array(`A${l}`)), back: text(templates.array(`D${l}`)), input: text(templates.array("G0")),
    bias: text(templates.symbol(`${what === "dW" ? "db" : "b"}${l}.1`)), edge,
    flow: math(session.shown.symbolMathml(templates.array("W1")) + "<mo>·</mo>" + session.shown.symbolMathml(templates.array("A0"))) };
};
