// Jobs for the engine in a page, by tests/support/page_engine.py: in Node, or in a browser.

const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array };

// Arrays travel as [kind, base64].
export function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  if (!value.array) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpacked(one)]));
  const bytes = Uint8Array.from(atob(value.array[1]), (c) => c.charCodeAt(0));
  return new KINDS[value.array[0]](bytes.buffer);
}

export function packed(value) {
  if (ArrayBuffer.isView(value)) {
    const kind = Object.keys(KINDS).find((name) => value instanceof KINDS[name]);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const parts = [];
    for (let i = 0; i < bytes.length; i += 8192) parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
    return { array: [kind, btoa(parts.join(""))] };
  }
  if (Array.isArray(value)) return value.map(packed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, packed(one)]));
}

function network_of(engine, job) {
  const network = engine.network(job.network);
  if (job.X) network.set_rows(job.X, job.Y, job.weights);
  return network;
}

// Epochs, an epoch cut into pieces of `piece` batches, until so many batches are passed.
function train(network, { seed, batch, batches, piece, rates }, after = () => {}) {
  const each = network.batches(batch);
  let outcome;
  for (let done = 0; done < batches; ) {
    const first = done % each;
    const last = Math.min(each, first + (piece ?? each), first + batches - done);
    const learning_rates = rates?.slice(done, done + last - first);
    const before = first ? outcome : undefined;
    outcome = network.epoch({ seed, epoch: Math.floor(done / each), batch, first, last, before, learning_rates });
    done += last - first;
    after();
  }
  return outcome;
}

const JOBS = {
  tables: (engine) => ({
    activations: engine.activations, losses: engine.losses, optimizers: engine.optimizers,
    initializers: Object.keys(engine.initializers),
  }),

  train(engine, job) {
    const network = network_of(engine, job);
    const outcome = train(network, job);
    const { parameters, steps } = network;
    const slots = Object.values(network.slots);
    const answer = { parameters, slots, steps, outcome, strategy: network.strategy(job.batch) };
    network.free();
    return answer;
  },

  // The steps of an epoch by their row numbers.
  by_rows(engine, job) {
    const network = network_of(engine, job);
    const { rows } = network;
    for (let done = 0, epoch = 0; done < job.batches; epoch++) {
      const order = engine.order({ rows, seed: job.seed, epoch });
      for (let at = 0; at < rows && done < job.batches; at += job.batch, done++) {
        network.step(order.subarray(at, at + job.batch), { batch: job.batch });
      }
    }
    return { parameters: network.parameters };
  },

  // How many of the states come back, bit by bit: k steps forward from each, then back.
  back_and_forth(engine, job) {
    const network = network_of(engine, job);
    const states = [network.state()];
    const text = (bytes) => bytes.join();
    train(network, { ...job, piece: 1 }, () => states.push(network.state()));
    const wrong = [];
    for (let k = 1; k < states.length; k++) {
      network.restore(states[states.length - 1 - k]); // k steps back
      const each = network.batches(job.batch);
      const from = states.length - 1 - k;
      const back = text(network.state()) === text(states[from]);
      for (let done = from; done < states.length - 1; ) {
        const first = done % each;
        const last = Math.min(each, first + states.length - 1 - done);
        network.epoch({ seed: job.seed, epoch: Math.floor(done / each), batch: job.batch, first, last });
        done += last - first;
      }
      if (!back || text(network.state()) !== text(states.at(-1))) wrong.push(k);
    }
    return { states: states.length, wrong, parameters: network.parameters };
  },

  predict(engine, job) {
    const network = network_of(engine, job);
    return { A: network.predict(job.X), J: network.loss(), of_some: network.loss(job.rows) };
  },

  trace(engine, job) {
    const network = network_of(engine, job);
    const { X, Y, weights, masks, parameters } = job.instead;
    const answer = network.trace(job.rows ?? null, { X, Y, weights, masks, parameters });
    network.free();
    return answer;
  },

  masks: (engine, job) => network_of(engine, job).masks(job.key),
  order: (engine, job) => engine.order(job),
  initial: (engine, job) => engine.initial(job),
  draws: (engine, { seed, count }) => ({
    uniform: engine.draws(seed).uniform(count, -2, 3),
    normal: engine.draws(seed).normal(count, 1, 2),
    permutation: engine.draws(seed).permutation(count),
  }),

  // One after the other on one network: what may change while it trains.
  changed(engine, job) {
    let network = network_of(engine, job);
    for (const changes of job.changes) {
      train(network, job);
      network = network.changed(changes);
    }
    train(network, job);
    return { parameters: network.parameters, description: network.description, steps: network.steps };
  },

  refused(engine, job) {
    try {
      const network = network_of(engine, job);
      if (job.call) network[job.call](...job.arguments);
      return null;
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  },

  // Of loading the engine, and of each epoch.
  seconds(engine, job) {
    const network = network_of(engine, job);
    const seconds = [];
    for (let epoch = 0; epoch < job.epochs; epoch++) {
      const began = performance.now();
      network.epoch({ epoch, batch: job.batch });
      seconds.push((performance.now() - began) / 1000);
    }
    return { load: engine.load_seconds, epochs: seconds };
  },
};

/** The answers to packed jobs, packed. */
export async function answers(Engine, bytes, jobs) {
  const began = performance.now();
  const engine = await Engine.load(bytes);
  engine.load_seconds = (performance.now() - began) / 1000;
  return jobs.map((job) => packed(JOBS[job.do](engine, unpacked(job)) ?? null));
}
