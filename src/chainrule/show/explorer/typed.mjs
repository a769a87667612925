// Widths, rows and arrays as they are typed, arrays in the letters and the layout of a notation: "V = [2 -1 0; 4 -1 -2] W = [4 -8 2]".

import { indexOf, places } from "./moment.mjs";

const fits = (value) => Number.isFinite(Math.fround(value));
const number = (text) => {
  const plain = text.replaceAll("−", "-"), parts = /^([-+]?\d+)\/(\d+)$/.exec(plain);
  return parts ? parts[1] / parts[2] : plain.trim() === "" ? NaN : Number(plain);
};
const MOST_WIDTH = 512;

// "3, 2, 2" or "3-2-2" as widths.
export const typedSizes = (text) => {
  const shape = /^\s*\d+(?:\s*(?:->|[-–→,;×x]|\s)\s*\d+)+\s*$/;
  const sizes = shape.test(text) ? text.match(/\d+/g).map(Number) : [];
  if (!sizes.length || sizes.some((width) => width < 1 || width > MOST_WIDTH)) {
    throw new Error(`Units “${text.slice(0, 40)}”; allowed: two or more widths from 1 to ${MOST_WIDTH}, as 3, 2, 2. Correct them.`);
  }
  return sizes;
};

// Rows, one a line: inputs; targets. Without a semicolon the targets are the last numbers of the line.
export const typedRows = (text, sizes) => {
  const X = [], Y = [], n = sizes[0], width = sizes.at(-1);
  text.split("\n").forEach((line, i) => {
    if (!line.trim()) return;
    const parts = line.split(";").map((part) => part.trim().split(/[\s,]+/).filter(Boolean).map(number));
    const [left, right] = parts.length > 1 ? parts : [parts[0].slice(0, n), parts[0].slice(n)];
    if (parts.length > 2 || left.length !== n || right.length !== width || ![...left, ...right].every(fits)) {
      throw new Error(`Line ${i + 1} of the rows, “${line.slice(0, 40)}”; allowed: ${n} ${n > 1 ? "numbers" : "number"}, a semicolon, ` +
        `${width} ${width > 1 ? "numbers" : "number"}, with decimal points. Correct it.`);
    }
    X.push(...left);
    Y.push(...right);
  });
  return { X: Float64Array.from(X), Y: Float64Array.from(Y) };
};

// A name without its brackets and carets.
const bare = (text) => text.replace(/[\s^()[\]{}_]/g, "").replace(/^theta$/, "θ");
const count = (n, what) => `${n} ${what}${n > 1 ? "s" : ""}`;
const COMMAS = "A comma separates numbers: write decimal points, 0.5.";

// The arrays that a notation asks for, with the places of their numbers: what is fixed stands as it is.
const wanted = (templates, shown) => {
  const found = [];
  for (let l = 1; l <= templates.L; l += 1) {
    for (const kind of templates.block.constant ? ["W"] : ["W", "b"]) {
      const grid = kind === "W" ? templates.grid(`W${l}`)
        : Array.from({ length: templates.choices.sizes[l] }, (_, k) => [`@b${l}.${k + 1}@`]);
      found.push({ array: kind + l, called: shown.text(templates.array(`${kind}${l}`), false), grid });
    }
  }
  return found;
};

// The lists of names that a document has for these arrays: that of the page, that of its other outputs, and, where the
// input is layer 1, that by the layer which W leads from (S3's numbering A).
const namings = (all, { templates, shown, payload, notation }) => {
  const { blocks, where } = payload.notations[notation], own = all.map((one) => one.called);
  const lists = [own, ...Object.values(where[String(templates.L)]).map((at) =>
    all.map(({ array }) => shown.text(templates.text(blocks[at].arrays[array]), false)))];
  if (templates.label(0) === "1") lists.push(own.map((name) => name.replace(/\d+/, (k) => String(k - 1))));
  return lists.filter((list, i) => lists.findIndex((one) => one.join() === list.join()) === i);
};

const rowsOf = (text) => text.split(";").map((row) => row.trim().split(/[\s,]+/).filter(Boolean).map(number));

// Names and what is in their brackets; a row may stand in brackets of its own, [[1, 2], [3, 4]].
const arraysIn = (text, forms, example) => {
  const plain = text.replace(/\]\s*,?\s*\[/g, ";").replace(/\[\s*\[/g, "[").replace(/\]\s*\]/g, "]");
  const found = [], part = /\s*([^=]*?)\s*=\s*\[([^\]]*)\]\s*[,;]?\s*/y;
  let at = 0;
  for (let match = part.exec(plain); match; match = part.exec(plain)) { found.push([match[1], match[2]]); at = part.lastIndex; }
  if (at < plain.length) throw new Error(`Weights “${plain.slice(at, at + 40)}”; allowed: ${forms}, each as ${example}. Type them so.`);
  return found;
};

