// Two to four takes beside each other, played by one set of controls.

import { serverTime } from "./api.js";
import { h } from "./dom.js";
import { takeOf } from "./model.js";
import { cantPlay, player, sources } from "./view.js";

export const MOST_TAKES = 4;
const DRIFT = 0.15; // seconds that players may be apart

/** By what a take differs from the others. */
function captionOf(video) {
  const { model, asked: { seed } } = video;
  return [seed !== undefined && seed !== null && `seed ${seed}`, takeOf(video), model].filter(Boolean).join(" · ");
}

/** The panel; empty while fewer than two takes are chosen. */
export class Comparison {
  element = h("section", { class: "compare", "aria-label": "Compare takes", hidden: true });
  #key = "";
  #players = [];

  /** Shows these videos; players that are there already go on. */
  show(videos) {
    const takes = videos.map((video) => [video, sources(video, serverTime())]).filter(([, urls]) => urls.length);
    const key = JSON.stringify(takes.map(([video, [url]]) => [video.key, url]));
    if (key === this.#key) return;
    this.#key = key;
    this.element.hidden = takes.length < 2;
    const troubles = takes.map(() => h("p", { class: "note", role: "alert", hidden: true }));
    this.#players = takes.map(([video, urls], index) => player(
      urls,
      { controls: false, muted: true, loop: true, preload: "auto", "aria-label": [takeOf(video), video.prompt ?? "Video"].filter(Boolean).join(": ") },
      () => {
        troubles[index].hidden = false;
        troubles[index].textContent = `${cantPlay(video)}.`;
      },
    ));
    // The attribute alone mutes no element that a script has made.
    for (const player of this.#players) player.muted = true;
    const figures = takes.map(([video], index) => h("figure", {}, this.#players[index], troubles[index],
      h("figcaption", { dir: "auto" }, captionOf(video))));
    this.#button = h("button", { type: "button", onclick: () => this.#toggle() }, "Play all");
    this.#slider = h("input", { type: "range", min: "0", max: "1000", value: "0", "aria-label": "Position in all takes",
      oninput: () => this.#seek(this.#slider.value / 1000) });
    this.element.replaceChildren(h("div", { class: "takes" }, figures), h("p", { class: "controls" }, this.#button, this.#slider));
    this.#players[0]?.addEventListener("timeupdate", () => this.#follow());
  }

  #button;
  #slider;

  get #length() {
    return Math.min(...this.#players.map(({ duration }) => duration || Infinity));
  }

  #toggle() {
    const plays = !this.#players[0].paused;
    for (const player of this.#players) {
      if (plays) player.pause();
      else player.play().catch(() => undefined); // a take that can't be loaded stands still; the others play
    }
    this.#button.textContent = plays ? "Play all" : "Pause all";
  }

  #seek(share) {
    if (Number.isFinite(this.#length)) for (const player of this.#players) player.currentTime = share * this.#length;
  }

  #follow() {
    const [first, ...others] = this.#players;
    if (!Number.isFinite(this.#length)) return;
    this.#slider.value = String(Math.round((first.currentTime / this.#length) * 1000));
    for (const player of others) {
      if (Math.abs(player.currentTime - first.currentTime) > DRIFT && first.currentTime < player.duration) player.currentTime = first.currentTime;
    }
  }
}
