// Formulas over numbers, as `explanation/expressions.py` and `formulas.py` have them: filled with the numbers of a pass
// they have the branches and terms that these lead to; they are shown as markup, and evaluated again.

import { FUNCTIONS, SIGNS, parse, toText } from "./markup.mjs";
import { general } from "./rounding.mjs";

// Numbers of the formula itself

const named = (value) => {
  const [mantissa, exponent] = general(value, 6).split("e");
  const shown = mantissa.replace("-", "\\minus ");
  if (exponent === undefined) return constant(value, shown);
  const power = `10^{${Number(exponent)}}`.replace("-", "\\minus ");
  return constant(value, shown === "1" ? power : `${shown} \\cdot ${power}`);
};
const numberOf = (value) => value === 0.5 ? constant(0.5, "\\frac{1}{2}") : named(value);
const isConstant = (one) => one instanceof Constant;

export class Expression {
  filled() { return this; }
  bracketed(terms) { return this.markup(terms); }
  enclosed(terms) { return this.markup(terms); }
}

class Place extends Expression {
  constructor(name) { super(); this.name = name; }
  markup() { return `@${this.name}@`; }
  enclosed() { return `@!${this.name}@`; }
  value(read) { return read(this.name); }
}

class Letter extends Expression {
  constructor(written, number = NaN) { super(); Object.assign(this, { written, number }); }
  markup() { return this.written; }
  value() { return this.number; }
}

class Constant extends Expression {
  constructor(number, written) { super(); Object.assign(this, { number, written }); }
  markup() { return this.written || general(this.number, 6); }
  value() { return this.number; }
  bracketed(terms) { return this.number < 0 ? `(${this.markup(terms)})` : this.markup(terms); }
}
const constant = (number, written = "") => new Constant(number, written);

// The indices of the terms that are shown, and the rest as markup; all where two more than those would be all.
export const largestTerms = (values, terms, kept) => {
  const everything = values.map((_, i) => i);
  if (values.length <= terms + 2) return [everything, ""];
  const large = new Set(everything.filter((i) => i !== kept)
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, terms));
  if (kept !== undefined) large.add(kept);
  const left = everything.filter((i) => !large.has(i));
  return [everything.filter((i) => large.has(i)),
    ` + @rest:${left.length}:${total(left.map((i) => values[i]))}@`];
};

// A sum without the rounding of its parts (Neumaier).
export const total = (values) => {
  let sum = 0, lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + lost;
};

class Sum extends Expression {
  constructor(terms, signs, { long = false, kept, sparse = false, read } = {}) {
    super();
    Object.assign(this, { terms, signs: signs ?? terms.map(() => 1), long, kept, sparse, read });
  }
  filled(n) {
    let terms = this.terms.map((term) => term.filled(n));
    const read = this.long ? n.read : undefined;
    if (this.sparse) {
      terms = terms.filter((one) => (one.number ?? 1) !== 0);
      return terms.length === 1 ? terms[0] : new Sum(terms, undefined, { read });
    }
    return new Sum(terms, this.signs, { long: this.long, kept: this.kept, read });
  }
  markup(terms) {
    if (!this.terms.length) return "0";
    let shown = this.terms.map((_, i) => i), rest = "";
    if (this.read) {
      const values = this.terms.map((term, i) => this.signs[i] * term.value(this.read));
      [shown, rest] = largestTerms(values, terms, this.kept);
    }
    if (rest && this.kept === this.terms.length - 1) {
      return `${this.written(shown.slice(0, -1), terms)}${rest} + ${this.terms.at(-1).bracketed(terms)}`;
    }
    return this.written(shown, terms) + rest;
  }
  written(shown, terms) {
    return shown.map((i, at) => {
      const sign = this.signs[i] < 0 ? " \\minus " : at ? " + " : "";
      return sign + (sign ? this.terms[i].bracketed(terms) : this.terms[i].markup(terms));
    }).join("");
  }
  value(read) { return total(this.terms.map((term, i) => this.signs[i] * term.value(read))); }
  // Of what size the terms are: beside it one sees whether they cancel.
  bracketed(terms) {
    return this.terms.length > 1 || this.signs[0] < 0 ? `(${this.markup(terms)})` : this.terms[0].bracketed(terms);
  }
}

