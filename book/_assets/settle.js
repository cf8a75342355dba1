// What the theme and Sphinx leave undone: for a page that no reader has set to light or dark, for one that is opened
// as a file, for readers who listen, and for paper.
"use strict";
{
  const page = document.documentElement;
  if (!page.dataset.mode) {
    // Before the body is drawn, so that nothing flickers, and before the theme complains.
    page.dataset.mode = "auto";
    page.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  // Search results quote the pages that they name, but a browser lets no file read another.
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  }
  // A list may hold list items alone; entries of a bibliography are none, and a screen reader would count nothing.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".citation-list[role=list]").forEach((list) => list.removeAttribute("role"));
  });
  // Nothing scrolls on paper (print.css): a table too wide for it grows smaller before it is cut.
  const sized = (zoom) => document.querySelectorAll(".bd-article table").forEach((table) => {
    table.style.zoom = zoom(table);
  });
  addEventListener("beforeprint", () => {
    const width = Math.min(document.querySelector(".bd-article").clientWidth, 672);
    sized((table) => Math.min(1, width / table.scrollWidth));
  });
  addEventListener("afterprint", () => sized(() => ""));
}
