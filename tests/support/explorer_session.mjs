// A session of the page, asked from Python: node THIS folder payload engine.wasm; prints what a test compares.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createHash } from "node:crypto";

const [folder, tables, wasm] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { Engine } = await load("engine.mjs");
const { Session, KEPT } = await load("session.mjs");
const { linkOf, settingsOf } = await load("links.mjs");
const payload = JSON.parse(readFileSync(tables, "utf8"));
const engine = await Engine.load(readFileSync(wasm));
const digest = (session) => createHash("sha256").update(session.network.state()).digest("hex");
const opened = (id, more = {}) => {
  const set = payload.sets.find((one) => one.id === id);
  return new Session(engine, payload, { ...set.start, data: set, ...more });
};
const found = {};

{ // k steps forward and k back, and forward again: the same bits
  const session = opened("iris", { dropout: 0.2 }), bits = [digest(session)];
  for (let k = 1; k <= KEPT; k += 1) { session.step(); bits.push(digest(session)); }
  const wrong = [];
  for (let k = 1; k <= KEPT; k += 1) {
    if (!session.back() || digest(session) !== bits[KEPT - k]) wrong.push(-k);
  }
  found.beyond = session.back();
  for (let k = 1; k <= KEPT; k += 1) {
    session.step();
    if (digest(session) !== bits[k]) wrong.push(k);
  }
  found.steps = KEPT;
  found.wrong = wrong;
  // back, then trained anew after a change that is undone: again the same
  for (let k = 0; k < 20; k += 1) session.back();
  session.look();
  session.remember("a weight");
  session.setParameter("W1.1.1", 3);
  session.step();
  const other = digest(session);
  session.undo();
  found.undone = digest(session) === bits[KEPT - 20];
  session.step();
  found.again = digest(session) === bits[KEPT - 19] && other !== bits[KEPT - 19];
}
{ // what the page shows before a step is what the step does
  const session = opened("example", { optimizer: "adam", learning_rate: 0.1 });
  let worst = 0;
  for (let k = 0; k < 30; k += 1) {
    session.look();
    const names = session.templates.steps.filter((step) => step.kind === "W+").flatMap((step) => step.entries())
      .filter((name) => /^[Wb]\+/.test(name));
    const said = names.map((name) => session.moment.read(name));
    session.step();
    session.look();
    names.forEach((name, i) => { worst = Math.max(worst, Math.abs(said[i] - session.moment.read(name.replace("+", "")))); });
  }
  found.announced = worst;
}
{ // frozen and removed units
  const session = opened("iris");
  session.look();
  session.freeze("1.2");
  const before = [...Array(4)].map((_, j) => session.moment.read(`W1.2.${j + 1}`));
  session.remove("1.4");
  for (let k = 0; k < 25; k += 1) session.step();
  session.look();
  found.frozen = [...Array(4)].every((_, j) => session.moment.read(`W1.2.${j + 1}`) === before[j]);
  found.removed = [...Array(4)].every((_, j) => session.moment.read(`W1.4.${j + 1}`) === 0) &&
    [1, 2, 3].every((k) => session.moment.read(`W2.${k}.4`) === 0);
  found.others = session.moment.read("W1.1.1") !== payload.sets.find((one) => one.id === "iris").start.theta?.[0];
}
{ // shares add up to the gradient, paths to that of the row; differences agree
  const session = opened("iris", { batch: 8 });
  session.look();
  const sum = (values) => [...values].reduce((a, b) => a + b, 0);
  found.shares = Math.abs(sum(session.shares("W1.2.3")) - session.moment.read("dW1.2.3"));
  const names = ["W1.2.3", "b2.1", "D1.2", "D2.3", "Z1.1", "G1.4", "A2.2", "G0.3", "A0.1"];
  found.difference = Math.max(...names.map((name) => {
    const { by, derived } = session.quotientOf(name);
    return Math.abs(session.difference(by, 1e-5) - session.moment.read(derived));
  }));
  const paths = session.paths("W1.2.3"), row = session.moment.read("D1.2") * session.moment.read("A0.3");
  found.paths = Math.max(Math.abs(paths.get("W1.2.3") - row),
    Math.abs([1, 2, 3].reduce((all, k) => all + paths.get(`W2.${k}.2`), 0) - row));
}
{ // every output with every loss, every activation, every optimizer: formulas and differences agree with the engine
  const rows = 4, wrong = [];
  const numbers = (count, at) => Float32Array.from({ length: count }, (_, i) => Math.sin(at + 1.7 * i));
  let count = 0;
  const check = (more) => {
    const whole = !["squared_error", "squared_error(factor=1)", "huber", "log_cosh", "absolute_error", "pinball"].includes(more.loss);
    const Y = whole ? Float32Array.from({ length: 2 * rows }, (_, i) => Number(i % 2 === (i >> 1) % 2)) : numbers(2 * rows, 2);
    const session = new Session(engine, payload, { sizes: [3, 3, 2], optimizer: "gradient_descent", learning_rate: 0.01, batch: rows,
      data: { id: "typed", inputs: 3, outputs: 2, rows, names: ["a", "b", "c"] }, X: numbers(3 * rows, 1), Y, ...more });
    const fine = session.step();
    session.look();
    for (const name of session.templates.steps.flatMap((step) => step.entries())) {
      const value = session.moment.read(name), room = Math.max(1, Math.abs(value)), quotient = session.quotientOf(name);
      const again = session.shown.again(name), moved = quotient?.derived === name ? session.difference(quotient.by, 1e-6) : value;
      count += 1;
      if (!fine || !(Math.abs(again - value) <= 1e-9 * room) || !(Math.abs(moved - value) <= 1e-6 * room)) wrong.push([name, value, again, moved, more]);
    }
    session.network.free();
  };
  for (const pair of Object.keys(payload.outputs)) check({ activations: ["tanh", pair.split("|")[0]], loss: pair.split("|")[1] });
  for (const phi of Object.keys(payload.activations)) check({ activations: [phi, "identity"], loss: "squared_error", dropout: 0.25 });
  for (const optimizer of Object.keys(payload.optimizers)) check({ activations: ["sigmoid", "softmax"], loss: "cross_entropy", optimizer, l1: 0.01, l2: 0.02 });
  found.everywhere = wrong;
  found.everywhereCount = count;
}
{ // a link opens the same state: the next steps have the same bits, and what was typed is as it was typed
  const session = opened("xor", { batch: 3 });
  for (let k = 0; k < 7; k += 1) session.step();
  session.look();
  session.setInput(1, 0.1);
  session.setParameter("W1.1.1", 0.3);
  const text = JSON.stringify(linkOf(session, { held: ["1.2"], removed: [] }).link);
  const other = new Session(engine, payload, settingsOf(JSON.parse(text), payload));
  session.freeze("1.2");
  session.look();
  other.look();
  found.link = digest(session) === digest(other) && other.moment.read("W1.1.1") === 0.3 && other.moment.read("A0.1") === 0.1;
  for (let k = 0; k < 9; k += 1) { session.step(); other.step(); }
  found.link &&= digest(session) === digest(other) && other.network.steps === 16;
  // and what somebody else wrote is refused
  const wrong = { sizes: [[2, 0, 1], [2, 3], [2, 3.5, 1], [2, 1e9, 1], "2,3,1", null, Array(90).fill(1)], activations: [["tanh"], ["tanh", "__proto__"], 5],
    loss: ["toString", 0], optimizer: ["lbfgs", {}], notation: ["keys", "S9", "<b>"], learning_rate: [0, -1, "1", null, 1e300],
    l1: [-1, null], l2: ["x"], dropout: [1, -0.1], seed: [-1, 2.5], row: [-1, "0"], epoch: [null], batchNumber: [1.5], batch: [0, "4"],
    X: ["AAAA", "!", 5, "AACAfw=="], Y: [btoa("1234")], state: ["AAAA", btoa("x".repeat(24)), 7], theta: [btoa("12345678")], data: ["none", null, 3],
    held: [["9.1"], ["1.x"], "1.1", [5]], removed: [["1.99"]] };
  found.opened = Object.entries(wrong).flatMap(([name, values]) => values.map((value) => [name, value])).filter(([name, value]) => {
    try { settingsOf({ ...JSON.parse(text), [name]: value }, payload); return true; } catch (error) { return !/; allowed: .*\. /.test(error.message); }
  });
}
{ // a step that leaves the finite numbers is not made
  const session = opened("example", { loss: "squared_error", activations: ["identity", "identity"], learning_rate: 1e30 });
  const before = digest(session);
  let fine = true;
  let k = 0;
  while (fine && k < 50) { fine = session.step(); k += 1; }
  session.look();
  found.stopped = !fine && Number.isFinite(session.moment.trace.J) && before !== undefined;
}
console.log(JSON.stringify(found));
