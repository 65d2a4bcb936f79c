// `make lint-pages`: which features of the pages' scripts and styles Safari 17 or Firefox 140 (an ESR) don't have, by
// MDN's data. It knows names, not types: what some supported interface has under the same name passes.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const OLDEST = { safari: 17, firefox: 140 };
const STATIC = new URL("../airflow_provider_seedance/plugins/static/", import.meta.url);
const data = createRequire(import.meta.url)("@mdn/browser-compat-data");

/** Properties of the pages' own objects, whose names are also those of something new. */
const OWN = new Set("build bytes connection day days details element first level month opened run seconds since take usage watch when where year".split(" "));

/** The browsers of which the data says that they have come to it later, or haven't. */
function lacking(support) {
  return Object.entries(OLDEST).filter(([browser, oldest]) => {
    const entries = [support[browser] ?? {}].flat();
    return !entries.some(({ version_added: added, flags, prefix, alternative_name, partial_implementation }) =>
      added && added !== "preview" && !flags && !prefix && !alternative_name && !partial_implementation
      && parseFloat(String(added).replace("≤", "")) <= oldest);
  }).map(([browser]) => browser);
}

/** Names -> browsers that lack them, of all features below a node; a name that is supported anywhere is none. */
function names(...nodes) {
  const found = new Map();
  const walk = (node, name) => {
    if (node.__compat) {
      const browsers = lacking(node.__compat.support);
      if (!browsers.length || !found.has(name)) found.set(name, browsers);
    }
    for (const [child, value] of Object.entries(node)) if (child !== "__compat") walk(value, child);
  };
  for (const node of nodes) walk(node, "");
  return new Map([...found].filter(([, browsers]) => browsers.length));
}

const script = names(data.javascript.builtins, data.api);
const style = names(data.css.properties, data.css["at-rules"], data.css.selectors, data.css.types);

const problems = new Set();
const check = (file, table, pattern, text) => {
  for (const [, name] of text.matchAll(pattern)) {
    if (table.has(name) && !OWN.has(name)) problems.add(`${file}: ${name}: not in ${table.get(name).map((browser) => `${browser} ${OLDEST[browser]}`).join(", ")}`);
  }
};
for (const file of readdirSync(STATIC)) {
  const text = readFileSync(new URL(file, STATIC), "utf8").replace(/\/\*[^]*?\*\/|(?<!:)\/\/.*$/gm, "");
  if (file.endsWith(".js")) check(file, script, /(?:\.|\bnew )([A-Za-z]\w*)/g, text);
  if (file.endsWith(".css")) check(file, style, /(?:[@:]|^\s*|[{;]\s*)([a-z][a-z-]+)(?=\s*[:({,]|\s)/gm, text);
}
for (const problem of problems) console.log(problem);
console.log(`${script.size} names of scripts and ${style.size} of styles are looked for, ${problems.size} found`);
process.exitCode = problems.size ? 1 : 0;
