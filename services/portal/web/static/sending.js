// Sending a fax: files are kept as soon as they are chosen or dropped, and are put in order by dragging.
"use strict";
{
  const form = document.querySelector("form[data-sends]");
  const input = form && form.querySelector("input[type=file]");
  if (form) {
    const save = form.querySelector("[data-saves]"), told = document.getElementById("files-told");
    const zone = form.querySelector("[data-drop]");
    save.hidden = true;
    form.querySelector("[data-dropping]").hidden = false;

    const keep = () => {
      const size = [...input.files].reduce((sum, one) => sum + one.size, 0);
      told.hidden = size <= Number(input.dataset.most);
      told.textContent = told.hidden ? "" : input.dataset.tooLarge;
      if (!told.hidden) input.value = "";
      else if (input.files.length) form.requestSubmit(save);
    };
    input.addEventListener("change", keep);

    const carries = (event) => event.dataTransfer.types.includes("Files");
    form.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      zone.classList.add("over");
    });
    form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) zone.classList.remove("over"); });
    form.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      zone.classList.remove("over");
      input.files = event.dataTransfer.files;
      keep();
    });

    // The order: what stands first in the page is sent first.
    let dragged = null;
    for (const row of form.querySelectorAll("[data-file]")) {
      row.draggable = true;
      row.addEventListener("dragstart", (event) => { dragged = row; row.classList.add("dragged"); event.dataTransfer.effectAllowed = "move"; });
      row.addEventListener("dragend", () => { row.classList.remove("dragged"); dragged = null; });
      row.addEventListener("dragover", (event) => { if (dragged && dragged !== row) { event.preventDefault(); row.classList.add("over"); } });
      row.addEventListener("dragleave", () => row.classList.remove("over"));
      row.addEventListener("drop", (event) => {
        if (!dragged || dragged === row) return;
        event.preventDefault();
        const rows = [...row.parentElement.children];
        if (rows.indexOf(dragged) < rows.indexOf(row)) row.after(dragged); else row.before(dragged);
        form.requestSubmit(save);
      });
    }
  }
}
