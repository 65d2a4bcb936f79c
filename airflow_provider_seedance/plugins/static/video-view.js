// All that is known of one video: the tab of a task shows it, and the gallery once a card is opened.

import { copyUrl, dagUrl, runUrl, taskUrl } from "./api.js";
import { AIRFLOW, arrange, h, renew } from "./dom.js";
import { foreignUrl, time } from "./intake.js";
import {
  bytes, duration, isActive, isExpired, isInDoubt, isQuickTime, keyOf, nameOf, pythonOf, relative, requestOf, stateOf, tokensOf, waitingSeconds, words,
} from "./model.js";
import { address, badge, cantPlay, clock, frameOf, goesOn, player, remarks, saying, sources } from "./view.js";

/** Shows one video at a time. Its parts are put where the page wants them. */
export class VideoView {
  /** @param mine the task whose page this is, which needs no link to itself */
  constructor(mine = () => undefined) {
    this.mine = mine;
    this.media = h("div", { class: "media" });
    this.details = h("div", { class: "details" });
    this.remarks = h("div", { class: "remarks" });
    this.status = h("span", { role: "status" });
    this.since = h("span", { class: "muted" }); // beside the status: nobody wants to be told each second
    this.head = h("div", { class: "status" }, this.status, this.since);
    this.columns = h("div", { class: "tab" }, h("section", { "aria-label": "Video" }, this.media), this.details);
  }

  show(video, now) {
    this.video = video;
    renew(this.status, [badge(video, now)]);
    this.since.textContent = this.waited(now);
    renew(this.remarks, remarks(video));
    this.showMedia(now);
    renew(this.details, [this.list(now)]);
  }

  clear() {
    this.video = undefined;
    this.shownAs = undefined;
    for (const part of [this.since, this.remarks, this.media, this.details]) part.replaceChildren();
  }

  /** What passes with time alone; tells whether something else than a figure has changed by it. */
  tick(now) {
    this.since.textContent = this.waited(now);
    return this.shownAs !== this.mediaKind(now);
  }

  waited(now) {
    const waited = duration(waitingSeconds(this.video, now));
    if (!waited) return "";
    return stateOf(this.video, now).group === "waiting" ? `for ${waited} so far` : `after ${waited}`;
  }

  mediaKind(now) {
    const { facts } = this.video;
    const urls = sources(this.video, now);
    const frame = frameOf(this.video, now);
    return JSON.stringify(urls.length ? [urls, frame] : [stateOf(this.video, now), facts.uri, frame, this.video.error]);
  }

  showMedia(now) {
    const kind = this.mediaKind(now);
    if (kind === this.shownAs) return; // a video that plays is left alone
    this.shownAs = kind;
    const { facts } = this.video;
    const urls = sources(this.video, now);
    if (goesOn(this.media.querySelector("video"), urls)) return;
    const parts = [];
    if (urls.length) {
      const problem = h("p", { class: "note", role: "alert", hidden: true });
      const about = { preload: "metadata", poster: facts.thumbnail_url, "aria-label": this.video.prompt ?? "The video" };
      const made = player(urls, about, () => {
        // The vendor's link is dead, and this Airflow may not read the copy: the player has nothing to play.
        if (isExpired(facts, now)) return made.replaceWith(this.placeholder(now));
        problem.hidden = false;
        problem.replaceChildren(`${isQuickTime(this.video) ? cantPlay(this.video) : "The video can't be loaded from here"}. `, ...this.whereElse(now));
      });
      parts.push(made, problem);
    } else {
      parts.push(this.placeholder(now));
    }
    const frame = frameOf(this.video, now);
    if (frame) {
      const picture = h("img", { src: frame, alt: "Last frame of the video", referrerpolicy: "no-referrer" });
      parts.push(h("figure", {}, picture, h("figcaption", {}, "Last frame")));
    }
    arrange(this.media, parts);
  }

