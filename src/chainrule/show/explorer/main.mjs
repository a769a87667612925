// The page: what is seen and done. The numbers are the session's, the formulas the templates'.

import { buildingOf } from "./building.mjs";
import { cardsOf, escaped } from "./cards.mjs";
import { Engine } from "./engine.mjs";
import { drawing, legend } from "./drawing.mjs";
import { math } from "./markup_views.mjs";
import { entryView, stepView, wordFor } from "./panel.mjs";
import { curveOf } from "./pictures.mjs";
import { short } from "./rounding.mjs";
import { sharingOf } from "./sharing.mjs";
import { settingsOf } from "./links.mjs";
import { Session } from "./session.mjs";
import { split } from "./templates.mjs";
import { writtenParameters } from "./typed.mjs";
import { walk } from "./walks.mjs";

const UNFINITE = "The loss is not finite: weights or inputs are too large. Undo, go back, or start again from first weights.";
// Parameters from which on the cards are drawn after what was asked for.
const LARGE = 4000;

export const start = async (root, payload, wasm) => {
  const page = root.ownerDocument, view = page.defaultView; // in a notebook those of a frame
  const $ = (id) => root.querySelector(`#${id}`);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const state = { entry: null, step: null, edges: "W", playing: false, guide: null, before: null, power: -5, axes: [0, 1], drawn: 0 };
  const engine = await Engine.load(wasm);
  const calm = view.matchMedia("(prefers-reduced-motion: reduce)");
  const options = (list, chosen) => list.map(([value, text]) =>
    `<option value="${escaped(value)}"${value === chosen ? " selected" : ""}>${escaped(text)}</option>`).join("");
  const plain = (name) => name.replaceAll("_", " ").replace("(factor=1)", ", whole");

  // What there is to explore

  const startOf = (set) => ({ ...set.start, data: set });
  let unreadable = "";
  const parsed = (text) => {
    try {
      return JSON.parse(atob(decodeURIComponent(text)));
    } catch { throw new Error("text that is no state; allowed: a link that this page made. Copy the link again, whole."); }
  };
  const fromLink = () => {
    const text = view.location.hash.slice(1);
    if (!text.startsWith("s=")) return null;
    try {
      return settingsOf(parsed(text.slice(2)), payload);
    } catch (error) {
      unreadable = `This link cannot be opened, and the page stays as it is: ${error.message}`;
      return null;
    }
  };
  const trouble = (words) => {
    $("trouble").hidden = !words;
    $("trouble").textContent = words;
    const header = root.querySelector(".top"); // below which it stays in sight
    $("trouble").style.top = view.getComputedStyle(header).position === "sticky" ? `${header.offsetHeight}px` : "0";
  };
  const say = (words) => { $("said").textContent = words; };

  let session;
  const at = { root, state, payload, get session() { return session; } };
  const cards = cardsOf(at);
  // What is seen of a network beside its numbers.
  const seen = () => ({ entry: state.entry, step: state.step, edges: state.edges, axes: [...state.axes] });
  // Another network, rows or weights in the place of what is here, which "Undo" brings back.
  const open = (what, named) => {
    try {
      session?.remember(named, seen());
      if (session) session.open(what);
      else session = new Session(engine, payload, what);
    } catch (error) {
      if (session) session.undone.pop();
      else open(startOf(payload.sets.find((one) => one.id === "example")));
      trouble(error.message);
      return;
    }
    stop();
    trouble("");
    const { data } = session.settings;
    if (data.id === "typed") {
      data.start ??= { ...what, data: undefined }; // to come back to, with its weights
      keepTyped(data);
    }
    if (state.before) { // a walk is over, and what was there before it comes back in one step
      session.undone = [...session.undone.slice(0, Math.max(0, session.undone.indexOf(state.before))), { ...state.before, what: named }];
    }
    showGuide(null);
    state.entry = null;
    state.axes = twoAxes();
    fillControls();
    fillForm();
    session.look();
    state.step = session.templates.steps[0].key;
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

  // "Typed" is what was typed last, of the network that is shown.
  const keepTyped = (data) => { payload.sets = [...payload.sets.filter((one) => one.id !== "typed"), data]; };
  // Back to before the last change, or one before that.
  const back = (to) => {
    const found = session.undo(to);
    if (!found) return;
    stop();
    trouble("");
    if (found === state.before) showGuide(null);
    if (found.seen) {
      Object.assign(state, found.seen);
      if (session.settings.data.id === "typed") keepTyped(session.settings.data);
      fillControls();
      fillForm();
    }
    render();
    say(`undone: ${found.what}`);
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
    $("title").textContent = "chainrule explorer";
    $("footer").textContent = `${payload.words} ${data.left ? `Of ${data.rows + data.left} rows the first ${data.rows} are in this page.` : ""} ${data.remark ?? ""}`;
  };
  // "Another network" as this one is; where rows or weights are typed in it, it is the user's, and stays.
  const fillForm = () => {
    if ($("build-rows").value.trim() || $("build-weights").value.trim()) return;
    const { settings } = session, functions = Object.keys(payload.activations).map((name) => [name, plain(name)]);
    $("build-sizes").value = session.sizes.join(", ");
    $("build-hidden").innerHTML = options(functions, settings.activations[0]);
    $("build-output").innerHTML = options(functions, settings.activations.at(-1));
    $("build-loss").innerHTML = options(Object.keys(payload.losses).map((name) => [name, plain(name)]), settings.loss);
    $("build-initializer").innerHTML = options(Object.keys(engine.initializers).map((name) => [name, plain(name)]), settings.initializer ?? "glorot_uniform");
  };
  const showControls = () => {
    const { settings } = session, hidden = settings.activations.slice(0, -1);
    $("notation").value = session.notation;
    const set = (id, value) => { if (page.activeElement !== $(id) || $(id).dataset.wrong) $(id).value = value; delete $(id).dataset.wrong; };
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

  const showGuide = (at) => {
    state.guide = at;
    $("guide").hidden = at === null;
    if (at === null) state.before = null;
  };

  // What is seen

  let later = 0;
  const render = (light = false) => {
    const { place } = session;
    void place;
    const shown = session.look(), { templates, moment } = session, finite = Number.isFinite(moment.trace.J);
    if (!finite) trouble(UNFINITE);
    else if ($("trouble").textContent === UNFINITE) trouble("");
    const steps = templates.steps;
    if (state.entry && !exists(state.entry)) state.entry = null;
    let step = steps.find((one) => one.key === state.step);
    if (!step) { [step] = steps; state.step = step.key; }
    root.querySelector(`input[name=edges][value=${state.edges}]`).checked = true;
    state.narrow = $("drawing").clientWidth < 520;
    $("drawing").innerHTML = drawing(session, state);
    const words = legend(session, state.edges);
    $("legend").innerHTML = `In a unit <b>${words.unit}</b>, below it <b class="back">${words.back}</b>, above it ${state.edges === "dW" ? "the gradient of its bias" : "the bias"} <b>${words.bias}</b>; ` +
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
    if (!light && session.network.length < LARGE) { heavy(); return; }
    if (light && waited > 220) heavy(true);
    later = setTimeout(() => heavy(), light ? 350 : 50);
  };
  // What takes longer, and waits while something moves.
  const heavy = (moving = false) => {
    clearTimeout(later);
    state.drawn = performance.now();
    $("remark").textContent = session.templates.remark;
    showControls();
    cards.strip();
    cards.regions();
    $("build-weights").placeholder = session.sizes.every((width) => width <= 12) ? writtenParameters(session) : "";
    cards.pictures();
    cards.guess();
    if (!moving) cards.difference();
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
    // what is given has no equation
    const given = state.entry && !templates.stepOf(state.entry) ? `${session.shown.text(`@!${state.entry}@`)}: ${wordFor(state.entry, session.L)}, given` : "";
    if (page.activeElement !== select) {
      select.innerHTML = (given && `<option value="">${escaped(given)}</option>`) + phases.map((phase) => `<optgroup label="${phase}">${steps.filter((one) => one.phase === phase)
        .map((one) => `<option value="${one.key}"${one === step && !given ? " selected" : ""}>layer ${templates.label(one.layer)}: ${one.title}${templates.where(one) ? ` [${templates.where(one)}]` : ""}</option>`).join("")}</optgroup>`).join("");
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
    if (!Number.isFinite(Math.fround(value))) return;
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
  on("data", "change", () => open(startOf(payload.sets.find((one) => one.id === $("data").value)), "another choice of data"));
  on("notation", "change", () => {
    session.notation = $("notation").value;
    render();
    if (state.guide !== null) guide(state.guide); // in its letters
  });
  on("undo", "click", () => back());
  root.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.matches("input, textarea")) { event.preventDefault(); $("undo").click(); }
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
  on("steps", "change", () => { state.step = $("steps").value || state.step; state.entry = null; render(); });

  const setting = (id, what, change) => on(id, "change", () => doing(what, () => {
    try {
      session.set(change($(id).value));
    } catch (error) {
      $(id).dataset.wrong = "1"; // it shows what holds again
      throw error;
    }
  }));
  const from = (key, name, low, high, whole = false) => (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value >= low && value <= high) || (whole && !Number.isSafeInteger(value))) {
      throw new Error(`${name} “${text}”; allowed: a ${whole ? "whole " : ""}number from ${low} to ${high}. Nothing was changed.`);
    }
    return { [key]: value };
  };
  setting("optimizer", "another optimizer", (optimizer) => ({ optimizer }));
  setting("rate", "another learning rate", from("learning_rate", "learning rate", 1e-12, 1e6));
  on("rate-slider", "input", () => { $("rate").value = String(Number((10 ** Number($("rate-slider").value)).toPrecision(2))); });
  on("rate-slider", "change", () => doing("another learning rate", () => session.set({ learning_rate: Number($("rate").value) })));
  setting("activation", "another activation", (phi) => ({ activations: session.settings.activations.map((old, l, list) => l + 1 < list.length ? phi : old) }));
  setting("batch-rows", "another batch", (text) => from("batch", "rows in a batch", 1, session.rows, true)(text));
  setting("l1", "another penalty", from("l1", "penalty λ₁", 0, 1e6));
  setting("l2", "another penalty", from("l2", "penalty λ₂", 0, 1e6));
  setting("dropout", "another dropout", from("dropout", "dropout", 0, 0.9));
  setting("seed", "another order", from("seed", "seed", 0, Number.MAX_SAFE_INTEGER, true));
  on("again", "click", () => { 
    const { settings, first, rowsOfOwn, notation } = session, its = settings.data.start, same = its?.sizes?.join() === settings.sizes.join();
    open({ ...settings, ...rowsOfOwn, notation, epoch: 0, batchNumber: 0, theta: first ?? (same ? its.theta : undefined), exactTheta: first }, "starting again");
  });
  on("axis-x", "change", () => { state.axes[0] = Number($("axis-x").value); cards.regions(); });
  on("axis-y", "change", () => { state.axes[1] = Number($("axis-y").value); cards.regions(); });
  on("h", "input", () => { state.power = Number($("h").value); cards.difference(); });

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
    cards.guess();
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

  Object.assign(at, { open, render, say, on, trouble });
  buildingOf(at);
  sharingOf(at);
  const scheme = (to) => { page.documentElement.dataset.scheme = to; if (session) render(); };
  on("scheme", "click", () => scheme(page.documentElement.dataset.scheme === "dark" ? "light" : "dark"));

  // The walk
  const guide = (at) => {
    const steps = walk(session), { name, text } = steps[at];
    showGuide(at);
    choose(name);
    $("guide-text").innerHTML = `<b>${at + 1} of ${steps.length}.</b> ${text.replace(/@([^@]+)@/g, (_, one) => math(session.shown.symbolMathml(session.templates.symbol(one))))}`;
    $("guide-back").disabled = at === 0;
    if (at === steps.length - 1 && page.activeElement === $("guide-next")) $("guide-end").focus();
    $("guide-next").disabled = at === steps.length - 1;
  };
  on("walk", "click", () => {
    const own = payload.sets.find((one) => one.id === `worked-${session.notation}`);
    if (state.guide === null) state.left = seen();
    if (own && !state.before) {
      open(startOf(own), "the guided walk"); // from its first weights: the numbers are those on paper
      state.before = session.undone.at(-1);
    }
    guide(0);
    $("guide-next").focus();
  });
  on("guide-next", "click", () => guide(state.guide + 1));
  on("guide-back", "click", () => guide(state.guide - 1));
  on("guide-end", "click", () => {
    const { before, left } = state;
    showGuide(null);
    if (before) back(before);
    else { Object.assign(state, left); render(); }
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
  const follow = () => {
    unreadable = "";
    const linked = fromLink();
    if (linked || !session) open(linked ?? first, "another link");
    if (unreadable) trouble(unreadable);
  };
  follow();
  view.addEventListener("hashchange", () => { if (view.location.hash !== at.ownLink) follow(); });
  return { get session() { return session; }, state, choose, render, ready: performance.now() };
};

const holder = typeof document === "undefined" ? null : document.getElementById("payload");
if (holder) {
  const unpacked = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };
  Promise.all(["payload", "engine"].map(unpacked)).then(([payload, engine]) =>
    start(document.body, JSON.parse(new TextDecoder().decode(payload)), engine)).then((made) => { window.explorer = made; });
}
