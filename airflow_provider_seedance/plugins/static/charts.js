// Bar charts in plain SVG, each with its numbers as a table for those who don't see it.

import { h, svg } from "./dom.js";

const WIDTH = 400;
const HEIGHT = 150;
const LEFT = 48;
const BOTTOM = 20;
const TOP = 8;

/**
 * Stacked bars, one per day.
 *
 * @param title what it shows
 * @param rows as `byDay` returns them
 * @param parts [name, CSS class, row -> number] for each layer
 * @param show number -> text
 */
export function bars(title, rows, parts, show = (value) => String(value)) {
  const total = (row) => parts.reduce((sum, [, , value]) => sum + (value(row) ?? 0), 0);
  const top = ceiling(Math.max(...rows.map(total), 0));
  const high = HEIGHT - TOP - BOTTOM;
  const y = (value) => TOP + high * (1 - value / top);
  const step = (WIDTH - LEFT) / Math.max(rows.length, 1);
  const marks = [];
  rows.forEach((row, index) => {
    const width = Math.min(step * 0.72, 36);
    const x = LEFT + step * index + (step - width) / 2;
    let base = 0;
    for (const [name, kind, value] of parts) {
      const amount = value(row) ?? 0;
      if (amount <= 0) continue;
      const bar = { class: `bar ${kind}`, x, width, y: y(base + amount), height: Math.max(y(base) - y(base + amount), 0.5) };
      marks.push(svg("rect", bar, svg("title", {}, `${row.day}: ${name} ${show(amount)}`)));
      base += amount;
    }
  });
  const every = Math.ceil(rows.length / 6);
  const days = rows.map((row, index) => index % every === 0 &&
    svg("text", { class: "tick", x: LEFT + step * (index + 0.5), y: HEIGHT - 5, "text-anchor": "middle" }, row.day.slice(5)));
  const lines = [0, 0.5, 1].map((share) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(top * share), y2: y(top * share) }),
    svg("text", { class: "tick", x: LEFT - 5, y: y(top * share) + 4, "text-anchor": "end" }, share ? show(top * share) : "0"),
  ]);
  return h("figure", { class: "chart" },
    h("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. The table below has the numbers.` },
      lines, marks, days),
    parts.length > 1 && h("p", { class: "legend" }, parts.filter(([, , value]) => rows.some(value)).map(([name, kind]) =>
      h("span", {}, h("span", { class: `swatch ${kind}` }), name))),
    numbers(title, rows, parts, show));
}

/** What was spent, as a table: rows as `spendBy` returns them. */
export function spending(title, rows) {
  const head = h("tr", {}, ["", "Videos", "Cost"].map((name) => h("th", { scope: "col" }, name)));
  const body = rows.map(({ about, currency, cost, videos }) => h("tr", {}, h("th", { scope: "row" }, about),
    h("td", {}, String(videos)), h("td", {}, `${cost.toFixed(2)} ${currency}`)));
  return h("figure", { class: "chart" }, h("figcaption", {}, title),
    h("table", { "aria-label": title }, h("thead", {}, head), h("tbody", {}, body)));
}

function numbers(title, rows, parts, show) {
  const used = parts.filter(([, , value]) => rows.some(value));
  const head = h("tr", {}, h("th", { scope: "col" }, "Day"), used.map(([name]) => h("th", { scope: "col" }, name)));
  const body = rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.day), used.map(([, , value]) =>
    h("td", {}, value(row) === null || value(row) === undefined ? "" : show(value(row))))));
  return h("details", {}, h("summary", {}, "As a table"),
    h("table", { "aria-label": title }, h("thead", {}, head), h("tbody", {}, body)));
}

/** A round number at or above, so that the axis reads well. */
function ceiling(value) {
  if (value <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

export const compact = (value) => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