class Product extends Expression {
  constructor(...factors) { super(); this.factors = factors; }
  filled(n) { return new Product(...this.factors.map((one) => one.filled(n))); }
  markup(terms) {
    let line = "";
    for (const factor of this.factors) {
      const shown = factor.bracketed(terms);
      const sign = (line + shown).includes("@") || /^\d/.test(shown) ? " \\cdot "
        : line[0] === "{" || shown[0] === "{" ? " " : " \\thin ";
      line += line ? sign + shown : shown;
    }
    return line;
  }
  value(read) { return this.factors.reduce((found, one) => found * one.value(read), 1); }
}

class Fraction extends Expression {
  constructor(top, bottom) { super(); Object.assign(this, { top, bottom }); }
  filled(n) { return new Fraction(this.top.filled(n), this.bottom.filled(n)); }
  markup(terms) { return `\\frac{${this.top.markup(terms)}}{${this.bottom.markup(terms)}}`; }
  value(read) { return this.top.value(read) / this.bottom.value(read); }
}

class Power extends Expression {
  constructor(base, exponent, letter = "") { super(); Object.assign(this, { base, exponent, letter }); }
  filled(n) { return new Power(this.base.filled(n), this.exponent, this.letter); }
  markup(terms) {
    let inside = this.base.enclosed(terms);
    if (!(this.base instanceof Letter) || inside[0] === "{" || inside.includes(" ")) inside = `{(${inside})}`;
    return `${inside}^{${this.letter || this.exponent}}`;
  }
  value(read) { return this.base.value(read) ** this.exponent; }
}

class Root extends Expression {
  constructor(inside) { super(); this.inside = inside; }
  filled(n) { return new Root(this.inside.filled(n)); }
  markup(terms) { return `\\sqrt{${this.inside.enclosed(terms)}}`; }
  value(read) { return Math.sqrt(this.inside.value(read)); }
}

const logistic = (z) => z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
// Φ(z) by W. J. Cody's rational approximations of erfc (1969), to about 1e-16.
const SMALL = [[3.16112374387056560, 113.864154151050156, 377.485237685302021, 3209.37758913846947, 0.185777706184603153],
  [23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062]];
const MIDDLE = [[0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131, 881.952221241769090,
  1712.04761263407058, 2051.07837782607147, 1230.33935479799725, 2.15311535474403846e-8],
  [15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
    4362.61909014324716, 3439.36767414372164, 1230.33935480374942]];
const LARGE = [[0.305326634961232344, 0.360344899949804439, 0.125781726111229246, 0.0160837851487422766,
  6.58749161529837803e-4, 0.0163153871373020978],
  [2.56852019228982242, 1.87295284992346725, 0.527905102951428412, 0.0605183413124413191, 0.00233520497626869185]];
export const erfc = (x) => {
  const y = Math.abs(x);
  if (y <= 0.46875) {
    const square = y > 1e-300 ? y * y : 0, [p, q] = SMALL;
    let top = p[4] * square, bottom = square;
    for (let i = 0; i < 3; i += 1) { top = (top + p[i]) * square; bottom = (bottom + q[i]) * square; }
    return 1 - x * (top + p[3]) / (bottom + q[3]);
  }
  let found;
  if (y <= 4) {
    const [p, q] = MIDDLE;
    let top = p[8] * y, bottom = y;
    for (let i = 0; i < 7; i += 1) { top = (top + p[i]) * y; bottom = (bottom + q[i]) * y; }
    found = (top + p[7]) / (bottom + q[7]);
  } else {
    const square = 1 / (y * y), [p, q] = LARGE;
    let top = p[5] * square, bottom = square;
    for (let i = 0; i < 4; i += 1) { top = (top + p[i]) * square; bottom = (bottom + q[i]) * square; }
    found = (0.564189583547756287 - square * (top + p[4]) / (bottom + q[4])) / y;
  }
  const near = Math.trunc(y * 16) / 16, rest = (y - near) * (y + near);
  found *= Math.exp(-near * near) * Math.exp(-rest);
  return x < 0 ? 2 - found : found;
};
const CALLS = {
  exp: ["e^{#}", Math.exp],
  log: ["\\log(#)", Math.log],
  tanh: ["\\tanh(#)", Math.tanh],
  cosh: ["\\cosh(#)", Math.cosh],
  sigma: ["\\sigma(#)", logistic],
  log1p: ["\\log(1 + #)", Math.log1p],
  Phi: ["\\Phi(#)", (z) => erfc(-z / Math.SQRT2) / 2],
  density: ["\\Phi^{\\prime}(#)", (z) => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)],
  abs: ["{\\mid # \\mid}", Math.abs],
};
class Call extends Expression {
  constructor(name, argument) { super(); Object.assign(this, { name, argument }); }
  filled(n) { return new Call(this.name, this.argument.filled(n)); }
  markup(terms) {
    const inside = this.argument.enclosed(terms);
    let [shown] = CALLS[this.name];
    if (this.argument instanceof Letter && FUNCTIONS.includes(this.name)) shown = shown.replace("(#)", " #");
    return shown.replace("#", () => inside);
  }
  value(read) { return CALLS[this.name][1](this.argument.value(read)); }
}

