// A video that was opened from the list, above it: on a phone, Airflow's own pages of a task are out of reach.

import { AgainForm } from "./again.js";
import { serverTime, taskUrl } from "./api.js";
import { h } from "./dom.js";
import { VideoView } from "./video-view.js";

export class OpenVideo {
  #view = new VideoView();
  #ticking;

  /**
   * @param paramsOf DAG -> its params
   * @param onClose called once it is closed
   */
  constructor({ paramsOf, onClose }) {
    this.again = new AgainForm(paramsOf);
    this.task = h("a", {}, "Open the task in Airflow");
    const close = h("button", { type: "button", onclick: () => this.close() }, "Close");
    const bar = h("p", { class: "bar" }, close, this.task);
    this.element = h("dialog", { class: "opened", "aria-label": "Video", onclose: () => {
      clearInterval(this.#ticking);
      this.#view.clear(); // a video that nobody sees doesn't play on
      onClose();
    } }, bar, this.#view.head, this.#view.remarks, this.#view.columns, this.again.element);
  }

  show(video, now) {
    this.task.setAttribute("href", taskUrl(video.wait ?? video.create ?? video.land, "/plugin/seedance-video"));
    this.#view.show(video, now);
    this.again.show(video);
    if (this.element.open) return;
    this.element.showModal();
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      if (this.#view.tick(serverTime())) this.#view.show(this.#view.video, serverTime());
    }, 1000);
  }

  close() {
    if (this.element.open) this.element.close();
  }
}
