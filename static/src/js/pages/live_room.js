// The live room: what is said, what is for sale, what is held for me.

import { startCountdown } from "../lib/countdown.js";
import { announce, fromTemplate } from "../lib/dom.js";
import { formatTime, formatVnd } from "../lib/format.js";
import { newClientId, openRoom } from "../live/connection.js";
import { makeShelf } from "../live/shelf.js";
import { makeTalk } from "../live/talk.js";

const page = document.getElementById("live");
const words = page.dataset;
const $ = (id) => document.getElementById(id);
const field = $("say");
const contact = $("contact");
const bag = $("bag");
const waiting = new Map();
let wantsContact = null;
let lostAt = 0;

const talk = makeTalk($("chat"), words, {
  act: (choice, seq) => tap({ op: choice.op, offer_id: choice.offer_id, quantity: choice.quantity, answers: seq }, choice.label),
  change: (answer) => {
    field.value = words.wordChange.replace("{code}", answer.message.split(" · ")[0]);
    field.focus();
  },
  cancel: () => tap({ op: "cancel" }, words.wordCancel),
});
const shelf = makeShelf({
  pinnedPlace: $("pinned"),
  bagPlace: $("shelf"),
  countPlace: $("bag-count"),
  words,
  order: (offer, quantity, said) => {
    bag.close();
    tap({ op: "add", offer_id: offer.id, quantity }, `${words.wordOrder} ${offer.code} ${said}`);
  },
});
const room = openRoom(words.session, {
  snapshot(view) {
    talk.clear();
    refreshed(view);
    view.messages.forEach(take);
    showState(view.state);
  },
  refreshed,
  item: take,
  told(event, data) {
    if (event === "answer") {
      talk.answered(data.seq, data.answer);
      refreshOrder();
    } else if (event === "order") {
      const sentence = { expired: words.wordExpired, cancelled: words.wordOrderCancelled, confirmed: words.wordConfirmed, paid: words.wordPaid }[data.state];
      if (sentence) talk.notice(sentence);
      refreshOrder();
    }
  },
  state(state, me) {
    const on = state === "on";
    if (on) {
      lostAt = 0;
      $("connection").hidden = true;
      if (me?.buyer) page.dataset.buyer = "yes";
      resend();
    } else if (!lostAt) {
      lostAt = Date.now();
      // A blink of the network is not worth a word.
      setTimeout(() => lostAt && showConnection(words.wordLost), 1_500);
    }
  },
});

function refreshed(view) {
  if (view.shelf) shelf.set(view.shelf, view.pinned);
  if (view.state) showState(view.state);
  if (view.order !== undefined) showOrder(view.order);
}

function take(item) {
  const { type, data } = item;
  if (type === "talk") talk.heard(item);
  else if (type === "stock" || type === "offer") shelf.put(data);
  else if (type === "pin") shelf.pin(data.offer_id);
  else if (type === "state") showState(data);
  else if (type === "viewers") {
    $("viewers").hidden = false;
    $("viewers").textContent = `· ${data.count} ${words.wordWatching}`;
  }
}

function showState(state) {
  const open = ["scheduled", "live", "reconnecting"].includes(state.state);
  $("composer").hidden = !open;
  const sentence = {
    scheduled: `${words.wordWaiting} ${formatTime(state.scheduled_at)}`,
    live: words.wordOpened,
    reconnecting: words.wordLost,
    ended: words.wordEnded,
    cancelled: words.wordCancelled,
  }[state.state];
  $("state-text").textContent = sentence;
  if (!open) showConnection(sentence);
}

function showConnection(text) {
  const place = $("connection");
  place.querySelector("p").textContent = text;
  place.hidden = false;
}

// What I say: shown at once, sent until it is answered, always under the same name.
async function send(event, data, text) {
  waiting.set(data.client_id, { event, data, text });
  talk.say(data.client_id, text);
  const answer = await room.call(event, data);
  if (answer.lost) {
    talk.waiting(data.client_id);
    return;
  }
  waiting.delete(data.client_id);
  if (!answer.ok) {
    talk.settle(data.client_id, { status: "refused", message: answer.message });
    return;
  }
  talk.settle(data.client_id, answer);
  if (answer.status === "contact") askContact(answer, { event, data, text });
  else if (answer.order !== undefined && !answer.repeat) refreshOrder();
}

function resend() {
  for (const { event, data, text } of [...waiting.values()]) send(event, data, text);
}

function tap(wish, text) {
  const data = { client_id: newClientId(), ...wish };
  for (const name of Object.keys(data)) if (data[name] === undefined || data[name] === null) delete data[name];
  send("order", data, text);
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  send("comment", { client_id: newClientId(), text }, text);
});

// Name and phone, once, in the same place.
function askContact(answer, said) {
  wantsContact = said;
  contact.hidden = false;
  if (answer.phone) $("contact-phone").value = answer.phone;
  $("contact-name").focus();
  announce(answer.message);
}

contact.addEventListener("submit", async (event) => {
  event.preventDefault();
  const error = $("contact-error");
  error.hidden = true;
  const token = document.querySelector("meta[name=csrf-token]").content;
  try {
    const response = await fetch(words.introduce, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ name: $("contact-name").value, phone: $("contact-phone").value }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message);
  } catch (refusal) {
    error.textContent = refusal instanceof TypeError ? words.wordNotSent : refusal.message;
    error.hidden = false;
    return;
  }
  closeContact();
  if (wantsContact) waiting.set(wantsContact.data.client_id, wantsContact);
  wantsContact = null;
  room.reopen();
});

// The keyboard may have pushed the room up; without it the room stands at its top again.
function closeContact() {
  contact.hidden = true;
  page.scrollTop = 0;
}

$("contact-later").addEventListener("click", () => {
  closeContact();
  if (wantsContact) talk.take(wantsContact.data.client_id);
  wantsContact = null;
  field.focus();
});

async function refreshOrder() {
  const answer = await room.call("mine", {});
  if (answer.ok) showOrder(answer.order);
}

function showOrder(order) {
  const place = $("my-order");
  if (!order) {
    place.replaceChildren();
    return;
  }
  const said = order.lines.map((line) => `${line.code ?? line.title} ${line.text}`).join(", ");
  const bar = fromTemplate("order-bar", { order: said, total: formatVnd(order.goods_vnd) });
  bar.querySelector("a").href = order.link;
  const clock = bar.querySelector("[data-countdown]");
  if (order.expires_at) startCountdown(clock, order.expires_at);
  else clock.remove();
  bar.addEventListener("countdown:over", () => setTimeout(refreshOrder, 2_500));
  place.replaceChildren(bar);
}

$("open-bag").addEventListener("click", () => bag.showModal());
$("close-bag").addEventListener("click", () => bag.close());
bag.addEventListener("click", (event) => event.target === bag && bag.close());