class Share extends Expression {
  constructor(k, parts, read) {
    super();
    Object.assign(this, { k, parts });
    const fits = read && Math.max(...parts.map((one) => one.value(read))) < 700;
    this.whole = new Sum(parts.map((one) => new Call("exp", one)), undefined, { read: fits ? read : undefined });
  }
  filled(n) { return new Share(this.k, this.parts, n.read); }
  markup(terms) { return `\\frac{${new Call("exp", this.parts[this.k]).markup(terms)}}{${this.whole.markup(terms)}}`; }
  value(read) {
    const found = this.parts.map((one) => one.value(read)), largest = Math.max(...found);
    const powers = found.map((v) => Math.exp(v - largest));
    return powers[this.k] / total(powers);
  }
}

const TESTS = {
  positive: ([found]) => Number(found > 0),
  sign: ([found]) => Number(found > 0) - Number(found < 0),
  "is 1": ([found]) => Number(found === 1),
  "add to 1": (found) => Number(found.reduce((a, b) => a + b, 0) === 1),
};
class Choice extends Expression {
  constructor(test, places, options) { super(); Object.assign(this, { test, places, options }); }
  filled(n) { return this.options.at(TESTS[this.test](this.places.map(n.read))).filled(n); }
  markup(terms) { return this.options.map((one) => one.markup(terms)).join(" \\text{or} "); }
}

class Given extends Expression {
  constructor(name) { super(); this.name = name; }
  filled(n) { return named(n.given[this.name]); }
  markup() { return "\\cdots"; }
}

class Branch extends Expression {
  constructor(when, otherwise, test, holds, since = "") {
    super();
    Object.assign(this, { when, otherwise, test, holds, since });
  }
  get taken() { return this.holds ? this.when : this.otherwise; }
  markup(terms) {
    if (this.holds === undefined) {
      return `${this.when.markup(terms)} \\text{if} ${this.test} \\text{, else} ${this.otherwise.markup(terms)}`;
    }
    return this.taken.markup(terms) + (this.since ? ` \\text{, since ${this.since}}` : "");
  }
  bracketed(terms) { return this.holds === undefined ? `(${this.markup(terms)})` : this.taken.bracketed(terms); }
  value(read) { return this.taken.value(read); }
}

class RowSum extends Expression {
  constructor(delta, a, shares, values = []) { super(); Object.assign(this, { delta, a, shares, values }); }
  filled(n) {
    const values = [], constantOne = !this.a || this.a.startsWith("one");
    for (let i = 0; i < n.rows; i += 1) {
      let value = n.read(`${this.delta}~${i}`);
      if (this.shares) value *= n.read(`s~${i}`);
      values.push(constantOne ? value : value * n.read(`${this.a}~${i}`));
    }
    return new RowSum(this.delta, this.a, this.shares, values);
  }
  markup(terms) {
    const [shown, rest] = largestTerms(this.values, terms);
    return shown.map((i) => this.term(i).markup(terms)).join(" + ") + rest;
  }
  term(row) {
    const factors = this.shares ? [new Place(`s~${row}`)] : [];
    factors.push(new Place(`${this.delta}~${row}`));
    if (this.a) factors.push(new Place(this.a.startsWith("one") ? this.a : `${this.a}~${row}`));
    return new Product(...factors);
  }
  value() { return total(this.values); }
  bracketed(terms) { return `(${this.markup(terms)})`; }
}

// Formulas of the tables

const COMPARISONS = {
  ">": [(a, b) => a > b, ">", "\\le"], ">=": [(a, b) => a >= b, "\\ge", "<"],
  "<": [(a, b) => a < b, "<", "\\ge"], "<=": [(a, b) => a <= b, "\\le", ">"],
};
const MIRRORED = { ">": "<", "\\ge": "\\le", "<": ">", "\\le": "\\ge" };
const CANCELED = 1e4;
const PI = new Letter("\\pi", Math.PI);

