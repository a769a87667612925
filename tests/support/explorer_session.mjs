// A session of the page, asked from Python: node THIS folder payload engine.wasm; prints what a test compares.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createHash } from "node:crypto";

const [folder, tables, wasm] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { Engine } = await load("engine.mjs");
const { Session, KEPT } = await load("session.mjs");
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
  found.difference = Math.abs(session.difference("W1.2.3", 1e-5) - session.moment.read("dW1.2.3"));
  const paths = session.paths("W1.2.3"), row = session.moment.read("D1.2") * session.moment.read("A0.3");
  found.paths = Math.max(Math.abs(paths.get("W1.2.3") - row),
    Math.abs([1, 2, 3].reduce((all, k) => all + paths.get(`W2.${k}.2`), 0) - row));
}
{ // a link opens the same state
  const session = opened("xor");
  for (let k = 0; k < 7; k += 1) session.step();
  const link = JSON.parse(JSON.stringify(session.link));
  const { decodedFloats } = await load("session.mjs");
  const other = opened("xor", { ...link, data: payload.sets.find((one) => one.id === "xor"), theta: decodedFloats(link.theta),
    X: decodedFloats(link.X), Y: decodedFloats(link.Y) });
  found.link = session.theta.every((value, i) => value === other.theta[i]) && session.epoch === other.epoch;
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
