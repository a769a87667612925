// Formulas as `explanation/markup.py` writes them: read as a tree, shown as text, LaTeX or MathML.

const NAMES = `partial ∂ delta δ Delta Δ phi φ sigma σ mu μ alpha α eta η theta θ lambda λ beta β epsilon ε rho ρ ell ℓ
Phi Φ nabla ∇ pi π odot ⊙ cdot · sum Σ le ≤ ge ≥ cdots ⋯ leftarrow ← top ᵀ prime ′ minus − mid | Norm ‖ langle ⟨
rangle ⟩ approx ≈ times × infty ∞ to →`.split(/\s+/);
export const SIGNS = { quad: "  ", thin: " " };
for (let i = 0; i < NAMES.length; i += 2) SIGNS[NAMES[i]] = NAMES[i + 1];
export const FUNCTIONS = ["log", "exp", "tanh", "max", "min", "cosh"];
const LATEX = { thin: "\\,", minus: "-", Norm: "\\Vert", sum: "\\textstyle\\sum" };
const RELATIONS = new Set(["=", "+", "<", ">", "cdot", "odot", "le", "ge", "leftarrow", "minus", "approx", "times", "to"]);
const OPERATORS = new Set(["sum", "cdots", "quad", "mid", "Norm", "langle", "rangle", "thin",
  ...[...RELATIONS].filter((name) => name in SIGNS)]);
const TOKEN = /\\\\|\\[A-Za-z]+|@[^@]*@|\d+(?:\.\d+)?|\s+|./gsu;
const LETTER = /^\p{L}$/u;

const node = (kind, text = "", parts = []) => ({ kind, text, parts });
const EMPTY = node("row");
const isEmpty = (one) => one.kind === "row" && !one.parts.length;

export const parse = (source) => row(source.match(TOKEN) || [], 0, [])[0];

const row = (tokens, start, ends) => {
  const parts = [];
  let at = start;
  while (at < tokens.length && !ends.includes(tokens[at])) {
    if (/^\s/.test(tokens[at])) at += 1;
    else if (tokens[at] === "^" || tokens[at] === "_") {
      const above = tokens[at] === "^";
      const [script, next] = group(tokens, at + 1);
      at = next;
      let base = parts.length ? parts.pop() : EMPTY, below = EMPTY, over = EMPTY;
      if (base.kind === "script" && isEmpty(base.parts[above ? 2 : 1])) [base, below, over] = base.parts;
      parts.push(node("script", "", above ? [base, below, script] : [base, script, over]));
    } else {
      const [part, next] = onePart(tokens, at);
      parts.push(part);
      at = next;
    }
  }
  return [parts.length === 1 ? parts[0] : node("row", "", parts), at];
};
const group = (tokens, at) => {
  if (tokens[at] !== "{") return onePart(tokens, at);
  const [found, end] = row(tokens, at + 1, ["}"]);
  return [found, end + 1];
};
const onePart = (tokens, at) => {
  const token = tokens[at], name = token.slice(1);
  if (token[0] === "@") return [node("place", token.slice(1, -1)), at + 1];
  if (token === "{") return group(tokens, at);
  if (token[0] !== "\\") {
    const kind = /^\d/.test(token) ? "number" : LETTER.test(token) ? "letter" : "operator";
    return [node(kind, token), at + 1];
  }
  if (name === "text" || name === "word") {
    const end = tokens.indexOf("}", at + 1);
    return [node(name, tokens.slice(at + 2, end).join("")), end + 1];
  }
  if (name === "frac") {
    const [top, middle] = group(tokens, at + 1);
    const [bottom, end] = group(tokens, middle);
    return [node("frac", "", [top, bottom]), end];
  }
  if (name === "sqrt") {
    const [inside, end] = group(tokens, at + 1);
    return [node("sqrt", "", [inside]), end];
  }
  if (name === "rows") return matrix(tokens, at + 2);
  if (FUNCTIONS.includes(name)) return [node("function", name), at + 1];
  return [node(OPERATORS.has(name) ? "operator" : "sign", name), at + 1];
};
const matrix = (tokens, start) => {
  const lines = [];
  let cells = [], at = start;
  for (;;) {
    const [cell, next] = row(tokens, at, ["&", "\\\\", "}"]);
    cells.push(cell);
    at = next + 1;
    if (tokens[next] !== "&") { lines.push(node("row", "", cells)); cells = []; }
    if (tokens[next] === "}") return [node("rows", "", lines), at];
  }
};

