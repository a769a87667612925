// Formulas as the page shows them: lines that break, and labels of drawings.

import { parse, SIGNS } from "./markup.mjs";

const MATH = "http://www.w3.org/1998/Math/MathML";
export const math = (inside) => `<math xmlns="${MATH}">${inside}</math>`;

// No browser breaks a formula over lines: each part from = + or − on, outside of brackets, is one of its own; so is what
// follows a ⟩ where the line is long.
export const broken = (inside) => {
  const host = document.createElement("div");
  host.innerHTML = math(inside);
  const parts = [[]], open = [];
  let depth = 0, sign = true, last = null;
  const wide = (one) => one !== null && one.innerHTML.includes("<mtr") && one.querySelectorAll("mtr:first-of-type > mtd").length > 2;
  // A bracket that is long breaks within, too.
  const isLong = (siblings, from) => {
    let level = 0, length = 0;
    for (const one of siblings.slice(from)) {
      const text = one.localName === "mo" ? one.textContent : "";
      level += Number(text === "(") - Number(text === ")");
      if (!level) break;
      length += one.textContent.length;
    }
    return length > 36;
  };
  const walk = (row) => {
    const siblings = [...row.children];
    for (const [at, one] of siblings.entries()) {
      const first = one.firstElementChild;
      const bracketed = first && first.localName === "mo" && "([".includes(first.textContent);
      if (one.localName === "mrow" && !one.attributes.length && !bracketed) { walk(one); continue; }
      const text = one.localName === "mo" ? one.textContent : "";
      if (text === "(") {
        open.push(Number(!isLong(siblings, at)));
        depth += open.at(-1);
        if (!open.at(-1)) one.setAttribute("stretchy", "false");
      } else if (text === ")") {
        const counted = open.pop() ?? 0;
        depth -= counted;
        if (!counted) one.setAttribute("stretchy", "false");
      } else if (text && "=+−".includes(text) && !depth && !sign) {
        one.setAttribute("form", "infix");
        parts.push([]);
      }
      if (!depth && wide(one) && wide(last)) parts.push([]); // between two matrices
      last = one;
      sign = Boolean(text) && text !== ")" && text !== "⟩";
      parts.at(-1).push(one.outerHTML);
      if (text === "⟩" && !depth && parts.at(-1).length > 12) parts.push([]);
    }
  };
  walk(host.firstElementChild);
  return parts.filter((part) => part.length).map((part) => math(part.join(""))).join("<wbr>");
};
export const line = (inside) => `<div class="line">${broken(inside)}</div>`;

// A symbol as the inside of an SVG text, its scripts raised and lowered.
export const svgSymbol = (markup) => {
  let shift = 0;
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const span = (text, level, small) => {
    const dy = level - shift;
    shift = level;
    return `<tspan${dy ? ` dy="${dy}"` : ""}${small ? ' font-size="72%"' : ""}>${escape(text)}</tspan>`;
  };
  const walk = (one, level, small) => {
    switch (one.kind) {
      case "row": return one.parts.map((part) => walk(part, level, small)).join("");
      case "script": {
        const above = one.parts[2], below = one.parts[1];
        return walk(one.parts[0], level, small) + (above.parts.length || above.text ? walk(above, level - 4.5, true) : "") +
          (below.parts.length || below.text ? walk(below, level + 3.5, true) : "");
      }
      case "frac": return walk(one.parts[0], level, small) + span("/", level, small) + walk(one.parts[1], level, small);
      default: return span(one.text in SIGNS && one.kind !== "letter" && one.kind !== "word" ? SIGNS[one.text] : one.text, level, small);
    }
  };
  const made = walk(parse(markup), 0, false);
  return made + (shift ? `<tspan dy="${-shift}">\u200b</tspan>` : "");
};
