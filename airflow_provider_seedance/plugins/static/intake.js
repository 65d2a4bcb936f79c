// The one door for what is read from Airflow. An XCom, a rendered field or a log record may hold anything; behind this
// door each value has its type and a bound, or it isn't there, and the name of what was left out is kept.

/** The plugin's own routes, at <Airflow>/seedance-api/<version>; this file is at <Airflow>/seedance-ui/<version>/. */
export const ROUTES = new URL("../../seedance-api/", import.meta.url).href + import.meta.url.split("/").at(-2);

/** Whether a URL is that of a stored copy, which the plugin's own route reads out. */
export const isCopy = (value) => typeof value === "string" && value.startsWith(`${ROUTES}/playback/`);

const MOST_PROMPT = 20000; // characters; the longest prompt that a vendor documents is far shorter
const MOST_WORD = 300; // ids, names, states
const MOST_URL = 8192;
const MOST_MESSAGE = 2000;
const MOST_JSON = 1000000;
const MOST_ENTRIES = 20;
const MOST_NUMBER = 1e15; // sums of these stay exact enough, and finite

// Control and bidirectional formatting characters, which can hide or turn around the text beside them.
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu;

/** A string that says something, or null. */
export function text(value) {
  return typeof value === "string" && value.trim() ? value : null;
}

