// What the tab and the gallery show alike.

import { h } from "./dom.js";
import { isExpired, safeUrl, stateOf, text, time } from "./model.js";

/** The word for where a video stands, in its colour. */
export function badge(video, now) {
  const { group, word } = stateOf(video, now);
  return h("span", { class: `badge ${group}` }, word);
}

/** The URL that a browser can play the video from, if there is one: the vendor's while it lasts, else the copy. */
export function playable(facts, now) {
  const vendors = text(facts.video_url) && !isExpired(facts, now) ? safeUrl(facts.video_url) : null;
  return vendors ?? safeUrl(facts.uri);
}

/** The URL of a still picture of the video, if there is one. */
export function still(facts, now) {
  return isExpired(facts, now) ? null : (safeUrl(facts.thumbnail_url) ?? safeUrl(facts.last_frame_url));
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
  const url = safeUrl(value);
  return url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words) : h("code", {}, value);
}