  placeholder(now) {
    return h("div", { class: "placeholder" }, this.insteadOfVideo(now));
  }

  insteadOfVideo(now) {
    const { facts } = this.video;
    const { group, word } = stateOf(this.video, now);
    if (group === "waiting") return h("p", {}, h("span", { class: "pulse" }), "The video isn't there yet. This page follows it.");
    if (group === "room") return h("p", {}, "The vendor has no room for it now (429). Nothing is ordered yet; the task tries again by itself.");
    if (group === "submitted") return h("p", {}, "The video is ordered. Which task waits for it isn't known yet.");
    if (group === "orphan") return h("p", {}, "The video is ordered, and will be billed, but no task of this run waits for it. A SeedanceVideoSensor on its id can still fetch it.");
    if (isExpired(facts, now)) {
      const past = relative(time(facts.url_expires_at), now);
      return h("p", {}, h("strong", {}, `The vendor's link expired ${past}. `), ...this.whereElse(now));
    }
    if (["stored", "ready", "risk"].includes(group)) {
      return h("p", {}, "There is no link that a browser could play. ", ...this.whereElse(now));
    }
    return h("p", {}, this.whatIsKnown(group, word));
  }

  /** A task that failed or didn't run says little of the video: it may have been ordered, and may be billed. */
  whatIsKnown(group, word) {
    const { facts, id } = this.video;
    const said = saying(this.video);
    if (facts.outcome === "no_room" && !id) return ["The vendor had no room for it (429). Nothing was ordered, and nothing is billed. ", said];
    if (isInDoubt(this.video)) return [h("strong", {}, "In doubt: the order was sent, and the vendor may or may not have taken it. "), said];
    if (said) return [h("strong", {}, "The task failed. "), said];
    if (group === "failed" && facts.status === word) return `There is no video: the vendor says "${word}".`;
    if (group === "failed") return "The task failed. Its log says why, and whether the vendor may bill it.";
    return id ? `The video was ordered, and no task waits for it: ${word}.` : `No video is known to have been ordered: ${word}.`;
  }

  /** Where the video is, or how to get it again. */
  whereElse() {
    const { facts, wait } = this.video;
    if (facts.uri) return ["Your copy is at ", address(facts.uri), "."];
    const clear = wait ? " Clearing the task that waits reads the video again, which costs nothing and may bring a fresh link." : "";
    return [`No stored copy is known in this run.${clear}`];
  }