class Formula extends Expression {
  constructor(syntax, names) { super(); Object.assign(this, { syntax, names }); }
  filled(n) {
    const names = Object.fromEntries(Object.entries(this.names).map(([name, of]) => [name, of.filled(n)]));
    return new Reader({ pi: PI, ...names }, n.read).of(this.syntax);
  }
  markup(terms) { return new Reader({ pi: PI, ...this.names }).of(this.syntax).markup(terms); }
  value(read) { return new Reader({ pi: PI, ...this.names }, read).of(this.syntax).value(read); }
}

// How large the parts of a formula are: where they are much larger than it, they cancel.
const sizeOf = (one, read) => {
  if (one instanceof Sum) return one.terms.reduce((sum, term) => sum + sizeOf(term, read), 0);
  if (one instanceof Product) return one.factors.reduce((product, factor) => product * sizeOf(factor, read), 1);
  if (one instanceof Fraction) {
    const bottom = Math.abs(one.bottom.value(read));
    return sizeOf(one.top, read) / bottom * (sizeOf(one.bottom, read) / bottom);
  }
  if (one instanceof Power) return sizeOf(one.base, read) ** Math.abs(one.exponent);
  if (one instanceof Root) return Math.sqrt(sizeOf(one.inside, read));
  if (one instanceof Call) {
    const v = one.argument.value(read), s = sizeOf(one.argument, read), found = CALLS[one.name][1](v);
    const slope = { exp: Math.exp, log: (z) => 1 / z, tanh: (z) => 4 * logistic(2 * z) * logistic(-2 * z), cosh: Math.sinh,
      sigma: (z) => logistic(z) * logistic(-z), log1p: (z) => 1 / (1 + z), Phi: CALLS.density[1],
      density: (z) => -z * CALLS.density[1](z), abs: () => 1 }[one.name];
    return (one.name === "Phi" ? 1 : Math.abs(found)) + Math.abs(slope(v)) * s;
  }
  if (one instanceof Branch) return sizeOf(one.taken, read);
  return Math.abs(one.value(read));
};