// S3's θ: all W, row by row, then all b, which is how they lie; its n may stand beside it.
const typedTheta = (given, sizes) => {
  const D = places(sizes).count, of = (name) => given.filter(([one]) => bare(one) === name);
  const [[, inside]] = of("θ"), theta = rowsOf(inside).flat();
  if (given.length > 1 + of("n").length || of("n").length > 1) throw new Error("θ beside other arrays; allowed: θ, and n before it. Leave the others out.");
  for (const [, n] of of("n")) {
    if (rowsOf(n).flat().join() !== sizes.join()) throw new Error(`n = [${n.trim().slice(0, 40)}]; allowed: ${sizes.join(" ")}, as the units above. Correct one of them.`);
  }
  if (theta.length !== D || !theta.every(fits)) {
    throw new Error(`θ of ${count(theta.length, "number")}; allowed: ${D}, all W row by row, then all b. ${/\d,\d/.test(inside) ? COMMAS : "Count them."}`);
  }
  return Float64Array.from(theta);
};

// θ with the arrays that are typed; raises in the notation's letters.
export const typedParameters = (text, session) => {
  const { templates, shown, sizes, payload, notation } = session, where = places(sizes), all = wanted(templates, shown);
  const lists = namings(all, session), flat = payload.notations[notation].alone.includes("θ");
  const forms = [...lists.map((list) => list.join(", ")), ...(flat ? ["θ"] : [])].join("; or ");
  const given = arraysIn(text, forms, `“${all[0].called} = [1 2; 3 4]”`);
  if (flat && given.some(([name]) => bare(name) === "θ")) return typedTheta(given, sizes);
  if (all.some(({ grid }) => !grid.length)) throw new Error("Weights of layers wider than 12; allowed: first weights that are drawn. Leave the field empty.");
  const known = (list, name) => list.findIndex((one) => bare(one) === bare(name));
  const strange = (list) => given.find(([name]) => known(list, name) < 0);
  const names = lists.find((list) => !strange(list));
  if (!names) throw new Error(`The array ${strange(lists[0])[0]}; allowed: ${forms}. Correct its name.`);
  const theta = new Float64Array(where.count), seen = new Set();
  for (const [name, inside] of given) {
    const at = known(names, name), called = names[at], { grid } = all[at];
    if (seen.has(at)) throw new Error(`${called} twice; allowed: once. Leave one out.`);
    seen.add(at);
    let rows = rowsOf(inside);
    const flatRows = rows.flat();
    // a vector may be typed as a row or as a column
    if (grid[0].length === 1 && flatRows.length === grid.length) rows = flatRows.map((value) => [value]);
    const right = rows.length === grid.length && rows.every((row, i) => row.length === grid[i].length && row.every(fits));
    if (!right) {
      throw new Error(`${called} = [${inside.trim().slice(0, 40)}]; allowed: ${count(grid.length, "row")} of ${count(grid[0].length, "number")}, ` +
        `rows apart by semicolons, numbers as 0.5, 1e-3 or 1/3. ${/\d,\d/.test(inside) ? COMMAS : "Correct it."}`);
    }
    grid.forEach((places_, i) => places_.forEach((place, j) => {
      if (place.startsWith("@")) theta[indexOf(sizes, where, place.slice(1, -1))] = rows[i][j];
      else if (rows[i][j] !== Number(place)) {
        throw new Error(`${called} with ${rows[i][j]} in row ${i + 1}, column ${j + 1}; allowed: ${place}, which is fixed. Correct it.`);
      }
    }));
  }
  const missing = names.filter((_, at) => !seen.has(at));
  if (missing.length) throw new Error(`Weights without ${missing.join(", ")}; allowed: all of ${names.join(", ")}. Add them.`);
  return theta;
};

// The weights of a session as one would type them.
export const writtenParameters = (session) => wanted(session.templates, session.shown).map(({ called, grid }) =>
  `${called} = [${grid.map((row) => row.map((place) => place.startsWith("@") ? session.shown.rounded(session.moment.read(place.slice(1, -1))) : place)
    .join(" ")).join("; ")}]`).join("  ");