// Text

export const toText = (one, fill) => {
  const inside = one.parts.map((part) => one.kind === "rows" ? "" : toText(part, fill));
  switch (one.kind) {
    case "row": return spaced(one.parts, inside);
    case "script": {
      const [base, below, over] = inside, script = one.parts[2];
      const lifted = script.kind === "sign" && script.text === "top" ? "ᵀ"
        : script.kind === "sign" && script.text === "prime" ? "′" : "";
      return base + lifted + lowered("^", lifted ? "" : over) + lowered("_", below);
    }
    case "frac": return `${grouped(one.parts[0], inside[0])}/${grouped(one.parts[1], inside[1])}`;
    case "sqrt": return ["row", "frac"].includes(one.parts[0].kind) ? `√(${inside[0]})` : `√${inside[0]}`;
    case "rows":
      return `[${one.parts.map((line) => line.parts.map((cell) => toText(cell, fill)).join(" ")).join("; ")}]`;
    case "place": return fill(one.text);
    default: return (one.kind === "sign" || one.kind === "operator") && one.text in SIGNS ? SIGNS[one.text] : one.text;
  }
};
const spaced = (parts, texts) => {
  let line = "";
  parts.forEach((part, number) => {
    const text = texts[number], previous = number ? parts[number - 1] : null;
    const afterOperand = previous !== null && !(previous.kind === "text" ||
      (previous.kind === "operator" && previous.text !== ")" && previous.text !== "]"));
    if (part.kind === "operator" && RELATIONS.has(part.text) && (afterOperand || part.text === "=")) {
      line = `${line.trimEnd()} ${text} `;
    } else if (part.kind === "operator" && (part.text === "," || part.text === ";")) line += `${text} `;
    else if (part.kind === "text") line = `${line.trimEnd()}${text.startsWith(",") ? "" : " "}${text} `;
    else if (part.kind === "operator" && part.text === "sum") line += text;
    else {
      const apart = previous !== null && isApart(previous, part, text);
      line += apart && !line.endsWith(" ") ? ` ${text}` : text;
    }
  });
  return line.trim();
};
const isApart = (previous, part, text) => {
  if (text[0] === ")" || text[0] === "]") return false;
  if (isBig(previous) || (isArray(previous) && isArray(part))) return true;
  if (previous.kind === "function") return text[0] !== "(";
  if (part.kind === "operator" || part.kind === "rows" || previous.text === "partial") return false;
  const simple = ["script", "word", "letter", "sign", "number", "frac"], long = ["script", "word", "frac"];
  return (long.includes(previous.kind) && simple.includes(part.kind)) ||
    (simple.includes(previous.kind) && long.includes(part.kind));
};
const isBig = (one) => one.kind === "script" && one.parts[0].kind === "operator" && one.parts[0].text === "sum";
const isArray = (one) => one.kind === "place" || one.kind === "rows" || (one.kind === "script" && isArray(one.parts[0]));
const lowered = (sign, text) => {
  if (!text) return "";
  const plain = text.replaceAll(" ", "");
  const bare = [...plain].length === 1 || /^[\p{L}\p{N}]+$/u.test(plain) ||
    ("[(".includes(plain[0]) && ")]".includes(plain.at(-1))) || sign === "_";
  return sign + (bare && !(sign === "_" && /[^\p{L}\p{N}_,]/u.test(plain)) ? plain : `(${plain})`);
};
const grouped = (one, text) => {
  const loose = one.kind === "row" && one.parts.some((part) => part.kind === "operator" &&
    ["+", "minus", "cdot", "=", "sum"].includes(part.text));
  return loose || one.kind === "frac" ? `(${text})` : text;
};

// LaTeX

// What pdfLaTeX does not take as it stands.
const PLAIN = { "−": "$-$", "′": "$'$", "Σ": "$\\sum$", "‖": "$\\Vert$", "ᵀ": "$^{\\top}$", "|": "$\\vert$", "<": "$<$",
  ">": "$>$", "…": "\\dots{}" };
const PLAIN_SIGNS = Object.fromEntries(Object.entries(SIGNS).filter(([, sign]) => sign.trim().length === 1)
  .map(([name, sign]) => [sign, `$\\${name}$`]));
