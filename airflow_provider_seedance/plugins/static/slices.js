// Long work in slices: between them the browser draws, scrolls and answers.

const SLICE = 10; // milliseconds; a frame has 16, and the page's own work isn't all there is
const PAUSE = 0;

/** Gives the browser its turn. */
export const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

/** Runs a generator to its end, with pauses; returns what it returns. */
export async function inSlices(steps) {
  let until = performance.now() + SLICE;
  let step = steps.next();
  while (!step.done) {
    if (performance.now() >= until) {
      await pause();
      until = performance.now() + SLICE;
    }
    step = steps.next();
  }
  return step.value;
}

/** Runs a generator to its end without pauses. */
export function atOnce(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