  list(now) {
    const { video } = this;
    const { facts } = video;
    const rows = [
      ["Prompt", video.prompt ? h("p", { class: "prompt", dir: "auto" }, video.prompt) : this.noPrompt()],
      ["Model", video.model && h("code", {}, video.model)],
      ["Vendor", video.vendor],
      ["Video id", video.id && h("code", { class: "id" }, video.id)],
      ["Vendor's status", this.vendorsStatus()],
      ["Last poll", video.seen?.reason],
      ["Length", video.seconds !== null && `${video.seconds} s`],
      ["Size", facts.width && facts.height && `${facts.width} × ${facts.height}`],
      ["Asked for", [video.asked.resolution, video.asked.ratio, video.asked.generate_audio === "true" && "sound"].filter(Boolean).join(", ")],
      ["Seed", video.asked.seed ?? null],
      ["Made from", this.references()],
      ["Usage", this.usage()],
      ["Link", this.link(now)],
      ["Link expires", this.expiry(now)],
      ["Stored copy", facts.uri && this.copy()],
      ["Ordered", clock(facts.created_at ?? (video.id ? video.create?.start_date : null))],
      ["Finished", clock(facts.completed_at)],
      ["Copy", this.copyButtons()],
      ["Connection", video.connection],
      ["Dag", h("a", { href: dagUrl(video.dag) }, video.dag)],
      ["Run", h("a", { href: runUrl(video.tasks[0]) }, video.run)],
      ["Tasks", h("ul", { class: "tasks" }, video.tasks.map((task) => this.taskItem(task)))],
    ];
    const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
    return h("dl", {}, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  noPrompt() {
    if (!this.video.create) return null;
    return this.video.create.rendered_fields && Object.keys(this.video.create.rendered_fields).length
      ? null
      : h("span", { class: "muted" }, "Airflow has no rendered fields of the task: not rendered yet, or not kept any more.");
  }

  /** While a task waits, its log has what the vendor said last; the facts are from when the video was ordered. */
  vendorsStatus() {
    const { tasks, facts, seen } = this.video;
    if (!tasks.some(isActive)) return facts.status;
    if (seen?.status) return seen.progress === null ? seen.status : `${seen.status}, ${seen.progress} %`;
    return facts.status && `${facts.status}, when it was ordered`;
  }

  copyButtons() {
    const { video } = this;
    const request = requestOf(video);
    const whole = video.prompt && video.model;
    const texts = [["prompt", video.prompt], ["id", video.id], ["address", video.facts.uri],
      ["request as JSON", whole && JSON.stringify(request, null, 2)], ["request as Python", whole && pythonOf(request)]];
    const button = ([words, text]) => text && h("button", { type: "button", onclick: ({ target }) => copy(text, target) }, words);
    return h("span", { class: "copy" }, texts.map(button));
  }

  /** The media that the request names; without their signatures they can't be opened. */
  references() {
    const names = [["first_frame", "first frame"], ["last_frame", "last frame"], ["reference_images", "image"],
      ["reference_videos", "video"], ["reference_audios", "sound"]];
    const items = names.flatMap(([name, words]) => (this.video.asked[name] ?? []).map((url) => h("li", {}, `${words}: `, h("code", {}, url))));
    return items.length > 0 && h("ul", { class: "tasks" }, items);
  }

  usage() {
    const { facts } = this.video;
    const parts = [];
    const tokens = tokensOf(facts);
    if (tokens !== null) parts.push(`${tokens.toLocaleString()} tokens`);
    if (facts.cost !== undefined) parts.push(`${facts.cost} ${facts.currency ?? ""} by the connection's prices`.replace("  ", " "));
    if (!parts.length) parts.push(...Object.entries(facts.usage ?? {}).map(([name, value]) => `${words(name)}: ${value}`));
    return parts.join(", ");
  }

  link(now) {
    const url = foreignUrl(this.video.facts.video_url, AIRFLOW);
    return url && !isExpired(this.video.facts, now) && address(url, "Open the vendor's file");
  }

  expiry(now) {
    const { facts } = this.video;
    const until = time(facts.url_expires_at);
    if (until === null) return facts.video_url && "the vendor doesn't say";
    return h("span", {}, clock(facts.url_expires_at), ` (${relative(until, now)})`);
  }

  copy() {
    const { facts, keeper } = this.video;
    const download = copyUrl(keeper, "uri", { download: true });
    return h("div", {},
      address(facts.uri),
      download && h("p", {}, h("a", { href: download }, "Download")),
      facts.bytes !== undefined && h("p", { class: "muted" }, bytes(facts.bytes)),
      facts.sha256 && h("p", { class: "muted" }, "sha256 ", h("code", { class: "id" }, facts.sha256)));
  }

  taskItem(task) {
    const name = nameOf(task);
    const isThis = this.mine() !== undefined && keyOf(task) === keyOf(this.mine());
    return h("li", {},
      isThis ? h("strong", {}, name) : h("a", { href: taskUrl(task, "/plugin/seedance-video") }, name),
      ` ${words(task.state ?? "not scheduled yet")}`);
  }
}

/** Puts a text into the clipboard, and says for a moment whether it is there. */
async function copy(text, button) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    button.textContent = "not allowed here"; // browsers give a clipboard to pages over HTTPS or of this machine only
  }
  setTimeout(() => {
    button.textContent = words;
  }, 2000);
}
