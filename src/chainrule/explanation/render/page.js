"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const MATH = "http://www.w3.org/1998/Math/MathML";
  const TIGHT = 'lspace="0" rspace="0"';
  const OPEN = `<mo stretchy="false" ${TIGHT}>(</mo>`;
  const CLOSE = `<mo stretchy="false" ${TIGHT}>)</mo>`;
  const state = { notation: null, step: null, entry: null };

  const notation = () => data.notations.find((one) => one.name === state.notation);
  const steps = () => data.steps.filter((step) => step.key in notation().steps);
  const formula = (name) => data.formulas[notation().style][name];
  const home = (name) => data.steps.find((step) => step.entries.includes(name));
  const wrong = (name) => (data.checks[name] || []).some((check) => !check[2]);

  // Numbers and symbols

  const minus = (text) => text.replace(/-/g, "−");
  const rounded = (exact) => {
    const number = Number(exact);
    if (!Number.isFinite(number)) return exact;
    const shown = Number(number.toPrecision(data.digits));
    if (shown === 0 || (Math.abs(shown) >= 1e-4 && Math.abs(shown) < 10 ** data.digits)) return String(shown);
    return String(shown.toExponential(data.digits - 1)).replace(/\.?0*e/, "e");
  };
  const inMath = (exact) => {
    const [mantissa, exponent] = rounded(exact).split("e");
    const sign = mantissa.startsWith("-") ? `<mo form="prefix" ${TIGHT}>−</mo>` : "";
    const power = exponent === undefined ? "" :
      `<mo>·</mo><msup><mn>10</mn><mn>${minus(exponent.replace("+", ""))}</mn></msup>`;
    return `<mrow>${sign}<mn>${mantissa.replace("-", "")}</mn>${power}</mrow>`;
  };
  const split = (name) => {
    const [, array, index, row] = /^([A-Za-z]+\+?\d*)((?:\.\d+)*)(?:~(\d+))?$/.exec(name);
    return [array, index.split(".").slice(1), row];
  };
  const located = (name) => {
    const [array, index, given] = split(name);
    const row = array === "ell" ? given ?? notation().lossRow ?? undefined : given;
    return [array, index, row];
  };
  // Where a notation writes the sample, it counts from 1; elsewhere another row than the page's is added behind.
  const withRow = (template, row) => template.includes("#r")
    ? [template.replaceAll("#r", Number(row ?? data.row) + 1), undefined] : [template, row];
  const symbol = (name) => {
    const [array, index, given] = located(name);
    const [template, row] = withRow(notation().symbols[array], given);
    const of = index.reduce((found, i, at) => found.replaceAll(`#${at + 1}`, i), template);
    return row === undefined ? of : `<mrow>${of}<mo stretchy="false" ${TIGHT}>⟨</mo><mn>${row}</mn>` +
      `<mo stretchy="false" ${TIGHT}>⟩</mo></mrow>`;
  };
  // Of a sheet to fill in only what is given has a value.
  const value = (name) => name in data.values ? inMath(data.values[name]) : "";
  const number = (name, bare) => {
    const inside = `<mrow class="num" data-name="${name}"><mrow>${value(name)}</mrow></mrow>`;
    return !bare && rounded(data.values[name]).startsWith("-") ? `<mrow>${OPEN}${inside}${CLOSE}</mrow>` : inside;
  };
  const left = (place, numbers) => {
    const [, count, value] = place.split(":");
    const shown = numbers ? `<mrow>${OPEN}${inMath(value)}${CLOSE}</mrow>` : "<mo>⋯</mo>";
    return `<munder>${shown}<mtext>${count} more</mtext></munder>`;
  };
  const matrix = (grid) => {
    const cell = (place) => {
      return place.startsWith("@") ? number(place.slice(1, -1), true) : `<mn>${place}</mn>`;
    };
    const lines = grid.map((row) => `<mtr>${row.map((place) => `<mtd>${cell(place)}</mtd>`).join("")}</mtr>`);
    return `<mrow><mo>[</mo><mtable>${lines.join("")}</mtable><mo>]</mo></mrow>`;
  };
  const fill = (template, numbers) => template.replace(/@([^@]+)@/g, (_, place) => {
    if (place.startsWith("rest:")) return left(place, numbers);
    if (place.startsWith("[")) {
      const array = notation().arrays[place.slice(1, -1)];
      return numbers && array.grid.length ? matrix(array.grid) : array.symbol;
    }
    const name = place.replace("!", "");
    return numbers ? number(name, place !== name) : symbol(name);
  });
  const math = (inside, block) =>
    `<math xmlns="${MATH}"${block ? ' display="block" style="text-align:left"' : ""}>${inside}</math>`;
  // No browser breaks a formula over lines: each part from a = + or − on, outside of brackets, is one of its own.
  const broken = (inside) => {
    const host = document.createElement("div");
    host.innerHTML = math(inside);
    const parts = [[]];
    let depth = 0, sign = true;
    const walk = (row) => {
      for (const one of row.children) {
        const first = one.firstElementChild;
        const bracketed = first && first.localName === "mo" && "([".includes(first.textContent);
        if (one.localName === "mrow" && !one.attributes.length && !bracketed) { walk(one); continue; }
        const text = one.localName === "mo" ? one.textContent : "";
        if (text === "(") depth += 1;
        else if (text === ")") depth -= 1;
        else if (text && "=≈+−".includes(text) && !depth && !sign) {
          one.setAttribute("form", "infix");
          parts.push([]);
        }
        sign = Boolean(text) && text !== ")";
        parts.at(-1).push(one.outerHTML);
      }
    };
    walk(host.firstElementChild);
    return parts.map((part) => math(part.join(""))).join("<wbr>");
  };
  const line = (inside) => `<div class="line wide">${broken(inside)}</div>`;
  const blank = (name, kind) =>
    `<div class="line ${kind}">${math(`<mrow>${symbol(name)}<mo>=</mo></mrow>`)}<span></span></div>`;
  const spoken = (name) => {
    const [array, index, given] = located(name);
    const [template, row] = withRow(notation().words[array], given);
    const of = index.reduce((words, i, at) => words.replaceAll(`#${at + 1}`, i), template);
    return `${of}${row === undefined ? "" : `, row ${row}`} = ${rounded(data.values[name])}`;
  };
  const button = (name, more) => `<li><button type="button" data-name="${name}" aria-label="` +
    `${spoken(name)}${more === undefined ? "" : wrong(name) ? ", wrong" : ", checked"}"` +
    `${more === undefined ? "" : ` aria-pressed="${name === state.entry}"`}>` +
    `${math(`<mrow>${symbol(name)}<mo>=</mo>${value(name)}</mrow>`)}${more || ""}</button></li>`;

  // The steps

  const where = (step) => {
    const layers = notation().layers;
    return `${step.phase}, layer ${layers[step.layer]}: ${step.title}`;
  };
  const sources = (step) => {
    const source = notation().steps[step.key].source;
    return [source === step.equation ? "" : source, step.equation].filter(Boolean).join(", ");
  };
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const equations = (step) => {
    const found = notation().steps[step.key];
    const general = found.general.map(line).join("");
    const arrays = found.arrays.map(([one, sign]) => line(`<mrow>${fill(one, false)}</mrow>`) +
      (data.blank ? "" : line(fill(one.replace("<mo>=</mo>", `<mo>${sign}</mo>`), true)))).join("");
    const notes = found.corrected.map((words) => `<p class="corrected">${escaped(words)}</p>`).join("");
    return general + notes + (arrays ? `<h3>In this layer</h3>${arrays}` : "");
  };
  const result = (name) =>
    button(name, ` <span class="${wrong(name) ? "wrong" : "ok"}">${wrong(name) ? "✗ wrong" : "✓"}</span>`);

  const item = (name, paper) => {
    const step = home(name);
    const own = formula(name);
    const parts = [];
    if (!paper && step) parts.push(["In general", notation().steps[step.key].general.map(line).join("")]);
    const equal = (inside, sign = "=") => `<mrow>${symbol(name)}<mo>${sign}</mo>${inside}</mrow>`;
    if (own) parts.push([paper ? "" : "With its indices", line(equal(fill(own, false)))]);
    if (data.blank) parts.push(["", blank(name, "working")], ["", blank(name, "blank")]);
    else if (own) {
      parts.push([paper ? "" : "With its numbers", line(equal(fill(own, true), data.near.includes(name) ? "≈" : "="))]);
    }
    if (!data.blank) parts.push([paper ? "" : "Result", line(equal(value(name))) +
      (paper ? "" : `<p class="exact">in full: ${data.values[name]}</p>`)]);
    const checks = (data.checks[name] || []).map(([how, found, passed]) => {
      if (found === null) return `<li>${how.replace(/@([^@]+)@/g, (_, place) => math(symbol(place)))}</li>`;
      return `<li class="${passed ? "ok" : "wrong"}">${passed ? "✓" : "✗ wrong:"} ${how}: ` +
        `<span class="exact">${found}</span></li>`;
    }).join("");
    if (checks) parts.push([paper ? "" : "Checked", `<ul class="checks">${checks}</ul>`]);
    return parts.map(([head, body]) => (head ? `<dt>${head}</dt>` : "") + `<dd>${body}</dd>`).join("");
  };
  const sourcesOf = (name) => {
    const found = [...new Set([...(formula(name) || "").matchAll(/@([^@]+)@/g)]
      .map((match) => match[1].replace("!", "")).filter((place) => !place.startsWith("rest:")))];
    if (!found.length) return "";
    const buttons = found.map((one) => button(one)).join("");
    return `<dt>The numbers in it, and where they come from</dt><dd><ul class="results">${buttons}</ul></dd>`;
  };
  const parameter = (name) => /^d?[Wb]\+?\d/.exec(name) && name.replace(/^d/, "").replace("+", "");
  const relatives = (name) => {
    const weight = parameter(name);
    if (!weight) return "";
    const gradient = `d${weight}`;
    const moved = weight.replace(/^([Wb])/, "$1+");
    const others = [weight, gradient, moved].filter((one) => one !== name && one in data.values);
    const buttons = others.map((one) => button(one)).join("");
    return `<dt>Of the same weight or bias: its value, gradient and value after the step</dt>` +
      `<dd><ul class="results">${buttons}</ul></dd>` + paths(weight);
  };
  const paths = (weight) => {
    const found = data.paths[weight];
    if (!found) return "";
    const lines = found.listed.map(([units, product, value, sign]) =>
      `<li>${units}${line(`<mrow>${fill(product, false)}</mrow>`)}` +
      `${line(`<mrow>${fill(product, true)}<mo>${sign}</mo>${inMath(value)}</mrow>`)}</li>`).join("");
    const total = lines ? `<ul>${lines}</ul><p>Together ${minus(rounded(found.total))}.</p>` : "";
    return `<dt>Paths from this weight to the loss: ${found.count}</dt>` +
      (total ? `<dd><details><summary>Each with its product, in this row</summary>${total}</details></dd>` : "");
  };

  const showEntry = () => {
    const name = state.entry;
    const step = name && home(name);
    const given = formula(name) ? "" : "<p>Given: an input, a target, a parameter or a setting, or a number whose " +
      "formula this page leaves out.</p>";
    $("entry").innerHTML = name ? `<h2>${math(symbol(name))} ${step ? `<small>${step.title}</small>` : ""}</h2>${given}<dl>${item(name, false)}${sourcesOf(name)}` +
      `${relatives(name)}</dl>` : "<p>Choose a number to see its formula.</p>";
  };
  const nameLayers = () => {
    for (const name of document.querySelectorAll("svg [data-layer]")) {
      name.textContent = notation().layers[Number(name.dataset.layer)];
    }
  };
  const showDrawing = (step) => {
    nameLayers();
    const [array, index] = state.entry ? split(state.entry) : ["", []];
    const kind = array.replace(/\d+$/, "");
    const layer = Number((/\d+$/.exec(array) || [step.layer])[0]);
    for (const unit of document.querySelectorAll("svg .unit")) {
      const [of, [k]] = split(unit.dataset.name);
      const at = Number(of.slice(1));
      const same = index.length > 0 && at === layer && k === index[0];
      const said = [unit.dataset.name, unit.dataset.back].map(spoken);
      unit.setAttribute("aria-label", said.join(", "));
      unit.querySelector("title").textContent = said.join(", ");
      unit.classList.toggle("chosen", same && kind !== "");
      unit.classList.toggle("layer", at === step.layer);
      unit.classList.toggle("wrong", wrong(unit.dataset.name) || wrong(unit.dataset.back));
    }
    const edge = index.length === 2 ? `W${layer}.${index.join(".")}` : "";
    for (const one of document.querySelectorAll("svg .edge")) one.classList.toggle("chosen", one.dataset.name === edge);
  };
  const onPaper = () => {
    const given = notation().given.map((one) =>
      line(`<mrow>${fill(one, false)}<mo>=</mo>${fill(one, true)}</mrow>`)).join("");
    const all = steps().map((step) => `<h2>${where(step)} – ${sources(step)}</h2>${equations(step)}` +
      step.entries.map((name) => `<dl class="item">${item(name, true)}</dl>`).join(""));
    $("paper").innerHTML = (given ? `<h2>given</h2>${given}` : "") + all.join("");
  };
  const showSheet = () => {
    $("remark").textContent = notation().remark;
    nameLayers();
    onPaper();
  };
  const show = () => {
    if (data.blank) return showSheet();
    const all = steps();
    const at = Math.max(0, all.findIndex((step) => step.key === state.step));
    const step = all[at];
    state.step = step.key;
    $("remark").textContent = notation().remark;
    $("where").textContent = `Step ${at + 1} of ${all.length}: ${where(step)}`;
    $("previous").disabled = at === 0;
    $("next").disabled = at === all.length - 1;
    $("title").textContent = `${where(step)} – ${sources(step)}`;
    $("general").innerHTML = equations(step);
    $("results").innerHTML = `<ul class="results">${step.entries.map(result).join("")}</ul>`;
    const listed = data.phases.map((phase) => {
      const of = all.filter((one) => one.phase === phase);
      const buttons = of.map((one) => `<button type="button" data-step="${one.key}"` +
        `${one.key === step.key ? ' aria-current="step"' : ""} aria-label="${where(one)}">` +
        `${short(one)}${one.entries.some(wrong) ? " ✗" : ""} <small>${notation().steps[one.key].source}</small></button>`);
      return of.length ? `<b>${phase}</b>${buttons.join("")}` : "";
    });
    $("list").innerHTML = listed.join("");
    showEntry();
    showDrawing(step);
    if (location.protocol !== "about:") {  // a notebook's frame has no address of its own
      history.replaceState(null, "", `#${[state.notation, state.step, state.entry].filter(Boolean).join("/")}`);
    }
  };
  const SHORT = { Z: "Z", A: "A", A0: "X", ell: "ℓ", J: "J", GL: "∂ℓ/∂A", P: "φ′", D: "Δ", dW: "dW", G: "back", "W+": "W",
    E: "Δ⁽ᵏ⁾", t: "J̃ᵀr", c: "C", K: "J̃J̃ᵀ", s: "δ", j: "J̃δ", q: "Cδ" };
  const short = (step) => {
    const kind = step.key.slice(0, step.key.length - String(step.layer).length);
    return kind === "ell" || kind === "J" ? SHORT[kind] : `${SHORT[kind]} ${notation().layers[step.layer]}`;
  };

  // What is asked for

  const choose = (name) => {
    if (data.blank) return;
    const step = home(name);
    state.entry = name;
    if (step && step.key in notation().steps) state.step = step.key;
    show();
    const entry = $("entry");
    entry.scrollTop = 0;
    const { top } = entry.getBoundingClientRect();
    if (top < 0 || top > 0.8 * window.innerHeight) entry.scrollIntoView({ block: "start" });
  };
  const go = (by) => {
    const all = steps();
    const at = all.findIndex((step) => step.key === state.step) + by;
    if (at < 0 || at >= all.length) return;
    state.step = all[at].key;
    state.entry = all[at].entries[0];
    show();
  };
  const phaseNow = () => data.steps.find((step) => step.key === state.step).phase;
  const ofDrawing = (element) => {
    const name = element.dataset.name;
    const phase = phaseNow();
    if (name.startsWith("W")) {
      const wanted = phase === "update" ? name.replace("W", "W+") : `d${name}`;
      return formula(wanted) ? wanted : name;
    }
    return phase === "backward" ? element.dataset.back : name;
  };
  document.addEventListener("click", (event) => {
    const drawn = event.target.closest("svg [data-name]");
    if (drawn) return choose(ofDrawing(drawn));
    const step = event.target.closest("[data-step]");
    if (step) {
      state.step = step.dataset.step;
      state.entry = data.steps.find((one) => one.key === state.step).entries[0];
      show();
      return document.querySelector(`[data-step="${state.step}"]`).focus();
    }
    const named = event.target.closest("[data-name]");
    if (!named) return;
    const name = named.dataset.name;
    const within = named.closest("#results, #entry");
    choose(name);
    const same = within && document.querySelector(`#results button[data-name="${name}"]`);
    if (same) same.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("select, summary, .wide") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else if ((event.key === "Enter" || event.key === " ") && event.target.closest("svg .unit")) {
      event.preventDefault();
      choose(ofDrawing(event.target.closest("svg .unit")));
    }
  });
  $("previous")?.addEventListener("click", () => go(-1));
  $("next")?.addEventListener("click", () => go(1));
  $("notation").addEventListener("change", (event) => { state.notation = event.target.value; show(); });
  window.addEventListener("beforeprint", onPaper);
  document.addEventListener("mouseover", (event) => {
    const named = event.target.closest(".num");
    if (named && !named.title) named.setAttribute("title", data.values[named.dataset.name]);
  });

  const [asked, step, entry] = decodeURIComponent(location.hash.slice(1)).split("/");
  state.notation = data.notations.some((one) => one.name === asked) ? asked : $("notation").value;
  $("notation").value = state.notation;
  state.step = step || data.steps[0].key;
  const first = steps().find((one) => one.key === state.step) || steps()[0];
  state.entry = entry && entry in data.values ? entry : first.entries[0];
  show();
})();
