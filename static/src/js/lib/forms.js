// What forms do beyond HTML: they are sent once, they ask before what cannot be taken back, they count and show photos.

import { announce, make } from "./dom.js";

const words = document.documentElement.dataset;
const agreed = new WeakSet();

/** A form that is on its way is not sent again until its answer is here; coming back to the page frees it. */
export function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sending) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    setSending(form, event.submitter);
  });
  // htmx would queue a second press and send it after the first; "htmx:confirm" comes before its queue.
  const onTheirWay = new WeakSet();
  document.addEventListener("htmx:confirm", (event) => {
    if (event.detail.verb !== "get" && onTheirWay.has(event.detail.elt)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (requestConfig.verb === "get") return;
    onTheirWay.add(elt);
    if (elt instanceof HTMLFormElement) setSending(elt, requestConfig.triggeringEvent?.submitter);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    onTheirWay.delete(event.detail.elt);
    if (event.detail.elt instanceof HTMLFormElement) release(event.detail.elt);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));
}

function setSending(form, button) {
  form.dataset.sending = "yes";
  setBusy(form, button, true);
}

function release(form) {
  delete form.dataset.sending;
  form.querySelectorAll(".is-busy").forEach((button) => setBusy(form, button, false));
}

// The button is not disabled: a disabled submitter would drop its own name and value from what is sent.
function setBusy(form, button, busy) {
  const pressed = button ?? form.querySelector("button:not([type=button])");
  if (!pressed) return;
  pressed.classList.toggle("is-busy", busy);
  if (busy) pressed.setAttribute("aria-busy", "true");
  else pressed.removeAttribute("aria-busy");
  if (busy) announce(words.wordSending);
}

/**
 * `data-confirm="Hủy đơn này?"` on a form or its button puts the question in the button's place, with the two answers
 * beside it. `data-confirm-yes` names the answer that goes on.
 */
export function confirmFirst() {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const button = event.submitter ?? form.querySelector("button:not([type=button])");
      const asker = button?.dataset.confirm ? button : form;
      if (!asker.dataset.confirm || agreed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(asker, button ?? form, () => {
        agreed.add(form);
        form.requestSubmit(button);
      });
    },
    true,
  );
  document.addEventListener("htmx:confirm", (event) => {
    const element = event.detail.elt;
    if (!element.dataset.confirm || element instanceof HTMLFormElement || element.closest("form")) return;
    event.preventDefault();
    ask(element, element, () => event.detail.issueRequest(true));
  });
}

function ask(asker, place, goOn) {
  if (place.nextElementSibling?.classList.contains("ask")) return;
  const yes = make("button", { type: "button", class: "button button--danger" }, [
    asker.dataset.confirmYes ?? place.textContent.trim(),
  ]);
  const no = make("button", { type: "button", class: "button" }, [words.wordNo]);
  const question = make("p", { class: "ask__question" }, [asker.dataset.confirm]);
  const strip = make("div", { class: "ask", role: "group", "aria-label": asker.dataset.confirm }, [question, yes, no]);
  const close = () => {
    strip.remove();
    place.hidden = false;
  };
  yes.addEventListener("click", () => {
    close();
    goOn();
  });
  no.addEventListener("click", () => {
    close();
    place.focus();
  });
  strip.addEventListener("keydown", (event) => {
    if (event.key === "Escape") no.click();
  });
  place.after(strip);
  place.hidden = true;
  no.focus();
  announce(asker.dataset.confirm);
}

/** `data-stepper` around a number input: two thumbs add and take away one step, within the input's own limits. */
export function setUpStepper(stepper) {
  const input = stepper.querySelector("input");
  const buttons = [...stepper.querySelectorAll("[data-step]")];
  const refresh = () => {
    for (const button of buttons) {
      const limit = button.dataset.step === "up" ? input.max : input.min;
      button.disabled = limit !== "" && input.value !== "" && Number(input.value) === Number(limit);
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.dataset.step === "up") input.stepUp();
      else input.stepDown();
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
      announce(`${input.value} ${stepper.dataset.unit ?? ""}`);
    });
  }
  input.addEventListener("input", refresh);
  refresh();
}

/** `data-photo` around a file input shows the chosen photo in place of the prompt. */
export function setUpPhoto(box) {
  const input = box.querySelector("input[type=file]");
  let address = "";
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (address) URL.revokeObjectURL(address);
    box.querySelector(".photo__picture")?.remove();
    if (!file) return;
    address = URL.createObjectURL(file);
    const picture = make("img", { class: "photo__picture", src: address, alt: file.name });
    picture.addEventListener("error", () => picture.remove());
    input.before(picture);
    announce(file.name);
  });
}

/** `data-copy="text"` (or `data-copy-from="#id"`) puts the text on the clipboard and says so on the button. */
export function setUpCopy(button) {
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  button.addEventListener("click", async () => {
    const from = button.dataset.copyFrom;
    const text = from ? document.querySelector(from).textContent.trim() : button.dataset.copy;
    const copied = await copyText(text);
    label.textContent = copied ? words.wordCopied : words.wordCopyByHand;
    announce(label.textContent);
    setTimeout(() => {
      label.textContent = before;
    }, 2500);
  });
}

// The clipboard is refused on plain http, which is how a small server in the market hall is often reached.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" });
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}
