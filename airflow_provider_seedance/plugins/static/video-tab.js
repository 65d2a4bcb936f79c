// The "Video" tab of a task instance.

import {
  ApiError, copyUrl, dagUrl, eachPage, errorsReader, factsReader, logLines, offered, operatorsOf, passesOf, serverTime, Structures,
  taskInstance, taskUrl,
} from "./api.js";
import { AIRFLOW, arrange, h, Page, register, renew } from "./dom.js";
import { foreignUrl, number, time } from "./intake.js";
import {
  assemble, bytes, duration, isActive, isExpired, isInDoubt, keyOf, nameOf, pythonOf, relative, requestOf, roleOf, stateOf,
  tokensOf, waitingSeconds, words,
} from "./model.js";
import { address, badge, clock, frameOf, goesOn, player, remarks, saying, sources } from "./view.js";

const SOON = 3000; // milliseconds between looks while something changes
const LATER = 15000; // when nothing does: a person may clear the task
const MOST = 2000; // task instances of the run that are looked through
const OVERLAP = 5000; // milliseconds that a look goes back before the last one: clocks and commits aren't exact

class VideoTab extends Page {
  start() {
    const { dag, run, task, mapIndex, region, regionIndex } = this.dataset;
    this.where = { dag, run, task, mapIndex: number(mapIndex) ?? -1 };
    if (region && regionIndex) this.where.region = { region_id: region, region_index: regionIndex };
    this.abort = new AbortController();
    this.tasks = new Map();
    this.lines = [];
    this.facts = factsReader(() => this.show());
    this.errors = errorsReader(() => this.show());
    this.structures = new Structures(() => this.show());
    this.status = h("span", { role: "status" });
    this.since = h("span", { class: "muted" }); // beside the status: nobody wants to be told each second
    this.media = h("div", { class: "media" });
    this.details = h("div", { class: "details" });
    this.log = h("div", { class: "log" });
    this.remarks = h("div", { class: "remarks" });
    arrange(this.body, [
      h("div", { class: "status" }, this.status, this.since),
      this.remarks,
      h("div", { class: "tab" }, h("section", { "aria-label": "Video" }, this.media), this.details),
      this.log,
    ]);
    this.say("Reading…");
    this.look();
    offered().then(() => this.show());
    this.ticking = setInterval(() => this.tick(), 1000);
  }

  stop() {
    this.abort.abort();
    this.facts.stop();
    this.errors.stop();
    clearInterval(this.ticking);
    clearTimeout(this.next);
  }

  lookAfter(pause) {
    clearTimeout(this.next);
    this.next = setTimeout(() => this.look(), pause);
  }

