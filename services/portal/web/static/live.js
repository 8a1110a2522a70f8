// Faxes as they change. The server says which (services/portal/web/live.py); the page asks for itself anew and takes
// over what differs, so that nothing here knows how a fax is shown. Where it doesn't work, the page is as it was loaded.
const notice = document.querySelector("[data-stream]");
const address = notice.dataset.stream.split("?")[0];
const MINUTE = 60_000, PAUSE = 1000;
let mark = new URL(notice.dataset.stream, location.href).searchParams.get("after");
let source = null, asking = false, again = false;

// Only the page in front listens: a browser has few connections to spare, and what it missed is told when it comes back.
function listen() {
  if (source || document.hidden) return;
  source = new EventSource(`${address}?after=${encodeURIComponent(mark)}`);
  source.addEventListener("faxes", (event) => {
    mark = event.lastEventId;
    const of = notice.dataset.of;
    if (!of || JSON.parse(event.data).some((fax) => fax.id === of)) refresh();
  });
  source.addEventListener("anew", (event) => { mark = event.lastEventId; refresh(); });
  source.addEventListener("over", (event) => { hush(); if (event.data === "signed-out") over(); });
  source.addEventListener("error", () => {
    if (!source || source.readyState !== EventSource.CLOSED) return;  // else the browser comes back by itself
    hush();
    setTimeout(listen, MINUTE);
  });
}
function hush() {
  if (source) source.close();
  source = null;
}
function over() {
  hush();
  notice.hidden = false;
  say(notice.textContent.trim());
}

async function refresh() {
  again = true;
  if (asking) return;
  asking = true;
  while (again) {
    again = false;
    const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } }).catch(() => null);
    if (answer && answer.redirected) over();
    else if (answer && answer.status === 404) location.reload();
    else if (answer && answer.ok) take(parsed(await answer.text()));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  asking = false;
}
// Without its head, whose style has a nonce that isn't this page's.
const parsed = (html) => new DOMParser().parseFromString(html.slice(html.indexOf("<body")), "text/html");
function take(page) {
  const next = page.querySelector("[data-stream]");
  if (next && next.dataset.shape !== notice.dataset.shape) { location.reload(); return; }
  for (const part of all("[data-part]")) {
    const news = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!news) continue;
    const before = stands(part);
    morph(part, news);
    tell(part, before);
  }
}

// What is said aloud: how each fax, or the one of this page, stands.
const words = (part) => [...new Set(all(".status .words", part).map((one) => one.textContent.trim()))].join(", ");
function stands(part) {
  return new Map(all("[data-fax]", part).map((fax) => [fax.dataset.fax, words(fax)]));
}
function tell(part, before) {
  const said = [];
  for (const fax of all("[data-fax]", part)) {
    if (before.get(fax.dataset.fax) === words(fax)) continue;
    const known = before.has(fax.dataset.fax);
    if (!known) fax.classList.add("arrived");
    const name = fax.querySelector(".num");
    said.push(`${known ? "" : notice.dataset.new} ${name ? name.textContent : ""}: ${words(fax)}`.trim());
  }
  if (said.length) say(said[0]);
}

// Make `now` like `next`, keeping what is the same: focus, what is folded open, pictures, rows wherever they moved.
const key = (node) => (node.dataset ? node.dataset.fax : undefined);
const alike = (one, other) => Boolean(one) && one.nodeName === other.nodeName && key(one) === key(other);
function morph(now, next) {
  if (now.isEqualNode(next)) return;
  for (const { name, value } of [...next.attributes]) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name);
  const rows = new Map([...now.children].filter(key).map((row) => [key(row), row]));
  let at = now.firstChild;
  for (const child of [...next.childNodes]) {
    const same = alike(at, child) ? at : rows.get(key(child));
    if (!same) { now.insertBefore(child, at); continue; }
    if (same === at) at = at.nextSibling;
    else now.insertBefore(same, at);
    if (same.nodeType === Node.ELEMENT_NODE) morph(same, child);
    else if (same.data !== child.data) same.data = child.data;
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}

document.addEventListener("visibilitychange", () => { if (document.hidden) hush(); else listen(); });
addEventListener("pagehide", hush);
addEventListener("pageshow", (event) => { if (event.persisted) { refresh(); listen(); } });
listen();
