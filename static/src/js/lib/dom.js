// Small helpers to find and make elements. Text is always set as text, never as HTML: comments come from strangers.

/** Run `setUp` once for every element that matches, now and in whatever htmx brings later. */
export function forEach(selector, setUp) {
  const seen = new WeakSet();
  const visit = (root) => {
    const found = [...root.querySelectorAll(selector)];
    if (root instanceof Element && root.matches(selector)) found.unshift(root);
    for (const element of found) {
      if (seen.has(element)) continue;
      seen.add(element);
      setUp(element);
    }
  };
  visit(document);
  document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
}

/** Make an element: `make("li", { class: "chat__line", dataset: { seq: 4 } }, [who, " hello"])`. */
export function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * A copy of what the server put into `<template id="…">`, with `data-fill="name"` elements given the texts by name.
 * Markup with icons and translated words stays in the templates that way.
 */
export function fromTemplate(id, texts = {}) {
  const element = document.getElementById(id).content.firstElementChild.cloneNode(true);
  for (const slot of [element, ...element.querySelectorAll("[data-fill]")]) {
    const text = texts[slot.dataset.fill];
    if (text !== undefined) slot.textContent = text;
  }
  return element;
}

const region = document.getElementById("announcer");

/** Tell people who listen to the page what has just changed. */
export function announce(text) {
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
