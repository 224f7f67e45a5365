// What every page gets: htmx with our rules, countdowns, copy buttons, careful forms. Loaded once by the layout.

import htmx from "htmx.org";
import { keepAtEnd } from "../lib/chat.js";
import { startCountdown } from "../lib/countdown.js";
import { forEach } from "../lib/dom.js";
import { confirmFirst, sendOnce, setUpCopy, setUpPhoto, setUpStepper } from "../lib/forms.js";

// The content security policy forbids evaluated code and injected styles, and nothing here needs them.
Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  // A refused form comes back with 4xx and its sentences inside; it is shown like any other answer.
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "(400|409|422)", swap: true },
    { code: "...", swap: false, error: true },
  ],
});

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});

// A weak signal is the normal case: say so and leave what was typed where it is. A refusal says its own sentence.
const trouble = document.getElementById("trouble");
const sentence = trouble?.querySelector("p");
const offlineSentence = sentence?.textContent;
function showTrouble(text) {
  if (!trouble) return;
  sentence.textContent = text ?? "";
  trouble.hidden = !text;
}
function sentenceOf(answer) {
  const page = new DOMParser().parseFromString(answer, "text/html");
  return page.querySelector("[data-error-sentence]")?.textContent.trim();
}
// A whole error page answering a request for a piece of one is not put into the piece; "htmx:responseError" shows it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || !sentenceOf(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  event.detail.isError = true;
});
document.addEventListener("htmx:sendError", () => showTrouble(offlineSentence));
document.addEventListener("htmx:responseError", (event) => {
  showTrouble(sentenceOf(event.detail.xhr.responseText) || offlineSentence);
});
document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && showTrouble(""));
window.addEventListener("offline", () => showTrouble(offlineSentence));
window.addEventListener("online", () => showTrouble(""));

document.documentElement.classList.add("js");
confirmFirst();
sendOnce();
forEach("[data-countdown]", (element) => startCountdown(element));
forEach("[data-keep-at-end]", keepAtEnd);
forEach("[data-stepper]", setUpStepper);
forEach("[data-photo]", setUpPhoto);
forEach("[data-copy], [data-copy-from]", setUpCopy);

// A list filter sends itself when a choice changes; without a script its button does.
forEach("form[data-auto-submit]", (form) => form.addEventListener("change", () => form.requestSubmit()));

// The browser comes to the summary of a refused form, so that nobody wonders why nothing happened.
document.querySelector(".form-errors")?.focus();

// One open sheet at a time, and a press elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const sheet of document.querySelectorAll("details[data-sheet][open]")) {
    if (!sheet.contains(event.target)) sheet.open = false;
  }
});
