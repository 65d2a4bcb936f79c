// The "Seedance" page: recent videos of all DAGs that the viewer may see. The "Videos" tab of a run is one with a scope.

import { ApiError, eachPage, errorsReader, factsReader, offered, operatorsOf, pollsReader, serverTime, Structures } from "./api.js";
import { BudgetsPanel } from "./budgets.js";
import { Card, Players } from "./card.js";
import { bars, compact, spending } from "./charts.js";
import { arrange, h, Page, register, renew } from "./dom.js";
import { addressWith, filtersOf, inRunOrder, passes, shortOf, SORTS, SORTS_IN_RUN, sorted, starred } from "./filters.js";
import { time } from "./intake.js";
import { assembling, byDay, currenciesOf, GROUPS, keyOf, limitWaits, shortly, spendBy, stateOf, waitingSeconds } from "./model.js";
import { OpenVideo } from "./open-video.js";
import { inSlices, pause } from "./slices.js";
import { zone } from "./zone.js";

const EVERY = 5000; // milliseconds between looks
const MOST = 500; // orders that are read at first, and with each "older"
const ROW = 360; // pixels from one row of cards to the next, as the style sheet has it
const REFRESH = 20; // seconds after which everything is shown anew, though nothing was read
const BEYOND = 600; // pixels above and below the screen in which there are cards, too
const OVERLAP = 5000; // milliseconds that a look goes back before the last one: clocks and commits aren't exact
const PERIODS = [["1", "Last 24 hours"], ["7", "Last 7 days"], ["30", "Last 30 days"], ["90", "Last 90 days"], ["", "Any time"]];
const CHOICES = [["dag", "Dag"], ["tag", "Tag"], ["vendor", "Vendor"], ["model", "Model"]];