/** A finite number, also one in a string, or null. */
export function number(value) {
  if (typeof value === "string" && value.trim() !== "" && value.length < MOST_WORD) return number(Number(value));
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Milliseconds since 1970, or null. */
export function time(value) {
  const at = typeof value === "string" && value.length < MOST_WORD ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

const clean = (value) => text(value)?.replace(INVISIBLE, "").trim() || null;

const upTo = (most) => (value) => {
  const found = clean(value);
  return found && found.length > most ? `${found.slice(0, most)}…` : found;
};

// Of an id or an address a part is worth nothing, so a long one is left out whole.
const whole = (most) => (value) => {
  const found = clean(value);
  return found && found.length <= most ? found : null;
};

const word = whole(MOST_WORD);
const url = whole(MOST_URL);

/** Ids are strings; Airflow's native rendering makes numbers of those that look like one. */
const id = (value) => word(Number.isSafeInteger(value) ? String(value) : value);

const amount = (value) => {
  const found = number(value);
  return found !== null && found >= 0 && found <= MOST_NUMBER ? found : null;
};

const moment = (value) => (time(value) === null ? null : value);

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The vendor's own figures, as far as they are numbers or words. */
function usage(value) {
  if (!isRecord(value)) return null;
  const found = {};
  for (const [name, figure] of Object.entries(value).slice(0, MOST_ENTRIES)) {
    const kept = typeof figure === "number" ? amount(figure) : word(figure);
    if (kept !== null && word(name) === name && name !== "__proto__") found[name] = kept;
  }
  return found;
}

const FACTS = {
  video_id: id,
  vendor: word,
  model: word,
  status: word,
  video_url: url,
  last_frame_url: url,
  thumbnail_url: url,
  uri: url,
  last_frame_uri: url,
  url_expires_at: moment,
  created_at: moment,
  completed_at: moment,
  duration: amount,
  seconds: amount,
  width: amount,
  height: amount,
  bytes: amount,
  tokens: amount,
  cost: amount,
  currency: word,
  sha256: word,
  content_type: word,
  usage,
  seedance_conn_id: word,
};

/** Media references: one, or several. */
const references = (value) => {
  const found = [value].flat().slice(0, MOST_ENTRIES).map(url).filter(Boolean);
  return found.length ? found : null;
};

const flag = (value) => (typeof value === "boolean" ? String(value) : null);

// What was asked for: the create task's own XCom, or as far as that isn't there, its rendered fields.
const ASKED = {
  seedance_conn_id: word,
  prompt: upTo(MOST_PROMPT),
  model: word,
  duration: number,
  seed: number,
  ratio: word,
  resolution: word,
};

const REQUEST = {
  ...ASKED,
  generate_audio: flag,
  watermark: flag,
  camera_fixed: flag,
  task: word,
  draft: flag,
  draft_id: word,
  output_format: word,
  first_frame: references,
  last_frame: references,
  reference_images: references,
  reference_videos: references,
  reference_audios: references,
};

const FIELDS = { ...ASKED, video_id: renderedId };

const BUDGET = { connection: word, scope: word, dag: word, run: word, currency: word, limit: amount, spent: amount };

/** The key of the XCom in which the create task tells what was asked for, before it waits. */
export const REQUEST_KEY = "seedance_asked";

/** What a record holds of the fields that are asked for, and which of them can't be used. */
function read(record, fields) {
  const found = {};
  const unreadable = [];
  for (const [name, reader] of Object.entries(fields)) {
    const value = Object.hasOwn(record, name) ? record[name] : null;
    if (value === null || value === undefined || value === "") continue;
    const kept = reader(value);
    if (kept === null) unreadable.push(name);
    else found[name] = kept;
  }
  return [found, unreadable];
}

/** An XCom's value as an object of facts; what is no such object says nothing. */
export function readFacts(key, value) {
  if (key === "video_id") {
    const found = id(typeof value === "string" ? value.replace(/^"(.*)"$/, "$1") : value);
    return found ? { video_id: found } : {};
  }
  let record = value;
  if (typeof record === "string") {
    if (record.length > MOST_JSON) return { unreadable: [key] };
    try {
      record = JSON.parse(record);
    } catch {
      return {};
    }
  }
  if (!isRecord(record)) return {};
  if (key === REQUEST_KEY) return readRequest(record);
  const [facts, unreadable] = read(record, FACTS);
  return unreadable.length ? { ...facts, unreadable } : facts;
}

/** What the create task has told: the request, and whether it found no room at the vendor or is in doubt. */
function readRequest(record) {
  const [asked, unreadable] = read(record, REQUEST);
  const found = { asked };
  if (["no_room", "in_doubt"].includes(record.outcome)) found.outcome = record.outcome;
  return unreadable.length ? { ...found, unreadable } : found;
}

/** The video's id in a rendered field: the id itself, or the dict that the create operator returns. */
function renderedId(value) {
  if (isRecord(value)) return id(value.video_id);
  if (typeof value !== "string") return id(value);
  const inDict = /['"]video_id['"]: ?['"]([^'"]+)['"]/.exec(value.slice(0, MOST_PROMPT));
  if (inDict) return id(inDict[1]);
  return value.includes("{{") ? null : id(value);
}

/** A task instance as the API has it, its rendered fields as far as the pages use them. */
export function readTask(task) {
  const rendered = isRecord(task.rendered_fields) ? task.rendered_fields : {};
  const [fields, others] = read(rendered, FIELDS);
  // A text may be a template that isn't rendered yet.
  const unreadable = others.filter((name) => typeof rendered[name] !== "string");
  // That a field is there tells what a subclass of an operator does, whatever the field holds.
  for (const name of Object.keys(FIELDS)) if (Object.hasOwn(rendered, name)) fields[name] ??= null;
  return {
    dag_id: task.dag_id,
    dag_run_id: task.dag_run_id,
    task_id: task.task_id,
    map_index: task.map_index,
    operator: task.operator,
    ...readPass(task),
    state: task.state,
    try_number: task.try_number,
    run_after: moment(task.run_after),
    start_date: moment(task.start_date),
    end_date: moment(task.end_date),
    rendered_fields: fields,
    unreadable,
  };
}

/** Where in a loop a task instance is (Airflow 3.4): which loop, the pass, and the API's own name for it; outside, nothing. */
function readPass({ loop_iteration: pass, region_id, region_index }) {
  if (!isRecord(pass) || !Number.isSafeInteger(pass.iteration) || !word(region_id)) return {};
  return { loop: word(pass.loop_id), pass: pass.iteration, region: { region_id, region_index } };
}

/** What a DAG says of itself: its tags' names and its params. */
export function readDag({ tags, params }) {
  const names = (Array.isArray(tags) ? tags : []).map((tag) => word(tag?.name)).filter(Boolean);
  const found = {};
  for (const [name, param] of Object.entries(isRecord(params) ? params : {})) {
    if (word(name) !== name || name === "__proto__" || !isRecord(param)) continue;
    found[name] = {
      value: param.value,
      description: upTo(MOST_MESSAGE)(param.description),
      schema: isRecord(param.schema) ? param.schema : {},
    };
  }
  return { tags: names, params: found };
}

/** The names of a manifest's copies that the route for playback reads out; undefined if it doesn't say. */
export const readServed = (value) => (Array.isArray(value) ? COPIES.filter((name) => value.includes(name)) : undefined);

const COPIES = ["uri", "last_frame_uri"];

/** What the route tells of budgets: rows, and the DAGs of which the viewer may not know. */
export function readBudgets({ budgets, denied, problem }) {
  const row = (each) => {
    const [found] = read(isRecord(each) ? each : {}, BUDGET);
    return found.scope && found.limit !== undefined && found.spent !== undefined ? found : null;
  };
  return {
    rows: (Array.isArray(budgets) ? budgets : []).map(row).filter(Boolean),
    denied: amount(denied) ?? 0,
    problem: upTo(MOST_WORD)(problem),
  };
}

/** A record of a task's log; null if it says nothing. */
export function readLogRecord(record) {
  const event = isRecord(record) ? upTo(MOST_MESSAGE)(record.event) : null;
  if (!event || event.startsWith("::")) return null;
  return {
    event,
    level: word(record.level) ?? "",
    logger: word(record.logger) ?? "",
    timestamp: moment(record.timestamp),
    error: readError(record.error_detail),
    poll: readPoll(record),
  };
}

/** What a poll said of a video, in the record's own fields; null if the record is of something else. */
function readPoll(record) {
  const [found] = read(record, { video_id: id, video_status: word, video_progress: amount, wait_reason: upTo(MOST_MESSAGE) });
  if (!found.video_id || !(found.video_status || found.wait_reason)) return null;
  const { video_status: status = null, video_progress: progress = null, wait_reason: reason = null } = found;
  return { id: found.video_id, status, progress, reason };
}

/** The exception that a log record tells of: its class and its own words. The first is the one that was raised last. */
function readError(detail) {
  const raised = Array.isArray(detail) && isRecord(detail[0]) ? detail[0] : {};
  const type = word(raised.exc_type);
  return type && { type, message: upTo(MOST_MESSAGE)(raised.exc_value) ?? type };
}

/**
 * An http(s) URL without a name or password in it, or null: nothing else may become a link, a picture or a video.
 *
 * @param own a URL of Airflow: nothing of its origin is returned, because with the viewer's session a mere look at it
 *   may do something, such as logging the viewer out
 */
export function foreignUrl(value, own) {
  const found = safeUrl(value);
  return found && own && sameOrigin(new URL(found), urlOf(own)) ? null : found;
}

const OWN = new Map(); // Airflow's URL is the same all the time, and taking it apart takes long

function urlOf(own) {
  if (!OWN.has(own)) OWN.set(own, new URL(own));
  return OWN.get(own);
}

// Between http and https on their usual ports, servers redirect.
function sameOrigin(one, other) {
  const host = ({ hostname }) => hostname.replace(/\.$/, "");
  return host(one) === host(other) && one.port === other.port;
}

/** An http(s) URL without a name or password in it, or null. */
export function safeUrl(value) {
  if (typeof value !== "string") return null;
  try {
    const { protocol, username, password, href } = new URL(value);
    return ["http:", "https:"].includes(protocol) && !username && !password ? href : null;
  } catch {
    return null;
  }
}
