// Elements from data. Texts are always text: nothing that was read anywhere becomes markup or a script.

import { foreignUrl, isCopy, safeUrl } from "./intake.js";

const SVG = "http://www.w3.org/2000/svg";

/** Airflow's own address, from where nothing may be loaded that a vendor or a DAG names. */
export const AIRFLOW = import.meta.url;

const URLS = {
  href: safeUrl,
  src: (value) => (isCopy(value) ? value : foreignUrl(value, AIRFLOW)),
  poster: (value) => foreignUrl(value, AIRFLOW),
};

/**
 * An HTML element. Attributes that are null or false are left out; `on...` are listeners; URLs must be http(s), and those
 * of pictures and videos not Airflow's own.
 */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (Object.hasOwn(URLS, name)) {
      const url = URLS[name](value);
      if (url) element.setAttribute(name, url);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes these the element's children and moves only what has to be moved: a playing video goes on playing. */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

/** Gives the element new children, unless they look like the old ones: what is focused or selected stays so. */
export function renew(parent, children) {
  const old = [...parent.children];
  if (old.length === children.length && old.every((child, index) => child.isEqualNode(children[index]))) return;
  parent.replaceChildren(...children);
}

/** A custom element with the style sheet in its shadow. */
export class Page extends HTMLElement {
  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" });
      this.body = h("div", { class: "page" });
      this.shadowRoot.append(h("link", { rel: "stylesheet", href: new URL("seedance.css", import.meta.url).href }), this.body);
    }
    this.start();
  }

  disconnectedCallback() {
    this.stop();
  }
}

/** Registers a page as the function component that Airflow's UI asks for under this name. */
export function register(name, tag, page) {
  if (!customElements.get(tag)) customElements.define(tag, page);
  globalThis[name] = ({ dagId, runId, taskId, mapIndex }) => {
    const search = new URLSearchParams(globalThis.location.search);
    const [region, regionIndex] = [search.get("region_id"), search.get("region_index")]; // of a pass of a loop (Airflow 3.4)
    return globalThis.React.createElement(tag, {
      key: JSON.stringify([dagId, runId, taskId, mapIndex, region, regionIndex]),
      "data-dag": dagId,
      "data-run": runId,
      "data-task": taskId,
      "data-map-index": mapIndex,
      "data-region": region,
      "data-region-index": regionIndex,
      style: { display: "block", height: "100%" },
    });
  };
}
