// The chat: everybody's lines, and under one's own what it was read as. A line sent again stays one line.

import { announce, fromTemplate, make } from "../lib/dom.js";

const MOST_LINES = 150;

/** `act(choice, seq)` is called for a one-tap answer; `change(seq)` and `cancel(seq)` for the buttons of a held line. */
export function makeTalk(list, words, { act, change, cancel }) {
  const own = new Map();
  const bySeq = new Map();

  function addLine(who, text, kinds) {
    const line = fromTemplate("chat-line", { who, text });
    line.classList.add(...kinds.map((kind) => `chat__line--${kind}`));
    list.append(line);
    while (list.children.length > MOST_LINES) list.firstElementChild.remove();
    return line;
  }

  /** Show one's own words at once, before the server has them. */
  function say(clientId, text) {
    const line = own.get(clientId) ?? addLine(words.wordYou, text, ["mine"]);
    line.classList.add("chat__line--sending");
    own.set(clientId, line);
    return line;
  }

  function settle(clientId, answer) {
    const line = own.get(clientId);
    if (!line) return;
    line.classList.remove("chat__line--sending");
    showAnswer(line, answer);
  }

  function showAnswer(line, answer) {
    line.classList.remove("chat__line--held", "chat__line--ask", "chat__line--refused");
    line.querySelectorAll(".chat__answer, .chat__choices").forEach((part) => part.remove());
    const kind = { held: "held", ask: "ask", contact: "ask", desk: "ask", short: "refused", refused: "refused" }[answer.status];
    if (kind) line.classList.add(`chat__line--${kind}`);
    if (!answer.message) return;
    const shown = fromTemplate("chat-answer", { answer: answer.message });
    shown.querySelector("[data-check]").hidden = answer.status !== "held";
    line.append(shown);
    announce(answer.message);
    if (answer.choices?.length) line.append(choicesFor(answer));
    // Only the newest held line can be changed by a tap: the others belong to the past of the same order.
    if (["held", "cancelled"].includes(answer.status)) {
      list.querySelectorAll("[data-own-buttons]").forEach((part) => part.remove());
    }
    if (answer.status === "held" && answer.order) {
      const buttons = fromTemplate("answer-buttons");
      buttons.dataset.ownButtons = "";
      buttons.querySelector("[data-change]").addEventListener("click", () => change(answer));
      buttons.querySelector("[data-cancel]").addEventListener("click", () => cancel(answer));
      line.append(buttons);
    }
  }

  function choicesFor(answer) {
    const row = make("div", { class: "chat__choices" });
    for (const choice of answer.choices) {
      const button = make("button", { class: "button button--small", type: "button" }, [choice.label]);
      button.addEventListener("click", () => {
        row.querySelectorAll("button").forEach((other) => {
          other.disabled = true;
        });
        act(choice, answer.seq);
      });
      row.append(button);
    }
    return row;
  }

  /** Show a comment of the room; one's own, which is there already, only gets its number. */
  function heard(item) {
    const { name, text, cid, host, answer } = item.data;
    let line = bySeq.get(item.seq) ?? (cid ? own.get(cid) : undefined);
    if (line) {
      line.querySelector("[data-fill=text]").textContent = text;
      line.classList.remove("chat__line--sending");
    } else {
      const mine = answer !== undefined;
      line = addLine(mine ? words.wordYou : name, text, [host ? "host" : "", mine ? "mine" : ""].filter(Boolean));
      if (mine) own.set(cid, line);
    }
    bySeq.set(item.seq, line);
    line.dataset.seq = item.seq;
    if (answer) showAnswer(line, { ...answer, seq: item.seq });
  }

  return {
    say,
    settle,
    heard,
    /** Show what somebody at the desk answered to one's own earlier line. */
    answered(seq, answer) {
      const line = bySeq.get(seq);
      if (line) showAnswer(line, { ...answer, seq });
    },
    notice(text) {
      addLine("", text, ["notice"]);
    },
    /** Say under a line of one's own that it is waiting for the network. */
    waiting(clientId) {
      const line = own.get(clientId);
      if (line && !line.querySelector(".chat__answer")) line.append(fromTemplate("chat-answer", { answer: words.wordNotSent }));
    },
    /** Start afresh from a snapshot; lines that have not reached the server yet stay. */
    clear() {
      for (const line of [...list.children]) if (!line.classList.contains("chat__line--sending")) line.remove();
      bySeq.clear();
    },
    /** Forget a line of one's own, because its words are back in the field. */
    take(clientId) {
      own.get(clientId)?.remove();
      own.delete(clientId);
    },
  };
}
