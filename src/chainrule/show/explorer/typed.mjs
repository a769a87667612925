// Arrays typed in the letters and the layout of a notation: "V = [2 -1 0; 4 -1 -2] W = [4 -8 2]".

import { indexOf, places } from "./moment.mjs";

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

const rowsOf = (text) => text.split(";").map((row) => row.trim().split(/[\s,]+/).filter(Boolean).map((one) => Number(one.replace("−", "-"))));

// θ with the arrays that are typed; raises in the notation's letters.
export const typedParameters = (text, session) => {
  const { templates, shown, sizes } = session, theta = session.theta, where = places(sizes), all = wanted(templates, shown);
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
    const fits = rows.length === grid.length && rows.every((row, i) => row.length === grid[i].length && row.every(Number.isFinite));
    if (!fits) throw new Error(`${one.called} of ${rows.length} rows; allowed: ${grid.length} rows of ${grid[0].length} numbers. Correct it.`);
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
