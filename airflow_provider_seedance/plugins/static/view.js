// What the tab and the gallery show alike.

import { copyUrl, serverTime } from "./api.js";
import { AIRFLOW, h } from "./dom.js";
import { foreignUrl, time } from "./intake.js";
import { isQuickTime, lastFrame, leftAlone, playable, stateOf } from "./model.js";
import { zone } from "./zone.js";

/** The word for where a video stands, in its colour. */
export function badge(video, now) {
  const { group, word } = stateOf(video, now);
  return h("span", { class: `badge ${group}` }, word);
}

/** What the task said when it failed, if its log could be read. */
export const saying = ({ error }) => error && h("span", { dir: "auto" }, error.message);

/** The URLs that the video can be played from: your own copy, then what its addresses offer. */
export const sources = (video, now) => [copyUrl(video.keeper), playable(video.facts, now, AIRFLOW)].filter(Boolean);

/** The URL of the video's last frame: your own copy of it, or the vendor's. */
export const frameOf = (video, now) => copyUrl(video.frameKeeper, "last_frame_uri") ?? lastFrame(video.facts, now, AIRFLOW);

/** Why a player shows nothing, as far as can be told. */
export const cantPlay = (video) => (isQuickTime(video) ? "QuickTime (.mov): not every browser plays it" : "The link doesn't open");

/** A player that tries one URL after the other. */
export function player(urls, attributes, onNothing) {
  const left = urls.slice(1);
  const next = ({ target }) => (left.length ? target.setAttribute("src", left.shift()) : onNothing());
  return h("video", { controls: true, playsinline: true, ...attributes, src: urls[0], onerror: next });
}

/** Whether a player is in use and may go on: its URL is still one of those that the video can be played from. */
export const goesOn = (element, urls) => Boolean(element) && element.currentTime > 0 && urls.includes(element.getAttribute("src"));

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

/** A point in time as a clock of the chosen time zone has it, with the exact one behind it. */
export function clock(value) {
  const at = time(value);
  if (at === null) return null;
  const told = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: zone() }).format(at);
  return h("time", { datetime: value, title: value }, told);
}

/** An address that can be opened, or, if a browser can't open it, only read. */
export function address(value, words = value) {
  const url = foreignUrl(value, AIRFLOW);
  return url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words) : h("code", {}, value);
}
