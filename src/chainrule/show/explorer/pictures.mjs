// Drawings of many numbers: the loss curve, regions over two inputs, weights as pictures, differences.

import { partOf, short } from "./rounding.mjs";

export const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b59f00", "#56b4e9", "#8c564b", "#7f7f7f", "#17a2a2", "#5b3fa0"];
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mixed = (color, t, paper) => color.map((c, i) => Math.round(paper[i] + (c - paper[i]) * t));
export const diverging = (value, paper) => mixed(rgb(value >= 0 ? "#0072b2" : "#d55e00"), partOf(value, 1), paper);

export const curveOf = (past, at, now) => {
  const values = past.map((one, i) => i === at ? now : one.J).map((J) => Number.isFinite(J) && J !== null ? J : null);
  const known = values.filter((v) => v !== null), low = Math.min(...known), high = Math.max(...known);
  const span = high - low || Math.abs(high) || 1, width = 600, height = 60;
  const x = (i) => past.length > 1 ? width * i / (past.length - 1) : 0;
  const y = (v) => 4 + (height - 8) * (1 - (v - low) / span);
  const path = (from, to) => values.slice(from, to).map((v, i) => v === null ? "" : `${i && values[from + i - 1] !== null ? "L" : "M"}${x(from + i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="Loss of the last ${past.length} steps: now ${short(now)}, from ${short(low)} to ${short(high)}">` +
    `<path class="ahead" d="${path(at, past.length)}"/><path d="${path(0, at + 1)}"/>` +
    `<path class="now" d="M${x(at).toFixed(1)} 0V${height}"/></svg>`;
};

// A canvas of values over a grid, rows from below.
export const paint = (canvas, cells, color, points = []) => {
  const scale = canvas.dataset.large ? 280 : 112;
  const small = document.createElement("canvas");
  small.width = small.height = cells;
  const context = small.getContext("2d"), image = context.createImageData(cells, cells);
  for (let v = 0; v < cells; v += 1) {
    for (let u = 0; u < cells; u += 1) {
      image.data.set([...color(v * cells + u), 255], 4 * ((cells - 1 - v) * cells + u));
    }
  }
  context.putImageData(image, 0, 0);
  canvas.width = canvas.height = scale;
  const on = canvas.getContext("2d");
  on.imageSmoothingEnabled = true;
  on.drawImage(small, 0, 0, scale, scale);
  for (const { u, v, fill, ring } of points) {
    on.beginPath();
    on.arc(u * scale, (1 - v) * scale, ring ? scale / 34 : scale / 62, 0, 7);
    on.fillStyle = fill;
    on.fill();
    on.lineWidth = ring ? 2.5 : 0.8;
    on.strokeStyle = ring ? "#111" : "#fff";
    on.stroke();
  }
};

// Values as a picture of rows × columns, blue above 0 and orange below.
export const picture = (canvas, values, rows, columns, paper) => {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  const largest = Math.max(...values.map(Math.abs), 1e-12);
  values.forEach((value, i) => image.data.set([...diverging(value / largest, paper), 255], 4 * i));
  context.putImageData(image, 0, 0);
};
export const gray = (canvas, values, rows, columns) => {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  const largest = Math.max(...values, 1e-12);
  values.forEach((value, i) => {
    const shade = Math.round(255 * (1 - Math.max(0, value / largest)));
    image.data.set([shade, shade, shade, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
};

// The error of a difference quotient by the size of its step, both on logarithmic axes.
export const errorCurve = (session, name, derived, power) => {
  const points = [];
  const apart = session.network.length < 4000 ? 0.5 : 1;
  for (let p = -14; p <= 0; p += apart) points.push([p, Math.abs(session.difference(name, 10 ** p) - derived)]);
  const log = (e) => Number.isFinite(e) ? Math.log10(Math.min(1e2, Math.max(e, 1e-16))) : 2, here = Math.abs(session.difference(name, 10 ** power) - derived);
  const x = (p) => 34 + 250 * (p + 14) / 14, y = (e) => 10 + 90 * (2 - log(e)) / 18;
  const ticks = [-14, -10, -6, -2].map((p) => `<text x="${x(p)}" y="116" text-anchor="middle">10${[...String(p)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}</text>`).join("");
  const levels = [0, -8, -16].map((p) => `<text x="30" y="${y(10 ** p) + 3}" text-anchor="end">10${p ? [...String(p)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("") : "⁰"}</text>`).join("");
  return `<svg viewBox="0 0 300 122" role="img" aria-label="Error of the difference by the size of its step: here ${short(here)}">${ticks}${levels}` +
    `<path d="${points.map(([p, e], i) => `${i ? "L" : "M"}${x(p).toFixed(1)} ${y(e).toFixed(1)}`).join("")}"/>` +
    `<circle cx="${x(power).toFixed(1)}" cy="${y(here).toFixed(1)}" r="4"/></svg>`;
};
