// One room over one socket: join, resume by number, ask for gaps at once, and hand on every item exactly once, in order.

import { io } from "socket.io-client";
import { setServerNow } from "../lib/clock.js";

const ANSWER_MS = 8_000;
const AGAIN_MS = 1_500;

/**
 * `handlers`: snapshot(view), item(item), told(event, data), state("on" | "off"). Items with a number come in its order;
 * counters have none and come as they are.
 */
export function openRoom(session, handlers) {
  const socket = io("/live", { transports: ["websocket", "polling"], reconnectionDelayMax: 5_000 });
  let seq = null;
  let joined = false;
  let asking = false;
  let waiting = [];

  function take(item) {
    if (item.seq === undefined) {
      handlers.item(item);
    } else if (seq === null || !joined || item.seq > seq + 1) {
      waiting.push(item);
    } else if (item.seq === seq + 1) {
      seq = item.seq;
      handlers.item(item);
    }
  }

  function takeHeld() {
    const held = waiting.filter((item) => seq === null || item.seq > seq).sort((a, b) => a.seq - b.seq);
    waiting = [];
    held.forEach(take);
  }

  async function askGap() {
    if (asking || !joined) return;
    asking = true;
    const answer = await call("gap", { since: seq });
    asking = false;
    if (!answer.ok) {
      setTimeout(() => waiting.length && askGap(), AGAIN_MS);
      return;
    }
    accept(answer);
    // What is still missing was committed while the answer was on its way, and comes with the next one.
    if (waiting.length) setTimeout(() => waiting.length && askGap(), 200);
  }

  function accept(view) {
    setServerNow(view.now);
    if (view.resumed) {
      for (const item of view.items) {
        if (item.seq > seq) {
          seq = item.seq;
          handlers.item(item);
        }
      }
      seq = Math.max(seq, view.seq);
      handlers.refreshed(view);
    } else if (seq === null || view.seq >= seq) {
      seq = view.seq;
      handlers.snapshot(view);
    }
    takeHeld();
  }

  async function join() {
    const answer = await call("join", seq === null ? { session } : { session, since: seq });
    if (!answer.ok) {
      if (socket.connected) setTimeout(join, AGAIN_MS);
      return;
    }
    joined = true;
    accept(answer);
    handlers.state("on", answer.me);
    takeHeld();
    if (waiting.length) askGap();
    if (answer.ask_again) setTimeout(askGap, 600 + Math.random() * 900);
  }

  socket.on("connect", join);
  socket.on("disconnect", () => {
    joined = false;
    handlers.state("off");
  });
  socket.on("connect_error", () => handlers.state("off"));
  socket.on("events", (items) => {
    items.forEach(take);
    if (joined && waiting.length) askGap();
  });
  for (const event of ["answer", "order", "desk"]) socket.on(event, (data) => handlers.told(event, data));

  /** Ask the server something; resolves to its answer, or to `{ok: false, lost: true}` when none came. */
  async function call(event, data) {
    if (!socket.connected) return { ok: false, lost: true };
    try {
      return await socket.timeout(ANSWER_MS).emitWithAck(event, data);
    } catch {
      return { ok: false, lost: true };
    }
  }

  return {
    call,
    /** Open the connection anew, so that the server sees the cookies of now. */
    reopen() {
      socket.disconnect().connect();
    },
    get joined() {
      return joined;
    },
  };
}

/** A name for one thing said, so that saying it again is the same thing. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
