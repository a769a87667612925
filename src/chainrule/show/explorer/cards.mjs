// The cards below the network: the batch, regions over two inputs, weights as pictures, an input to draw, differences.

import { drawnUnits } from "./drawing.mjs";
import { math } from "./markup_views.mjs";
import { parameterOf } from "./panel.mjs";
import { PALETTE, diverging, errorCurve, gray, paint, picture } from "./pictures.mjs";
import { partOf, short } from "./rounding.mjs";

export const escaped = (words) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

// at: { root, state, session }, the session being whichever is open.
export const cardsOf = (at) => {
  const { root, state } = at, page = root.ownerDocument, view = page.defaultView;
  const $ = (id) => root.querySelector(`#${id}`);
  const all = (selector) => [...root.querySelectorAll(selector)];

  const strip = () => {
    const { session } = at;
    const { moment, shown, templates, settings } = session, { data } = settings, rows = session.batchRows, most = 64;
    const parameter = state.entry && parameterOf(state.entry), shares = parameter && session.shares(parameter);
    const losses = [...moment.trace.row_loss], highest = Math.max(...losses, 1e-12), largest = shares ? Math.max(...shares.map(Math.abs), 1e-300) : 1;
    const batches = session.batches;
    $("batch-words").innerHTML = `${rows.length} of ${session.rows} rows${batches > 1 ? `, batch ${session.batch + 1} of ${batches}` : ""}: each with its loss` +
      (shares ? `, and below it its share in ${math(shown.symbolMathml(templates.symbol(`d${parameter}`)))}, together ${math(shown.number(moment.read(`d${parameter}`)))}.`
        : "; choose a weight or a bias to see the share of each in its gradient.") +
      (rows.length > most ? ` The first ${most} are shown.` : "");
    const bar = (value, top, signed) => {
      const h = 38 * partOf(value, top);
      return signed ? `<rect class="${value < 0 ? "negative" : "positive"}" x="8" width="14" y="${value < 0 ? 20 : 20 - h / 2}" height="${h / 2}" fill="var(--${value < 0 ? "negative" : "positive"})"/>`
        : `<rect x="8" width="14" y="${40 - h}" height="${h}" fill="var(--soft)"/>`;
    };
    const image = data.picture && data.inputs === session.sizes[0];
    $("strip").innerHTML = [...rows].slice(0, most).map((row, i) => {
      const label = data.classes && session.sizes.at(-1) === data.classes.length
        ? data.classes[[...session.Y.subarray(row * session.sizes.at(-1), (row + 1) * session.sizes.at(-1))].indexOf(1)] ?? "" : "";
      return `<button type="button" data-row="${row}" aria-pressed="${row === session.row}"><span class="hidden">row ${row + 1}${label ? `, ${escaped(label)}` : ""}: loss ${short(losses[i])}${shares ? `, share ${short(shares[i])}` : ""}</span>` +
        `<span aria-hidden="true" class="cell">${image ? `<canvas data-image="${row}"></canvas>` : ""}<svg viewBox="0 0 30 40" aria-hidden="true">${bar(losses[i], highest, false)}</svg>` +
        `${short(losses[i], 2)}${shares ? `<svg viewBox="0 0 30 40" aria-hidden="true"><path d="M0 20h30" stroke="var(--line)"/>${bar(shares[i], largest, true)}</svg>${short(shares[i], 2)}` : ""}` +
        `<span class="soft" title="${escaped(label)}">${escaped(label)}</span>${session.w ? `<span class="soft">× ${short(session.w[row], 2)}</span>` : ""}<b>${row + 1}</b></span></button>`;
    }).join("");
    for (const canvas of all("canvas[data-image]")) {
      const n = session.sizes[0], at = Number(canvas.dataset.image) * n;
      gray(canvas, [...session.X.subarray(at, at + n)], ...data.picture);
    }
  };

  const paper = () => view.getComputedStyle(page.documentElement).colorScheme === "dark" ? [26, 31, 36] : [255, 255, 255];
  const regions = () => {
    const { session } = at;
    const { sizes, settings, rows } = session, [n] = sizes, { data } = settings, [i, j] = state.axes;
    if (n < 2) return;
    const column = (at) => {
      let low = Infinity, high = -Infinity;
      for (let r = 0; r < rows; r += 1) { const v = session.X[r * n + at]; low = Math.min(low, v); high = Math.max(high, v); }
      const room = 0.12 * (high - low || 1);
      return [low - room, high + room];
    };
    const [left, right] = column(i), [top, bottom] = column(j), cells = n > 8 ? 28 : 44;
    const found = session.over(i, j, { left, right, top, bottom }, cells), background = paper();
    const width = sizes.at(-1), phi = settings.activations.at(-1);
    const middle = (name) => ["sigmoid", "hard_sigmoid"].includes(name) ? 0.5 : name === "softmax" ? 1 / width : 0;
    const output = found.at(-1), isClasses = width > 1 && data.classes && data.classes.length === width;
    const color = (row) => {
      if (isClasses) return PALETTE[[...session.Y.subarray(row * width, (row + 1) * width)].indexOf(1) % PALETTE.length] ?? "#888";
      return session.Y[row * width] > middle(phi) ? PALETTE[0] : PALETTE[1];
    };
    const step = Math.max(1, Math.ceil(rows / 400)), points = [];
    for (let r = 0; r < rows; r += step) {
      points.push({ u: (session.X[r * n + i] - left) / (right - left), v: (session.X[r * n + j] - top) / (bottom - top), fill: color(r), ring: false });
    }
    const own = session.row * n;
    points.push({ u: (session.X[own + i] - left) / (right - left), v: (session.X[own + j] - top) / (bottom - top), fill: color(session.row), ring: true });
    const { shown, templates, L } = session;
    const figures = [`<figure class="large"><canvas data-large="1" data-region="${L}.0" role="img" aria-label="The output over the two inputs"></canvas>output</figure>`];
    for (let l = 1; l <= L; l += 1) {
      if (l === L && (isClasses || width === 1)) continue;
      for (const k of drawnUnits(sizes[l])) {
        const symbol = templates.symbol(`A${l}.${k}`);
        figures.push(`<figure><canvas data-region="${l}.${k}" role="img" aria-label="${shown.text(symbol, false)} over the two inputs"></canvas>${math(shown.symbolMathml(symbol))}</figure>`);
      }
    }
    $("regions").innerHTML = `${figures[0]}<div>${figures.slice(1).join("")}</div>`;
    $("regions-words").textContent = n > 2 ? "All other inputs are as in the row. Blue above 0, orange below; a class has its color." : "Blue above 0, orange below; a class has its color; the ring is the row.";
    for (const canvas of all("canvas[data-region]")) {
      const [l, k] = canvas.dataset.region.split(".").map(Number), values = found[l - 1], of = sizes[l];
      if (k === 0 && isClasses) {
        paint(canvas, cells, (at) => {
          const here = output.subarray(at * width, (at + 1) * width), best = here.indexOf(Math.max(...here));
          const share = phi === "softmax" ? (here[best] - 1 / width) / (1 - 1 / width) : 0.7;
          return PALETTE[best % PALETTE.length].slice(1).match(/../g).map((c, m) => Math.round(background[m] + (parseInt(c, 16) - background[m]) * (0.18 + 0.5 * share)));
        }, points);
        continue;
      }
      const unit = Math.max(k, 1) - 1, zero = middle(l === L ? phi : settings.activations[l - 1]);
      let largest = 1e-12;
      for (let at = unit; at < values.length; at += of) largest = Math.max(largest, Math.abs(values[at] - zero));
      paint(canvas, cells, (at) => diverging(0.8 * (values[at * of + unit] - zero) / largest, background), k === 0 ? points : points.slice(-1));
    }
  };
  const pictures = () => {
    const { session } = at;
    const { sizes, settings, shown, templates } = session, [n, m] = sizes, { data } = settings, theta = session.theta;
    const square = data.picture && data.inputs === n;
    $("pictures").innerHTML = drawnUnits(m).map((k) => `<figure><button type="button" data-name="Z1.${k}" aria-label="weights of ${shown.text(templates.symbol(`Z1.${k}`), false)}">` +
      `<canvas class="${square ? "" : "flat"}" data-weights="${k}"></canvas></button>${math(shown.symbolMathml(templates.symbol(`A1.${k}`)))}</figure>`).join("");
    for (const canvas of all("canvas[data-weights]")) {
      const k = Number(canvas.dataset.weights) - 1;
      picture(canvas, [...theta.subarray(k * n, (k + 1) * n)], ...(square ? data.picture : [1, n]), paper());
    }
  };
  const guess = () => {
    const { session } = at;
    const { data } = session.settings;
    if ($("draw-card").hidden) return;
    const [n] = session.sizes, [rows, columns] = data.picture, x = session.X.subarray(session.row * n, (session.row + 1) * n);
    gray($("pad"), [...x], rows, columns);
    const found = session.network.predict(Float32Array.from(x)), best = found.indexOf(Math.max(...found));
    $("guess").innerHTML = data.classes.map((name, k) => `<li class="${k === best ? "top1" : ""}"><b>${escaped(name)} ${(100 * found[k]).toFixed(1)} %</b><span style="width:${Math.max(1, 90 * found[k]).toFixed(0)}px"></span></li>`).join("");
    const own = [...session.Y.subarray(session.row * data.classes.length, (session.row + 1) * data.classes.length)].indexOf(1);
    if (page.activeElement !== $("pad-class")) $("pad-class").value = String(own);
  };
  // The weight whose derivative is largest.
  const steepest = () => {
    const { sizes, moment } = at.session, { dW } = moment.trace.layers[0];
    let most = 0;
    dW.forEach((value, i) => { if (Math.abs(value) > Math.abs(dW[most])) most = i; });
    return `W1.${Math.floor(most / sizes[0]) + 1}.${most % sizes[0] + 1}`;
  };
  const difference = () => {
    const { session } = at;
    const { shown, templates, moment } = session, { of, by, derived } = session.quotientOf(state.entry ?? "") ?? session.quotientOf(steepest());
    const exact = moment.read(derived), h = 10 ** state.power, found = session.difference(by, h);
    const whole = shown.symbolMathml(templates.symbol(of)), symbol = shown.symbolMathml(templates.symbol(by)), full = (value) => value.toPrecision(10).replace("-", "−");
    const side = (sign) => `${whole}<mo>(</mo>${symbol}<mo>${sign}</mo><mi>h</mi><mo>)</mo>`;
    const quotient = `<mfrac><mrow>${side("+")}<mo>−</mo>${side("−")}</mrow><mrow><mn>2</mn><mi>h</mi></mrow></mfrac>`;
    const words = { J: "the loss of the batch, with a weight or a bias moved", ell: "the loss of the row, with this number moved and all that follows from it" }[of];
    $("difference").innerHTML = `<p class="soft">${math(whole)}: ${words}. Choose a weight, a unit or an input for another.</p>` +
      `<table><tr><th>derived ${math(shown.symbolMathml(templates.symbol(derived)))}</th><td class="exact">${full(exact)}</td></tr>` +
      `<tr><th>${math(quotient)}, h = ${math(shown.number(h))}</th><td class="exact">${full(found)}</td></tr>` +
      `<tr><th>apart</th><td class="exact">${Math.abs(found - exact).toExponential(2).replace("-", "−")}</td></tr></table>${errorCurve(session, by, exact, state.power)}` +
      `<p class="soft">A large h errs by the curve of the loss, a tiny one by the rounding of float64.</p>`;
  };
  return { strip, regions, pictures, guess, difference };
};
