// Runs the functions that node.py sends, one a line, and answers with what they return.

import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];

// A module with a version of its own is a new one, whose state nobody has touched; what it imports is not.
globalThis.load = (module, version = "") => import(pathToFileURL(join(folder, module)).href + (version && `?${version}`));

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { script, argument } = JSON.parse(line);
    // biome-ignore lint/security/noGlobalEval: the scripts are the tests' own
    const run = globalThis.eval(script);
    answer = { value: await run(argument) };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
