// What the tab and the gallery show alike.

import { serverTime } from "./api.js";
import { AIRFLOW, h } from "./dom.js";
import { foreignUrl, time } from "./intake.js";
import { leftAlone, stateOf } from "./model.js";

/** The word for where a video stands, in its colour. */
export function badge(video, now) {
  const { group, word } = stateOf(video, now);
  return h("span", { class: `badge ${group}` }, word);
}

/** What the task said when it failed, if its log could be read. */
export const saying = ({ error }) => error && h("span", { dir: "auto" }, error.message);

/** Which of the video's facts can't be shown, and why. */
export function remarks(video) {
  const alone = leftAlone(video.facts, AIRFLOW);
  const { group } = stateOf(video, serverTime());
  return [
    group === "risk" && `Not stored: ${video.land.task_id} has failed. Clear it before the vendor's link dies; that costs nothing at the vendor.`,
    video.unreadable.length > 0 && `Airflow's record of this video is not as the provider writes it: ${video.unreadable.join(", ")}.`,
    alone.length > 0 && `Not loaded, because the address leads back to Airflow or holds a password: ${alone.join(", ")}.`,
  ].filter(Boolean).map((words) => h("p", { class: "note" }, words));
}

/** A point in time as the viewer's clock has it, with the exact one behind it. */
export function clock(value) {
  const at = time(value);
  if (at === null) return null;
  const told = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(at);
  return h("time", { datetime: value, title: value }, told);
}

/** An address that can be opened, or, if a browser can't open it, only read. */
export function address(value, words = value) {
  const url = foreignUrl(value, AIRFLOW);
  return url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words) : h("code", {}, value);
}
