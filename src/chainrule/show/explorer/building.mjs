// Another network: its form, and what is typed into it.

import { typedParameters } from "./typed.mjs";

const plain = (name) => name.replaceAll("_", " ").replace("(factor=1)", ", whole");

// at: what the page hands on: { root, payload, session, open, render, on }.
export const buildingOf = (at) => {
  const { root, payload, open, render, on } = at, view = root.ownerDocument.defaultView;
  const $ = (id) => root.querySelector(`#${id}`);

  on("build", "submit", async (event) => {
    event.preventDefault();
    $("build-trouble").textContent = "";
    try {
      await deeper($("build-sizes").value.split(/[^\d]+/).filter(Boolean).length - 1);
      const weights = $("build-weights").value.trim();
      open(built());
      if (weights) {
        at.session.network.parameters = typedParameters(weights, at.session);
        at.session.touched();
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
    const from = { sizes, activations, loss: $("build-loss").value, optimizer: at.session.settings.optimizer, learning_rate: at.session.settings.learning_rate,
      seed: Number($("build-seed").value) || 0, initializer: $("build-initializer").value, notation: at.session.notation };
    if (!(`${from.activations.at(-1)}|${from.loss}` in payload.outputs)) {
      throw new Error(`${plain(from.loss)} on ${plain(from.activations.at(-1))} outputs do not fit. Choose another output or another loss.`);
    }
    let found = { ...from, data: at.session.settings.data, batch: at.session.settings.batch };
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
      const { data } = at.session.settings;
      if (data.inputs !== sizes[0] || data.outputs !== sizes.at(-1)) {
        throw new Error(`${sizes[0]} inputs and ${sizes.at(-1)} outputs for rows of ${data.inputs} and ${data.outputs}. Change the units, or type rows.`);
      }
      if (data.id === "typed" || at.session.X.length / sizes[0] !== data.rows) found = { ...found, X: at.session.X, Y: at.session.Y };
    }
    return found;
  };
};
