// A number in the digits that are shown, as Python's "%.6g" writes it.

export const general = (number, digits) => {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (number === 0) return "0";
  const [mantissa, power] = number.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const bare = (text) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (exponent < -4 || exponent >= digits) {
    return `${bare(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return bare(number.toFixed(digits - 1 - exponent));
};

export const bracketed = (text) => text.startsWith("-") ? `(${text})` : text;

// The part of a largest size that a number has, 0 … 1, also where one of them is not finite.
export const partOf = (number, largest) => {
  const part = Math.abs(number) / largest;
  return Number.isFinite(part) ? Math.min(1, part) : Number(!(number === 0));
};
// As it fits into a unit of the drawing.
export const short = (number, digits = 3) => {
  const bare = (text) => text.replace(/e([+-])0*/, (_, sign) => `e${sign === "-" ? "-" : ""}`).replaceAll("-", "−");
  const shown = bare(general(number, digits));
  return shown.length <= 7 ? shown : bare(general(number, 1));
};
// With as many digits as there is room for.
export const fitting = (number, digits, room) => {
  const shown = short(number, digits);
  if (shown.length <= room) return shown;
  if (digits > 1) return fitting(number, digits - 1, room);
  return Math.abs(number) < 0.01 ? number.toExponential(0).replace("e+", "e").replaceAll("-", "−") : shown;
};
