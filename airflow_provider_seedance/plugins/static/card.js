// One video in the list.

import { dagUrl, runUrl, taskUrl } from "./api.js";
import { AIRFLOW, h, renew } from "./dom.js";
import { time } from "./intake.js";
import { duration, relative, stateOf, still, takeOf, waitingSeconds } from "./model.js";
import { badge, cantPlay, goesOn, player, remarks, saying, sources } from "./view.js";

/**
 * @param onOpen called with the video whose title was clicked
 * @param onStar called with the video whose star was clicked
 * @param onWaits called with a card that is in view and has something to play, but no player yet
 */
export class Card {
  constructor({ onOpen, onStar, onWaits }) {
    this.onWaits = onWaits;
    this.media = h("div", { class: "media" });
    this.title = h("a", { class: "title", dir: "auto", onclick: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // in a tab or window of its own
      event.preventDefault();
      onOpen(this.video);
    } });
    this.star = h("button", { type: "button", class: "star", "aria-label": "Favourite", title: "Favourite: kept in the address",
      onclick: () => onStar(this.video) }, "★");
    this.state = h("p", { class: "state" });
    this.facts = h("p", { class: "muted" });
    this.when = h("p", { class: "muted" });
    this.remarks = h("div", { class: "remarks" });
    this.head = h("div", { class: "head" }, h("h2", {}, this.title), this.star);
    this.body = h("div", { class: "body" }, this.head, this.state, this.facts, this.when, this.remarks);
    this.element = h("li", { class: "card" }, this.media, this.body);
  }

  show(video, now, isStarred) {
    this.video = video;
    const main = video.wait ?? video.create ?? video.land;
    this.title.setAttribute("href", taskUrl(main, "/plugin/seedance-video"));
    const title = video.prompt ?? video.id ?? main.task_id;
    if (this.title.textContent !== title) this.title.textContent = title;
    this.star.setAttribute("aria-pressed", String(isStarred));
    const waited = duration(waitingSeconds(video, now));
    this.waited = h("span", { class: "waited" }, waited && ` ${waited}`);
    this.state.replaceChildren(badge(video, now), this.waited);
    const { resolution, ratio, seed } = video.asked;
    // The model's name is the longest, and what has no room is cut off.
    const facts = [takeOf(video), video.vendor ?? video.connection, video.seconds && `${video.seconds} s`, resolution, ratio,
      seed !== undefined && seed !== null && `seed ${seed}`, video.model].filter(Boolean).join(" · ");
    if (this.facts.textContent !== facts) this.facts.textContent = this.facts.title = facts;
    renew(this.when, [h("a", { href: dagUrl(video.dag) }, video.dag), h("span", {}, " · "), h("a", { href: runUrl(main) }, "run"),
      h("span", {}, " · "), h("a", { href: taskUrl(main) }, "log"), h("span", {}, ` · ${when(video, now)}`)]);
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
    if (goesOn(this.player, urls)) return;
    const about = { muted: true, preload: "none", poster: picture, "aria-label": this.video.prompt ?? "Video" };
    this.player = null;
    this.makePlayer = urls.length > 0 ? () => {
      const made = player(urls, about, () => {
        // By now the card may be another video's.
        if (this.player === made) this.media.replaceChildren(nothing(cantPlay(this.video), "expired"));
      });
      return made;
    } : null;
    this.media.replaceChildren(nothing(this.makePlayer ? "" : word, group));
    if (this.inView) this.sees(true);
  }

  sees(inView) {
    this.inView = inView;
    if (inView && !this.player && this.makePlayer) this.onWaits(this);
  }

  /** Makes the player, if the card is still in view. One without a still loads as much as its first picture needs. */
  play() {
    if (!this.inView || this.player || !this.makePlayer) return false;
    this.player = this.makePlayer();
    if (!this.player.poster) this.player.preload = "metadata";
    this.media.replaceChildren(this.player);
    return true;
  }

  tick(now) {
    if (!["waiting", "stuck", "room"].includes(stateOf(this.video, now).group)) return;
    this.waited.textContent = ` ${duration(waitingSeconds(this.video, now))}`;
  }
}

/** Gives cards their players once nobody scrolls, one at a time: making a hundred while people scroll past takes long. */
export class Players {
  #waiting = new Set();
  #next;

  /** Says that the list moves. */
  moved = () => {
    if (this.#waiting.size) this.#later(SETTLED);
  };

  want = (card) => {
    this.#waiting.add(card);
    if (this.#next === undefined) this.#later(SETTLED);
  };

  stop() {
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#waiting.clear();
  }

  #later(pause) {
    clearTimeout(this.#next);
    this.#next = setTimeout(() => {
      this.#next = undefined;
      for (const card of this.#waiting) {
        this.#waiting.delete(card);
        if (card.play()) break;
      }
      if (this.#waiting.size) this.#later(BETWEEN);
    }, pause);
  }
}

const SETTLED = 150; // milliseconds without scrolling after which players are made
const BETWEEN = 20; // milliseconds from one player to the next

const nothing = (words, group) => h("div", { class: `placeholder ${group}` }, group === "waiting" && h("span", { class: "pulse" }), words);

function when(video, now) {
  const at = time(video.at);
  return at === null ? "" : relative(at, now, "narrow");
}
