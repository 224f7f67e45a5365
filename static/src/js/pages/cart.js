// The cart counts anew when a quantity changes; without a script its button does.

import { forEach } from "../lib/dom.js";

const WAIT_MS = 700;

forEach("form[data-cart]", (form) => {
  let waiting = 0;
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), WAIT_MS);
  });
});
