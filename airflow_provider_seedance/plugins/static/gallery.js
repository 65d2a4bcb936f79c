// The "Seedance" page: recent videos of all DAGs that the viewer may see. The "Videos" tab of a run is one with a scope.

import {
  ApiError, dagUrl, eachPage, errorsReader, factsReader, offered, operatorsOf, pollsReader, runUrl, serverTime, Structures, taskUrl,
} from "./api.js";
import { bars, compact, spending } from "./charts.js";
import { AIRFLOW, arrange, h, Page, register, renew } from "./dom.js";
import { time } from "./intake.js";
import {
  assemble, byDay, currenciesOf, duration, GROUPS, keyOf, limitWaits, passes, relative, shortly, spendBy,
  stateOf, still, waitingSeconds,
} from "./model.js";
import { badge, goesOn, player, remarks, saying, sources } from "./view.js";
import { zone } from "./zone.js";

const EVERY = 5000; // milliseconds between looks
const MOST = 500; // orders that are read at first, and with each "older"
const ROW = 360; // pixels from one row of cards to the next, as the style sheet has it
const REFRESH = 20; // seconds after which everything is shown anew, though nothing was read
const SETTLED = 150; // milliseconds that a card has to be in view before it gets a player
const BEYOND = 600; // pixels above and below the screen in which there are cards, too
const OVERLAP = 5000; // milliseconds that a look goes back before the last one: clocks and commits aren't exact
const PERIODS = [["1", "Last 24 hours"], ["7", "Last 7 days"], ["30", "Last 30 days"], ["90", "Last 90 days"], ["", "Any time"]];
const CHOICES = [["dag", "Dag"], ["vendor", "Vendor"], ["model", "Model"]];

export class Gallery extends Page {
  start() {
    this.onScreen = [];
    this.found = [];
    const { dag, run } = this.dataset;
    this.scope = run ? { dag, run } : null; // the tab of a run shows that run alone
    this.filters = this.scope ? Object.fromEntries(NAMES.map((name) => [name, ""])) : filtersOfAddress();
    this.dags = new Set(); // whose videos have been seen: with a DAG chosen, only that one's are read
    this.cards = new Map();
    this.visible = new Set();
    this.build();
    this.watch = new IntersectionObserver((entries) => {
      for (const entry of entries) this.sees(entry);
    }, { rootMargin: "200px" });
    this.scrolled = () => {
      this.nextFrame ??= requestAnimationFrame(() => {
        this.nextFrame = undefined;
        this.showCards();
      });
    };
    // Whichever of the elements around it scrolls.
    document.addEventListener("scroll", this.scrolled, { capture: true, passive: true });
    globalThis.addEventListener("resize", this.scrolled);
    this.load();
    offered().then(() => this.soon());
    this.ticking = setInterval(() => this.tick(), 1000);
    this.looking = setInterval(() => this.look(), EVERY);
  }

  stop() {
    this.abort?.abort();
    this.facts?.stop();
    this.errors?.stop();
    this.polls?.stop();
    this.watch.disconnect();
    document.removeEventListener("scroll", this.scrolled, { capture: true });
    globalThis.removeEventListener("resize", this.scrolled);
    cancelAnimationFrame(this.nextFrame);
    clearInterval(this.ticking);
    clearInterval(this.looking);
    clearTimeout(this.later);
  }

