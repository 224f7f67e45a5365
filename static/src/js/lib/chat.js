// A list that grows at its end stays there, unless the reader has gone up to read; then a button leads back down.

const NEAR_PX = 48;

/** `data-keep-at-end` on the scrolling list; `data-newer="#id"` names the button for what came meanwhile. */
export function keepAtEnd(list) {
  const newer = list.dataset.newer ? document.querySelector(list.dataset.newer) : null;
  let atEnd = true;
  const goToEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  list.addEventListener(
    "scroll",
    () => {
      atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
      if (atEnd && newer) newer.hidden = true;
    },
    { passive: true },
  );
  new MutationObserver(() => {
    if (atEnd) goToEnd();
    else if (newer) newer.hidden = false;
  }).observe(list, { childList: true, subtree: true, characterData: true });
  // The keyboard of a phone makes the list shorter; what was said last must stay in sight.
  new ResizeObserver(() => atEnd && goToEnd()).observe(list);
  newer?.addEventListener("click", () => {
    goToEnd();
    newer.hidden = true;
  });
  goToEnd();
}
