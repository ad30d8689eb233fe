"use strict";
(function () {
  const table = document.getElementById("survey");
  const bodies = Array.from(table.tBodies);
  const keys = new Map(bodies.map((body) => [body, JSON.parse(body.dataset.keys)]));
  const headings = Array.from(table.tHead.rows[0].cells).filter((cell) => cell.dataset.kind);

  function compare(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }

  function sort(column) {
    const heading = headings[column];
    // Numbers of findings are wanted with the largest first, everything else with the first first.
    const first = column > 2 ? "descending" : "ascending";
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

  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  function choose() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const body of bodies) {
      body.hidden = !words.every((word) => body.dataset.words.includes(word));
      count += body.hidden ? 0 : 1;
    }
    shown.textContent = count === bodies.length ? "" : count + " of " + bodies.length;
  }
  filter.addEventListener("input", choose);

  const open = document.getElementById("open");
  open.addEventListener("click", () => {
    const all = table.querySelectorAll(".below td > details");
    const close = open.textContent === "close all";
    all.forEach((details) => { details.open = !close; });
    open.textContent = close ? "open all" : "close all";
  });

  document.querySelector(".controls").hidden = false;
})();
