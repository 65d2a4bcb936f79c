// Airflow's public REST API and the plugin's own routes, with the session of whoever looks at the page. Nothing else is asked.

import { ROUTES, readBudgets, readDag, readFacts, readLogRecord, readServed, readTask } from "./intake.js";
import { isActive, keyOf, roleOf, ROLES, xcomKeysFor } from "./model.js";
import { inSlices } from "./slices.js";

// This file is at <Airflow>/seedance-ui/<version>/api.js.
const AIRFLOW = new URL("../../", import.meta.url);
const PAGE = 100; // Airflow's default for the most that one answer holds
const OWN_PAGE = 500; // tasks that the plugin's own route tells of at once
const AGAIN = 10000; // milliseconds after which what couldn't be read may be asked for again
const POLLS = 20000; // milliseconds after which the log of a waiting task is read again
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

const STRANGE = "Something that isn't Airflow answered, a login page for example. Trying again.";

/** Whether a failure says nothing of what was asked for: the network, or something in between, was not up to it now. */
const isPassing = ({ status }) => [0, 408, 429, 502, 503, 504].includes(status);

let skew = 0; // milliseconds that the server's clock is ahead of the browser's

/** Milliseconds since 1970 by the server's clock, which wrote all times that are shown. */
export const serverTime = () => Date.now() + skew;

/** GETs JSON. */
export const get = (path, params = {}, signal = undefined) => query(new URL(`api/v2/${path}`, AIRFLOW), params, signal);

async function query(address, params, signal) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(params)) {
    for (const item of [value].flat()) if (item !== undefined && item !== null) url.searchParams.append(name, item);
  }
  return json(url, { signal });
}

async function json(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Airflow can't be reached. Trying again.");
  }
  if (!answer.ok) throw new ApiError(answer.status, TOLD[answer.status] ?? `Airflow answers ${answer.status}. Trying again.`);
  const isOwn = String(url).startsWith(ROUTES);
  const at = isOwn ? Number.NaN : Date.parse(answer.headers.get("Date") ?? ""); // there is one clock
  if (Math.abs(at - serverTime()) > 2000) skew = at - Date.now();
  return answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    // Where there is no such route, Airflow answers with its page.
    throw new ApiError(isOwn ? 404 : 0, STRANGE);
  });
}

/** The run's own `conf`. */
export async function confOf(task, signal) {
  const { conf } = await get(`dags/${part(task.dag_id)}/dagRuns/${part(task.dag_run_id)}`, {}, signal);
  return conf && typeof conf === "object" ? conf : {};
}

/**
 * Starts a run of a DAG, as Airflow's own trigger form does; the only thing that these pages ever change.
 *
 * @returns its id
 * @throws ApiError with Airflow's own words, if it refuses the values
 */
