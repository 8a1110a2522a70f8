// The pages of a fax, one at a time: choose, turn, zoom, by mouse and keyboard. Without script they stand one below the other.
"use strict";
{
  const sheets = document.querySelector(".sheets[data-viewer]");
  const figures = [...sheets.querySelectorAll(".sheet")];
  const thumbs = [...sheets.querySelectorAll(".thumbs a")];
  const stage = sheets.querySelector(".stage"), bar = sheets.querySelector(".viewer-bar");
  const told = bar.querySelector("[data-at]"), zoomed = bar.querySelector("[data-zoomed]");
  const button = (name) => bar.querySelector(`[data-${name}]`);
  const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];
  let at = 0, zoom = 3, turns = figures.map(() => 0);

  // A page that lies on its side is as wide as the stage, too: the picture is laid out upright, then turned into its box.
  function lay() {
    const figure = figures[at], box = figure.querySelector(".leaf"), picture = figure.querySelector("img");
    const wide = stage.clientWidth * ZOOMS[zoom], ratio = picture.naturalHeight / picture.naturalWidth || 1.4142;
    const turn = turns[at], lies = turn % 2 === 1, across = lies ? wide / ratio : wide;
    Object.assign(box.style, { width: `${wide}px`, height: `${lies ? across : wide * ratio}px` });
    Object.assign(picture.style, {
      width: `${across}px`, height: `${across * ratio}px`, transformOrigin: "0 0",
      transform: ["none", `translate(${wide}px, 0) rotate(90deg)`, `translate(${wide}px, ${wide * ratio}px) rotate(180deg)`,
        `translate(0, ${across}px) rotate(270deg)`][turn],
    });
    button("out").disabled = zoom === 0;
    button("in").disabled = zoom === ZOOMS.length - 1;
    zoomed.textContent = `${Math.round(ZOOMS[zoom] * 100)} %`;
  }
  function show(page, speaks = true) {
    at = Math.max(0, Math.min(figures.length - 1, page));
    figures.forEach((one, number) => { one.hidden = number !== at; });
    thumbs.forEach((one, number) => { if (number === at) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current"); });
    const thumb = thumbs[at], strip = thumb && thumb.closest(".thumbs");
    if (strip) strip.scrollTo({ top: thumb.offsetTop - strip.clientHeight / 2, left: thumb.offsetLeft - strip.clientWidth / 2 });
    told.textContent = figures[at].querySelector("figcaption").textContent;
    if (button("back")) { button("back").disabled = at === 0; button("on").disabled = at === figures.length - 1; }
    const next = figures[at + 1] && figures[at + 1].querySelector("img");
    for (const picture of [figures[at].querySelector("img"), next]) if (picture) picture.loading = "eager";
    stage.scrollTo(0, 0);
    lay();
    if (speaks) say(told.textContent);
  }
  const zoomTo = (wanted) => { zoom = Math.max(0, Math.min(ZOOMS.length - 1, wanted)); lay(); };
  const deeds = {
    back: () => show(at - 1), on: () => show(at + 1), out: () => zoomTo(zoom - 1), in: () => zoomTo(zoom + 1),
    turn: () => { turns[at] = (turns[at] + 1) % 4; lay(); },
  };
  for (const [name, deed] of Object.entries(deeds)) if (button(name)) button(name).addEventListener("click", deed);
  thumbs.forEach((one, number) => one.addEventListener("click", (event) => { event.preventDefault(); show(number); }));
  for (const figure of figures) figure.querySelector("img").addEventListener("load", () => { if (!figure.hidden) lay(); });

  const KEYS = { ArrowLeft: "back", PageUp: "back", ArrowRight: "on", PageDown: "on", "+": "in", "=": "in", "-": "out", r: "turn" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea, dialog")) return;
    const deed = KEYS[event.key];
    if (!deed || (deed === "back" && at === 0) || (deed === "on" && at === figures.length - 1)) return;
    event.preventDefault();
    deeds[deed]();
  });
  new ResizeObserver(lay).observe(stage);
  sheets.classList.add("viewing");
  bar.hidden = false;
  const named = /^#page-(\d+)$/.exec(location.hash);
  show(named ? Number(named[1]) - 1 : 0, false);
}
