// Widths, rows and arrays as they are typed, arrays in the letters and the layout of a notation: "V = [2 -1 0; 4 -1 -2] W = [4 -8 2]".

import { indexOf, places } from "./moment.mjs";

const fits = (value) => Number.isFinite(Math.fround(value));
const number = (text) => text.trim() === "" ? NaN : Number(text.replace("−", "-"));
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

const bare = (text) => text.replace(/[\s^()[\]{}_]/g, "");

// The arrays that a notation asks for, with the places of their numbers: what is fixed stands as it is.
const wanted = (templates, shown) => {
  const found = [];
  for (let l = 1; l <= templates.L; l += 1) {
    for (const kind of templates.block.constant ? ["W"] : ["W", "b"]) {
      const grid = kind === "W" ? templates.grid(`W${l}`)
        : Array.from({ length: templates.choices.sizes[l] }, (_, k) => [`@b${l}.${k + 1}@`]);
      found.push({ called: shown.text(templates.array(`${kind}${l}`), false), grid });
    }
  }
  return found;
};

const rowsOf = (text) => text.split(";").map((row) => row.trim().split(/[\s,]+/).filter(Boolean).map(number));

// θ with the arrays that are typed; raises in the notation's letters.
export const typedParameters = (text, session) => {
  const { templates, shown, sizes } = session, theta = Float64Array.from(session.theta), where = places(sizes), all = wanted(templates, shown);
  if (all.some(({ grid }) => !grid.length)) throw new Error("Weights of layers wider than 12; allowed: first weights that are drawn. Leave the field empty.");
  const names = all.map((one) => one.called).join(", ");
  const given = [...text.matchAll(/([^=]*?)\s*=\s*\[([^\]]*)\]/g)].map(([all, name, inside]) => [all, name.replace(/^[\s,;]+/, ""), inside]);
  if (!given.length) throw new Error(`Weights ${text.slice(0, 40)}; allowed: ${names}, each as "${all[0].called} = [1 2; 3 4]". Type them so.`);
  const seen = new Set();
  for (const [, name, inside] of given) {
    const one = all.find(({ called }) => bare(called) === bare(name));
    if (!one) throw new Error(`The array ${name.trim()}; allowed: ${names}. Correct its name.`);
    seen.add(one);
    let rows = rowsOf(inside);
    const { grid } = one, flat = rows.flat();
    // a vector may be typed as a row or as a column
    if (grid[0].length === 1 && flat.length === grid.length) rows = flat.map((value) => [value]);
    const right = rows.length === grid.length && rows.every((row, i) => row.length === grid[i].length && row.every(fits));
    if (!right) throw new Error(`${one.called} = [${inside.trim().slice(0, 40)}]; allowed: ${grid.length} rows of ${grid[0].length} numbers, rows apart by semicolons. Correct it.`);
    grid.forEach((places_, i) => places_.forEach((place, j) => {
      if (place.startsWith("@")) theta[indexOf(sizes, where, place.slice(1, -1))] = rows[i][j];
      else if (rows[i][j] !== Number(place)) {
        throw new Error(`${one.called} with ${rows[i][j]} in row ${i + 1}, column ${j + 1}; allowed: ${place}, which is fixed. Correct it.`);
      }
    }));
  }
  const missing = all.filter((one) => !seen.has(one)).map((one) => one.called);
  if (missing.length) throw new Error(`Weights without ${missing.join(", ")}; allowed: all of ${names}. Add them.`);
  return theta;
};

// The weights of a session as one would type them.
export const writtenParameters = (session) => wanted(session.templates, session.shown).map(({ called, grid }) =>
  `${called} = [${grid.map((row) => row.map((place) => place.startsWith("@") ? session.shown.rounded(session.moment.read(place.slice(1, -1))) : place)
    .join(" ")).join("; ")}]`).join("  ");
