/* Small help for fast hands. Every screen works without this file; each block stands alone and listens on the document,
   so parts that htmx brings later behave the same. This file is the same in edge_node and central_hub.
   Attributes it reads: data-open-dialog, data-close-dialog, data-confirm, data-primary, data-draft-url, data-idle-seconds,
   data-reveal-url, data-rows, data-select-all, data-shows, data-print, data-date, data-focus, data-upload. */
"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  const say = (name, values) => (words[name] || "").replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const headers = () => (token ? { "X-CSRF-Token": token } : {});
  const clock = () => new Intl.DateTimeFormat("vi", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());

  const toast = document.getElementById("toast");
  let toastEnds;
  const show = (text, milliseconds) => {
    if (!toast) return;
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastEnds);
    if (milliseconds) toastEnds = setTimeout(() => { toast.hidden = true; }, milliseconds);
  };

  /* Dialogs */
  const open = (dialog) => { if (dialog && !dialog.open) dialog.showModal(); };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) open(document.getElementById(opener.dataset.openDialog));
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
    if (event.target.closest("[data-print]")) window.print();
  });

  /* Questions before an action, and no double sending */
  const confirmDialog = document.getElementById("confirm");
  const ask = (form, button, question) => {
    const yes = confirmDialog.querySelector("[data-confirm-yes]");
    const source = button?.dataset.confirm ? button : form;
    confirmDialog.querySelector("[data-confirm-text]").textContent = question;
    yes.textContent = source.dataset.confirmAction || words.yes;
    yes.classList.toggle("btn-refuse", source.dataset.confirmTone === "refused");
    yes.classList.toggle("btn-primary", source.dataset.confirmTone !== "refused");
    yes.onclick = () => {
      confirmDialog.close();
      form.dataset.confirmed = "yes";
      form.requestSubmit(button || undefined);
    };
    open(confirmDialog);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const question = button?.dataset.confirm || form.dataset.confirm;
    if (question && confirmDialog && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      event.stopPropagation();
      ask(form, button, question);
      return;
    }
    delete form.dataset.confirmed;
    if (form.method !== "post" || form.target === "_blank" || form.matches("[hx-post], [data-hx-post]")) return;
    if (form.dataset.sending === "yes") { event.preventDefault(); return; }
    form.dataset.sending = "yes";
    for (const each of form.querySelectorAll("button:not([type=button])")) each.setAttribute("aria-disabled", "true");
    setTimeout(() => release(form), 8000); // an answer that is a file leaves the page where it is
  }, true);
  const release = (form) => {
    delete form.dataset.sending;
    for (const each of form.querySelectorAll("button[aria-disabled]")) each.removeAttribute("aria-disabled");
  };
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-sending]").forEach(release));

  /* Keys */
  const typing = (element) => element.matches("input, textarea, select, [contenteditable]");
  const rowLinks = (link) => [...link.closest("[data-rows]").querySelectorAll(".mc-row-link")];
  const walk = (step) => {
    const link = document.activeElement.closest(".mc-row-link");
    const links = link ? rowLinks(link) : [...document.querySelectorAll("[data-rows] .mc-row-link")];
    const next = links[link ? links.indexOf(link) + step : step > 0 ? 0 : links.length - 1];
    next?.focus();
    return Boolean(next);
  };
  const submitPrimary = () => {
    const scope = document.querySelector("dialog[open]") || document.activeElement.closest("form") || document;
    const button = scope.querySelector("[data-primary]") || document.querySelector("main [data-primary]");
    if (!button) return false;
    if (button.form && button.type === "submit") button.form.requestSubmit(button); else button.click();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const search = document.getElementById("search");
    const inDialog = document.querySelector("dialog[open]");
    let done = false;
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK" && search) { search.focus(); search.select(); done = true; }
    else if (event.altKey && event.code === "KeyN") { const link = document.querySelector("[data-key-receive]"); if (link) { link.click(); done = true; } }
    else if ((event.ctrlKey || event.metaKey) && event.key === "Enter") done = submitPrimary();
    else if (inDialog || typing(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    else if (event.key === "?") { open(document.getElementById("keys")); done = true; }
    else if (event.key === "ArrowDown") done = walk(1);
    else if (event.key === "ArrowUp") done = walk(-1);
    if (done) event.preventDefault();
  });

  /* Rows: a click anywhere follows the row's link; headings are repeated beside the cells for narrow screens */
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-rows] tbody tr");
    if (!row || event.target.closest("a, button, input, label, select") || String(window.getSelection())) return;
    row.querySelector(".mc-row-link")?.click();
  });
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-select-all]");
    if (!all) return;
    for (const box of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
  });

  /* A part that belongs to one radio (data-shows="id") */
  const showParts = (root) => {
    for (const radio of root.querySelectorAll("[data-shows]")) {
      const part = document.getElementById(radio.dataset.shows);
      if (part) part.hidden = !radio.checked;
    }
  };
  document.addEventListener("change", (event) => { if (event.target.matches("input[type=radio]")) showParts(document); });

  /* Dates: 22112026 becomes 22/11/2026 */
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-date]")) return;
    const parts = event.target.value.match(/^\s*(\d{1,2})[./\- ]?(\d{2})[./\- ]?(\d{4})\s*$/) || event.target.value.match(/^\s*(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4})\s*$/);
    if (parts) event.target.value = `${parts[1].padStart(2, "0")}/${parts[2].padStart(2, "0")}/${parts[3]}`;
  });

  /* Drafts: sent at most 0.7 s after the first unsaved key, again while typing goes on, and when the page is left */
  const drafts = new WeakMap();
  const draftFields = (form) => {
    const fields = new FormData(form);
    for (const input of form.querySelectorAll("input[type=password], input[type=file], [data-no-draft]")) fields.delete(input.name);
    return new URLSearchParams([...fields].filter(([, value]) => typeof value === "string"));
  };
  const tell = (form, text) => { for (const place of form.querySelectorAll("[data-draft-status]")) place.textContent = text; };
  const send = async (form, state) => {
    if (form.dataset.sending === "yes") return; // what is being saved needs no draft any more: it would come back after it
    if (state.sending) { state.again = true; return; }
    state.sending = true;
    state.again = false;
    state.dirty = false;
    state.stop = new AbortController();
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: draftFields(form), headers: headers(), credentials: "same-origin", signal: state.stop.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      tell(form, say("saved", { time: clock() }));
    } catch {
      state.dirty = true;
      state.sending = false;
      if (form.dataset.sending === "yes") return;
      tell(form, say("unsaved", {}));
      setTimeout(() => { if (state.dirty) send(form, state); }, 3000);
    }
    state.sending = false;
    if (state.again) send(form, state);
  };
  const keep = (event) => {
    const form = event.target.form?.closest("form[data-draft-url]");
    if (!form) return;
    const state = drafts.get(form) || {};
    drafts.set(form, state);
    state.dirty = true;
    if (!state.timer) state.timer = setTimeout(() => { state.timer = 0; send(form, state); }, 700);
  };
  document.addEventListener("input", keep);
  document.addEventListener("change", keep);
  document.addEventListener("submit", (event) => { if (event.target.dataset.sending === "yes") drafts.get(event.target)?.stop?.abort(); }, true);
  const leave = () => {
    for (const form of document.querySelectorAll("form[data-draft-url]")) {
      const state = drafts.get(form);
      if (state?.dirty && form.dataset.sending !== "yes") { navigator.sendBeacon(form.dataset.draftUrl, draftFields(form)); state.dirty = false; }
    }
  };
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });

  /* Idle lock: one clock for all tabs of this PC */
  const idleSeconds = Number(document.body.dataset.idleSeconds || 0);
  const lockForm = document.getElementById("lock-form");
  if (idleSeconds && lockForm) {
    const mark = () => { try { localStorage.setItem("last-touch", String(Date.now())); } catch { /* storage may be off */ } lastTouch = Date.now(); };
    let lastTouch = Date.now();
    let marked = 0;
    mark();
    for (const name of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) {
      document.addEventListener(name, () => { if (Date.now() - marked > 1000) { marked = Date.now(); mark(); } }, { passive: true, capture: true });
    }
    const look = setInterval(() => {
      let touched = lastTouch;
      try { touched = Math.max(touched, Number(localStorage.getItem("last-touch"))); } catch { /* storage may be off */ }
      const left = idleSeconds - Math.floor((Date.now() - touched) / 1000);
      if (left <= 0) { clearInterval(look); leave(); lockForm.submit(); }
      else if (left <= 30) { show(say("locking", { seconds: left })); toast.dataset.lock = "yes"; }
      else if (toast?.dataset.lock) { delete toast.dataset.lock; toast.hidden = true; }
    }, 1000);
  }

  /* A masked number: the server writes down who looked, then it shows for 20 seconds */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-reveal-url]");
    if (!button) return;
    const place = button.parentElement.querySelector("[data-masked]");
    if (place.textContent !== place.dataset.masked) { place.textContent = place.dataset.masked; return; }
    try {
      const answer = await fetch(button.dataset.revealUrl, { method: "POST", headers: headers(), credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      place.textContent = (await answer.text()).trim();
      setTimeout(() => { place.textContent = place.dataset.masked; }, 20000);
    } catch { show(words.unreachable, 6000); }
  });

  /* A form that carries large files (data-upload): how much of them has gone, then that the rest is being worked on */
  const megabytes = (bytes) => new Intl.NumberFormat(document.documentElement.lang || "vi", { maximumFractionDigits: 1 }).format(bytes / 1e6);
  const uploadBar = (event) => event.target.closest?.("[data-upload]")?.querySelector("[data-upload-bar]");
  const uploaded = (bar) => {
    bar.dataset.state = "taking";
    bar.querySelector("[data-upload-sending]").hidden = true;
    bar.querySelector("[data-upload-taking]").hidden = false;
    bar.querySelector("progress").removeAttribute("value");
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const bar = uploadBar(event);
    if (!bar) return;
    bar.dataset.state = "sending";
    bar.querySelector("[data-upload-sending]").hidden = false;
    bar.querySelector("[data-upload-taking]").hidden = true;
    bar.querySelector("[data-upload-told]").textContent = "";
    bar.hidden = false;
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = uploadBar(event);
    if (!bar || bar.dataset.state !== "sending" || !event.detail.lengthComputable || !event.detail.total) return;
    const { loaded, total } = event.detail;
    const line = bar.querySelector("progress");
    line.max = total;
    line.value = loaded;
    bar.querySelector("[data-upload-told]").textContent = `${megabytes(loaded)} / ${megabytes(total)} MB`;
    if (loaded >= total) uploaded(bar);
  });
  document.addEventListener("htmx:xhr:loadend", (event) => {
    const bar = uploadBar(event);
    if (bar?.dataset.state === "sending") uploaded(bar);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const bar = uploadBar(event);
    if (bar) bar.hidden = true;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // What a page of ours says of a refusal is more than that nobody answered.
    if (!uploadBar({ target: event.detail.requestConfig?.elt || event.target }) || event.detail.xhr.status < 400) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  /* htmx: the token travels along, an unreachable node says so */
  document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, headers()));
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, () => show(words.unreachable, 6000));

  const prepare = (root) => {
    for (const table of root.querySelectorAll(".mc-table")) {
      const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
      for (const row of table.querySelectorAll("tbody tr")) [...row.cells].forEach((cell, index) => {
        cell.setAttribute("role", "cell");
        if (!cell.dataset.label) cell.dataset.label = names[index] || "";
      });
    }
    showParts(root);
    root.querySelector("[data-focus]")?.focus();
  };
  /* On a narrow screen the menu scrolls sideways: bring the present room into sight without moving the page */
  const present = document.querySelector(".mc-menu [aria-current]");
  const strip = present?.closest("nav");
  if (strip && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = present.offsetLeft - (strip.clientWidth - present.offsetWidth) / 2;
  document.addEventListener("htmx:afterSwap", (event) => prepare(event.target.parentElement || document));
  prepare(document);
})();
