// The server's clock in the browser. Phones are often minutes off, and a hold must not look longer than it is.

const rendered = Number(document.documentElement.dataset.serverNow);

// The page was rendered before its answer began to arrive, so the time spent in between is not counted as offset.
const arrived = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
let offsetMs = rendered ? rendered - arrived : 0;

/** Take a newer word of the server about its time (epoch milliseconds), for example from the live room's snapshot. */
export function setServerNow(epochMs) {
  offsetMs = epochMs - Date.now();
}

/** Wall-clock milliseconds of the server, now. */
export function serverNow() {
  return Date.now() + offsetMs;
}
