// Checkout: wards are suggested while typing, and the fee and total are shown before the button is pressed.

import { announce, forEach, make } from "../lib/dom.js";
import { formatVnd } from "../lib/format.js";

const WAIT_MS = 200;

forEach("[data-checkout]", (box) => {
  const ward = box.querySelector("[name=ward]");
  const code = box.querySelector("[name=ward_code]");
  const shownTotal = box.querySelector("[name=shown_total]");
  const list = box.querySelector("datalist");
  const amounts = box.querySelectorAll("[data-fee] dd");
  const note = box.querySelector("[data-fee] .parts__note");
  const known = new Map();
  let waiting = 0;
  let asked = 0;

  async function suggest() {
    const question = (asked += 1);
    const answer = await fetch(`${box.dataset.wards}?q=${encodeURIComponent(ward.value)}`);
    if (!answer.ok || question !== asked) return;
    const matches = await answer.json();
    list.replaceChildren(
      ...matches.map(({ name, old_name: oldName }) => make("option", { value: name, label: oldName ?? null })),
    );
    for (const match of matches) known.set(match.name, match.code);
    choose();
  }

  async function choose() {
    const found = known.get(ward.value.trim());
    if (!found || found === code.value) return;
    code.value = found;
    const answer = await fetch(`${box.dataset.quote}?ward=${found}`, { headers: { Accept: "application/json" } });
    const quote = await answer.json();
    if (code.value !== found) return;
    if (!answer.ok) {
      announce(quote.message);
      return;
    }
    amounts[1].textContent = formatVnd(quote.fee_vnd);
    amounts[2].textContent = formatVnd(quote.total_vnd);
    note?.remove();
    shownTotal.value = quote.total_vnd;
    announce(`${amounts[2].textContent}`);
  }

  ward.addEventListener("input", () => {
    if (known.has(ward.value.trim())) {
      choose();
      return;
    }
    code.value = "";
    clearTimeout(waiting);
    if (ward.value.trim().length >= 2) waiting = setTimeout(suggest, WAIT_MS);
  });
});
