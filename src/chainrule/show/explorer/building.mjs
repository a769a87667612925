// Another network: its form, and what is typed into it.

import { typedData } from "./links.mjs";
import { Session } from "./session.mjs";
import { typedParameters, typedRows, typedSizes } from "./typed.mjs";

const typedSeed = (text) => {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`The seed ${text}; allowed: a whole number from 0. Take 0, say.`);
  return seed;
};
const plain = (name) => name.replaceAll("_", " ").replace("(factor=1)", ", whole");

// at: what the page hands on: { root, payload, session, open, on }.
export const buildingOf = (at) => {
  const { root, payload, open, on } = at, view = root.ownerDocument.defaultView;
  const $ = (id) => root.querySelector(`#${id}`);

  on("build", "submit", async (event) => {
    event.preventDefault();
    refused(null);
    try {
      const sizes = read("build-sizes", typedSizes);
      await deeper(sizes.length - 1);
      open(built(sizes), "another network");
      view.scrollTo({ top: 0 });
    } catch (error) { refused(error); }
  });
  // What a field has, as `of` reads it; an error knows its field.
  const read = (id, of) => {
    try {
      return of($(id).value.trim());
    } catch (error) { throw Object.assign(error, { field: $(id) }); }
  };
  // Why it was refused, below the form and beside its field; null where it was not.
  const refused = (error) => {
    for (const one of $("build").querySelectorAll("[aria-invalid]")) {
      one.removeAttribute("aria-invalid");
      one.removeAttribute("aria-describedby");
    }
    $("build-trouble").textContent = error ? `${error.message} Nothing was changed.` : "";
    if (!error) return;
    error.field?.setAttribute("aria-invalid", "true");
    error.field?.setAttribute("aria-describedby", "build-trouble");
    error.field?.focus();
    $("build-trouble").scrollIntoView({ block: "nearest" });
  };
  // A page from a server asks it for the equations of a depth that it does not have.
  const deeper = async (depth) => {
    if (String(depth) in payload.notations.canonical.where || view.location.protocol !== "http:") return;
    const answer = await fetch(`tables${view.location.search}`, { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ depth }) }).catch(() => null);
    if (answer?.ok) Object.assign(payload, await answer.json());
  };
  const built = (sizes) => {
    const depth = sizes.length - 1;
    if (!(String(depth) in payload.notations.canonical.where)) {
      const served = view.location.protocol === "http:";
      throw new Error(`${depth} layers of weights; allowed: ${Object.keys(payload.notations.canonical.where).join(", ")}. ` +
        (served ? "Take fewer layers." : "Take fewer layers, or open the page by chainrule explore, which has up to 12."));
    }
    const activations = Array.from({ length: depth }, (_, l) => l + 1 < depth ? $("build-hidden").value : $("build-output").value);
    const { settings, rowsOfOwn, rows: present, engine } = at.session, { data } = settings;
    const found = { sizes, activations, loss: $("build-loss").value, optimizer: settings.optimizer, learning_rate: settings.learning_rate,
      seed: read("build-seed", typedSeed), initializer: $("build-initializer").value, data, batch: settings.batch, ...rowsOfOwn };
    if (!(`${activations.at(-1)}|${found.loss}` in payload.outputs)) {
      throw new Error(`${plain(found.loss)} on ${plain(activations.at(-1))} outputs do not fit. Choose another output or another loss.`);
    }
    const typed = read("build-rows", (text) => text && typedRows(text, sizes));
    if (typed) {
      const { X, Y } = typed, rows = X.length / sizes[0];
      Object.assign(found, { data: typedData(sizes, rows), X: Float32Array.from(X), Y: Float32Array.from(Y), exactX: X, exactY: Y, batch: rows });
    } else if (data.inputs !== sizes[0] || data.outputs !== sizes.at(-1)) {
      throw new Error(`${sizes[0]} inputs and ${sizes.at(-1)} outputs for rows of ${data.inputs} and ${data.outputs}. Change the units, or type rows.`);
    } else if (data.id === "typed") found.data = typedData(sizes, present); // which is another one to come back to
    // All of it is tried before anything takes the place of what is here.
    const draft = new Session(engine, payload, { ...found, notation: at.session.notation });
    try {
      draft.look();
      const theta = read("build-weights", (text) => text && typedParameters(text, draft));
      return theta ? { ...found, theta, exactTheta: theta } : found;
    } finally { draft.network.free(); }
  };
};
