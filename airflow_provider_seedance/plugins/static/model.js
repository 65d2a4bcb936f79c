// What task instances and their XComs say about videos. Pure: no requests, no DOM. All that it is given has passed intake.js.

import { foreignUrl, REQUEST_KEY, time } from "./intake.js";
import { atOnce } from "./slices.js";

/** What each operator does to a video: it orders it, waits for it, or stores it. */
export const ROLES = {
  SeedanceCreateVideoOperator: "create",
  SeedanceVideoDecoratedOperator: "create",
  SeedanceVideoSensor: "wait",
  SeedanceVideoToObjectStorageOperator: "land",
};

/** The groups that people filter by, in the order of the page. */
export const GROUPS = [
  ["waiting", "Waiting", "ordered or about to be, not there yet"],
  ["stuck", "Stuck", "waits longer than 99 of 100 videos of its model have"],
  ["room", "No room", "the vendor refused it for now (429): nothing is ordered yet"],
  ["doubt", "In doubt", "the order was sent, and no answer came back: the vendor may make the video, and bill it"],
  ["orphan", "Nobody waits", "ordered, and no task that this page has read waits for it"],
  ["submitted", "Ordered", "ordered; the task that waits for it isn't known yet"],
  ["ready", "Ready", "the vendor's link works"],
  ["risk", "Not stored", "the task that stores it has failed; once the vendor's link has expired, it is lost"],
  ["stored", "Stored", "kept in your own storage"],
  ["expired", "Link expired", "the vendor's link has expired, and no copy is known"],
  ["failed", "Failed", "a task failed"],
  ["dropped", "Not run", "skipped, removed, or a task before it failed"],
];

const DROPPED = new Set(["skipped", "removed", "upstream_failed"]);

/** Whether a task may still change by itself. */
export const isActive = (task) => !["success", "failed"].includes(task.state) && !DROPPED.has(task.state);

/** What a task does to a video. The operators' subclasses are known by their fields. */
export function roleOf(task) {
  const known = ROLES[task.operator];
  const fields = task.rendered_fields ?? {};
  if (known || !("seedance_conn_id" in fields)) return known ?? null;
  if ("prompt" in fields) return "create";
  return "video_id" in fields ? "wait" : null;
}

/** A function of a task, computed once for each. */
function remembered(compute) {
  const known = new WeakMap();
  return (task) => {
    if (!known.has(task)) known.set(task, compute(task));
    return known.get(task);
  };
}

const runOf = remembered((task) => JSON.stringify([task.dag_id, task.dag_run_id]));

// Each pass of a loop has a task instance of its own, all of them with the same map index.
const placeOf = ({ region, map_index }) => (region ? [map_index, region.region_id, region.region_index] : [map_index]);

export const keyOf = remembered((task) => JSON.stringify([task.dag_id, task.dag_run_id, task.task_id, ...placeOf(task)]));

/** Whether two tasks are of the same index, and in a loop of the same pass. */
const isBeside = (task, other) => task.map_index === other.map_index && task.pass === other.pass && task.loop === other.loop;

/** A task's name, with its index and, in a loop, its pass, counted from 1. */
export function nameOf(task) {
  const index = task.map_index >= 0 ? ` [${task.map_index}]` : "";
  return `${task.task_id}${index}${task.pass === undefined ? "" : `, pass ${task.pass + 1}`}`;
}

/** The XCom keys under which a task tells its video, as far as it can have told it yet. */
export function xcomKeysFor(task) {
  const orders = roleOf(task) === "create";
  // An operator that waits itself says the id before it waits.
  const waitedItself = orders && ["deferred", "failed"].includes(task.state);
  const keys = task.state === "success" ? ["return_value"] : waitedItself ? ["video_id"] : [];
  // Of the others, rendered fields have it as well, and need no request of their own.
  if (orders && task.start_date && (waitedItself || !task.rendered_fields?.prompt)) keys.push(REQUEST_KEY);
  return keys;
}

/**
 * Puts tasks together to videos: who ordered it, who waits for it, who stored it.
 *
 * A video's id tells; where it isn't known (yet), the DAG does: a task right after the only order of its index.
 *
 * @param tasks task instances as the API has them
 * @param factsOf task -> its facts, or undefined while they have not been read
 * @param isAfter (task, earlier task) -> whether the one comes right after the other in their DAG
 * @param errorOf task -> the error that it failed with, or undefined
 * @param pollOf task -> what a poll said last of its video, or undefined
 * @param readFrom milliseconds since 1970: of runs after it, all tasks that wait are among these; by default, of all runs
 * @returns videos, newest first; a task that waits for nobody knows what yet is no video
 */
