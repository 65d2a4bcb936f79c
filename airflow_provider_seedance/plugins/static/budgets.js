// What is left of the budgets that vendors' connections have, where the ledger is in a database.

import { budgets } from "./api.js";
import { h, renew } from "./dom.js";

const EVERY = 30000; // milliseconds between two questions

const SCOPES = { per_day: "all DAGs, today", per_dag: "today", per_dag_run: "all days" };

export class BudgetsPanel {
  element = h("div", { class: "budgets" });
  #asked = 0;

  /** Asks, if it wasn't asked lately, and shows what is told. */
  async show(signal) {
    if (Date.now() - this.#asked < EVERY) return;
    this.#asked = Date.now();
    let found;
    try {
      found = await budgets(signal);
    } catch (error) {
      if (signal?.aborted) return;
      found = { rows: [], denied: 0, problem: error.message };
    }
    renew(this.element, found ? this.#parts(found) : []);
  }

  #parts({ rows, denied, problem }) {
    const head = h("tr", {}, ["Connection", "Of", "Budget", "Spent or reserved", "Left"].map((name) => h("th", { scope: "col" }, name)));
    const body = rows.map(({ connection, scope, dag, run, currency, limit, spent }) => h("tr", { class: spent >= limit ? "over" : "" },
      h("th", { scope: "row" }, connection),
      h("td", {}, [dag, run, SCOPES[scope] ?? scope].filter(Boolean).join(", ")),
      h("td", {}, `${limit.toFixed(2)} ${currency}`),
      h("td", {}, h("span", {}, `${spent.toFixed(2)} `), h("meter", { min: 0, max: limit || 1, value: Math.min(spent, limit || 1), "aria-label": `${connection}: share that is spent` })),
      h("td", {}, `${(limit - spent).toFixed(2)} ${currency}`)));
    return [
      rows.length > 0 && h("figure", { class: "chart" }, h("figcaption", {}, "Budgets (a day is one of UTC), as the ledger has them"),
        h("table", { "aria-label": "Budgets" }, h("thead", {}, head), h("tbody", {}, body))),
      denied > 0 && h("p", { class: "muted" }, `You may not read ${denied} budget${denied === 1 ? "" : "s"} of connections and DAGs.`),
      problem && h("p", { class: "note" }, problem),
    ].filter(Boolean);
  }
}
