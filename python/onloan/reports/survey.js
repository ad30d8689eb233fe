"use strict";
// Everything that is below the rows, at one click.
(function () {
  const open = document.getElementById("open");
  open.addEventListener("click", () => {
    const close = open.textContent === "close all";
    document.querySelectorAll("#survey .below td > details").forEach((details) => { details.open = !close; });
    open.textContent = close ? "open all" : "close all";
  });
})();
