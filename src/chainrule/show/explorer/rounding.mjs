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
// As the drawing has it: the same digits whatever the sign and the size, below 0.001 with a power of ten.
export const short = (number, digits = 3) => {
  const small = number !== 0 && Math.abs(Number(number.toPrecision(digits))) < 1e-3;
  const [mantissa, power] = (small ? number.toExponential(digits - 1) : general(number, digits)).split("e");
  const bare = small ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${bare}${power === undefined ? "" : `e${Number(power)}`}`.replaceAll("-", "−");
};
// The inside of an SVG text, in smaller letters where it would be wider than its room, but not too small to read.
export const fitting = (text, room, size) => {
  const fits = Math.max(8, room / (0.62 * text.length));
  return fits < size ? `<tspan style="font-size: ${fits.toFixed(1)}px">${text}</tspan>` : text;
};
