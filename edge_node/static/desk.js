/* Desk, dossiers, receiving: a paper just made prints itself once; one tick chooses the whole page of a list.
   Without this file the paper is in sight beside a link that opens it, and rows are ticked one by one. */
"use strict";
for (const frame of document.querySelectorAll("[data-print-frame]")) {
  frame.addEventListener("load", () => {
    const key = `printed ${location.pathname}${location.search}`;
    if (navigator.webdriver) return; // a driven browser has no printer, and headless ones fall over here
    try {
      if (sessionStorage.getItem(key)) return;
      sessionStorage.setItem(key, "yes");
      frame.contentWindow.focus();
      frame.contentWindow.print();
    } catch { /* the viewer is not ours to ask: the link is there */ }
  }, { once: true });
}
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-select-list]");
  if (!all) return;
  for (const box of document.querySelectorAll(`#${all.dataset.selectList} tbody input[type=checkbox]`)) box.checked = all.checked;
});
