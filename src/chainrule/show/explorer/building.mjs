// Another network: its form, and what is typed into it.

import { typedData } from "./links.mjs";
import { typedParameters, typedRows, typedSizes } from "./typed.mjs";

const typedSeed = (text) => {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`The seed ${text}; allowed: a whole number from 0. Take 0, say.`);
  return seed;
};
const plain = (name) => name.replaceAll("_", " ").replace("(factor=1)", ", whole");

// at: what the page hands on: { root, payload, session, open, render, on }.
export const buildingOf = (at) => {
  const { root, payload, open, render, on } = at, view = root.ownerDocument.defaultView;
  const $ = (id) => root.querySelector(`#${id}`);

  on("build", "submit", async (event) => {
    event.preventDefault();
    $("build-trouble").textContent = "";
    try {
      await deeper(typedSizes($("build-sizes").value).length - 1);
      const weights = $("build-weights").value.trim();
      open(built());
      if (weights) {
        at.session.setTyped(typedParameters(weights, at.session));
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
    const sizes = typedSizes($("build-sizes").value), depth = sizes.length - 1;
    if (!(String(depth) in payload.notations.canonical.where)) {
      const served = view.location.protocol === "http:";
      throw new Error(`${depth} layers of weights; allowed: ${Object.keys(payload.notations.canonical.where).join(", ")}. ` +
        (served ? "Take fewer layers." : "Take fewer layers, or open the page by chainrule explore, which has up to 12."));
    }
    const activations = Array.from({ length: depth }, (_, l) => l + 1 < depth ? $("build-hidden").value : $("build-output").value);
    const typed = $("build-rows").value.trim();
    const from = { sizes, activations, loss: $("build-loss").value, optimizer: at.session.settings.optimizer, learning_rate: at.session.settings.learning_rate,
      seed: typedSeed($("build-seed").value), initializer: $("build-initializer").value, notation: at.session.notation };
    if (!(`${from.activations.at(-1)}|${from.loss}` in payload.outputs)) {
      throw new Error(`${plain(from.loss)} on ${plain(from.activations.at(-1))} outputs do not fit. Choose another output or another loss.`);
    }
    let found = { ...from, data: at.session.settings.data, batch: at.session.settings.batch };
    if (typed) {
      const { X, Y } = typedRows(typed, sizes), rows = X.length / sizes[0], data = typedData(sizes, rows);
      found = { ...found, data, X: Float32Array.from(X), Y: Float32Array.from(Y), exactX: X, exactY: Y, batch: rows };
      data.start = { ...found, data: undefined };
      at.session.engine.network(at.session.described({ l1: 0, l2: 0, dropout: 0, ...found })).free(); // raises where it cannot be
      payload.sets = [...payload.sets.filter((one) => one.id !== "typed"), data];
    } else {
      const { data } = at.session.settings;
      if (data.inputs !== sizes[0] || data.outputs !== sizes.at(-1)) {
        throw new Error(`${sizes[0]} inputs and ${sizes.at(-1)} outputs for rows of ${data.inputs} and ${data.outputs}. Change the units, or type rows.`);
      }
      Object.assign(found, at.session.rowsOfOwn);
    }
    return found;
  };
};
