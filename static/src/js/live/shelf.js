// The offers: one pinned above the line to type in, all of them in the bag. Stock numbers are the true ones.

import { fromTemplate } from "../lib/dom.js";
import { formatKg, formatNumber, formatVnd } from "../lib/format.js";

const STEP_GRAMS = 500;

/** `order(offer, quantity, said)` is called by the order button with base units and how they are written. */
export function makeShelf({ pinnedPlace, bagPlace, countPlace, words, order }) {
  const offers = new Map();
  const chosen = new Map();
  let pinned = null;

  function step(offer) {
    return offer.divisible && offer.unit === "kg" ? STEP_GRAMS : offer.unit_quantity;
  }

  function quantityOf(offer) {
    return chosen.get(offer.id) ?? offer.unit_quantity;
  }

  function written(offer, quantity) {
    if (offer.divisible && offer.unit === "kg") return formatKg(quantity);
    return `${formatNumber(quantity / offer.unit_quantity)}\u00a0${offer.unit}`;
  }

  function card(offer) {
    const sellable = offer.is_open && offer.left > 0;
    const stock = sellable ? `${words.wordLeft} ${offer.left_text}` : offer.is_open ? words.wordGone : words.wordClosed;
    const element = fromTemplate("offer-card", {
      code: offer.code,
      title: offer.title,
      price: formatVnd(offer.price_vnd),
      unit: offer.unit,
      stock: offer.per_kg_vnd && offer.unit !== "kg" ? `${formatVnd(offer.per_kg_vnd)}/kg · ${stock}` : stock,
    });
    element.dataset.code = offer.code;
    element.classList.toggle("offer--gone", !sellable);
    const picture = element.querySelector("img");
    picture.src = offer.photo ? `${words.photos}${offer.photo}` : `${words.pictures}${offer.placeholder}.svg`;
    picture.addEventListener("error", () => { picture.src = `${words.pictures}fruit.svg`; }, { once: true });
    const output = element.querySelector("[data-quantity]");
    const set = (quantity) => {
      const most = Math.max(step(offer), offer.left);
      chosen.set(offer.id, Math.min(Math.max(quantity, step(offer)), most));
      output.textContent = written(offer, quantityOf(offer));
    };
    set(quantityOf(offer));
    element.querySelector("[data-less]").addEventListener("click", () => set(quantityOf(offer) - step(offer)));
    element.querySelector("[data-more]").addEventListener("click", () => set(quantityOf(offer) + step(offer)));
    element.querySelector("[data-origin]").href = `/mat-hang/${offer.listing}`;
    const button = element.querySelector("[data-order]");
    button.disabled = !sellable;
    button.addEventListener("click", () => order(offer, quantityOf(offer), written(offer, quantityOf(offer))));
    return element;
  }

  function show() {
    const shown = offers.get(pinned);
    pinnedPlace.replaceChildren(...(shown ? [card(shown)] : []));
    bagPlace.replaceChildren(...[...offers.values()].map(card));
    countPlace.textContent = offers.size;
  }

  return {
    set(list, pinnedId) {
      offers.clear();
      for (const offer of list) offers.set(offer.id, offer);
      pinned = pinnedId;
      show();
    },
    put(offer) {
      offers.set(offer.id, { ...offers.get(offer.id), ...offer });
      show();
    },
    pin(offerId) {
      pinned = offerId;
      show();
    },
    get: (offerId) => offers.get(offerId),
  };
}