class Reader {
  constructor(names, read) { Object.assign(this, { names, read }); }
  of(tree) {
    if (typeof tree === "number") return named(tree);
    if (typeof tree === "string") return this.names[tree];
    const [head, ...rest] = tree;
    if (head === "neg") return negative(this.of(rest[0]));
    if (head === "call") return this.called(rest[0], rest.slice(1));
    if (head === "if") return this.branch(tree, []);
    if (head === "or") return this.clear(rest.map((form) => this.of(form)));
    const left = rest[0], chained = Array.isArray(left) && ["+", "-", "*", "/", "**", "neg"].includes(left[0]);
    return combined(head, this.of(left), this.of(rest[1]), chained);
  }
  called(name, parts) {
    if (name === "max") {
      const [p, q] = parts, branch = this.branch(["if", [[p, ">", q]], p, q], []);
      return this.read ? branch : new Letter(`\\max(${this.of(p).markup(0)}, ${this.of(q).markup(0)})`);
    }
    const found = parts.map((one) => this.of(one));
    if (name === "xlogy") {
      if (this.read && found[0].value(this.read) === 0) return constant(0);
      return new Product(found[0], new Call("log", found[1]));
    }
    if (name === "sum") return new Letter(`\\sum_{j} ${found[0].markup(0).replaceAll("_{k}", "_{j}")}`);
    return name === "sqrt" ? new Root(found[0]) : new Call(name, found[0]);
  }
  clear(forms) {
    for (const form of this.read ? forms : []) {
      const value = form.value(this.read), size = sizeOf(form, this.read);
      if (Number.isFinite(value) && Number.isFinite(size) && size <= CANCELED * Math.abs(value)) return form;
    }
    return forms[0];
  }
  branch([, links, body, other], given) {
    let known = given;
    const whole = this.overLetters.compared(links);
    if (!this.read) return new Branch(this.of(body), this.of(other), whole);
    const failed = links.filter((link) => !this.holds(link));
    if (failed.length) known = joined(known, this.overLetters.contrary(failed[0]));
    else {
      const subject = this.overLetters.of(links.at(-1)[0]).markup(0);
      known = [...known.filter((fact) => fact[0] !== subject), ["", "", whole]];
    }
    const isIf = (tree) => Array.isArray(tree) && tree[0] === "if";
    const taken = failed.length ? other : body;
    const since = isIf(taken) ? "" : known.map((fact) => fact.join(" ")).join(" and ");
    const [when, otherwise] = [body, other].map((side) => isIf(side) ? this.branch(side, known) : this.of(side));
    return new Branch(when, otherwise, whole, !failed.length, toText(parse(since), String));
  }
  get overLetters() {
    if (!this.read) return this;
    return new Reader(Object.fromEntries(Object.entries(this.names)
      .map(([name, of]) => [name, isConstant(of) ? of : new Letter(name)])));
  }
  compared(links) {
    return [this.of(links[0][0]).markup(0),
      ...links.map(([, op, right]) => `${COMPARISONS[op][1]} ${this.of(right).markup(0)}`)].join(" ");
  }
  contrary([a, op, b]) {
    let left = this.of(a), right = this.of(b), sign = COMPARISONS[op][2];
    if (isConstant(left)) [left, sign, right] = [right, MIRRORED[sign], left];
    return [left.markup(0), sign, right.markup(0)];
  }
  holds([a, op, b]) { return COMPARISONS[op][0](this.of(a).value(this.read), this.of(b).value(this.read)); }
}
const joined = (known, fresh) => {
  const other = known.find((fact) => fact[0] === fresh[0]);
  if (!other) return [...known, fresh];
  const isHigh = (fact) => Number(fact[1] === "<" || fact[1] === "\\le");
  const [low, high] = [other, fresh].sort((a, b) => isHigh(a) - isHigh(b));
  const text = low[2] === high[2] ? `${fresh[0]} = ${fresh[2]}` : [low[2], MIRRORED[low[1]], ...high].join(" ");
  return [...known.filter((fact) => fact !== other), ["", "", text]];
};
const negative = (of) => isConstant(of) ? named(-of.number) : new Sum([of], [-1]);
const WORKED = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b };
const combined = (op, left, right, chained) => {
  if (WORKED[op] && isConstant(left) && isConstant(right)) {
    const whole = Number.isInteger(left.number) && Number.isInteger(right.number);
    const value = WORKED[op](left.number, right.number);
    return whole && op === "/" ? constant(value, `\\frac{${left.markup(0)}}{${right.markup(0)}}`) : numberOf(value);
  }
  const none = [left, right].map((side) => isConstant(side) && side.number === 0);
  if (op === "+" || op === "-") {
    const sign = op === "+" ? 1 : -1;
    if (none[1]) return left;
    if (none[0]) return sign > 0 ? right : negative(right);
    if (chained && left instanceof Sum) return new Sum([...left.terms, right], [...left.signs, sign]);
    return new Sum([left, right], [1, sign]);
  }
  if (op === "*") {
    if (none[0] || none[1]) return constant(0);
    if (isConstant(left) && left.number === 1) return right;
    if (chained && left instanceof Product) return new Product(...left.factors, right);
    return new Product(left, right);
  }
  if (op === "/") return new Fraction(left, right);
  return isConstant(right) ? new Power(left, Math.trunc(right.number)) : new Power(left, 1, right.markup(0));
};

