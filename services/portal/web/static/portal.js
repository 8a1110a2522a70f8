// Niceties. Every page works without them; nothing here knows a rule.
"use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const said = document.getElementById("said");
const say = (words) => { said.textContent = words; };  // words come from the page, in its language

// The clock of whoever looks, for the next page; and how long ago, as time goes by.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `portal-zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
const since = new Intl.RelativeTimeFormat(document.documentElement.lang);
setInterval(() => {
  for (const time of all("time[data-ago]")) {
    const minutes = Math.floor((Date.now() - new Date(time.dateTime)) / 60000);
    if (minutes < 1 || minutes >= 14 * 1440) continue;
    const [unit, size] = minutes < 60 ? ["minute", 1] : minutes < 1440 ? ["hour", 60] : ["day", 1440];
    time.textContent = since.format(-Math.floor(minutes / size), unit);
  }
}, 30000);

// Where one is, in a row of pages that is wider than a phone.
for (const here of all("nav > [aria-current=page]")) here.scrollIntoView({ block: "nearest", inline: "center" });

// Dialogs: rendered in the page, opened in place, closed without a round trip.
function open(dialog) {
  if (dialog.open) dialog.close();
  dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true], fieldset.marked input");
  (wrong || dialog.querySelector("[autofocus]") || dialog.querySelector("h2")).focus();
}
for (const dialog of all("dialog[data-modal]")) {
  if (dialog.open) open(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.dataset.back && location.search.includes("add")) history.replaceState(null, "", dialog.dataset.back);
  });
}
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog) { event.preventDefault(); open(dialog); return; }
  const closer = event.target.closest("[data-closes]");
  if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
});
for (const menu of all("details.me")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
  });
}
const alert = document.querySelector("main > .told.bad[tabindex]");
if (alert) (document.querySelector("[aria-invalid=true]") || alert).focus();

// A check box that shows more fields. Hidden ones are not sent.
for (const box of all("[data-shows]")) {
  const part = document.getElementById(box.dataset.shows);
  const set = () => { part.hidden = !box.checked; for (const field of all("input, select, textarea", part)) field.disabled = !box.checked; };
  box.addEventListener("change", set);
  set();
}

// A form is sent once. The document listens, for forms that come later too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter && event.submitter.name ? null : form.querySelector("[data-once]");
  const asking = event.submitter ? event.submitter.closest("[data-asks]") : form.querySelector("[data-asks]");
  if (asking && !confirm(asking.dataset.asks)) { event.preventDefault(); return; }
  if (button) { button.disabled = true; button.textContent = button.dataset.once; say(button.dataset.once); }
  const progress = form.querySelector("progress[hidden]");
  if (progress) progress.hidden = false;
});
addEventListener("pageshow", (event) => { if (event.persisted) for (const one of all("[data-once]")) one.disabled = false; });

// The primary user: the email of the one found, and more choices while typing.
for (const field of all("[data-users]")) {
  const list = field.list, told = document.getElementById("found-user");
  let asked = 0;
  const show = () => {
    const typed = field.value.trim().toLowerCase();
    const found = typed && [...list.options].filter((one) => [one.value, one.dataset.name].some((v) => v.toLowerCase() === typed));
    told.textContent = found && found.length === 1 ? `${found[0].dataset.name}, ${found[0].dataset.email}` : "";
  };
  field.addEventListener("input", async () => {
    show();
    const mine = ++asked;
    await new Promise((done) => setTimeout(done, 200));
    if (mine !== asked || !field.value.trim()) return;
    const answer = await fetch(`${field.dataset.users}?q=${encodeURIComponent(field.value)}`).catch(() => null);
    if (!answer || !answer.ok || mine !== asked) return;
    list.replaceChildren(...(await answer.json()).map((one) => {
      const option = new Option(`${one.name} – ${one.email}`, one.value);
      Object.assign(option.dataset, { name: one.name, email: one.email });
      return option;
    }));
    show();
  });
  show();
}

// Rows that become live.
const table = document.querySelector("[data-live]");
async function ask(left) {
  const waiting = all("[data-account] .status.wait", table);
  if (!waiting.length || !left) return;
  const answer = await fetch(table.dataset.live).catch(() => null);
  const states = answer && answer.ok ? await answer.json() : {};
  for (const status of waiting) {
    if (states[status.closest("[data-account]").dataset.account] !== "live") continue;
    status.className = "status good";
    status.querySelector(".dot").textContent = "●";
    status.querySelector(".words").textContent = said.dataset.liveWord;
    say(said.dataset.isLive);
  }
  setTimeout(ask, 1000, left - 1);
}
if (table) ask(300);

// A job that goes on: counted, and shown anew when it is over.
const going = document.querySelector("[data-progress]");
async function follow() {
  const answer = await fetch(going.dataset.progress, { headers: { "x-by-itself": "1" } }).catch(() => null);
  const told = answer && answer.ok && !answer.redirected ? await answer.json() : null;
  if (!told || !told.going) { if (told || (answer && answer.redirected)) location.reload(); else setTimeout(follow, 3000); return; }
  const bar = going.querySelector("progress");
  if (told.steps) { bar.max = told.steps; bar.value = told.done; }
  document.getElementById("words").textContent = told.words;
  setTimeout(follow, 700);
}
if (going) setTimeout(follow, 400);

// Copy and print, where they work.
for (const button of all("[data-copies]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.textContent = said.dataset.copied;
    say(said.dataset.copied);
  });
}
for (const button of all("[data-prints]")) { button.hidden = false; button.addEventListener("click", () => print()); }

// The brand's preview. The server says the same after saving.
const light = (hex) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => x - y); return (b + 0.05) / (a + 0.05); };
const colour = document.querySelector("[data-previews]");
if (colour) {
  const box = document.querySelector(".preview"), name = document.getElementById("f-name");
  const paint = () => {
    const on = ratio("#ffffff", colour.value) >= ratio("#000000", colour.value) ? "#ffffff" : "#000000";
    box.style.setProperty("--brand", colour.value);
    box.style.setProperty("--on-brand", on);
    const told = document.getElementById("contrast");
    const is = ratio(on, colour.value).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
    told.textContent = (on === "#ffffff" ? told.dataset.white : told.dataset.black).replace("{}", is);
    document.getElementById("preview-name").textContent = name.value || told.dataset.unnamed;
  };
  colour.addEventListener("input", paint);
  name.addEventListener("input", paint);
  paint();
}
