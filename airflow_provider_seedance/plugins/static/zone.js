// The time zone that is chosen in Airflow's UI, which keeps it in the browser.

const KEY = "timezone"; // the same on 3.1 to 3.4

/** Its name; undefined, which means the browser's own, where none is chosen or it can't be used. */
export function zone() {
  try {
    const chosen = JSON.parse(globalThis.localStorage.getItem(KEY));
    if (typeof chosen !== "string") return undefined;
    return new Intl.DateTimeFormat("en", { timeZone: chosen }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
