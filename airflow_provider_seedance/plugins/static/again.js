// "Run again with changes": a form of the DAG's own params, filled in with what was asked for.
//
// Airflow's own trigger form can't be opened filled in: no version up to 3.4 takes values from the address. So the form is
// here, and starts the run through Airflow's public API, which judges the values and whether the viewer may.

import { confOf, runUrl, startRun } from "./api.js";
import { h } from "./dom.js";
import { confFrom, fieldsOf } from "./params.js";
import { requestOf } from "./model.js";

export class AgainForm {
  element = h("section", { class: "again", "aria-label": "Run again with changes", hidden: true });
  #paramsOf;
  #video;
  #key;

  constructor(paramsOf) {
    this.#paramsOf = paramsOf;
  }

  /** Offers the form for a video, if its DAG has params of a request's names; a form that is open stays as it is. */
  show(video) {
    this.#video = video;
    const fields = video?.create ? fieldsOf(this.#paramsOf(video.dag), requestOf(video), {}) : [];
    const key = fields.length ? video.key : undefined;
    if (key === this.#key) return;
    this.#key = key;
    this.element.hidden = key === undefined;
    this.element.replaceChildren(...(key === undefined ? [] : [this.#button()]));
  }

  #button() {
    return h("button", { type: "button", onclick: () => this.#open() }, "Run again with changes");
  }

  async #open() {
    const video = this.#video;
    let conf = {};
    try {
      conf = await confOf(video.create);
    } catch {
      // The run can't be read (any more): what isn't part of the request has its default.
    }
    if (this.#key !== video.key) return;
    const fields = fieldsOf(this.#paramsOf(video.dag), requestOf(video), conf);
    const inputs = fields.map((field) => [field, inputOf(field)]);
    const said = h("p", { role: "status", class: "muted" });
    const start = h("button", { type: "submit" }, "Start the run");
    const cancel = h("button", { type: "button", onclick: () => this.element.replaceChildren(this.#button()) }, "Cancel");
    const form = h("form", { onsubmit: (event) => {
      event.preventDefault();
      this.#start(video, inputs, start, said);
    } },
      h("h2", {}, `A new run of ${video.dag}`),
      h("p", { class: "note" }, "Its videos are ordered anew, and the vendor bills them. A param that isn't set here has its default."),
      inputs.map(([field, input]) => h("label", { class: "field" }, h("span", {}, field.name), input,
        field.description && h("small", { class: "muted" }, field.description))),
      h("p", { class: "bar" }, start, cancel), said);
    this.element.replaceChildren(form);
    inputs[0]?.[1].focus();
  }

  async #start(video, inputs, start, said) {
    const { conf, problems } = confFrom(inputs.map(([field, input]) => [field, input.type === "checkbox" ? input.checked : input.value]));
    if (problems.length) {
      said.textContent = problems.join(" ");
      return;
    }
    start.disabled = true; // a second click would be a second order
    said.textContent = "Starting…";
    try {
      const run = await startRun(video.dag, conf);
      const url = runUrl({ dag_id: video.dag, dag_run_id: run });
      said.replaceChildren("Started: ", h("a", { href: `${url}/plugin/seedance-videos` }, run));
    } catch (error) {
      said.textContent = error.message;
      // Where no answer came back, it may have been started.
      start.disabled = error.status === 0;
    }
  }
}

function inputOf({ kind, value, options }) {
  if (kind === "choice") return h("select", {}, options.map((each) => h("option", { value: each, selected: each === value }, each)));
  if (kind === "flag") return h("input", { type: "checkbox", checked: value === "true" });
  if (kind === "number") return h("input", { type: "text", inputmode: "numeric", value });
  if (kind === "line") return h("input", { type: "text", value });
  const area = h("textarea", { rows: kind === "json" ? 3 : 4, dir: "auto" });
  area.value = value;
  return area;
}
