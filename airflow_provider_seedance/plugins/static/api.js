// Airflow's public REST API, with the session of whoever looks at the page. Nothing else is ever asked.

import { keyOf, readFacts, ROLES, xcomKeyFor } from "./model.js";

// This file is at <Airflow>/seedance-ui/<version>/api.js.
const AIRFLOW = new URL("../../", import.meta.url);
const PAGE = 100; // Airflow's default for the most that one answer holds
const AGAIN = 10000; // milliseconds after which what couldn't be read may be asked for again
const AT_ONCE = 4; // browsers open six connections to a host; two are left for the rest of the page

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TOLD = {
  401: "Your session has ended. Log in to Airflow again.",
  403: "You may not see this in Airflow.",
  404: "Airflow has no such task instance (any more), or you may not see it.",
};

let skew = 0; // milliseconds that the server's clock is ahead of the browser's

/** Milliseconds since 1970 by the server's clock, which wrote all times that are shown. */
export const serverTime = () => Date.now() + skew;

/** GETs JSON. */
export async function get(path, params = {}, signal = undefined) {
  const url = new URL(`api/v2/${path}`, AIRFLOW);
  for (const [name, value] of Object.entries(params)) {
    for (const item of [value].flat()) if (item !== undefined && item !== null) url.searchParams.append(name, item);
  }
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Airflow can't be reached. Trying again.");
  }
  if (!answer.ok) throw new ApiError(answer.status, TOLD[answer.status] ?? `Airflow answers ${answer.status}. Trying again.`);
  const at = Date.parse(answer.headers.get("Date") ?? "");
  if (Math.abs(at - serverTime()) > 2000) skew = at - Date.now();
  return answer.json();
}

const part = encodeURIComponent;

const runPath = (dag, run) => `dags/${part(dag)}/dagRuns/${part(run)}/taskInstances`;

/** The page of a task instance in Airflow's UI. */
export function taskUrl(task, tab = "") {
  const mapped = task.map_index >= 0 ? `/mapped/${task.map_index}` : "";
  const path = `dags/${part(task.dag_id)}/runs/${part(task.dag_run_id)}/tasks/${part(task.task_id)}${mapped}${tab}`;
  return new URL(path, AIRFLOW).href;
}

export const dagUrl = (dag) => new URL(`dags/${part(dag)}`, AIRFLOW).href;

/** One task instance. */
export async function taskInstance({ dag, run, task, mapIndex }, signal) {
  const mapped = mapIndex >= 0 ? `/${mapIndex}` : "";
  return get(`${runPath(dag, run)}/${part(task)}${mapped}`, {}, signal);
}

/** What the newest try's log says: the provider's own lines, and errors. */
export async function logLines(task, signal) {
  const path = `${runPath(task.dag_id, task.dag_run_id)}/${part(task.task_id)}/logs/${Math.max(task.try_number, 1)}`;
  const { content } = await get(path, { map_index: task.map_index, full_content: true }, signal);
  if (!Array.isArray(content)) return [];
  return content.filter((line) => typeof line?.event === "string" && !line.event.startsWith("::")
    && (/seedance/i.test(line.logger ?? "") || line.level === "error" || line.level === "critical"));
}

/** Which tasks of a DAG come right after which: (task, earlier task) -> boolean. Each DAG is asked for once. */
export class Structures {
  #after = new Map();
  #onNews;
  left = 0; // how many are still to be read

  constructor(onNews) {
    this.#onNews = onNews;
  }

  isAfter = (task, earlier) => task.dag_id === earlier.dag_id
    && Boolean(this.#after.get(task.dag_id)?.get(earlier.task_id)?.has(task.task_id));

  async want(dag) {
    if (this.#after.has(dag)) return;
    this.#after.set(dag, new Map());
    this.left += 1;
    try {
      const { tasks } = await get(`dags/${part(dag)}/tasks`);
      this.#after.set(dag, new Map(tasks.map((task) => [task.task_id, new Set(task.downstream_task_ids ?? [])])));
    } catch {
      // Without it, the videos' ids alone tell what belongs together.
    }
    this.left -= 1;
    this.#onNews();
  }
}

/** Operators of a role, as a filter of the API. */
export const operatorsOf = (...roles) => Object.keys(ROLES).filter((name) => roles.includes(ROLES[name]));

/**
 * All task instances that a filter finds, newest run first, page after page.
 *
 * @param onPage is given each page as it comes: tasks, how many there are in all
 */
export async function eachPage({ dag = "~", run = "~", most, ...filter }, onPage, signal) {
  const ask = async (offset) => {
    const params = { order_by: "-run_after", ...filter, limit: PAGE, offset };
    const page = await get(runPath(dag, run), params, signal);
    onPage(page.task_instances, page.total_entries);
    return page;
  };
  const first = await ask(0);
  const size = first.task_instances.length; // an Airflow may be set to smaller pages
  const end = Math.min(most ?? Infinity, first.total_entries);
  const offsets = [];
  for (let offset = size; size > 0 && offset < end; offset += size) offsets.push(offset);
  const worker = async () => {
    while (offsets.length) await ask(offsets.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Reads what tasks have told about their videos, each once per state and try, the urgent ones first. */
export class FactsReader {
  #known = new Map(); // key of the task -> { stamp, facts }, without facts while they are being read
  #waiting = new Map();
  #busy = 0;
  #onNews;
  #isUrgent;

  /**
   * @param onNews called when something has been read
   * @param isUrgent tells which tasks go first
   */
  constructor(onNews, isUrgent = () => false) {
    this.#onNews = onNews;
    this.#isUrgent = isUrgent;
  }

  /** A task's facts; undefined while they have not been read. */
  of = (task) => (xcomKeyFor(task) === null ? {} : this.#known.get(keyOf(task))?.facts);

  /** How many are still to be read. */
  get left() {
    return this.#waiting.size + this.#busy;
  }

  /** Asks for what these tasks may have told and has not been read yet. */
  want(tasks) {
    for (const task of tasks) {
      const xcom = xcomKeyFor(task);
      if (xcom === null) continue;
      const key = keyOf(task);
      const stamp = `${xcom} ${task.try_number} ${task.state}`;
      const known = this.#known.get(key);
      if (known?.stamp === stamp) continue;
      this.#known.set(key, { stamp, facts: known?.facts });
      this.#waiting.set(key, { task, xcom });
    }
    while (this.#busy < AT_ONCE && this.#waiting.size) this.#next();
  }

  /** Forgets what was to be read. */
  stop() {
    this.#waiting.clear();
  }

  async #next() {
    const entries = [...this.#waiting];
    const [key, { task, xcom }] = entries.find(([, entry]) => this.#isUrgent(entry.task)) ?? entries[0];
    this.#waiting.delete(key);
    this.#busy += 1;
    let facts = {};
    try {
      const path = `${runPath(task.dag_id, task.dag_run_id)}/${part(task.task_id)}/xcomEntries/${part(xcom)}`;
      facts = readFacts(xcom, (await get(path, { map_index: task.map_index })).value);
    } catch (error) {
      // No such XCom, or none for this viewer: the page shows what the task instance says.
      if (![403, 404].includes(error.status)) setTimeout(() => this.#known.delete(key), AGAIN);
    }
    const known = this.#known.get(key);
    if (known) known.facts = facts;
    this.#busy -= 1;
    this.#onNews();
    if (this.#waiting.size) this.#next();
  }
}