// The formula of one number, of a template with letters for layers and indices.
//   at: { layer, k, j, sizes, rows, syntax, penalty: { l1, l2 } }
export const made = (json, at) => {
  const name = (pattern, i) => pattern
    .replace(/(-?\d+):/, (_, offset) => String(at.layer + Number(offset)))
    .replace(/([.~])([kji])/g, (_, mark, letter) => mark + (letter === "i" ? i : at[letter]));
  const count = (of) => of === "N" ? at.rows : at.sizes[at.layer + of];
  const first = (of) => of === "N" ? 0 : 1;
  const of = (one, i) => {
    const [head, ...rest] = one;
    switch (head) {
      case "place": return new Place(name(rest[0], i));
      case "letter": return new Letter(rest[0], rest[1] ?? NaN);
      case "constant": return constant(rest[0], rest[1]);
      case "penalty": return (rest[2] ? named : constant)(rest[1] * at.penalty[rest[0]]);
      case "fraction": return new Fraction(of(rest[0], i), of(rest[1], i));
      case "power": return new Power(of(rest[0], i), rest[1], rest[2]);
      case "call": return new Call(rest[0], of(rest[1], i));
      case "given": return new Given(rest[0]);
      case "product": return new Product(...rest.map((factor) => of(factor, i)));
      case "rows": return new RowSum(name(rest[1]), rest[2] ? name(rest[2]) : "", rest[0]);
      case "formula":
        return new Formula(at.syntax[rest[0]],
          Object.fromEntries(Object.entries(rest[1]).map(([key, value]) => [key, of(value, i)])));
      case "share": {
        const parts = Array.from({ length: count(rest[1]) }, (_, m) => of(rest[2], m + 1));
        return new Share((rest[0] === "i" ? i : at[rest[0]] ?? rest[0]) - 1, parts);
      }
      case "choice": {
        const places = rest[1][0] === "each"
          ? Array.from({ length: count(rest[1][1]) }, (_, m) => name(rest[1][2], m + 1)) : rest[1].map((one) => name(one, i));
        return new Choice(rest[0], places, rest.slice(2).map((option) => of(option, i)));
      }
      case "sum": {
        const flags = rest[1];
        const terms = rest[0].flatMap((term) => term[0] !== "each" ? [of(term, i)]
          : Array.from({ length: count(term[1]) }, (_, m) => of(term[2], m + first(term[1]))));
        const kept = flags.kept === "first" ? 0 : flags.kept === "last" ? terms.length - 1 : undefined;
        return new Sum(terms, flags.signs, { long: flags.long, kept, sparse: flags.sparse });
      }
      default: throw new Error(`${head} in a formula`);
    }
  };
  return of(json);
};

// R = l1 Σ |W| + ½ l2 Σ W² over every weight (J2); null where there are too many of them.
export const penaltyFormula = (sizes, { l1, l2 }) => {
  const names = [];
  for (let l = 1; l < sizes.length; l += 1) {
    for (let k = 1; k <= sizes[l]; k += 1) for (let j = 1; j <= sizes[l - 1]; j += 1) names.push(`W${l}.${k}.${j}`);
  }
  if (names.length > 2000) return null;
  const parts = [];
  const size = (one) => new Choice("positive", [one], [new Sum([new Place(one)], [-1]), new Sum([new Place(one)])]);
  if (l1) parts.push(new Product(named(l1), new Sum(names.map(size), undefined, { long: true })));
  if (l2) parts.push(new Product(named(l2 / 2),
    new Sum(names.map((one) => new Power(new Place(one), 2)), undefined, { long: true })));
  return new Sum(parts);
};

// A function of numbers, of a formula of a table: for a pass that is computed from the tables alone.
export const compiled = (tree, constants = {}) => {
  if (typeof tree === "number") return () => tree;
  if (typeof tree === "string") {
    if (tree === "pi") return () => Math.PI;
    return tree in constants ? () => constants[tree] : (of) => of[tree];
  }
  const [head, ...rest] = tree;
  const parts = head === "if" ? [] : head === "call" ? rest.slice(1).map((one) => compiled(one, constants))
    : rest.map((one) => compiled(one, constants));
  const [a, b] = parts;
  switch (head) {
    case "neg": return (of) => -a(of);
    case "+": return (of) => a(of) + b(of);
    case "-": return (of) => a(of) - b(of);
    case "*": return (of) => a(of) * b(of);
    case "/": return (of) => a(of) / b(of);
    case "**": return (of) => a(of) ** b(of);
    case "or": return (of) => { for (const form of parts) { const v = form(of); if (Number.isFinite(v)) return v; } return a(of); };
    case "if": {
      const tests = rest[0].map(([x, op, y]) => [compiled(x, constants), COMPARISONS[op][0], compiled(y, constants)]);
      const [yes, no] = rest.slice(1).map((one) => compiled(one, constants));
      return (of) => tests.every(([x, holds, y]) => holds(x(of), y(of))) ? yes(of) : no(of);
    }
    default: {
      if (rest[0] === "max") return (of) => Math.max(a(of), b(of));
      if (rest[0] === "sqrt") return (of) => Math.sqrt(a(of));
      if (rest[0] === "xlogy") return (of) => { const w = a(of); return w === 0 ? 0 : w * Math.log(b(of)); };
      const call = CALLS[rest[0]][1];
      return (of) => call(a(of));
    }
  }
};
export const isSign = (name) => name in SIGNS;