export const assemble = (tasks, factsOf, isAfter = () => false, errorOf = () => undefined, pollOf = () => undefined, readFrom = -Infinity) =>
  atOnce(assembling(tasks, { factsOf, isAfter, errorOf, pollOf, readFrom }));

const STEP = 16; // tasks or videos between two places where the work may pause

/**
 * The same, step by step.
 *
 * @param before the videos of the last time, by key: of what has not changed since, the same objects are returned
 */
export function* assembling(tasks, { factsOf, isAfter, errorOf, pollOf, readFrom = -Infinity }, before = new Map()) {
  const videos = [];
  const byId = new Map();
  const byRun = new Map();
  let count = 0;
  const add = (video, task, id) => {
    videos.push(video);
    if (id) byId.set(id, video).set(runOf(task) + id, video);
    if (!byRun.has(runOf(task))) byRun.set(runOf(task), []);
    byRun.get(runOf(task)).push(video);
  };
  const byRole = { create: [], wait: [], land: [] };
  for (const task of tasks) {
    byRole[roleOf(task)]?.push(task);
    if (count++ % STEP === 0) yield;
  }
  for (const task of byRole.create) {
    add({ key: keyOf(task), create: task }, task, factsOf(task)?.video_id);
    if (count++ % STEP === 0) yield;
  }
  for (const role of ["wait", "land"]) {
    const without = [];
    for (const task of byRole[role]) {
      if (count++ % STEP === 0) yield;
      const id = factsOf(task)?.video_id ?? task.rendered_fields?.video_id;
      const video = byId.get(runOf(task) + id) ?? byId.get(id) ?? besides(task, id, byRun.get(runOf(task)) ?? [], factsOf, isAfter);
      if (!video) without.push([task, id]);
      else if (!video[role] || isNewer(task, video[role])) video[role] = task;
    }
    for (const [task, id] of without) {
      const orders = (byRun.get(runOf(task)) ?? []).filter((video) => video.create);
      const isKnown = ({ create, wait }) => wait || !xcomKeysFor(create).length || factsOf(create) !== undefined;
      // While an order of its run isn't known, this may be that one's; without an id it never becomes a video.
      if (orders.length && !(id && orders.every(isKnown))) continue;
      const same = byId.get(id);
      if (same) same[role] ??= task;
      else add({ key: keyOf(task), [role]: task }, task, id);
    }
  }
  const waits = new Set(videos.map(({ wait }) => wait));
  const unsure = new Set(byRole.wait.filter((task) => isActive(task) && !waits.has(task)).map(runOf));
  const found = [];
  for (const video of videos) {
    const complete = completed(video, before.get(video.key), { factsOf, errorOf, pollOf });
    // Another wait of the run may turn out to be for this one.
    const { create } = complete;
    const mayTell = Boolean(create) && (time(create.run_after) ?? 0) > readFrom;
    complete.isAlone = mayTell && !complete.wait && factsOf(create) !== undefined && !unsure.has(runOf(create));
    found.push(complete);
    if (count++ % STEP === 0) yield;
  }
  return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** The video of the run that the task comes right after, if there is just one and no id says otherwise. */
function besides(task, id, videos, factsOf, isAfter) {
  const before = videos.filter(({ create, wait }) => [create, wait].some((earlier) =>
    earlier && isBeside(task, earlier) && isAfter(task, earlier)));
  const ids = before.map(({ create }) => create && factsOf(create)?.video_id);
  return before.length === 1 && (!id || !ids[0] || ids[0] === id) ? before[0] : undefined;
}

const isNewer = (task, other) => (task.run_after ?? "") > (other.run_after ?? "");

/** The video with all that is known of it; the one of the last time, if nothing that it is made of has changed. */
function completed(video, last, { factsOf, errorOf, pollOf }) {
  const tasks = [video.create, video.wait, video.land].filter(Boolean);
  const madeOf = [video.create, video.wait, video.land, ...tasks.flatMap((task) => [factsOf(task), errorOf(task), pollOf(task)])];
  if (last && last.madeOf.length === madeOf.length && madeOf.every((part, index) => part === last.madeOf[index])) return last;
  const rendered = Object.assign({}, ...tasks.map((task) => task.rendered_fields ?? {}).reverse());
  const facts = Object.assign({}, ...tasks.map(factsOf));
  delete facts.unreadable;
  delete facts.served;
  const first = tasks[0];
  const id = facts.video_id ?? video.wait?.rendered_fields?.video_id ?? null;
  const asked = { ...video.create?.rendered_fields, ...facts.asked };
  return {
    ...video,
    madeOf,
    tasks,
    facts,
    asked,
    at: first.start_date ?? first.run_after ?? "",
    id,
    dag: first.dag_id,
    run: first.dag_run_id,
    prompt: asked.prompt ?? null,
    model: facts.model ?? asked.model ?? null,
    vendor: facts.vendor ?? null,
    // After a fail-over it isn't the one that the task names: what was told then counts.
    connection: facts.seedance_conn_id ?? facts.asked?.seedance_conn_id ?? rendered.seedance_conn_id ?? null,
    seconds: facts.duration ?? facts.seconds ?? (asked.duration > 0 ? asked.duration : null),
    unreadable: [...new Set(tasks.flatMap((task) => [...(task.unreadable ?? []), ...(factsOf(task)?.unreadable ?? [])]))],
    error: tasks.map(errorOf).find(Boolean) ?? null,
    // A browser opens the addresses of no storage; the plugin's route does, by the task that has the manifest: of several
    // the last, whose facts are shown.
    keeper: keeperOf(tasks, factsOf, "uri"),
    frameKeeper: keeperOf(tasks, factsOf, "last_frame_uri"),
    seen: tasks.map(pollOf).find((poll) => poll && (!id || poll.id === id)) ?? null,
  };
}

/** The task by which a copy can be played; null if there is no copy, or if it is known that the route won't read it out. */
function keeperOf(tasks, factsOf, name) {
  const keeper = tasks.findLast((task) => /^(file|s3|gs|abfss?):/.test(factsOf(task)?.[name] ?? ""));
  return keeper && factsOf(keeper).served?.includes(name) !== false ? keeper : null;
}

/** What tells a video from the others of its task: map index and, in a loop, the pass, counted from 1; nothing outside. */
export function takeOf({ tasks }) {
  const { map_index: index } = tasks.find((task) => task.map_index >= 0) ?? tasks[0];
  const { pass } = tasks.find((task) => task.pass !== undefined) ?? tasks[0];
  return [index >= 0 && `index ${index}`, pass !== undefined && `pass ${pass + 1}`].filter(Boolean).join(", ");
}

/** Whether nobody can say if the vendor makes (and bills) the video: its order went out, and no answer came back. */
export const isInDoubt = (video) => video.error?.type === "SubmissionUnknownError" || video.facts?.outcome === "in_doubt";

const NOT_STORED = new Set(["failed", "upstream_failed"]);

// A vendor's state in words for people.
const VENDORS = { queued: "in the vendor's queue", running: "generating" };

/** What a video that isn't there yet waits for. */
function waitingFor(video, task, now) {
  const { create, facts, seen } = video;
  if (task === create && !facts.video_id) {
    if (facts.outcome === "no_room") return { group: "room", word: "no room at the vendor yet" };
    const before = { running: "being ordered", up_for_retry: "to be tried again", deferred: "at the vendor" };
    return { group: "waiting", word: before[task.state] ?? "not ordered yet" };
  }
  if (["deferred", "running", "up_for_reschedule"].includes(task.state)) {
    const word = VENDORS[seen?.status] ?? "at the vendor";
    const group = video.limit && waitingSeconds(video, now) > video.limit ? "stuck" : "waiting";
    return { group, word: seen?.progress > 0 ? `${word}, ${seen.progress} %` : word };
  }
  return { group: "waiting", word: create ? "ordered" : "not waited for yet" };
}

/** "not stored, link dies in 3 h". */
function riskOf(facts, now) {
  const until = time(facts.url_expires_at);
  return until === null ? "not stored" : `not stored, link dies in ${shortly((until - now) / 1000)}`;
}

/** Where a video stands: its group and the word for it. */
export function stateOf(video, now) {
  const { create, wait, land, facts } = video;
  const orderedBy = [create, wait].filter(Boolean);
  const failed = orderedBy.find((task) => task.state === "failed");
  if (failed && isInDoubt(video)) return { group: "doubt", word: "in doubt" };
  if (failed) return { group: "failed", word: facts.outcome === "no_room" && !facts.video_id ? "no room at the vendor" : "failed" };
  const dropped = orderedBy.find((task) => DROPPED.has(task.state));
  if (dropped) return { group: "dropped", word: words(dropped.state) };
  const active = orderedBy.find(isActive);
  if (active) return waitingFor(video, active, now);
  if (land?.state === "success" || facts.uri) return { group: "stored", word: "stored" };
  if (!wait && !facts.video_url && facts.status !== "succeeded") {
    const ended = ["failed", "cancelled", "expired"].includes(facts.status);
    if (ended) return { group: "failed", word: facts.status };
    return video.isAlone ? { group: "orphan", word: "nobody waits for it" } : { group: "submitted", word: "ordered" };
  }
  if (isExpired(facts, now)) return { group: "expired", word: "link expired" };
  if (land && NOT_STORED.has(land.state)) return { group: "risk", word: riskOf(facts, now) };
  return { group: "ready", word: land && isActive(land) ? "ready, being stored" : "ready" };
}

/** Whether the vendor's link is known to have expired. */
export function isExpired(facts, now) {
  const until = time(facts.url_expires_at);
  return until !== null && until <= now;
}

/** Seconds from the order to the video, or to now; null if it was never ordered or nobody knows. */
export function waitingSeconds(video, now) {
  const { facts, create, wait } = video;
  const byVendor = [time(facts.created_at), time(facts.completed_at)];
  if (byVendor[0] !== null && byVendor[1] !== null && byVendor[1] >= byVendor[0]) return (byVendor[1] - byVendor[0]) / 1000;
  const last = wait ?? create;
  const start = time((create ?? wait)?.start_date);
  if (start === null || !last) return null;
  const end = isActive(last) ? now : time(last.end_date);
  return end === null || end < start ? null : (end - start) / 1000;
}

const ENOUGH = 20; // finished videos of a model from which on its usual wait is known

/** Gives each video the seconds after which it waits unusually long: those that 99 of 100 of its model needed less than. */
export function limitWaits(videos, now) {
  const waits = new Map();
  for (const video of videos) {
    const { group } = stateOf(video, now);
    if (!["ready", "stored", "expired", "risk"].includes(group)) continue;
    const waited = waitingSeconds(video, now);
    if (waited === null) continue;
    if (!waits.has(video.model)) waits.set(video.model, []);
    waits.get(video.model).push(waited);
  }
  const limits = new Map();
  for (const [model, all] of waits) {
    if (all.length >= ENOUGH) limits.set(model, all.sort((a, b) => a - b)[Math.ceil(all.length * 0.99) - 1]);
  }
  for (const video of videos) video.limit = limits.get(video.model) ?? null;
}

/** What videos have cost, by something that they have in common (or by "day") and by currency; the dearest first. */
export function spendBy(videos, name, timeZone = undefined) {
  const dayOf = daysOf(timeZone);
  const dayOfVideo = ({ at }) => (time(at) === null ? null : dayOf(time(at)));
  const rows = new Map();
  for (const video of videos) {
    const { cost, currency = "" } = video.facts;
    if (!cost) continue;
    const about = (name === "day" ? dayOfVideo(video) : video[name]) ?? "unknown";
    const key = JSON.stringify([about, currency]);
    const row = rows.get(key) ?? { about, currency, cost: 0, videos: 0 };
    row.cost += cost;
    row.videos += 1;
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => (a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : b.cost - a.cost));
}

const ONE = new Set(["first_frame", "last_frame"]);
const FLAGS = new Set(["generate_audio", "watermark", "camera_fixed", "draft"]);

/** What was asked for, with the values that a request has. References are without their signatures. */
export function requestOf({ asked }) {
  const request = {};
  for (const [name, value] of Object.entries(asked)) {
    if (value === null || value === undefined || name === "video_id") continue;
    request[name] = ONE.has(name) ? [value].flat()[0] : FLAGS.has(name) ? value === "true" : value;
  }
  return request;
}

/** A request as a task of a DAG. */
export function pythonOf(request) {
  const python = (value) => (typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
  const lines = Object.entries({ task_id: "video", ...request }).map(([name, value]) => `    ${name}=${python(value)},\n`);
  return `SeedanceCreateVideoOperator(\n${lines.join("")})\n`;
}

/** Tokens that the vendor counted. */
export function tokensOf(facts) {
  const figures = [facts.tokens, facts.usage?.total_tokens, facts.usage?.completion_tokens];
  return figures.find((figure) => typeof figure === "number") ?? null;
}

/** One row per day of the calendar in a time zone: counts by group, the middle and longest wait, tokens, cost by currency. */
export function byDay(videos, now, timeZone = undefined) {
  const dayOf = daysOf(timeZone);
  const days = new Map();
  for (const video of videos) {
    const at = time(video.at);
    if (at === null) continue;
    const day = dayOf(at);
    if (!days.has(day)) days.set(day, { day, counts: {}, waits: [], tokens: 0, costs: {}, total: 0 });
    const row = days.get(day);
    const { group } = stateOf(video, now);
    row.counts[group] = (row.counts[group] ?? 0) + 1;
    row.total += 1;
    const waited = waitingSeconds(video, now);
    if (waited !== null && ["ready", "stored", "expired"].includes(group)) row.waits.push(waited);
    row.tokens += tokensOf(video.facts) ?? 0;
    const { cost, currency = "" } = video.facts;
    if (cost) row.costs[currency] = (row.costs[currency] ?? 0) + cost;
  }
  const rows = [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  for (const row of rows) {
    row.waits.sort((a, b) => a - b);
    row.middleWait = row.waits.length ? row.waits[Math.floor((row.waits.length - 1) / 2)] : null;
    row.longestWait = row.waits.at(-1) ?? null;
  }
  return fillDays(rows);
}

function fillDays(rows) {
  if (rows.length < 2) return rows;
  const known = new Map(rows.map((row) => [row.day, row]));
  const filled = [];
  const last = rows.at(-1).day;
  for (const at = new Date(`${rows[0].day}T12:00Z`); filled.length < 62; at.setUTCDate(at.getUTCDate() + 1)) {
    const day = at.toISOString().slice(0, 10);
    const empty = { day, counts: {}, waits: [], tokens: 0, costs: {}, total: 0, middleWait: null, longestWait: null };
    filled.push(known.get(day) ?? empty);
    if (day >= last) return filled;
  }
  return rows; // a span of months with holes: only the days that have videos
}

/** The currencies of these days, in the order of the alphabet; an empty one is a cost whose currency isn't said. */
export const currenciesOf = (rows) => [...new Set(rows.flatMap(({ costs }) => Object.keys(costs)))].sort();

/** A function that gives the day of a moment in a time zone. */
function daysOf(timeZone) {
  const format = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const known = new Map(); // asked for thousands of moments; in no zone a day begins within a quarter of an hour
  return (at) => {
    const quarter = Math.floor(at / 900000);
    if (!known.has(quarter)) {
      const found = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
      known.set(quarter, `${found.year}-${found.month}-${found.day}`);
    }
    return known.get(quarter);
  };
}

const MEDIA = ["video_url", "thumbnail_url", "last_frame_url", "uri"];

/** The names of the facts whose addresses are left alone, because they are Airflow's own or hold a password. */
export const leftAlone = (facts, own) => MEDIA.filter((name) => /^https?:/i.test(facts[name] ?? "") && !foreignUrl(facts[name], own));

/** Whether the video is a QuickTime file, which not every browser plays: by its manifest, else by what was asked for. */
export const isQuickTime = ({ facts, asked }) =>
  facts.content_type ? facts.content_type === "video/quicktime" : asked.output_format === "mov" || /\.mov$/i.test(facts.uri ?? "");

/** The URL that a browser can play the video from, if there is one: the vendor's while it lasts, else the copy. */
export const playable = (facts, now, own) => (isExpired(facts, now) ? null : foreignUrl(facts.video_url, own)) ?? foreignUrl(facts.uri, own);

/** The URL of a still picture of the video, if there is one. */
export const still = (facts, now, own) => isExpired(facts, now) ? null : foreignUrl(facts.thumbnail_url, own) ?? lastFrame(facts, now, own);

/** The URL of the video's last frame, if there is one. */
export const lastFrame = (facts, now, own) => isExpired(facts, now) ? null : foreignUrl(facts.last_frame_url, own);

/** "5 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} days`;
}

/** "90 s", "3 min", "2 h": for the axis of a chart. */
export function shortly(seconds) {
  const [unit, size] = seconds < 120 ? ["s", 1] : seconds < 7200 ? ["min", 60] : ["h", 3600];
  return `${Math.round((seconds / size) * 10) / 10} ${unit}`;
}

const RELATIVE = Object.fromEntries(["long", "narrow"].map((style) => [style, new Intl.RelativeTimeFormat("en", { numeric: "auto", style })]));
const RELATIVES = new Map(); // what was said before: each of hundreds of cards says one of few things, and saying it anew takes long

/** "2 minutes ago", "in 3 hours"; narrow: "2m ago", "in 3h". */
export function relative(at, now, style = "long") {
  const seconds = (at - now) / 1000;
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  const count = Math.round(seconds / size);
  const key = `${count} ${unit} ${style}`;
  if (!RELATIVES.has(key)) RELATIVES.set(key, RELATIVE[style].format(count, unit));
  return RELATIVES.get(key);
}

/** "1.4 MB". */
export function bytes(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

export const words = (state) => state.replaceAll("_", " ");