  build() {
    this.said = h("p", { role: "status", class: "muted status" });
    this.tiles = h("div", { class: "tiles", role: "group", "aria-label": "Filter by state" });
    this.charts = h("div", { class: "charts" });
    this.list = h("ul", { class: "cards", "aria-label": "Videos" });
    this.more = h("p", { class: "more" });
    this.selects = Object.fromEntries(CHOICES.map(([name]) => [name, h("select", { onchange: (event) => this.filter(name, event.target.value) })]));
    this.period = h("select", { onchange: (event) => this.filter("days", event.target.value) },
      PERIODS.map(([days, words]) => h("option", { value: days, selected: days === this.filters.days }, words)));
    this.search = h("input", { type: "search", value: this.filters.words, placeholder: "prompt, id, …",
      oninput: (event) => this.filter("words", event.target.value) });
    this.live = h("input", { type: "checkbox", checked: true });
    const labelled = (words, control) => h("label", {}, h("span", {}, words), control);
    arrange(this.body, [
      h("header", {}, h("h1", {}, this.scope ? "Videos of this run" : "Seedance videos"),
        h("label", { class: "live" }, this.live, h("span", {}, "Live"))),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        !this.scope && labelled("Time", this.period),
        CHOICES.filter(([name]) => !this.scope || name !== "dag").map(([name, words]) => labelled(words, this.selects[name])),
        labelled("Search", this.search)),
      this.tiles,
      this.said,
      h("details", { class: "figures", ontoggle: () => this.show() }, h("summary", {}, "Charts"), this.charts),
      this.list,
      this.more,
    ]);
  }

  // What is read

  async load() {
    this.abort?.abort();
    this.facts?.stop();
    this.errors?.stop();
    this.polls?.stop();
    this.abort = new AbortController();
    this.tasks = new Map();
    this.fresh = []; // those whose facts have not been asked for
    this.facts = factsReader(() => this.soon(), (task) => this.visible.has(keyOf(task)));
    this.errors = errorsReader(() => this.soon());
    this.polls = pollsReader(() => this.soon());
    this.structures = new Structures(() => this.soon());
    this.total = null;
    this.most = 0;
    const { dag, days } = this.filters;
    this.window = this.scope ?? { dag: dag || "~" };
    if (days) this.window.run_after_gte = new Date(serverTime() - days * 86400000).toISOString();
    this.since = serverTime(); // what changes while pages are read is looked at again
    await this.readMore();
  }

  /** Reads the next orders, from new to old, and appends them to those that are there. */
  async readMore() {
    const { signal } = this.abort;
    const from = this.most;
    this.most += MOST;
    this.problem = "";
    this.loading = true;
    this.soon();
    const orders = { ...this.window, operator: operatorsOf("create"), from, most: this.most };
    const others = { ...this.window, operator: operatorsOf("wait", "land"), from: from * 2, most: this.most * 2 };
    const counted = (tasks, total) => {
      this.total = total;
      this.take(tasks);
    };
    try {
      await Promise.all([eachPage(orders, counted, signal), eachPage(others, (tasks) => this.take(tasks), signal)]);
    } catch (error) {
      if (signal.aborted) return;
      this.fail(error);
    }
    this.loading = false;
    this.soon();
  }

  take(tasks) {
    for (const task of tasks) {
      this.tasks.set(keyOf(task), task);
      this.fresh.push(task);
      this.dags.add(task.dag_id);
      this.structures.want(task.dag_id);
    }
    this.soon();
  }

  /** Reads what has changed since the last look. */
  async look() {
    if (!this.live.checked || document.hidden || this.loading || this.busy) return;
    this.busy = true;
    const started = serverTime();
    const updated = { updated_at_gte: new Date(this.since - OVERLAP).toISOString() };
    const changed = { ...this.window, ...updated, operator: operatorsOf("create", "wait", "land") };
    const before = this.problem;
    try {
      await eachPage(changed, (tasks) => tasks.length > 0 && this.take(tasks), this.abort.signal);
      this.since = started;
      this.readLogs(); // the vendor may say something new while no task changes
      if (this.problem && !this.tasks.size) this.load();
      this.problem = "";
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error);
    }
    this.busy = false;
    if (this.problem !== before) this.soon();
  }

  fail(error) {
    this.problem = error.message;
    if (error instanceof ApiError && [401, 403].includes(error.status)) {
      this.live.checked = false;
      this.tasks.clear();
    }
  }

  // What is shown

  /** Shows what has been read, but not for each answer: several come at once. */
  soon() {
    this.later ??= setTimeout(() => {
      this.later = undefined;
      this.show();
    }, this.loading ? 50 : 200);
  }

  show() {
    const now = serverTime();
    this.videos = assemble([...this.tasks.values()], this.facts.of, this.structures.isAfter,
      (task) => this.errors.of(task)?.error, (task) => this.polls.of(task)?.poll);
    limitWaits(this.videos, now);
    const { state, ...others } = this.filters;
    const inChoice = this.videos.filter((video) => passes(video, others, now));
    const found = state ? inChoice.filter((video) => stateOf(video, now).group === state) : inChoice;
    this.showChoices();
    this.showTiles(inChoice, now);
    this.found = found;
    this.showCards(now);
    this.showCharts(inChoice, now);
    this.readOn(found);
    this.showStatus(found);
  }

  /**
   * Asks for the facts. Where each costs a request, first of what is shown; the others may pass the filters once more is
   * known of them, and of what can't be seen, what the later task knows is enough.
   */
  readOn(found) {
    if (this.facts.takesMany) {
      this.facts.want(this.fresh.splice(0));
    } else {
      for (const video of this.loading ? this.onScreen : [...found, ...this.videos]) {
        const enough = video.wait?.state === "success" && !this.visible.has(keyOf(video.wait));
        this.facts.want(enough ? [video.wait, video.land].filter(Boolean) : video.tasks);
      }
    }
    this.readLogs();
  }

  /** A log is long, so only those of what can be seen are read. */
  readLogs() {
    // By the card: a task of its video may have come after the card was seen.
    const seen = [...this.cards.values()].filter(({ inView }) => inView).flatMap(({ video }) => video.tasks);
    this.errors.want(seen);
    this.polls.want(seen);
  }

  showStatus(found) {
    const parts = [this.problem || (this.loading && !this.videos.length ? "Reading…" : `${found.length} of ${this.videos.length} videos`)];
    const busy = this.loading || this.structures.left > 0 || this.facts.left > 0 || this.errors.left > 0;
    this.list.setAttribute("aria-busy", String(busy));
    if (this.facts.left) parts.push(`reading the details of ${this.facts.left}`);
    const { denied } = this.facts;
    if (denied.size) parts.push(`of ${[...denied].sort().join(", ")} you may not read what the tasks tell: no links, costs and vendors`);
    const words = parts.join(", ");
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  showChoices() {
    for (const [name] of CHOICES) {
      const known = name === "dag" ? this.dags : this.videos.map((video) => video[name]).filter(Boolean);
      const values = [...new Set(known)].sort();
      const chosen = this.filters[name];
      if (chosen && !values.includes(chosen)) values.push(chosen);
      const options = ["", ...values].map((value) => h("option", { value, selected: value === chosen }, value || "All"));
      renew(this.selects[name], options);
      this.selects[name].value = chosen;
    }
  }

  showTiles(videos, now) {
    const counts = {};
    for (const video of videos) {
      const { group } = stateOf(video, now);
      counts[group] = (counts[group] ?? 0) + 1;
    }
    if (!this.tiles.children.length) {
      this.tiles.append(...GROUPS.map(([group, words, meaning]) => h("button", {
        type: "button", class: `tile ${group}`, title: meaning, "data-group": group,
        onclick: () => this.filter("state", this.filters.state === group ? "" : group),
      }, h("span", { class: "count" }), h("span", {}, words))));
    }
    for (const tile of this.tiles.children) {
      const { group } = tile.dataset;
      const count = String(counts[group] ?? 0);
      if (tile.firstChild.textContent !== count) tile.firstChild.textContent = count;
      tile.setAttribute("aria-pressed", String(this.filters.state === group));
      tile.hidden = count === "0" && this.filters.state !== group;
    }
  }

  makeCard() {
    return new Card();
  }

  /** Only cards that are on the screen or near it exist; padding stands for the others. */
  showCards(now) {
    const { found } = this;
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const rows = Math.ceil(found.length / columns);
    const { top } = this.list.getBoundingClientRect();
    const last = Math.min(rows, Math.ceil((globalThis.innerHeight - top + BEYOND) / ROW));
    const first = Math.max(0, Math.min(Math.floor((-top - BEYOND) / ROW), last - 1));
    this.list.style.paddingTop = `${first * ROW}px`;
    this.list.style.paddingBottom = `${(rows - last) * ROW}px`;
    this.onScreen = found.slice(first * columns, last * columns);
    const cards = this.onScreen.map((video, index) => {
      let card = this.cards.get(video.key);
      if (!card) {
        card = this.makeCard();
        this.cards.set(video.key, card);
        this.watch.observe(card.element);
      }
      if (now !== undefined || card.video !== video) card.show(video, now ?? serverTime());
      card.element.setAttribute("aria-posinset", first * columns + index + 1);
      card.element.setAttribute("aria-setsize", found.length);
      return card;
    });
    arrange(this.list, cards.map((card) => card.element));
    for (const [key, card] of this.cards) {
      if (card.element.isConnected) continue;
      this.watch.unobserve(card.element);
      for (const task of card.video.tasks) this.visible.delete(keyOf(task));
      this.cards.delete(key);
    }
    const older = (this.total ?? 0) > this.most && !this.loading;
    const nothing = !found.length && !this.loading && !this.problem;
    renew(this.more, [
      older && h("button", { type: "button", "data-more": "older" }, "Read older ones"),
      nothing && h("span", {}, this.videos.length ? "No video passes the filters." : this.scope ? "No video in this run yet." : "No video in this time that you may see."),
    ].filter(Boolean));
    this.more.onclick = (event) => event.target.dataset?.more && this.readMore();
  }

  showCharts(videos, now) {
    if (!this.charts.parentElement.open) return;
    const rows = byDay(videos, now, zone());
    const charts = [];
    if (rows.length) {
      charts.push(bars("Videos per day", rows, GROUPS.map(([group, words]) => [words, group, (row) => row.counts[group] ?? 0])));
      const waits = rows.some((row) => row.middleWait !== null);
      if (waits) charts.push(bars("Waiting time, median per day", rows, [["median", "plain", (row) => row.middleWait]], shortly));
      if (rows.some((row) => row.tokens)) {
        charts.push(bars("Tokens per day", rows, [["tokens", "plain", (row) => row.tokens]], compact));
      }
      for (const currency of currenciesOf(rows)) {
        const title = `Cost per day in ${currency || "an unnamed currency"}, by the connections' prices`;
        charts.push(bars(title, rows, [["cost", "plain", (row) => row.costs[currency] ?? 0]], compact));
      }
      for (const [name, words] of CHOICES) {
        const spent = spendBy(videos, name);
        if (spent.length) charts.push(spending(`Spent by ${words.toLowerCase()}, by the connections' prices`, spent));
      }
    }
    const open = new Set([...this.charts.querySelectorAll("details[open]")].map((table) => table.parentElement.firstChild.textContent));
    for (const chart of charts) {
      if (open.has(chart.firstChild.textContent)) chart.querySelector("details").open = true;
    }
    renew(this.charts, charts);
  }

  sees({ target, isIntersecting }) {
    const card = [...this.cards.values()].find(({ element }) => element === target);
    if (!card?.video) return;
    for (const task of card.video.tasks) this.visible[isIntersecting ? "add" : "delete"](keyOf(task));
    if (isIntersecting) {
      this.facts.want(card.video.tasks);
      this.errors.want(card.video.tasks);
    }
    card.sees(isIntersecting);
  }

  tick() {
    if (document.hidden) return;
    const now = serverTime();
    for (const card of this.cards.values()) card.tick(now);
    this.ticks = (this.ticks ?? 0) + 1;
    if (this.ticks % REFRESH === 0 && !this.loading) this.soon(); // what passes with time alone, and the vendor's latest words
  }

  filter(name, value) {
    this.filters[name] = value;
    if (!this.scope) keepInAddress(this.filters);
    if (name === "days" || name === "dag") this.load();
    else this.show();
  }
}

