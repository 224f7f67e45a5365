// `<time data-countdown="2026-06-01T13:45:00Z">20:45</time>` becomes a clock that runs down on the server's time.
// Without a script the text inside stays, which says until when. `data-over` is what it says at the end.

import { serverNow } from "./clock.js";
import { formatLeft } from "./format.js";

const SOON_MS = 120_000;
const running = new Set();
let ticking = 0;

/** Start (or move) the clock of one element; `until` is an ISO 8601 moment. Sends "countdown:over" once at the end. */
export function startCountdown(element, until = element.dataset.countdown) {
  element.dataset.countdown = until;
  element.countdownEndsAt = Date.parse(until);
  if (Number.isNaN(element.countdownEndsAt)) return;
  element.setAttribute("role", "timer");
  element.classList.remove("is-over");
  running.add(element);
  show(element);
  if (!ticking) ticking = setInterval(tick, 1000);
}

function tick() {
  for (const element of running) {
    if (element.isConnected) show(element);
    else running.delete(element);
  }
  if (running.size === 0) {
    clearInterval(ticking);
    ticking = 0;
  }
}

function show(element) {
  const left = element.countdownEndsAt - serverNow();
  element.classList.toggle("is-soon", left > 0 && left <= SOON_MS);
  if (left > 0) {
    element.textContent = formatLeft(left);
    return;
  }
  running.delete(element);
  element.classList.add("is-over");
  element.textContent = element.dataset.over ?? formatLeft(0);
  element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
}
