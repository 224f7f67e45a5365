// The host's console: lanes that fill by themselves and are emptied with two taps, and numbers that are always the true ones.

import { announce, fromTemplate } from "../lib/dom.js";
import { formatVnd } from "../lib/format.js";
import { newClientId, openRoom } from "../live/connection.js";

const page = document.getElementById("console");
const words = page.dataset;
const $ = (id) => document.getElementById(id);
const lanes = { person: new Map(), questions: new Map() };
const MOST_ORDERS = 40;
const WAITING = ["needs_person", "claimed"];

const room = openRoom(words.session, {
  snapshot: refreshed,
  refreshed,
  item: take,
  told(event, data) {
    if (event !== "desk") return;
    if (data.event === "comments") data.data.forEach(heard);
    else if (data.event === "lane") moved(data.data);
    else if (data.event === "money") showMoney(data.data);
  },
  state(state) {
    $("connection").hidden = state === "on";
    if (state === "on") load();
  },
});

async function load() {
  const desk = await room.call("desk", {});
  if (!desk.ok) return;
  for (const [name, rows] of [["person", desk.person], ["questions", desk.questions]]) {
    lanes[name].clear();
    rows.forEach((row) => lanes[name].set(row.seq, row));
  }
  $("orders").replaceChildren();
  [...desk.orders].reverse().forEach(showOrder);
  showLanes();
  showMoney(desk.money);
}

function heard(row) {
  if (["held", "cancelled"].includes(row.status)) showOrder(row);
  if (!WAITING.includes(row.state)) return;
  lanes[row.kind === "question" ? "questions" : "person"].set(row.seq, row);
  showLanes();
  if (row.kind !== "question") announce(`${row.name}: ${row.text}`);
}

function moved({ seq, state, by }) {
  for (const lane of Object.values(lanes)) {
    const row = lane.get(seq);
    if (!row) continue;
    if (WAITING.includes(state)) lane.set(seq, { ...row, state, by });
    else lane.delete(seq);
  }
  showLanes();
}

function showLanes() {
  $("person").replaceChildren(...[...lanes.person.values()].map(personItem));
  $("questions").replaceChildren(...[...lanes.questions.values()].map(questionItem));
  $("person-count").textContent = lanes.person.size;
  $("question-count").textContent = lanes.questions.size;
}

function item(row, why) {
  const claimed = row.state === "claimed" && row.by ? `${words.wordClaimed} ${row.by}` : "";
  return fromTemplate("lane-item", { who: row.name, text: row.text, why: [why, claimed].filter(Boolean).join(" · ") });
}

function personItem(row) {
  const element = item(row, row.reasons.join("; ") || row.message);
  const place = element.querySelector("[data-do]");
  if (row.buyer) {
    for (const choice of row.choices) {
      const button = fromTemplate("lane-choice", { label: choice.label });
      button.textContent = choice.label;
      // Two taps: the first says what will be ordered for somebody else, the second does it.
      twoTaps(button, `${words.wordOrderFor} ${choice.label}?`, () => orderFor(row, choice));
      place.append(button);
    }
  }
  place.append(settleButton("lane-settled", row, "xong"), settleButton("lane-drop", row, "bo-qua"));
  return element;
}

function questionItem(row) {
  const element = item(row, "");
  element.querySelector("[data-do]").append(settleButton("lane-done", row, "xong"));
  return element;
}

function twoTaps(button, question, act) {
  const label = button.textContent;
  let armed = 0;
  button.addEventListener("click", () => {
    if (armed) {
      clearTimeout(armed);
      button.disabled = true;
      act();
      return;
    }
    button.textContent = question;
    button.classList.add("button--primary");
    armed = setTimeout(() => {
      armed = 0;
      button.textContent = label;
      button.classList.remove("button--primary");
    }, 4_000);
  });
}

async function orderFor(row, choice) {
  const wish = { client_id: newClientId(), op: choice.op, offer_id: choice.offer_id, answers: row.seq };
  if (choice.quantity) wish.quantity = choice.quantity;
  const answer = await room.call("desk_order", wish);
  if (answer.ok && answer.status === "held") {
    moved({ seq: row.seq, state: "resolved" });
  } else {
    lanes.person.set(row.seq, { ...row, reasons: [answer.message ?? words.wordLost] });
    showLanes();
  }
}

function settleButton(template, row, verb) {
  const button = fromTemplate(template);
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await post(`binh-luan/${row.seq}/${verb}`, {})) moved({ seq: row.seq, state: "resolved" });
    else button.disabled = false;
  });
  return button;
}

async function post(path, fields) {
  const body = new URLSearchParams({ ...fields, csrf_token: document.querySelector("meta[name=csrf-token]").content });
  try {
    const response = await fetch(`${words.actions}/${path}`, { method: "POST", body, headers: { Accept: "application/json" } });
    // What another person at the desk has settled meanwhile is settled.
    return response.ok || response.status === 409;
  } catch {
    return false;
  }
}

function showOrder(row) {
  const list = $("orders");
  const [amount] = row.message.match(/[\d.]+\u00a0₫/) ?? [""];
  const element = fromTemplate("order-item", { who: row.name, text: row.message, amount });
  element.classList.add("lane__item--fresh");
  list.prepend(element);
  while (list.children.length > MOST_ORDERS) list.lastElementChild.remove();
}

function showMoney(money) {
  $("held-vnd").textContent = formatVnd(money.held_vnd);
  $("held-orders").textContent = money.held_orders;
  $("paid-vnd").textContent = formatVnd(money.paid_vnd);
  $("paid-orders").textContent = money.paid_orders;
}

function refreshed(view) {
  view.shelf?.forEach(showOffer);
  if (view.pinned !== undefined) showPinned(view.pinned);
}

function take({ type, data }) {
  if (type === "stock" || type === "offer") showOffer(data);
  else if (type === "pin") showPinned(data.offer_id);
  else if (type === "viewers") $("viewers").textContent = data.count;
  else if (type === "state" && data.state !== words.state) {
    if (words.state) location.reload();
    words.state = data.state;
  }
}

function showOffer(offer) {
  const row = page.querySelector(`[data-offer="${offer.id}"]`);
  if (!row) return;
  row.querySelector("[data-left]").textContent = offer.left_text;
  if (offer.price_vnd) row.querySelector("[data-price]").textContent = formatVnd(offer.price_vnd);
}

function showPinned(offerId) {
  for (const row of page.querySelectorAll("[data-offer]")) {
    row.classList.toggle("lane__item--pinned", Number(row.dataset.offer) === offerId);
  }
}

// Pinning, prices and the rest work without a script too; with one the page stays where it is.
page.addEventListener("submit", async (event) => {
  const form = event.target;
  const path = new URL(form.action).pathname.split("/").pop();
  if (!["ghim"].includes(path)) return;
  event.preventDefault();
  event.stopPropagation();
  await post(path, Object.fromEntries(new FormData(form)));
});