/** One video in the list. */
export class Card {
  constructor() {
    this.media = h("div", { class: "media" });
    this.title = h("a", { class: "title", dir: "auto" });
    this.state = h("p", { class: "state" });
    this.facts = h("p", { class: "muted" });
    this.when = h("p", { class: "muted" });
    this.remarks = h("div", { class: "remarks" });
    this.body = h("div", { class: "body" }, h("h2", {}, this.title), this.state, this.facts, this.when, this.remarks);
    this.element = h("li", { class: "card" }, this.media, this.body);
  }

  show(video, now) {
    this.video = video;
    const main = video.wait ?? video.create ?? video.land;
    this.title.setAttribute("href", taskUrl(main, "/plugin/seedance-video"));
    const title = video.prompt ?? video.id ?? main.task_id;
    if (this.title.textContent !== title) this.title.textContent = title;
    const waited = duration(waitingSeconds(video, now));
    this.waited = h("span", { class: "waited" }, waited && ` ${waited}`);
    this.state.replaceChildren(badge(video, now), this.waited);
    const { resolution, ratio, seed } = video.asked;
    const facts = [video.vendor ?? video.connection, video.model, video.seconds && `${video.seconds} s`, resolution, ratio,
      seed !== undefined && seed !== null && `seed ${seed}`].filter(Boolean).join(" · ");
    if (this.facts.textContent !== facts) this.facts.textContent = this.facts.title = facts;
    renew(this.when, [h("a", { href: dagUrl(video.dag) }, video.dag), h("span", {}, " · "), h("a", { href: runUrl(main) }, "run"),
      h("span", {}, " · "), h("a", { href: taskUrl(main) }, "log"),
      h("span", {}, `${main.pass === undefined ? "" : ` · pass ${main.pass + 1}`} · ${when(video, now)}`)]);
    const said = saying(video);
    renew(this.remarks, [...(said ? [h("p", { class: "note said", title: video.error.message }, said)] : []), ...remarks(video)]);
    this.showMedia(now);
  }

