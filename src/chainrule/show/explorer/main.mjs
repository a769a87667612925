// The page: what is seen and done. The numbers are the session's, the formulas the templates'.

import { Engine } from "./engine.mjs";
import { drawing, drawnUnits, legend } from "./drawing.mjs";
import { math } from "./markup_views.mjs";
import { entryView, parameterOf, stepView } from "./panel.mjs";
import { PALETTE, curveOf, diverging, errorCurve, gray, paint, picture } from "./pictures.mjs";
import { short } from "./rounding.mjs";
import { Session, decodedFloats } from "./session.mjs";
import { split } from "./templates.mjs";
import { typedParameters, writtenParameters } from "./typed.mjs";
import { walk } from "./walks.mjs";

export const start = async (root, payload, wasm) => {
  const page = root.ownerDocument, view = page.defaultView; // in a notebook those of a frame
  const $ = (id) => root.querySelector(`#${id}`);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const state = { entry: null, step: null, edges: "W", playing: false, guide: null, power: -5, axes: [0, 1], drawn: 0 };
  const engine = await Engine.load(wasm);
  const calm = view.matchMedia("(prefers-reduced-motion: reduce)");
  const escaped = (words) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  const options = (list, chosen) => list.map(([value, text]) =>
    `<option value="${escaped(value)}"${value === chosen ? " selected" : ""}>${escaped(text)}</option>`).join("");
  const plain = (name) => name.replaceAll("_", " ").replace("(factor=1)", ", whole");

  // What there is to explore

  const startOf = (set) => ({ ...set.start, data: set });
  let unreadable = "";
  const fromLink = () => {
    const text = decodeURIComponent(view.location.hash.slice(1));
    if (!text.startsWith("s=")) return null;
    try {
      const found = JSON.parse(atob(text.slice(2)));
      const data = payload.sets.find((one) => one.id === found.data) ?? payload.sets[0];
      const rows = found.X ? { X: decodedFloats(found.X), Y: decodedFloats(found.Y) } : {};
      if (found.theta) found.theta = decodedFloats(found.theta);
      return { ...found, data, ...rows };
    } catch (error) {
      unreadable = "This link cannot be read; the page starts as it is.";
      return null;
    }
  };
  const trouble = (words) => {
    $("trouble").hidden = !words;
    $("trouble").textContent = words;
  };
  const say = (words) => { $("said").textContent = words; };

  let session;
  const open = (what) => {
    try {
      if (session) session.open(what);
      else session = new Session(engine, payload, what);
    } catch (error) {
      trouble(error.message);
      if (!session) session = new Session(engine, payload, startOf(payload.sets.find((one) => one.id === "example")));
      return;
    }
    stop();
    trouble("");
    session.undone = [];
    session.removed = new Set();
    state.entry = null;
    state.guide = null;
    state.axes = twoAxes();
    fillControls();
    session.look();
    state.step = session.templates.steps[0].key;
    if (what.held) session.held = new Set(what.held);
    if (what.removed) session.removed = new Set(what.removed);
    const { entry, step, edges, axes } = what.seen ?? {};
    if (typeof entry === "string") state.entry = entry; // which is looked up before it is shown
    if (typeof step === "string") state.step = step;
    if (["W", "dW", "WA", "paths"].includes(edges)) state.edges = edges;
    if (Array.isArray(axes) && axes.length === 2 && axes.every((at) => Number.isInteger(at) && at >= 0 && at < session.sizes[0])) state.axes = axes;
    render();
  };

  // The two inputs that vary most, in their order; of two, both.
  const twoAxes = () => {
    const [n] = session.sizes, { X, rows } = session, spread = Array.from({ length: n }, (_, i) => {
      let sum = 0, squares = 0;
      for (let r = 0; r < rows; r += 1) { const v = X[r * n + i]; sum += v; squares += v * v; }
      return squares / rows - (sum / rows) ** 2;
    });
    if (n <= 2) return [0, n - 1];
    return spread.map((v, i) => [v, i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 2).map(([, i]) => i).sort((a, b) => a - b);
  };

  // Controls

  const fillControls = () => {
    const { settings } = session, { data } = settings;
    $("data").innerHTML = options(payload.sets.map((one) => [one.id, one.title]), data.id);
    $("notation").innerHTML = options(Object.entries(payload.notations).filter(([name]) => name !== "keys")
      .map(([name, one]) => [name, one.document]), session.notation);
    const [n] = session.sizes, names = data.inputs === n ? data.names : Array.from({ length: n }, (_, i) => `x${i + 1}`);
    const axes = names.map((name, i) => [String(i), name]);
    $("axis-x").innerHTML = options(axes, String(state.axes[0]));
    $("axis-y").innerHTML = options(axes, String(state.axes[1]));
    $("regions-card").hidden = n < 2;
    $("pad-class").innerHTML = options((data.classes ?? []).map((name, i) => [String(i), name]), "");
    $("draw-card").hidden = !(data.picture && data.inputs === n);
    $("build-sizes").value = session.sizes.join(", ");
    const functions = Object.keys(payload.activations).map((name) => [name, plain(name)]);
    $("build-hidden").innerHTML = options(functions, settings.activations[0]);
    $("build-output").innerHTML = options(functions, settings.activations.at(-1));
    $("build-loss").innerHTML = options(Object.keys(payload.losses).map((name) => [name, plain(name)]), settings.loss);
    $("build-initializer").innerHTML = options(Object.keys(engine.initializers).map((name) => [name, plain(name)]), settings.initializer ?? "glorot_uniform");
    $("title").textContent = "chainrule explorer";
    $("footer").textContent = `${payload.words} ${data.left ? `Of ${data.rows + data.left} rows the first ${data.rows} are in this page.` : ""}`;
  };
  const showControls = () => {
    const { settings } = session, hidden = settings.activations.slice(0, -1);
    $("notation").value = session.notation;
    const set = (id, value) => { if (page.activeElement !== $(id)) $(id).value = value; };
    const fill = (id, list, chosen) => { if (page.activeElement !== $(id)) $(id).innerHTML = options(list, chosen); };
    fill("optimizer", Object.keys(payload.optimizers).map((name) => [name, plain(name)]), settings.optimizer);
    const same = hidden.every((phi) => phi === hidden[0]);
    if (hidden.length) {
      fill("activation", [...(same ? [] : [["", "several"]]), ...Object.keys(payload.activations).map((name) => [name, plain(name)])],
        same ? hidden[0] : "");
    } else fill("activation", [["", "no hidden layer"]], "");
    $("activation").disabled = !hidden.length;
    set("rate", String(settings.learning_rate));
    set("rate-slider", String(Math.log10(settings.learning_rate)));
    set("batch-rows", String(settings.batch));
    $("batch-rows").max = String(session.rows);
    set("l1", String(settings.l1));
    set("l2", String(settings.l2));
    set("dropout", String(settings.dropout));
    set("seed", String(settings.seed));
    set("row", String(session.row + 1));
    $("row").max = String(session.rows);
    $("undo").disabled = !session.undone.length;
    $("undo").title = session.undone.length ? `Undo: ${session.undone.at(-1).what}` : "";
  };

  // What is seen

  let later = 0;
  const render = (light = false) => {
    const { place } = session;
    void place;
    const shown = session.look(), { templates, moment } = session;
    const steps = templates.steps;
    if (state.entry && !exists(state.entry)) state.entry = null;
    let step = steps.find((one) => one.key === state.step);
    if (!step) { [step] = steps; state.step = step.key; }
    root.querySelector(`input[name=edges][value=${state.edges}]`).checked = true;
    state.narrow = $("drawing").clientWidth < 520;
    $("drawing").innerHTML = drawing(session, state);
    const words = legend(session, state.edges);
    $("legend").innerHTML = `In a unit <b>${words.unit}</b>, below it <b class="back">${words.back}</b>, above it the bias <b>${words.bias}</b>; ` +
      `edges <b>${words.edge}</b>, <span class="positive">positive</span>, <span class="negative">negative</span>.` +
      (state.edges === "paths" && !/^[dmvu]?W/.test(state.entry ?? "") ? " <b>Choose a weight.</b>" : "");
    $("edge-W").innerHTML = math(shown.symbolMathml(templates.array("W1")));
    $("edge-dW").innerHTML = math(shown.symbolMathml(templates.array("dW1")));
    $("edge-WA").innerHTML = words.flow;
    $("curve").innerHTML = curveOf(session.past, session.at, moment.trace.J);
    $("scrub").max = String(session.past.length - 1);
    $("scrub").value = String(session.at);
    $("scrub").setAttribute("aria-valuetext", `step ${session.network.steps}, loss ${short(moment.trace.J)}`);
    $("back").disabled = session.at === 0;
    $("where").textContent = `step ${session.network.steps}, epoch ${session.epoch}, loss ${shown.rounded(moment.trace.J)}`;
    const rowsHere = session.batchRows.length;
    $("row-of").textContent = `of ${session.rows}${rowsHere < session.rows ? `; ${rowsHere} of them in this batch` : ""}`;
    if (page.activeElement !== $("row")) $("row").value = String(session.row + 1);
    showSteps(steps, step);
    if (!adjusting) {
      $("panel").innerHTML = state.entry ? entryView(session, state.entry) : stepView(session, step, state.entry);
    } else refreshPanel();
    // while something moves, a few times a second
    const waited = performance.now() - state.drawn;
    clearTimeout(later);
    if (!light) { heavy(); return; }
    if (waited > 220) heavy(true);
    later = setTimeout(() => heavy(), 350);
  };
  // What takes longer, and waits while something moves.
  const heavy = (moving = false) => {
    clearTimeout(later);
    state.drawn = performance.now();
    $("remark").textContent = session.templates.remark;
    showControls();
    showStrip();
    showRegions();
    $("build-weights").placeholder = session.sizes.every((width) => width <= 12) ? writtenParameters(session) : "";
    showPictures();
    showGuess();
    if (!moving) showDifference();
  };
  const exists = (name) => {
    try {
      return session.templates.symbol(name) !== undefined && !Number.isNaN(session.moment.read(name)) && !outside(name);
    } catch { return false; }
  };
  const outside = (name) => {
    const { kind, layer, index } = split(name), { sizes } = session;
    return index.length > 0 && (index[0] > sizes[layer] || (kind.includes("W") && index[1] > sizes[layer - 1]));
  };
  const showSteps = (steps, step) => {
    const { templates } = session;
    const phases = ["forward", "loss", "backward", "update"];
    const select = $("steps");
    if (page.activeElement !== select) {
      select.innerHTML = phases.map((phase) => `<optgroup label="${phase}">${steps.filter((one) => one.phase === phase)
        .map((one) => `<option value="${one.key}"${one === step ? " selected" : ""}>layer ${templates.label(one.layer)}: ${one.title}${templates.where(one) ? ` [${templates.where(one)}]` : ""}</option>`).join("")}</optgroup>`).join("");
    }
    const at = steps.indexOf(step);
    $("previous").disabled = at === 0;
    $("next").disabled = at === steps.length - 1;
  };
  // While a value is dragged, the slider stays; all around it follows.
  const refreshPanel = () => {
    const fresh = page.createElement("div");
    fresh.innerHTML = state.entry ? entryView(session, state.entry) : "";
    const old = $("panel");
    [...fresh.children].forEach((child, i) => {
      const there = old.children[i];
      if (!there || child.classList.contains("adjust")) {
        if (there && child.classList.contains("adjust")) {
          const [a, b] = ["input[type=range]", "input[type=number]"].map((s) => [there.querySelector(s), child.querySelector(s)]);
          for (const [now, next] of [a, b]) if (now && next && now !== page.activeElement) now.value = next.value;
        }
        return;
      }
      there.replaceWith(child);
    });
  };

  const showStrip = () => {
    const { moment, shown, templates, settings } = session, { data } = settings, rows = session.batchRows, most = 64;
    const parameter = state.entry && parameterOf(state.entry), shares = parameter && session.shares(parameter);
    const losses = [...moment.trace.row_loss], highest = Math.max(...losses, 1e-12), largest = shares ? Math.max(...shares.map(Math.abs), 1e-300) : 1;
    const batches = session.batches;
    $("batch-words").innerHTML = `${rows.length} of ${session.rows} rows${batches > 1 ? `, batch ${session.batch + 1} of ${batches}` : ""}: each with its loss` +
      (shares ? `, and below it its share in ${math(shown.symbolMathml(templates.symbol(`d${parameter}`)))}, together ${math(shown.number(moment.read(`d${parameter}`)))}.`
        : "; choose a weight or a bias to see the share of each in its gradient.") +
      (rows.length > most ? ` The first ${most} are shown.` : "");
    const bar = (value, top, signed) => {
      const h = 38 * Math.abs(value) / top;
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
        `<span class="soft">${escaped(label)}</span><b>${row + 1}</b></span></button>`;
    }).join("");
    for (const canvas of all("canvas[data-image]")) {
      const n = session.sizes[0], at = Number(canvas.dataset.image) * n;
      gray(canvas, [...session.X.subarray(at, at + n)], ...data.picture);
    }
  };

  const paper = () => view.getComputedStyle(page.documentElement).colorScheme === "dark" ? [26, 31, 36] : [255, 255, 255];
  const showRegions = () => {
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
  const showPictures = () => {
    const { sizes, settings, shown, templates } = session, [n, m] = sizes, { data } = settings, theta = session.theta;
    const square = data.picture && data.inputs === n;
    $("pictures").innerHTML = drawnUnits(m).map((k) => `<figure><button type="button" data-name="Z1.${k}" aria-label="weights of ${shown.text(templates.symbol(`Z1.${k}`), false)}">` +
      `<canvas class="${square ? "" : "flat"}" data-weights="${k}"></canvas></button>${math(shown.symbolMathml(templates.symbol(`A1.${k}`)))}</figure>`).join("");
    for (const canvas of all("canvas[data-weights]")) {
      const k = Number(canvas.dataset.weights) - 1;
      picture(canvas, [...theta.subarray(k * n, (k + 1) * n)], ...(square ? data.picture : [1, n]), paper());
    }
  };
  const showGuess = () => {
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
    const { sizes, moment } = session, { dW } = moment.trace.layers[0];
    let most = 0;
    dW.forEach((value, i) => { if (Math.abs(value) > Math.abs(dW[most])) most = i; });
    return `W1.${Math.floor(most / sizes[0]) + 1}.${most % sizes[0] + 1}`;
  };
  const showDifference = () => {
    const { shown, templates } = session, name = (state.entry && parameterOf(state.entry)) || steepest();
    const derived = session.moment.read(`d${name}`), h = 10 ** state.power, found = session.difference(name, h);
    const J = templates.symbol("J");
    const quotient = `<mfrac><mrow>${shown.symbolMathml(J)}<mo>(</mo>${shown.symbolMathml(templates.symbol(name))}<mo>+</mo><mi>h</mi><mo>)</mo><mo>−</mo>` +
      `${shown.symbolMathml(J)}<mo>(</mo>${shown.symbolMathml(templates.symbol(name))}<mo>−</mo><mi>h</mi><mo>)</mo></mrow><mrow><mn>2</mn><mi>h</mi></mrow></mfrac>`;
    $("difference").innerHTML = `<table><tr><th>derived ${math(shown.symbolMathml(templates.symbol(`d${name}`)))}</th><td class="exact">${derived.toPrecision(12)}</td></tr>` +
      `<tr><th>${math(quotient)}, h = ${math(shown.number(h))}</th><td class="exact">${found.toPrecision(12)}</td></tr>` +
      `<tr><th>apart</th><td class="exact">${Math.abs(found - derived).toExponential(2)}</td></tr></table>${errorCurve(session, name, derived, state.power)}` +
      `<p class="soft">A large h errs by the curve of the loss, a tiny one by the rounding of float64.</p>`;
  };

  // What is done

  const choose = (name, focus = false) => {
    state.entry = name;
    const step = session.templates.stepOf(name);
    if (step) state.step = step.key;
    render();
    $("panel").scrollTop = 0;
    if (focus) root.querySelector(`#drawing [data-unit="${split(name).layer}.${split(name).index[0]}"]`)?.focus();
    say(`${session.shown.text(`@!${name}@`)} = ${session.shown.rounded(session.moment.read(name))}`);
  };
  const doing = (what, change) => {
    stop();
    session.remember(what);
    try {
      change();
      trouble("");
    } catch (error) {
      session.undone.pop();
      trouble(error.message);
    }
    render();
  };
  let frame = 0;
  const stop = () => {
    state.playing = false;
    cancelAnimationFrame(frame);
    clearTimeout(frame);
    $("play").textContent = "▶ Play";
    $("play").setAttribute("aria-pressed", "false");
  };
  const advance = (how) => {
    if (!how()) {
      stop();
      trouble("A number is no longer finite: the step was not made. Take a smaller learning rate, or go back.");
    }
  };
  const play = () => {
    if (state.playing) { stop(); render(); return; }
    state.playing = true;
    $("play").textContent = "❚❚ Pause";
    $("play").setAttribute("aria-pressed", "true");
    const tick = () => {
      if (!state.playing) return;
      const many = Number($("speed").value);
      for (let i = 0; i < Math.max(1, many) && state.playing; i += 1) advance(() => session.step());
      render(true);
      if (state.playing && many < 1) frame = setTimeout(tick, 1 / many * 100);
      else if (state.playing) frame = calm.matches ? setTimeout(tick, 500) : requestAnimationFrame(tick);
    };
    tick();
  };
  let adjusting = false;

  const download = (name, content, type) => {
    const link = page.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const drawn = () => {
    const svg = $("drawing").querySelector("svg").cloneNode(true), from = [...$("drawing").querySelector("svg").querySelectorAll("*")];
    [...svg.querySelectorAll("*")].forEach((one, i) => {
      const style = view.getComputedStyle(from[i]);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-opacity", "fill-opacity", "font-size", "font-weight", "text-anchor", "stroke-dasharray", "paint-order", "opacity"]) {
        one.style.setProperty(name, style.getPropertyValue(name));
      }
    });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.style.fontFamily = "sans-serif";
    const ground = page.createElementNS("http://www.w3.org/2000/svg", "rect");
    ground.setAttribute("width", width);
    ground.setAttribute("height", height);
    ground.setAttribute("fill", view.getComputedStyle(page.body).backgroundColor);
    svg.prepend(ground);
    return new XMLSerializer().serializeToString(svg);
  };
  const latexOf = () => {
    const { shown, templates } = session, name = state.entry ?? templates.steps.find((one) => one.key === state.step).entries()[0];
    const symbol = shown.latex(`@!${name}@`), value = shown.latex(`@!${name}@`, true), markup = shown.formula(name);
    const lines = markup ? [shown.latex(markup), shown.latex(markup, true), value] : [value];
    return `\\begin{align*}\n  ${symbol} &= ${lines.join(" \\\\\n  &= ")}\n\\end{align*}\n`;
  };

  root.addEventListener("click", (event) => {
    const { target } = event, of = (selector) => target.closest(selector);
    const row = of("[data-row]"), freeze = of("[data-freeze]"), remove = of("[data-remove]"), named = of("[data-name]");
    if (row) { session.row = Number(row.dataset.row); render(); root.querySelector(`[data-row="${session.row}"]`)?.focus(); return; }
    if (freeze) { doing("freezing a unit", () => session.freeze(freeze.dataset.freeze)); return; }
    if (remove) { doing("removing a unit", () => session.remove(remove.dataset.remove)); return; }
    if (!named) return;
    const inDrawing = named.closest("#drawing");
    const step = session.templates.steps.find((one) => one.key === state.step), { name, back } = named.dataset;
    const isUnit = named.classList.contains("unit");
    choose(isUnit && step?.phase === "backward" && back ? back : name, Boolean(inDrawing && isUnit));
  });
  root.addEventListener("dblclick", (event) => {
    const unit = event.target.closest(".unit");
    if (unit) choose(unit.dataset.back);
  });
  // In the drawing: arrows go from unit to unit.
  $("drawing").addEventListener("keydown", (event) => {
    const unit = event.target.closest("[data-unit]"), keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const loss = event.target.closest(".loss");
    if (event.key === "Enter" || event.key === " ") {
      const one = unit ?? loss;
      if (one) { event.preventDefault(); one.dispatchEvent(new MouseEvent("click", { bubbles: true })); }
      return;
    }
    if (!unit || !(event.key in keys)) return;
    event.preventDefault();
    const [l, k] = unit.dataset.unit.split(".").map(Number), [dl, dk] = keys[event.key];
    const here = all("#drawing [data-unit]").filter((one) => Number(one.dataset.unit.split(".")[0]) === l + dl);
    const at = dl ? Math.min(k, here.length) - 1 : here.findIndex((one) => one === unit) + dk;
    const next = here[at];
    if (next) { unit.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  });
  // An edge, a bias or an input is dragged up and down.
  let drag = null;
  $("drawing").addEventListener("pointerdown", (event) => {
    const one = event.target.closest(".edge, .bias, .labels text, .unit");
    if (!one) return;
    const name = one.dataset.name.replace(/^d/, "");
    if (one.classList.contains("unit") && !name.startsWith("A0.")) return;
    drag = { name, y: event.clientY, value: session.moment.read(name), moved: false };
  });
  view.addEventListener("pointermove", (event) => {
    if (!drag || !session) return;
    const by = (drag.y - event.clientY) / 80;
    if (!drag.moved && Math.abs(event.clientY - drag.y) < 5) return;
    if (!drag.moved) { stop(); session.remember(`dragging ${drag.name}`); drag.moved = true; state.entry = drag.name; }
    setNumber(drag.name, drag.value + by);
    render(true);
  });
  view.addEventListener("pointerup", () => {
    if (drag?.moved) {
      const block = (event) => { event.stopPropagation(); event.preventDefault(); };
      view.addEventListener("click", block, { capture: true, once: true });
      setTimeout(() => view.removeEventListener("click", block, { capture: true }), 50);
      render();
    }
    drag = null;
  });
  const setNumber = (name, value) => {
    if (!Number.isFinite(value)) return;
    const input = /^[AX]0\.(\d+)$/.exec(name);
    if (input) session.setInput(Number(input[1]), value);
    else session.setParameter(name, value);
  };
  root.addEventListener("input", (event) => {
    const name = event.target.dataset?.adjust;
    if (!name || event.target.value === "") return;
    if (!adjusting) { stop(); session.remember(`changing ${name}`); }
    adjusting = true;
    setNumber(name, Number(event.target.value));
    render(true);
  });
  root.addEventListener("change", (event) => { if (event.target.dataset?.adjust) { adjusting = false; heavy(); } });

  const on = (id, type, what) => $(id).addEventListener(type, what);
  on("data", "change", () => open(startOf(payload.sets.find((one) => one.id === $("data").value))));
  on("notation", "change", () => { session.notation = $("notation").value; render(); });
  on("undo", "click", () => { const what = session.undo(); stop(); render(); say(`undone: ${what}`); });
  root.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.matches("input, textarea")) { event.preventDefault(); $("undo").click(); }
    if (event.key === "Escape") $("share").open = false;
  });
  on("row", "change", () => {
    const row = Math.max(1, Math.min(session.rows, Math.round(Number($("row").value) || 1))) - 1;
    session.row = row;
    if (session.place < 0) { // its batch is the one to come
      const order = session.order.rows, { batch } = session.settings;
      session.batch = Math.floor(order.indexOf(row) / batch);
      session.touched();
    }
    render();
  });
  for (const radio of all("input[name=edges]")) radio.addEventListener("change", () => { state.edges = radio.value; render(); });
  on("play", "click", play);
  on("step", "click", () => { stop(); advance(() => session.step()); render(); });
  on("back", "click", () => { stop(); session.back(); trouble(""); render(); });
  on("epoch", "click", () => { stop(); advance(() => session.stepEpoch()); render(); });
  on("scrub", "input", () => { stop(); session.go(Number($("scrub").value)); render(true); });
  const go = (by) => {
    const { steps } = session.templates, at = steps.findIndex((one) => one.key === state.step) + by;
    if (at < 0 || at >= steps.length) return;
    state.step = steps[at].key;
    state.entry = null;
    render();
  };
  on("previous", "click", () => go(-1));
  on("next", "click", () => go(1));
  on("steps", "change", () => { state.step = $("steps").value; state.entry = null; render(); });

  const setting = (id, what, change) => on(id, "change", () => doing(what, () => session.set(change($(id).value))));
  const atLeast = (low) => (text) => Math.max(low, Number(text) || 0);
  setting("optimizer", "another optimizer", (optimizer) => ({ optimizer }));
  setting("rate", "another learning rate", (text) => ({ learning_rate: Math.max(1e-12, Number(text) || 1e-12) }));
  on("rate-slider", "input", () => { $("rate").value = String(Number((10 ** Number($("rate-slider").value)).toPrecision(2))); });
  on("rate-slider", "change", () => doing("another learning rate", () => session.set({ learning_rate: Number($("rate").value) })));
  setting("activation", "another activation", (phi) => ({ activations: session.settings.activations.map((old, l, list) => l + 1 < list.length ? phi : old) }));
  setting("batch-rows", "another batch", (text) => ({ batch: Math.round(atLeast(1)(text)) }));
  setting("l1", "another penalty", (text) => ({ l1: atLeast(0)(text) }));
  setting("l2", "another penalty", (text) => ({ l2: atLeast(0)(text) }));
  setting("dropout", "another dropout", (text) => ({ dropout: Math.min(0.9, atLeast(0)(text)) }));
  setting("seed", "another order", (text) => ({ seed: Math.round(atLeast(0)(text)) }));
  on("again", "click", () => { const { settings } = session; open({ ...settings, theta: settings.data.start?.sizes?.join() === settings.sizes.join() ? settings.data.start.theta : undefined }); });
  on("axis-x", "change", () => { state.axes[0] = Number($("axis-x").value); showRegions(); });
  on("axis-y", "change", () => { state.axes[1] = Number($("axis-y").value); showRegions(); });
  on("h", "input", () => { state.power = Number($("h").value); showDifference(); });

  // Drawing an input
  const pad = { x: 0, y: 0, down: false };
  const dab = (c, r, amount) => {
    const { data } = session.settings, [rows, columns] = data.picture, [n] = session.sizes;
    const x = session.X.slice(session.row * n, (session.row + 1) * n);
    for (let dr = -1; dr <= 1; dr += 1) {
      for (let dc = -1; dc <= 1; dc += 1) {
        const rr = r + dr, cc = c + dc;
        if (rr < 0 || cc < 0 || rr >= rows || cc >= columns) continue;
        const at = rr * columns + cc;
        x[at] = Math.min(1, x[at] + amount * (dr || dc ? dr && dc ? 0.04 : 0.14 : 0.7));
      }
    }
    session.setRow(x);
    render(true);
    showGuess();
  };
  const cellOf = (event) => {
    const box = $("pad").getBoundingClientRect(), [rows, columns] = session.settings.data.picture;
    return [Math.floor((event.clientX - box.left) / box.width * columns), Math.floor((event.clientY - box.top) / box.height * rows)];
  };
  on("pad", "pointerdown", (event) => {
    stop();
    session.remember("drawing");
    pad.down = true;
    $("pad").setPointerCapture(event.pointerId);
    dab(...cellOf(event), 1);
  });
  on("pad", "pointermove", (event) => { if (pad.down) dab(...cellOf(event), 0.6); });
  on("pad", "pointerup", () => { pad.down = false; render(); });
  on("pad", "keydown", (event) => {
    const [rows, columns] = session.settings.data.picture, keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in keys) {
      event.preventDefault();
      pad.x = Math.max(0, Math.min(columns - 1, pad.x + keys[event.key][0]));
      pad.y = Math.max(0, Math.min(rows - 1, pad.y + keys[event.key][1]));
      say(`column ${pad.x + 1}, row ${pad.y + 1}`);
    } else if (event.key === " ") { event.preventDefault(); session.remember("drawing"); dab(pad.x, pad.y, 1); }
    else if (event.key === "Delete" || event.key === "Backspace") $("wipe").click();
  });
  on("wipe", "click", () => doing("wiping", () => session.setRow(new Float32Array(session.sizes[0]))));
  on("pad-class", "change", () => doing("another class", () => {
    const targets = new Float32Array(session.sizes.at(-1));
    targets[Number($("pad-class").value)] = 1;
    session.setRow(null, targets);
  }));

  // Building
  on("build", "submit", async (event) => {
    event.preventDefault();
    $("build-trouble").textContent = "";
    try {
      await deeper($("build-sizes").value.split(/[^\d]+/).filter(Boolean).length - 1);
      const weights = $("build-weights").value.trim();
      open(built());
      if (weights) {
        session.network.parameters = typedParameters(weights, session);
        session.touched();
        render();
      }
      view.scrollTo({ top: 0 });
    } catch (error) { $("build-trouble").textContent = error.message; }
  });
  // A page from a server asks it for the equations of a depth that it does not have.
  const deeper = async (depth) => {
    if (String(depth) in payload.notations.canonical.where || view.location.protocol !== "http:") return;
    const answer = await fetch(`tables${view.location.search}`, { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ depth }) }).catch(() => null);
    if (answer?.ok) Object.assign(payload, await answer.json());
  };
  const built = () => {
    const sizes = $("build-sizes").value.split(/[^\d]+/).filter(Boolean).map(Number), depth = sizes.length - 1;
    if (!(String(depth) in payload.notations.canonical.where)) {
      throw new Error(`${depth} layers of weights; allowed: ${Object.keys(payload.notations.canonical.where).join(", ")}. Take fewer layers.`);
    }
    if (sizes.some((width) => width < 1 || width > 512)) throw new Error("Widths from 1 to 512 are allowed. Change the units.");
    const activations = Array.from({ length: depth }, (_, l) => l + 1 < depth ? $("build-hidden").value : $("build-output").value);
    const typed = $("build-rows").value.trim();
    const from = { sizes, activations, loss: $("build-loss").value, optimizer: session.settings.optimizer, learning_rate: session.settings.learning_rate,
      seed: Number($("build-seed").value) || 0, initializer: $("build-initializer").value, notation: session.notation };
    if (!(`${from.activations.at(-1)}|${from.loss}` in payload.outputs)) {
      throw new Error(`${plain(from.loss)} on ${plain(from.activations.at(-1))} outputs do not fit. Choose another output or another loss.`);
    }
    let found = { ...from, data: session.settings.data, batch: session.settings.batch };
    if (typed) {
      const X = [], Y = [];
      typed.split("\n").forEach((text, i) => {
        const [left, right] = text.split(";").map((part) => (part ?? "").trim().split(/[\s,]+/).filter(Boolean).map(Number));
        if (left.length !== sizes[0] || (right ?? []).length !== sizes.at(-1) || [...left, ...right].some(Number.isNaN)) {
          throw new Error(`Line ${i + 1} of the rows; allowed: ${sizes[0]} numbers, a semicolon, ${sizes.at(-1)} numbers. Correct it.`);
        }
        X.push(...left);
        Y.push(...right);
      });
      const data = { id: "typed", title: "Typed", inputs: sizes[0], outputs: sizes.at(-1), rows: X.length / sizes[0], left: 0,
        names: Array.from({ length: sizes[0] }, (_, i) => `x${i + 1}`) };
      payload.sets = [...payload.sets.filter((one) => one.id !== "typed"), data];
      found = { ...found, data, X: Float32Array.from(X), Y: Float32Array.from(Y), batch: X.length / sizes[0] };
      data.start = { ...found, data: undefined };
    } else {
      const { data } = session.settings;
      if (data.inputs !== sizes[0] || data.outputs !== sizes.at(-1)) {
        throw new Error(`${sizes[0]} inputs and ${sizes.at(-1)} outputs for rows of ${data.inputs} and ${data.outputs}. Change the units, or type rows.`);
      }
      if (data.id === "typed" || session.X.length / sizes[0] !== data.rows) found = { ...found, X: session.X, Y: session.Y };
    }
    return found;
  };

  // Sharing
  $("link").hidden = view.location.protocol === "about:"; // a frame has no address
  on("link", "click", async () => {
    const { entry, step, edges, axes } = state;
    view.location.hash = `s=${btoa(JSON.stringify({ ...session.link, held: [...session.held], removed: [...session.removed ?? []], seen: { entry, step, edges, axes } }))}`;
    try {
      await navigator.clipboard.writeText(view.location.href);
      say("The link is copied.");
      $("link").textContent = "Copied";
    } catch { $("link").textContent = "It is in the address bar"; }
    setTimeout(() => { $("link").textContent = "Copy a link to this state"; }, 2500);
  });
  on("svg", "click", () => download("network.svg", drawn(), "image/svg+xml"));
  on("png", "click", () => {
    const image = new Image(), source = drawn();
    image.onload = () => {
      const canvas = page.createElement("canvas");
      canvas.width = 2 * image.width;
      canvas.height = 2 * image.height;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => download("network.png", blob, "image/png"));
    };
    image.src = `data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(source)))}`;
  });
  on("latex", "click", () => download("formula.tex", latexOf(), "text/plain"));
  on("print", "click", () => view.print());
  const scheme = (to) => { page.documentElement.dataset.scheme = to; if (session) render(); };
  on("scheme", "click", () => scheme(page.documentElement.dataset.scheme === "dark" ? "light" : "dark"));

  // The walk
  const guide = (at) => {
    const steps = walk(session);
    state.guide = at;
    $("guide").hidden = at === null;
    if (at === null) return;
    const { name, text } = steps[at];
    choose(name);
    $("guide-text").innerHTML = `<b>${at + 1} of ${steps.length}.</b> ${text.replace(/@([^@]+)@/g, (_, one) => math(session.shown.symbolMathml(session.templates.symbol(one))))}`;
    $("guide-back").disabled = at === 0;
    $("guide-next").disabled = at === steps.length - 1;
    if (at === steps.length - 1 && page.activeElement === page.body) $("guide-end").focus();
  };
  on("walk", "click", () => {
    const own = payload.sets.find((one) => one.id === `worked-${session.notation}`);
    if (own && session.settings.data.id !== own.id) open(startOf(own));
    guide(0);
    $("guide-next").focus();
  });
  on("guide-next", "click", () => guide(state.guide + 1));
  on("guide-back", "click", () => guide(state.guide - 1));
  on("guide-end", "click", () => {
    guide(null);
    Object.assign(state, { entry: null, step: session.templates.steps[0].key });
    render();
    $("walk").focus();
  });

  let width = root.clientWidth;
  view.addEventListener("resize", () => {
    if (session && root.clientWidth !== width) { width = root.clientWidth; render(true); }
  });
  const dark = view.matchMedia("(prefers-color-scheme: dark)");
  page.documentElement.dataset.scheme = dark.matches ? "dark" : "light";
  dark.addEventListener("change", () => scheme(dark.matches ? "dark" : "light"));
  view.matchMedia("print").addEventListener("change", (event) => { if (event.matches) page.documentElement.dataset.scheme = "light"; });
  const first = startOf(payload.sets.find((one) => one.id === payload.first) ?? payload.sets[0]);
  try {
    open(fromLink() ?? first);
  } catch {
    unreadable = "This link cannot be read; the page starts as it is.";
    open({ ...first, notation: first.notation ?? "canonical" });
  }
  if (unreadable) trouble(unreadable);
  return { get session() { return session; }, state, choose, render };
};

const holder = typeof document === "undefined" ? null : document.getElementById("payload");
if (holder) {
  const bytes = Uint8Array.from(atob(document.getElementById("engine").textContent), (c) => c.charCodeAt(0));
  start(document.body, JSON.parse(holder.textContent), bytes).then((made) => { window.explorer = made; });
}