  async look() {
    this.next = undefined; // there is one look at a time
    let pause = SOON;
    try {
      if (!document.hidden) pause = (await this.read()) ? SOON : LATER;
    } catch (error) {
      if (this.abort.signal.aborted || (error.status === 400 && await this.offerPasses())) return;
      this.say(error.message);
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) {
        this.mine = undefined;
        this.showNothing();
        return;
      }
    }
    if (!this.abort.signal.aborted) this.lookAfter(pause);
  }

  /** Airflow answers 400 for a task in a loop if no pass is named: offers those that there are. */
  async offerPasses() {
    const passes = await passesOf(this.where, this.abort.signal).catch(() => []);
    if (!passes.length || this.abort.signal.aborted) return false;
    this.say("This task is in a loop: it has run more than once. Choose one.");
    this.showNothing();
    const item = (task) => h("li", {}, h("a", { href: taskUrl(task, "/plugin/seedance-video") }, nameOf(task)), ` ${words(task.state ?? "not scheduled yet")}`);
    passes.sort((one, other) => one.pass - other.pass || one.map_index - other.map_index);
    renew(this.details, [h("ul", { class: "tasks" }, passes.map(item))]);
    return true;
  }

  /** Reads all that may have changed; tells whether more will by itself. */
  async read() {
    const { signal } = this.abort;
    this.mine = await taskInstance(this.where, signal);
    if (roleOf(this.mine)) await this.readRun(signal);
    this.tasks.set(keyOf(this.mine), this.mine);
    this.structures.want(this.where.dag);
    this.facts.want([this.mine, ...this.orders()]);
    this.facts.wantAll([...this.tasks.values()]);
    this.show();
    const moving = isActive(this.mine) || Boolean(this.video?.tasks.some(isActive));
    if (moving || this.mine.state === "failed") {
      const speaker = this.video?.tasks.find(isActive) ?? this.mine;
      // A viewer may be allowed to see the task, but not its log.
      this.speaker = keyOf(speaker);
      this.lines = speaker.start_date ? await logLines(speaker, signal).catch(() => []) : [];
      this.show();
    }
    return moving || !this.lastLook;
  }

  /** Reads the tasks of the run: those of the same index, or, once they turned out not to be enough, all. */
  async readRun(signal) {
    const { dag, run } = this.where;
    const started = serverTime();
    const filter = { dag, run, operator: operatorsOf("create", "wait", "land"), most: MOST };
    if (!this.wide) filter.map_index = [...new Set([-1, this.mine.map_index])];
    if (this.lastLook) filter.updated_at_gte = new Date(this.lastLook - OVERLAP).toISOString();
    await eachPage(filter, (tasks) => {
      for (const task of tasks) this.tasks.set(keyOf(task), task);
    }, signal);
    this.lastLook = started;
  }

  /** The tasks that may have ordered the video, if this one hasn't. */
  orders() {
    return roleOf(this.mine) === "create" ? [] : [...this.tasks.values()].filter((task) => roleOf(task) === "create");
  }

  find() {
    const isMine = (task) => keyOf(task) === keyOf(this.mine);
    const errorOf = (task) => this.errors.of(task)?.error;
    const pollOf = (task) => (keyOf(task) === this.speaker ? this.lines.findLast(({ poll }) => poll)?.poll : undefined);
    const videos = assemble([...this.tasks.values()], this.facts.of, this.structures.isAfter, errorOf, pollOf);
    const video = videos.find((found) => found.tasks.some(isMine));
    if (video) this.facts.want(video.tasks);
    this.errors.want(video?.tasks ?? [this.mine]);
    if (roleOf(this.mine) && !video?.create && !this.wide && !this.facts.left && !this.structures.left) {
      this.wide = true; // its order may have another index
      this.lastLook = undefined;
      if (this.next) this.lookAfter(0);
    }
    return video ?? assemble([this.mine], this.facts.of, undefined, errorOf, pollOf)[0];
  }

  show() {
    if (this.abort.signal.aborted || !this.mine) return;
    const now = serverTime();
    this.video = this.find();
    if (!this.video) {
      this.say("This task makes no video: the tab is for the tasks of the Seedance provider.");
      this.showNothing();
      return;
    }
    renew(this.status, [badge(this.video, now)]);
    this.since.textContent = this.waited(now);
    renew(this.remarks, remarks(this.video));
    this.showMedia(now);
    renew(this.details, [this.list(now)]);
    this.showLog();
  }

  showNothing() {
    this.video = undefined;
    this.shownAs = undefined;
    for (const part of [this.since, this.remarks, this.media, this.details, this.log]) part.replaceChildren();
  }

  /** What passes with time alone. */
  tick() {
    if (!this.video || document.hidden) return;
    this.since.textContent = this.waited(serverTime());
    if (this.shownAs !== this.mediaKind(serverTime())) this.show();
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
      parts.push(player(urls, about, () => {
        problem.hidden = false;
        problem.replaceChildren("The video can't be loaded from here. ", ...this.whereElse(now));
      }), problem);
    } else {
      parts.push(h("div", { class: "placeholder" }, this.insteadOfVideo(now)));
    }
    const frame = frameOf(this.video, now);
    if (frame) {
      const picture = h("img", { src: frame, alt: "Last frame of the video", referrerpolicy: "no-referrer" });
      parts.push(h("figure", {}, picture, h("figcaption", {}, "Last frame")));
    }
    arrange(this.media, parts);
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
    const isThis = keyOf(task) === keyOf(this.mine);
    return h("li", {},
      isThis ? h("strong", {}, name) : h("a", { href: taskUrl(task, "/plugin/seedance-video") }, name),
      ` ${words(task.state ?? "not scheduled yet")}`);
  }

  showLog() {
    const shown = this.lines.slice(-6);
    const item = (line) => h("li", {}, h("span", { class: "muted" }, clock(line.timestamp)), " ", line.event);
    renew(this.log, shown.length ? [h("h2", {}, "Latest from the log"), h("ol", {}, shown.map(item))] : []);
  }

  say(words) {
    renew(this.status, [h("span", {}, words)]);
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

register("Video", "seedance-video", VideoTab);
