// The "Videos" tab of a run: its takes side by side, and two to four of them compared.

import { Comparison, MOST_TAKES } from "./compare.js";
import { h, register } from "./dom.js";
import { inRunOrder } from "./filters.js";
import { Gallery } from "./gallery.js";

class RunVideos extends Gallery {
  build() {
    this.chosen = new Set(); // keys of videos
    this.comparison = new Comparison();
    super.build();
    this.list.before(this.comparison.element);
  }

  makeCard() {
    const card = super.makeCard();
    card.box = h("input", { type: "checkbox", onchange: () => this.choose(card.video.key, card.box) });
    card.state.after(h("label", { class: "choose" }, card.box, h("span", {}, "Compare")));
    return card;
  }

  showCards(now) {
    super.showCards(now);
    // A card that was out of sight is a new one.
    for (const card of this.cards.values()) card.box.checked = this.chosen.has(card.video.key);
  }

  choose(key, box) {
    if (box.checked && this.chosen.size >= MOST_TAKES) box.checked = false;
    else this.chosen[box.checked ? "add" : "delete"](key);
    this.compare();
  }

  compare() {
    this.comparison.show(inRunOrder(this.videos.filter(({ key }) => this.chosen.has(key))));
  }

  present(now) {
    super.present(now);
    this.compare();
  }
}

register("Videos", "seedance-run-videos", RunVideos);