export async function startRun(dag, conf) {
  const answer = await fetch(new URL(`api/v2/dags/${part(dag)}/dagRuns`, AIRFLOW), {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    credentials: "same-origin",
    body: JSON.stringify({ logical_date: null, conf }),
  }).catch(() => {
    // Whether it was started can't be told, so it isn't tried again.
    throw new ApiError(0, "No answer came back from Airflow. Look at the DAG's runs before you start another.");
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told.dag_run_id;
  const { detail } = told;
  const why = typeof detail === "string" ? detail : JSON.stringify(detail ?? "");
  const words = { 401: TOLD[401], 403: "You may not start runs of this DAG in Airflow." }[answer.status];
  throw new ApiError(answer.status, words ?? `Airflow refused it (${answer.status}): ${why.slice(0, 500)}`);
}

const part = encodeURIComponent;

const runPath = (dag, run) => `dags/${part(dag)}/dagRuns/${part(run)}/taskInstances`;

/** The page of a task instance in Airflow's UI. */
export function taskUrl(task, tab = "") {
  const mapped = task.map_index >= 0 ? `/mapped/${task.map_index}` : "";
  const path = `dags/${part(task.dag_id)}/runs/${part(task.dag_run_id)}/tasks/${part(task.task_id)}${mapped}${tab}`;
  const url = new URL(path, AIRFLOW);
  if (task.region) url.search = new URLSearchParams(task.region);
  return url.href;
}

/** The page of a run in Airflow's UI. */
export const runUrl = (task) => new URL(`dags/${part(task.dag_id)}/runs/${part(task.dag_run_id)}`, AIRFLOW).href;

export const dagUrl = (dag) => new URL(`dags/${part(dag)}`, AIRFLOW).href;

let offers;

/** What the plugin's own routes offer here; nothing where there are none. */
export function offered() {
  offers ??= json(`${ROUTES}/about`)
    .catch((error) => {
      if (isPassing(error)) setTimeout(() => { offers = undefined; }, AGAIN);
      return {};
    })
    .then((found) => {
      playback = found.playback === true;
      batches = found.facts === true;
      lists = found.tasks === true;
      budgeted = found.budgets === true;
      asked = true;
    });
  return offers;
}

let asked = false; // whether it is known what the routes offer
let playback = false;
let batches = false;
let lists = false;
let budgeted = false;

/** What the ledger says of the budgets: rows, and the DAGs whose rows the viewer may not read; null without a ledger. */
export async function budgets(signal) {
  await offered();
  return budgeted ? readBudgets(await json(`${ROUTES}/budgets`, { signal })) : null;
}

/** The URL of the stored copy that a task's manifest names, where the API server reads such copies out; or null. */
export function copyUrl(task, what = "uri", more = {}) {
  if (!playback || !task) return null;
  const about = { run_id: task.dag_run_id, task_id: task.task_id, map_index: task.map_index, ...task.region, what, ...more };
  return `${ROUTES}/playback/${part(task.dag_id)}?${new URLSearchParams(about)}`;
}

/** One task instance. In a loop, its region tells which. */
export async function taskInstance({ dag, run, task, mapIndex, region }, signal) {
  const mapped = mapIndex >= 0 ? `/${mapIndex}` : "";
  return readTask(await get(`${runPath(dag, run)}/${part(task)}${mapped}`, { ...region }, signal));
}

/** The task instances of a task in all passes of its loop. */
export async function passesOf({ dag, run, task }, signal) {
  const { task_instances } = await get(runPath(dag, run), { task_id: task, limit: PAGE }, signal);
  return task_instances.map(readTask).filter((found) => found.task_id === task && found.region);
}

/** What the newest try's log says: the provider's own lines, and errors. */
export async function logLines(task, signal) {
  const path = `${runPath(task.dag_id, task.dag_run_id)}/${part(task.task_id)}/logs/${Math.max(task.try_number, 1)}`;
  const { content } = await get(path, { map_index: task.map_index, ...task.region, full_content: true }, signal);
  if (!Array.isArray(content)) return [];
  return content.map(readLogRecord).filter((line) => line && (/seedance/i.test(line.logger) || isError(line)));
}

const isError = ({ level, error }) => level === "error" || level === "critical" || error;

/** What a DAG is like: which tasks come right after which, its tags, its params. Each DAG is asked for once. */
export class Structures {
  #after = new Map();
  #about = new Map();
  #onNews;
  #isStopped = false;
  left = 0; // how many are still to be read

  constructor(onNews) {
    this.#onNews = onNews;
  }

  /** Asks for nothing again. */
  stop() {
    this.#isStopped = true;
  }

  isAfter = (task, earlier) => task.dag_id === earlier.dag_id
    && Boolean(this.#after.get(task.dag_id)?.get(earlier.task_id)?.has(task.task_id));

  /** The names of the DAG's tags, as far as they have been read. */
  tagsOf = (dag) => this.#about.get(dag)?.tags ?? [];

  /** The DAG's params by name, each with `value`, `description` and `schema`, as far as they have been read. */
  paramsOf = (dag) => this.#about.get(dag)?.params ?? {};

  async want(dag) {
    if (this.#after.has(dag)) return;
    this.#after.set(dag, new Map());
    await this.#read(dag);
  }

  async #read(dag) {
    this.left += 1;
    const path = `dags/${part(dag)}`;
    let isLost = false;
    // Without the tasks, the videos' ids alone tell what belongs together; without the others, there is no filter and no form.
    const [after, about] = await Promise.all([
      get(`${path}/tasks`).then(({ tasks }) => new Map(tasks.map((task) => [task.task_id, new Set(task.downstream_task_ids ?? [])]))),
      get(`${path}/details`).then(readDag),
    ].map((answer) => answer.catch((error) => {
      isLost ||= isPassing(error);
      return undefined;
    })));
    if (isLost) setTimeout(() => !this.#isStopped && this.#read(dag), AGAIN);
    if (after) this.#after.set(dag, after);
    if (about) this.#about.set(dag, about);
    this.left -= 1;
    this.#onNews();
  }
}

/** Operators of a role, as a filter of the API. */
export const operatorsOf = (...roles) => Object.keys(ROLES).filter((name) => roles.includes(ROLES[name]));

/**
 * All task instances that a filter finds, newest run first, page after page.
 *
 * @param from how many are passed over
 * @param most the number of the last one
 * @param onPage is given each page as it comes: tasks, how many there are in all
 */
export async function eachPage(wanted, onPage, signal) {
  await offered();
  if (lists) {
    const own = (dag, run, params) => query(`${ROUTES}/tasks/${part(dag)}`, { run_id: run, ...params }, signal);
    try {
      return await eachPageOf(own, OWN_PAGE, wanted, onPage, signal);
    } catch (error) {
      if (error.name === "AbortError" || [401, 403].includes(error.status) || isPassing(error)) throw error;
      lists = false; // from now on by Airflow's own list, as where there is no such route
    }
  }
  const listed = (dag, run, params) => get(runPath(dag, run), { order_by: "-run_after", ...params }, signal);
  return eachPageOf(listed, PAGE, wanted, onPage, signal);
}

async function eachPageOf(read, atOnce, { dag = "~", run = "~", from = 0, most = Infinity, ...filter }, onPage, signal) {
  const ask = async (offset) => {
    const page = await read(dag, run, { ...filter, limit: Math.min(atOnce, most - offset), offset });
    if (!Array.isArray(page.task_instances)) throw new ApiError(undefined, STRANGE);
    const tasks = await inSlices(reading(page.task_instances));
    signal?.throwIfAborted(); // what was asked for then is no longer looked for
    onPage(tasks, page.total_entries);
    return page;
  };
  const first = await ask(from);
  const size = first.task_instances.length; // an Airflow may be set to smaller pages
  const end = Math.min(most, first.total_entries);
  const offsets = [];
  for (let offset = from + size; size > 0 && offset < end; offset += size) offsets.push(offset);
  const worker = async () => {
    while (offsets.length) await ask(offsets.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function* reading(tasks) {
  const read = [];
  for (const task of tasks) {
    read.push(readTask(task));
    yield;
  }
  return read;
}

const NOTHING = Object.freeze({}); // always the same: what has not changed is known by it

/** Reads something of each task, once per state and try, the urgent ones first. */
class Reader {
  #known = new Map(); // key of the task -> { stamp, found }, without `found` while it is being read
  #waiting = new Map();
  #busy = 0;
  #whatOf;
  #read;
  #onNews;
  #isUrgent;
  #atOnce;

  /**
   * @param whatOf task -> the name of what is to be read of it now, or null
   * @param read (task, that name) -> what was found
   * @param onNews called when something has been read
   * @param isUrgent tells which tasks go first
   * @param atOnce how many are read at the same time
   */
  constructor({ whatOf, read, onNews, isUrgent = () => false, atOnce }) {
    this.#whatOf = whatOf;
    this.#read = read;
    this.#onNews = onNews;
    this.#isUrgent = isUrgent;
    this.#atOnce = atOnce;
  }

  /** What was found; an empty object where there is nothing to read, undefined while it has not been read. */
  of = (task) => (this.#whatOf(task) === null ? NOTHING : this.#known.get(keyOf(task))?.found);

  /** How many are still to be read. */
  get left() {
    return this.#waiting.size + this.#busy;
  }

  /** Asks for what there is to read of these tasks and has not been read yet. */
  want(tasks) {
    for (const task of tasks) {
      const what = this.#whatOf(task);
      if (what === null) continue;
      const key = keyOf(task);
      const stamp = `${what} ${task.try_number} ${task.state}`;
      const known = this.#known.get(key);
      if (known?.stamp === stamp) continue;
      this.#known.set(key, { stamp, found: known?.found });
      this.#waiting.set(key, { task, what });
    }
    while (this.#busy < this.#atOnce && this.#waiting.size) this.#next();
  }

  /** Forgets what was to be read. */
  stop() {
    this.#waiting.clear();
  }

  async #next() {
    const entries = [...this.#waiting];
    const [key, { task, what }] = entries.find(([, entry]) => this.#isUrgent(entry.task)) ?? entries[0];
    this.#waiting.delete(key);
    this.#busy += 1;
    let found = {};
    try {
      found = await this.#read(task, what);
    } catch (error) {
      // There is no such thing, or none for this viewer: the page shows what the task instance says.
      if (![403, 404].includes(error.status)) setTimeout(() => this.#known.delete(key), AGAIN);
    }
    const known = this.#known.get(key);
    if (known) known.found = found;
    this.#busy -= 1;
    this.#onNews();
    if (this.#waiting.size) this.#next();
  }
}

/** What one XCom tells; nothing, if there is none or not for this viewer. */
async function xcom(task, key, denied) {
  const path = `${runPath(task.dag_id, task.dag_run_id)}/${part(task.task_id)}/xcomEntries/${part(key)}`;
  try {
    return readFacts(key, (await get(path, { map_index: task.map_index, ...task.region })).value);
  } catch (error) {
    if (error.status === 403) denied.add(task.dag_id);
    if ([403, 404].includes(error.status)) return {};
    throw error;
  }
}

/** The facts of several XComs of a task. */
export function merged(found) {
  const unreadable = found.flatMap((facts) => facts.unreadable ?? []);
  return Object.assign({}, ...found, unreadable.length ? { unreadable } : {});
}

const BATCH = 500; // tasks whose facts are asked for at once

/** Reads what tasks have told about their videos: many in one request, where the plugin's route does that. */
class FactsReader {
  denied = new Set(); // DAGs whose XComs the viewer may not read
  #known = new Map(); // key of the task -> { stamp, found }, without `found` while it is being read
  #waiting = new Map();
  #busy = 0;
  #rests = false;
  #single;
  #onNews;
  #isUrgent;

  constructor(onNews, isUrgent = () => false) {
    this.#single = singleFacts(onNews, isUrgent, this.denied);
    this.#onNews = onNews;
    this.#isUrgent = isUrgent;
    offered().then(onNews);
  }

  of = (task) => (xcomKeysFor(task).length ? this.#known.get(keyOf(task))?.found : NOTHING) ?? this.#single.of(task);

  get left() {
    return asked ? this.#waiting.size + this.#busy + this.#single.left : 1;
  }

  want(tasks) {
    if (!asked) return; // `onNews` follows
    const others = [];
    for (const task of tasks) {
      // Of operators that aren't the provider's own, the route tells nothing.
      if (batches && task.operator in ROLES) this.#queue(task);
      else others.push(task);
    }
    if (others.length) this.#single.want(others);
    this.#goOn();
  }

  #goOn() {
    if (this.#waiting.size && !this.#busy && !this.#rests && batches) this.#next();
  }

  /** Whether the facts of all tasks may be asked for at once. */
  get takesMany() {
    return asked && batches;
  }

  /** Asks for those that nobody has asked for, too, where that costs no request each: their ids tell whose they are. */
  wantAll(tasks) {
    if (batches) this.want(tasks);
  }

  #queue(task) {
    const keys = xcomKeysFor(task);
    if (!keys.length) return;
    const key = keyOf(task);
    const stamp = `${keys} ${task.try_number} ${task.state}`;
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return;
    this.#known.set(key, { stamp, found: known?.found });
    this.#waiting.set(key, task);
  }

  stop() {
    this.#waiting.clear();
    this.#single.stop();
  }

  async #next() {
    this.#busy = 1;
    await undefined; // what else is wanted now goes with it
    const all = [...this.#waiting.entries()];
    const first = all.filter(([, task]) => this.#isUrgent(task));
    const chosen = [...new Map([...first, ...all])].slice(0, BATCH);
    for (const [key] of chosen) this.#waiting.delete(key);
    this.#busy = chosen.length;
    try {
      const { told, served, denied } = await factsOf(chosen.map(([, task]) => task));
      for (const dag of denied) this.denied.add(dag);
      await inSlices(this.#take(chosen, told, served));
    } catch (error) {
      if (isPassing(error)) {
        for (const [key, task] of chosen) if (!this.#waiting.has(key)) this.#waiting.set(key, task);
        this.#rests = true;
        setTimeout(() => {
          this.#rests = false;
          this.#goOn();
        }, AGAIN);
      } else if (error.status !== 401) {
        batches = false; // from now on one by one, as where there is no such route
        for (const [key] of [...chosen, ...this.#waiting]) this.#known.delete(key);
        this.#waiting.clear();
      }
    }
    this.#busy = 0;
    this.#onNews();
    this.#goOn();
  }

  *#take(chosen, told, served) {
    for (const [index, [key]] of chosen.entries()) {
      const found = Object.entries(told[index] ?? {}).map(([name, value]) => readFacts(name, value));
      const known = this.#known.get(key);
      if (known) known.found = { ...merged(found), served: readServed(served?.[index]) };
      yield;
    }
  }
}

/**
 * What tasks have told, by XCom key, in their order (null: nothing); which copies their manifests name that the route
 * for playback reads out; and the DAGs whose XComs may not be read.
 */
async function factsOf(tasks) {
  const addressOf = ({ dag_id, dag_run_id, task_id, map_index, region }) =>
    [dag_id, dag_run_id, task_id, ...(region ? [region.region_index, region.region_id] : [map_index])];
  const body = JSON.stringify({ tasks: tasks.map(addressOf) });
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return json(`${ROUTES}/facts`, { method: "POST", headers, body });
}

export const factsReader = (onNews, isUrgent) => new FactsReader(onNews, isUrgent);

/** Reads them one by one. */
const singleFacts = (onNews, isUrgent, denied) => new Reader({
  whatOf: (task) => xcomKeysFor(task).join(" ") || null,
  read: async (task, keys) => merged(await Promise.all(keys.split(" ").map((key) => xcom(task, key, denied)))),
  onNews,
  isUrgent,
  atOnce: AT_ONCE,
});

/** Reads what the vendor said last of videos that are waited for, from the fields of log records; again after a while. */
export const pollsReader = (onNews) => new Reader({
  whatOf: (task) => (isActive(task) && task.start_date && task.state !== "queued" ? `log ${Math.floor(Date.now() / POLLS)}` : null),
  read: async (task) => ({ poll: (await logLines(task)).findLast(({ poll }) => poll)?.poll }),
  onNews,
  atOnce: 1,
});

/** Reads the errors that tasks have failed with, from their logs. */
export const errorsReader = (onNews) => new Reader({
  whatOf: (task) => (task.state === "failed" && task.start_date && roleOf(task) ? "log" : null),
  read: async (task) => ({ error: (await logLines(task)).findLast(({ error }) => error)?.error }),
  onNews,
  atOnce: 1,
});
