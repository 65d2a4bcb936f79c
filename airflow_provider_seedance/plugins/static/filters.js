// What is looked for, and in which order; all of it is in the address, so that a view can be shared.

const FIGURES = [["wait", "Longest wait first"], ["cost", "Dearest first"]];

export const SORTS = [["", "Newest first"], ["oldest", "Oldest first"], ...FIGURES];

/** Of a run's tab: people choose among takes by their number. */
export const SORTS_IN_RUN = [["", "By task and index"], ...FIGURES];

/** The filters' names in the address. `star` holds the favourites, `open` the video that is open; both by `shortOf`. */
const NAMES = ["days", "dag", "tag", "run", "vendor", "model", "state", "words", "sort", "only", "star", "open"];

/** What of it stands in the address of a run's tab, which is Airflow's own. */
const SHARED = ["star", "open"];

const MOST_STARS = 200; // more than that, and servers may refuse the address

/** The filters of an address, each a string. */
export function filtersOf(search, scoped = false) {
  const found = new URLSearchParams(search);
  return Object.fromEntries(NAMES.map((name) => {
    const value = scoped && !SHARED.includes(name) ? null : found.get(name);
    return [name, value ?? (name === "days" && !scoped ? "7" : "")];
  }));
}

/** The address with these filters in it; what else it says stays. */
export function addressWith(href, filters, scoped = false) {
  const url = new URL(href);
  for (const name of scoped ? SHARED : NAMES) {
    if (filters[name] || (name === "days" && !scoped)) url.searchParams.set(name, filters[name]);
    else url.searchParams.delete(name);
  }
  return url;
}

/** A short name for a video's key, of which an address holds many: 52 bits, so that no two in a gallery share one. */
export function shortOf(key) {
  let one = 0x811c9dc5;
  let two = 0x2545f491;
  for (let index = 0; index < key.length; index += 1) {
    const code = key.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ (code + index), 0x85ebca6b);
    two ^= two >>> 13;
  }
  return (one >>> 0).toString(36) + (two >>> 12).toString(36).padStart(4, "0");
}

/** The favourites with this one added, or taken out. */
export function starred(stars, short) {
  const names = new Set(stars.split(".").filter(Boolean));
  if (!names.delete(short)) names.add(short);
  return [...names].slice(-MOST_STARS).join(".");
}

/** Whether a video passes; an empty filter lets all pass. The state is looked at elsewhere. */
export function passes(video, filters, tagsOf = () => []) {
  const { dag, tag, run, vendor, model, words: wanted, only, star } = filters;
  if (dag && video.dag !== dag) return false;
  if (tag && !tagsOf(video.dag).includes(tag)) return false;
  if (run && !video.run.toLowerCase().includes(run.toLowerCase())) return false;
  if (vendor && video.vendor !== vendor) return false;
  if (model && video.model !== model) return false;
  if (only && !star.split(".").includes(shortOf(video.key))) return false;
  if (!wanted) return true;
  const hay = [video.prompt, video.id, video.dag, video.run, video.model, video.vendor].filter(Boolean).join("\n").toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

/** The videos of a run as its DAG has them: the tasks that began first come first; of each, by pass and map index. */
export function inRunOrder(videos) {
  const began = new Map();
  const known = videos.map((video) => [video, video.create ?? video.wait ?? video.land]);
  for (const [{ at }, { task_id: name }] of known) if (!began.has(name) || at < began.get(name)) began.set(name, at);
  const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  return known.sort(([, one], [, other]) => compare(began.get(one.task_id), began.get(other.task_id))
    || compare(one.task_id, other.task_id) || (one.pass ?? 0) - (other.pass ?? 0) || one.map_index - other.map_index)
    .map(([video]) => video);
}

/**
 * The videos in an order; they come as the newest first.
 *
 * @param waited video -> seconds, or null
 */
export function sorted(videos, sort, waited) {
  if (sort === "oldest") return [...videos].reverse();
  const figure = { wait: waited, cost: ({ facts }) => facts.cost ?? null }[sort];
  if (!figure) return videos;
  const known = new Map(videos.map((video) => [video, figure(video) ?? -1]));
  // Amounts of different currencies can't be compared, so each currency stands by itself.
  const currency = ({ facts }) => (sort === "cost" && facts.cost ? facts.currency ?? "" : "\uffff");
  return [...videos].sort((a, b) => (currency(a) < currency(b) ? -1 : currency(a) > currency(b) ? 1 : known.get(b) - known.get(a)));
}
