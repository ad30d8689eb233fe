"use strict";
// Tables that are sorted by a click on a heading, and rows that are shown if they fit what is chosen and typed.
(function () {
  function compare(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }

  // A heading becomes a button. Numbers come with the largest first unless the heading says otherwise, words from A to Z; a second click turns that round.

  function makeSortable(table) {
    const bodies = Array.from(table.tBodies);
    const keys = new Map(bodies.map((body) => [body, JSON.parse(body.dataset.keys)]));
    const headings = Array.from(table.tHead.rows[0].cells).filter((cell) => cell.dataset.kind);

    function sort(column) {
      const heading = headings[column];
      const first = heading.dataset.first || (heading.dataset.kind === "number" ? "descending" : "ascending");
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
    if (table.dataset.sorted !== undefined) {
      table.tHead.rows[0].cells[Number(table.dataset.sorted)].setAttribute("aria-sort", "descending");
    }
  }

  document.querySelectorAll("table.sortable").forEach(makeSortable);

  // A row that says nothing of what a choice is about fits any.

  const controls = document.querySelector(".controls");
  const choices = Array.from(controls.querySelectorAll("select[data-filter]"));
  const words = controls.querySelector("input[type=search]");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("table.sortable > tbody"));
  const counted = Array.from(document.querySelectorAll("table[data-counted] > tbody"));

  function fits(row) {
    const chosen = choices.every(({ value, dataset }) => !value || row.dataset[dataset.filter] === undefined || row.dataset[dataset.filter] === value);
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    return chosen && asked.every((word) => row.dataset.words.includes(word));
  }

  function choose() {
    rows.forEach((row) => { row.hidden = !fits(row); });
    const count = counted.filter((row) => !row.hidden).length;
    shown.textContent = count === counted.length ? "" : count + " of " + counted.length + " " + counted[0].parentElement.dataset.counted;
  }

  choices.forEach((select) => select.addEventListener("change", choose));
  words.addEventListener("input", choose);
  controls.hidden = false;
})();
