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

/** Write a length of time as a hold's clock shows it: 1799000 → "29:59", 3600000 → "1:00:00"; never below "0:00". */
export function formatLeft(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(seconds % 60)}` : `${minutes}:${padded(seconds % 60)}`;
}
