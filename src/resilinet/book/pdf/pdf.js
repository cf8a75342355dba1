// Makes tables that are wider than the paper so much smaller that nothing of them is cut.
"use strict";
addEventListener("beforeprint", () => {
  const width = document.querySelector(".bd-article").clientWidth;
  for (const table of document.querySelectorAll(".bd-article table")) {
    if (table.scrollWidth > width) table.style.zoom = width / table.scrollWidth;
  }
});
