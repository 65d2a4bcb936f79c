// The "Video" tab of a task instance.

import {
  ApiError, eachPage, errorsReader, factsReader, logLines, offered, operatorsOf, passesOf, serverTime, Structures,
  taskInstance, taskUrl,
} from "./api.js";
import { AgainForm } from "./again.js";
import { arrange, h, Page, register, renew } from "./dom.js";
import { number } from "./intake.js";
import { assemble, isActive, keyOf, nameOf, roleOf, stateOf, words } from "./model.js";
import { VideoView } from "./video-view.js";
import { clock } from "./view.js";

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
    this.view = new VideoView(() => this.mine);
    this.again = new AgainForm((dag) => this.structures.paramsOf(dag));
    this.log = h("div", { class: "log" });
    arrange(this.body, [this.view.head, this.view.remarks, this.view.columns, this.again.element, this.log]);
    this.say("Reading…");
    this.look();
    offered().then(() => this.show());
    this.ticking = setInterval(() => this.tick(), 1000);
  }

  stop() {
    this.abort.abort();
    this.facts.stop();
    this.errors.stop();
    this.structures.stop();
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
    renew(this.view.details, [h("ul", { class: "tasks" }, passes.map(item))]);
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
    let all = 0;
    await eachPage(filter, (tasks, total) => {
      all = total;
      for (const task of tasks) this.tasks.set(keyOf(task), task);
    }, signal);
    if (!filter.updated_at_gte) this.isWhole = this.wide && all <= MOST;
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
    // That nobody waits can be said only once all of the run's tasks are known.
    const readFrom = this.isWhole ? -Infinity : Infinity;
    const videos = assemble([...this.tasks.values()], this.facts.of, this.structures.isAfter, errorOf, pollOf, readFrom);
    const video = videos.find((found) => found.tasks.some(isMine));
    if (video) this.facts.want(video.tasks);
    this.errors.want(video?.tasks ?? [this.mine]);
    const isLone = !video?.create || stateOf(video, serverTime()).group === "submitted";
    if (roleOf(this.mine) && isLone && !this.wide && !this.facts.left && !this.structures.left) {
      this.wide = true; // its order, or the task that waits for it, may have another index
      this.lastLook = undefined;
      if (this.next) this.lookAfter(0);
    }
    return video ?? assemble([this.mine], this.facts.of, undefined, errorOf, pollOf, readFrom)[0];
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
    this.view.show(this.video, now);
    this.again.show(this.video);
    this.showLog();
  }

  showNothing() {
    this.video = undefined;
    this.view.clear();
    this.again.show(undefined);
    this.log.replaceChildren();
  }

  /** What passes with time alone. */
  tick() {
    if (this.view.video && !document.hidden && this.view.tick(serverTime())) this.show();
  }

  showLog() {
    const shown = this.lines.slice(-6);
    const item = (line) => h("li", {}, h("span", { class: "muted" }, clock(line.timestamp)), " ", line.event);
    renew(this.log, shown.length ? [h("h2", {}, "Latest from the log"), h("ol", {}, shown.map(item))] : []);
  }

  say(words) {
    renew(this.view.status, [h("span", {}, words)]);
  }
}

register("Video", "seedance-video", VideoTab);
