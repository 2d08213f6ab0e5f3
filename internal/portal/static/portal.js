// What makes pages livelier. Each of them is complete without.
"use strict";

// Times in the reader's zone.
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "long" });
function localTimes(root) {
  for (const t of root.querySelectorAll("time[datetime]")) {
    t.title = exact.format(new Date(t.dateTime));
    if ("full" in t.dataset) t.textContent = t.title;
  }
}

// What the script has to say: for a while, or what is bad until it is not so any more.
const toast = document.getElementById("toast");
let hush;
function tell(text, bad = false) {
  toast.textContent = text;
  toast.classList.toggle("bad", bad);
  clearTimeout(hush);
  if (!bad) hush = setTimeout(() => toast.textContent = "", 4000);
}

// Buttons that copy what stands beside them, where the browser can.
document.documentElement.classList.toggle("copies", "clipboard" in navigator);
document.addEventListener("click", async (e) => {
  const b = e.target.closest("[data-copy]");
  if (!b) return;
  try {
    await navigator.clipboard.writeText(b.dataset.copy);
    tell("Copied");
  } catch {
    tell("The browser does not let it be copied: select the text, and copy that.");
  }
});

document.addEventListener("click", (e) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(e.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (e.key === "k" && (e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey) {
    const field = document.querySelector("[aria-keyshortcuts]");
    if (field) {
      e.preventDefault();
      field.focus();
    }
  }
});

// Moments in the reader's zone; the server takes them in UTC.
function localMoments(root) {
  for (const field of root.querySelectorAll("input[data-at]")) {
    const at = new Date(field.dataset.at);
    field.value = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    delete field.dataset.at; // what is typed from here on stays
  }
}
document.addEventListener("formdata", (e) => {
  for (const field of e.target.querySelectorAll("input[type='datetime-local']")) {
    if (field.name && field.value) e.formData.set(field.name, new Date(field.value).toISOString());
  }
});

// Files that are too long, before they are sent.
document.addEventListener("change", (e) => {
  const { most, tooLong } = e.target.dataset;
  if (most) {
    e.target.setCustomValidity([...e.target.files].some((f) => f.size > most) ? tooLong : "");
    e.target.reportValidity();
  }
});

// What goes on at the server, as it does.
for (const place of document.querySelectorAll("[data-watch]")) {
  const stream = new EventSource(place.dataset.watch);
  // It is of this server, which escapes what sources say.
  stream.onmessage = (e) => htmx.swap({ sourceElement: place, target: place, swap: "innerMorph", text: e.data });
  stream.addEventListener("done", () => stream.close());
  stream.addEventListener("gone", (e) => {
    stream.close();
    location.assign(e.data);
  });
}
// A link to what has come since the page was loaded: it is there once it is loaded anew.
document.addEventListener("click", (e) => {
  const a = e.target.closest("a[href^='#']");
  if (a && a.hash && !document.getElementById(decodeURIComponent(a.hash.slice(1)))) {
    e.preventDefault();
    location.hash = a.hash;
    location.reload();
  }
});

// Where the page is, in menus that are wider than the screen.
for (const here of document.querySelectorAll(".side [aria-current], .tabs [aria-current]")) {
  const menu = here.closest("nav"), box = menu.getBoundingClientRect(), at = here.getBoundingClientRect();
  menu.scrollLeft += at.left - box.left - (box.width - at.width) / 2;
}
document.documentElement.classList.add("script");

// Where an answer does not come, the page offers what it does without script.
function failed({ detail: { ctx } }) {
  if (!ctx) return; // it is no request that failed
  ctx.sourceElement.classList.add("failed");
  tell("The server gives no answer at present. What is shown may be old.", true);
}
document.addEventListener("htmx:error", failed);
document.addEventListener("htmx:response:error", (e) => {
  if (e.detail.ctx.response.status >= 500) failed(e);
});
document.addEventListener("htmx:after:swap", (e) => {
  const { sourceElement, response } = e.detail.ctx;
  if (response?.status >= 500) return;
  sourceElement.classList.remove("failed");
  if (toast.classList.contains("bad") && !document.querySelector(".failed")) tell("");
  liven(document);
});

function liven(root) {
  localTimes(root);
  localMoments(root);
}
liven(document);
