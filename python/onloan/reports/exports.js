"use strict";
// The timeline: what was out at the time under the pointer.
(function () {
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