const latexWords = (words) => [...words].map((c) => "%#&$_{}".includes(c) ? `\\${c}` : PLAIN[c] ?? PLAIN_SIGNS[c] ?? c).join("");
export const toLatex = (one, fill) => {
  const inside = one.parts.map((part) => one.kind === "rows" ? "" : toLatex(part, fill));
  switch (one.kind) {
    case "row": {
      const count = (sign) => inside.filter((part) => part === sign).length;
      const tall = inside.some((part) => part.includes("\\frac")) && count("(") === count(")");
      return inside.map((part) => tall && part === "(" ? "\\left(" : tall && part === ")" ? "\\right)" : part).join(" ");
    }
    case "script": {
      const plain = ["letter", "number", "sign", "operator", "function"].includes(one.parts[0].kind);
      return (plain ? inside[0] : `{${inside[0]}}`) + (inside[1] ? `_{${inside[1]}}` : "") +
        (inside[2] ? `^{${inside[2]}}` : "");
    }
    case "frac": return `\\frac{${inside[0]}}{${inside[1]}}`;
    case "sqrt": return `\\sqrt{${inside[0]}}`;
    case "rows":
      return `\\begin{bmatrix} ${one.parts.map((line) => line.parts.map((cell) => toLatex(cell, fill)).join(" & "))
        .join(" \\\\ ")} \\end{bmatrix}`;
    case "place": return fill(one.text);
    case "text": return `\\text{ ${latexWords(one.text)} }`;
    case "word": return `\\mathit{${latexWords(one.text)}}`;
    default: {
      if (one.kind === "operator" && "%#&${}".includes(one.text)) return `\\${one.text}`;
      const named = one.kind === "function" || ((one.kind === "sign" || one.kind === "operator") && one.text in SIGNS);
      return named ? LATEX[one.text] ?? `\\${one.text}` : one.text;
    }
  }
};

// MathML

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
export const TIGHT = '<mo lspace="0" rspace="0" stretchy="false">';
export const toMathml = (one, fill) => {
  const inside = one.parts.map((part) => one.kind === "rows" ? "" : toMathml(part, fill));
  switch (one.kind) {
    case "row": {
      const all = inside.join("");
      // brackets grow about fractions and matrices, not about a script
      return `<mrow>${/<mfrac|<mtable/.test(all) ? all : all.replaceAll('<mo lspace="0" rspace="0">', TIGHT)}</mrow>`;
    }
    case "script": {
      for (const at of [1, 2]) inside[at] = inside[at].replaceAll("<mo>", TIGHT);
      const [base, below, over] = inside;
      const none = [isEmpty(one.parts[1]), isEmpty(one.parts[2])];
      if (isBig(one) && !none[0]) {
        return none[1] ? `<munder>${base}${below}</munder>` : `<munderover>${base}${below}${over}</munderover>`;
      }
      if (none[0]) return `<msup>${base}${over}</msup>`;
      return none[1] ? `<msub>${base}${below}</msub>` : `<msubsup>${base}${below}${over}</msubsup>`;
    }
    case "frac": return `<mfrac>${inside.join("")}</mfrac>`;
    case "sqrt": return `<msqrt>${inside.join("")}</msqrt>`;
    case "rows": return `<mrow><mo>[</mo><mtable>${one.parts.map((line) =>
      `<mtr>${line.parts.map((cell) => `<mtd>${toMathml(cell, fill)}</mtd>`).join("")}</mtr>`).join("")}</mtable><mo>]</mo></mrow>`;
    case "place": return fill(one.text);
    case "text": return `<mtext>\u00a0${escaped(one.text)}\u00a0</mtext>`;
    default: {
      const sign = one.kind === "sign" || one.kind === "operator";
      const shown = escaped(sign ? (SIGNS[one.text] ?? one.text).replace("-", "−") : one.text);
      if (one.kind === "number") return `<mn>${shown}</mn>`;
      if (one.text === "thin") return '<mspace width="0.17em"></mspace>';
      if (one.kind === "operator" || one.text === "top" || one.text === "prime") {
        if (one.text === "langle" || one.text === "rangle") return `${TIGHT}${shown}</mo>`;
        if (one.text === "(" || one.text === ")") return `<mo lspace="0" rspace="0">${shown}</mo>`;
        return `<mo>${one.text === "top" ? "T" : shown}</mo>`;
      }
      return `<mi>${shown}</mi>`;
    }
  }
};