export class Gallery extends Page {
  start() {
    this.onScreen = [];
    this.found = [];
    const { dag, run } = this.dataset;
    this.scope = run ? { dag, run } : null; // the tab of a run shows that run alone
    this.filters = filtersOf(globalThis.location.search, Boolean(this.scope));
    this.videos = [];
    this.players = new Players();
    this.dags = new Set(); // whose videos have been seen: with a DAG chosen, only that one's are read
    this.cards = new Map();
    this.byElement = new WeakMap();
    this.visible = new Set();
    this.build();
    this.watch = new IntersectionObserver((entries) => {
      for (const entry of entries) this.sees(entry);
    }, { rootMargin: "200px" });
    this.scrolled = () => {
      this.players.moved();
      this.nextFrame ??= requestAnimationFrame(() => {
        this.nextFrame = undefined;
        this.showCards();
      });
    };
    // Whichever of the elements around it scrolls.
    document.addEventListener("scroll", this.scrolled, { capture: true, passive: true });
    let width;
    this.resized = new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === width) return;
      width = contentRect.width;
      this.columns = undefined;
      this.scrolled();
    });
    this.resized.observe(this.list);
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
    this.resized.disconnect();
    this.players.stop();
    this.structures?.stop();
    this.opened.close();
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
    this.choices = {}; // the values that each of them offers
    this.period = h("select", { onchange: (event) => this.filter("days", event.target.value) },
      PERIODS.map(([days, words]) => h("option", { value: days, selected: days === this.filters.days }, words)));
    this.search = h("input", { type: "search", value: this.filters.words, placeholder: "prompt, id, …",
      oninput: (event) => this.filter("words", event.target.value) });
    this.run = h("input", { type: "text", value: this.filters.run, placeholder: "run id", oninput: (event) => this.filter("run", event.target.value) });
    this.sort = h("select", { onchange: (event) => this.filter("sort", event.target.value) },
      (this.scope ? SORTS_IN_RUN : SORTS).map(([name, words]) => h("option", { value: name, selected: name === this.filters.sort }, words)));
    this.only = h("input", { type: "checkbox", checked: Boolean(this.filters.only), onchange: () => this.filter("only", this.only.checked ? "1" : "") });
    this.live = h("input", { type: "checkbox", checked: true });
    this.budgets = new BudgetsPanel();
    this.opened = new OpenVideo({ paramsOf: (dag) => this.structures.paramsOf(dag), onClose: () => this.closed() });
    const labelled = (words, control) => h("label", {}, h("span", {}, words), control);
    arrange(this.body, [
      h("header", {}, h("h1", {}, this.scope ? "Videos of this run" : "Seedance videos"),
        h("label", { class: "live" }, this.live, h("span", {}, "Live"))),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        !this.scope && labelled("Time", this.period),
        CHOICES.filter(([name]) => !this.scope || !["dag", "tag"].includes(name)).map(([name, words]) => labelled(words, this.selects[name])),
        !this.scope && labelled("Run", this.run),
        labelled("Search", this.search),
        labelled("Order", this.sort),
        h("label", { class: "live" }, this.only, h("span", {}, "Favourites only"))),
      this.tiles,
      this.said,
      h("details", { class: "figures", ontoggle: () => this.soon() }, h("summary", {}, "Charts"), this.budgets.element, this.charts),
      this.list,
      this.more,
      this.opened.element,
    ]);
  }

  // What is read

  async load() {
    this.abort?.abort();
    this.facts?.stop();
    this.errors?.stop();
    this.polls?.stop();
    this.structures?.stop();
    this.abort = new AbortController();
    this.tasks = new Map();
    this.fresh = []; // those whose facts have not been asked for
    this.facts = factsReader(() => this.soon(), (task) => this.visible.has(keyOf(task)));
    this.errors = errorsReader(() => this.soon());
    this.polls = pollsReader(() => this.soon());
    this.structures = new Structures(() => this.soon());
    this.total = null;
    this.most = 0;
    this.isTorn = false; // whether the newest part of what was to be read is still to be read
    this.readFrom = Infinity; // the tasks that wait for videos are known of the runs since then
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
    let oldest = Infinity;
    let allOthers = 0;
    const around = (tasks, total) => {
      allOthers = total;
      for (const { run_after } of tasks) oldest = Math.min(oldest, time(run_after) ?? 0);
      this.take(tasks);
    };
    try {
      await Promise.all([eachPage(orders, counted, signal), eachPage(others, around, signal)]);
      this.readFrom = allOthers > this.most * 2 ? oldest : -Infinity;
      this.isTorn = false;
    } catch (error) {
      if (signal.aborted) return;
      this.most = from;
      this.isTorn = true;
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
      this.problem = "";
      if (this.isTorn) this.readMore();
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

  /** Puts together what has been read, and shows it; what is read meanwhile is shown after it. */
  async show() {
    this.stale = true;
    if (this.showing) return;
    this.showing = true;
    try {
      while (this.stale && this.isConnected) {
        this.stale = false;
        await this.assemble();
      }
    } finally {
      this.showing = false;
    }
  }

  async assemble() {
    const { signal } = this.abort;
    const sources = {
      factsOf: this.facts.of,
      isAfter: this.structures.isAfter,
      errorOf: (task) => this.errors.of(task)?.error,
      pollOf: (task) => this.polls.of(task)?.poll,
      readFrom: this.readFrom,
    };
    this.assembling = true;
    const before = new Map(this.videos.map((video) => [video.key, video]));
    const videos = await inSlices(assembling([...this.tasks.values()], sources, before));
    if (signal.aborted) return;
    const now = serverTime();
    limitWaits(videos, now);
    this.videos = videos;
    await pause();
    this.assembling = false;
    if (signal.aborted) return;
    this.present(now);
    if (this.charts.parentElement.open) {
      await pause();
      await this.showCharts(now, signal);
    }
  }

  /** Shows those of the videos that are looked for. */
  present(now = serverTime()) {
    const { state } = this.filters;
    const groups = new Map();
    const inChoice = this.videos.filter((video) => passes(video, this.filters, this.structures.tagsOf));
    for (const video of inChoice) groups.set(video, stateOf(video, now).group);
    const found = state ? inChoice.filter((video) => groups.get(video) === state) : inChoice;
    this.inChoice = inChoice;
    this.found = sorted(this.scope ? inRunOrder(found) : found, this.filters.sort, (video) => waitingSeconds(video, now));
    this.showChoices();
    this.showTiles(groups.values());
    this.showCards(now);
    this.showOpen(now);
    this.readOn(this.found);
    this.showStatus(this.found);
  }

  showOpen(now) {
    const { open } = this.filters;
    const video = open && this.videos.find(({ key }) => shortOf(key) === open);
    if (video) this.opened.show(video, now);
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
    const more = this.assembling || this.stale || this.later !== undefined; // something has been read, and isn't shown yet
    const busy = more || this.loading || this.structures.left > 0 || this.facts.left > 0 || this.errors.left > 0;
    this.list.setAttribute("aria-busy", String(busy));
    if (this.facts.left) parts.push(`reading the details of ${this.facts.left}`);
    const { denied } = this.facts;
    if (denied.size) parts.push(`of ${[...denied].sort().join(", ")} you may not read what the tasks tell: no links, costs and vendors`);
    const words = parts.join(", ");
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  showChoices() {
    for (const [name] of CHOICES) {
      const tags = () => [...this.dags].flatMap((dag) => this.structures.tagsOf(dag));
      const known = name === "dag" ? this.dags : name === "tag" ? tags() : this.videos.map((video) => video[name]).filter(Boolean);
      const values = [...new Set(known)].sort();
      const chosen = this.filters[name];
      if (chosen && !values.includes(chosen)) values.push(chosen);
      const said = JSON.stringify(values);
      if (this.choices[name] !== said) {
        this.choices[name] = said;
        this.selects[name].replaceChildren(...["", ...values].map((value) => h("option", { value }, value || "All")));
      }
      this.selects[name].value = chosen;
    }
  }

  showTiles(groups) {
    const counts = {};
    for (const group of groups) counts[group] = (counts[group] ?? 0) + 1;
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
    return new Card({ onOpen: (video) => this.open(video), onStar: (video) => this.star(video), onWaits: this.players.want });
  }

  /**
   * Only cards that are on the screen or near it exist; padding stands for the others.
   *
   * @param now the time, if the cards that are there are to be shown anew
   */
  showCards(now) {
    const { found } = this;
    const columns = this.countColumns();
    const rows = Math.ceil(found.length / columns);
    const { top } = this.list.getBoundingClientRect();
    const last = Math.min(rows, Math.ceil((globalThis.innerHeight - top + BEYOND) / ROW));
    const first = Math.max(0, Math.min(Math.floor((-top - BEYOND) / ROW), last - 1));
    const window = `${first} ${last} ${columns}`;
    if (now === undefined && window === this.shownWindow) return;
    this.shownWindow = window;
    this.list.style.paddingTop = `${first * ROW}px`;
    this.list.style.paddingBottom = `${(rows - last) * ROW}px`;
    this.onScreen = found.slice(first * columns, last * columns);
    const keys = new Set(this.onScreen.map(({ key }) => key));
    const spare = [];
    for (const [key, card] of this.cards) {
      if (keys.has(key)) continue;
      this.watch.unobserve(card.element);
      card.sees(false);
      for (const task of card.video.tasks) this.visible.delete(keyOf(task));
      this.cards.delete(key);
      card.element.remove(); // before it is put somewhere else: else all that stay would be moved
      if (!card.player) spare.push(card);
    }
    const cards = this.onScreen.map((video, index) => {
      let card = this.cards.get(video.key);
      const isNew = !card;
      if (isNew) {
        card = spare.pop() ?? this.makeCard();
        this.cards.set(video.key, card);
        this.byElement.set(card.element, card);
        this.watch.observe(card.element);
      }
      if (now !== undefined || isNew || card.video !== video) card.show(video, now ?? serverTime(), this.stars.has(shortOf(video.key)));
      card.element.setAttribute("aria-posinset", first * columns + index + 1);
      card.element.setAttribute("aria-setsize", found.length);
      return card;
    });
    arrange(this.list, cards.map((card) => card.element));
    if (now !== undefined) this.showMore();
  }

  /** How many cards stand in a row; looked at anew where the list has another width. */
  countColumns() {
    if (this.columns === undefined) {
      const { gridTemplateColumns } = getComputedStyle(this.list);
      if (gridTemplateColumns === "none") return 1; // the style sheet isn't there yet
      this.columns = gridTemplateColumns.split(" ").length;
    }
    return this.columns;
  }

  showMore() {
    const { found } = this;
    const older = (this.total ?? 0) > this.most && !this.loading;
    const nothing = !found.length && !this.loading && !this.problem;
    renew(this.more, [
      older && h("button", { type: "button", "data-more": "older" }, "Read older ones"),
      nothing && h("span", {}, this.videos.length ? "No video passes the filters." : this.scope ? "No video in this run yet." : "No video in this time that you may see."),
    ].filter(Boolean));
    this.more.onclick = (event) => event.target.dataset?.more && this.readMore();
  }

  get stars() {
    return new Set(this.filters.star.split("."));
  }

  async showCharts(now, signal) {
    const videos = this.inChoice;
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
      for (const [name, words] of [["dag", "Dag"], ["vendor", "Vendor"], ["model", "Model"], ["day", "Day"]]) {
        await pause();
        const spent = spendBy(videos, name, zone());
        if (spent.length) charts.push(spending(`Spent by ${words.toLowerCase()}, by the connections' prices`, spent));
      }
    }
    if (!this.scope) this.budgets.show(signal);
    const open = new Set([...this.charts.querySelectorAll("details[open]")].map((table) => table.parentElement.firstChild.textContent));
    for (const chart of charts) {
      if (open.has(chart.firstChild.textContent)) chart.querySelector("details").open = true;
    }
    renew(this.charts, charts);
  }

  sees({ target, isIntersecting }) {
    const card = this.byElement.get(target);
    if (!card?.video || this.cards.get(card.video.key) !== card) return;
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
    this.keep(name, value);
    if (name === "days" || name === "dag") this.load();
    else this.present();
  }

  /** Keeps it in the address. */
  keep(name, value) {
    this.filters[name] = value;
    globalThis.history.replaceState(globalThis.history.state, "", addressWith(globalThis.location.href, this.filters, Boolean(this.scope)));
  }

  star(video) {
    this.filter("star", starred(this.filters.star, shortOf(video.key)));
  }

  closed() {
    if (this.isConnected) this.keep("open", ""); // else the address is another page's by now
  }

  open(video) {
    this.keep("open", shortOf(video.key));
    this.opened.show(video, serverTime());
  }
}

register("Seedance", "seedance-gallery", Gallery);
