"use strict";
(function () {
  // Sorting: a heading becomes a button. Numbers come with the largest first, words from A to Z; a second click turns that round.

  function compare(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }

  function makeSortable(table) {
    const bodies = Array.from(table.tBodies);
    const keys = new Map(bodies.map((body) => [body, JSON.parse(body.dataset.keys)]));
    const headings = Array.from(table.tHead.rows[0].cells).filter((cell) => cell.dataset.kind);

    function sort(column) {
      const heading = headings[column];
      const first = heading.dataset.kind === "number" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = heading.getAttribute("aria-sort") === first ? other : first;
      headings.forEach((cell) => cell.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      bodies.sort((a, b) => sign * compare(keys.get(a)[column], keys.get(b)[column]));
      table.append(...bodies);
    }

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(column));
      heading.replaceChildren(button);
    });
    // As the page was written.
    const sorted = Array.from(table.tHead.rows[0].cells)[Number(table.dataset.sorted)];
    sorted.setAttribute("aria-sort", "descending");
  }

  document.querySelectorAll("table.sortable").forEach(makeSortable);

  // Filters: a row is shown if it fits all of them. A row that has no thread (of the lines' table) fits any.

  const choices = ["type", "file", "thread"].map((name) => [name, document.getElementById("filter-" + name)]);
  const words = document.getElementById("filter-words");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("table.sortable > tbody"));
  const out = rows.filter((row) => row.dataset.thread !== undefined);

  function fits(row) {
    const chosen = choices.every(([name, select]) => !select.value || row.dataset[name] === undefined || row.dataset[name] === select.value);
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    return chosen && asked.every((word) => row.dataset.words.includes(word));
  }

  function choose() {
    rows.forEach((row) => { row.hidden = !fits(row); });
    const count = out.filter((row) => !row.hidden).length;
    shown.textContent = count === out.length ? "" : count + " of " + out.length + " rows that are out";
  }

  choices.forEach(([, select]) => select.addEventListener("change", choose));
  words.addEventListener("input", choose);
  document.querySelector(".controls").hidden = false;

  // The timeline: what was out at the time under the pointer.

  const timeline = document.getElementById("timeline");
  if (timeline === null || timeline.querySelector("svg") === null) {
    return;
  }
  const points = JSON.parse(timeline.dataset.points);
  const picture = timeline.querySelector("svg");
  const pointer = timeline.querySelector(".pointer");
  const moment = document.getElementById("moment");
  const box = picture.viewBox.baseVal;
  const left = Number(pointer.getAttribute("x1"));
  const right = box.width - 12;
  const end = Number(picture.dataset.end);

  picture.addEventListener("pointermove", (event) => {
    const place = picture.getBoundingClientRect();
    const x = Math.min(right, Math.max(left, ((event.clientX - place.left) / place.width) * box.width));
    const at = ((x - left) / (right - left)) * end;
    const before = points.filter((point) => point[0] <= at).pop() || points[0];
    pointer.setAttribute("x1", x);
    pointer.setAttribute("x2", x);
    pointer.setAttribute("visibility", "visible");
    moment.textContent = "At " + at.toFixed(3) + " s: " + before[1].toLocaleString("en") + " bytes in " + before[2].toLocaleString("en") + " exports.";
  });
  picture.addEventListener("pointerleave", () => {
    pointer.setAttribute("visibility", "hidden");
    moment.textContent = "";
  });
})();