  showMedia(now) {
    const { group, word } = stateOf(this.video, now);
    const urls = sources(this.video, now);
    const picture = still(this.video.facts, now, AIRFLOW);
    const kind = JSON.stringify(urls.length ? [group, urls, picture] : [group, word]);
    if (kind === this.kind) return; // a video that plays is left alone
    this.kind = kind;
    const about = { muted: true, preload: "none", poster: picture, "aria-label": this.video.prompt ?? "Video" };
    const broken = () => this.media.replaceChildren(nothing("The link doesn't open", "expired"));
    if (goesOn(this.player, urls)) return;
    this.player = null;
    this.makePlayer = urls.length > 0 ? () => player(urls, about, broken) : null;
    this.media.replaceChildren(nothing(this.makePlayer ? "" : word, group));
    if (this.inView) this.sees(true);
  }

  /**
   * A player is made once the card has been seen for a moment: making hundreds while people scroll past takes long. One
   * without a still loads as much as its first picture needs.
   */
  sees(inView) {
    this.inView = inView;
    clearTimeout(this.soon);
    if (!inView || this.player || !this.makePlayer) return;
    this.soon = setTimeout(() => {
      this.player = this.makePlayer();
      if (!this.player.poster) this.player.preload = "metadata";
      this.media.replaceChildren(this.player);
    }, SETTLED);
  }

  tick(now) {
    if (!["waiting", "stuck", "room"].includes(stateOf(this.video, now).group)) return;
    this.waited.textContent = ` ${duration(waitingSeconds(this.video, now))}`;
  }
}

const nothing = (words, group) => h("div", { class: `placeholder ${group}` }, group === "waiting" && h("span", { class: "pulse" }), words);

function when(video, now) {
  const at = time(video.at);
  return at === null ? "" : relative(at, now);
}

const NAMES = ["days", "dag", "vendor", "model", "state", "words"];

function filtersOfAddress() {
  const found = new URLSearchParams(globalThis.location.search);
  return Object.fromEntries(NAMES.map((name) => [name, found.get(name) ?? (name === "days" ? "7" : "")]));
}

function keepInAddress(filters) {
  const url = new URL(globalThis.location.href);
  for (const name of NAMES) {
    if (filters[name] || name === "days") url.searchParams.set(name, filters[name]);
    else url.searchParams.delete(name);
  }
  globalThis.history.replaceState(globalThis.history.state, "", url);
}

register("Seedance", "seedance-gallery", Gallery);
