// Shows what a term of the glossary means while the pointer is over it, or the keyboard's focus on it.
// The definitions stand in the page, hidden (definitions.py); readers of the screen hear them as descriptions.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  let bubble = null;
  let timer = 0;

  for (const term of document.querySelectorAll('a[aria-describedby^="definition-"]')) {
    term.addEventListener("mouseenter", () => show(term));
    term.addEventListener("focus", () => show(term));
    term.addEventListener("mouseleave", leave);
    term.addEventListener("blur", hide);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  function show(term) {
    hide();
    const definition = document.getElementById(term.getAttribute("aria-describedby"));
    if (!definition) return;
    bubble = document.createElement("div");
    bubble.className = "definition";
    // Read already, as the term's description.
    bubble.setAttribute("aria-hidden", "true");
    bubble.textContent = definition.textContent;
    // The pointer may go from the term to its definition, to mark or read it enlarged.
    bubble.addEventListener("mouseenter", () => clearTimeout(timer));
    bubble.addEventListener("mouseleave", leave);
    document.body.append(bubble);
    // A term may stand on two lines: the first of its boxes is where it begins.
    const at = term.getClientRects()[0];
    const below = at.bottom + bubble.offsetHeight + 8 < innerHeight || at.top < bubble.offsetHeight + 8;
    const top = below ? at.bottom + 4 : at.top - bubble.offsetHeight - 4;
    const room = document.documentElement.clientWidth - bubble.offsetWidth - 8;
    bubble.style.top = `${top + scrollY}px`;
    bubble.style.left = `${Math.max(8, Math.min(at.left, room)) + scrollX}px`;
  }

  function leave() {
    clearTimeout(timer);
    timer = setTimeout(hide, 200);
  }

  function hide() {
    clearTimeout(timer);
    bubble?.remove();
    bubble = null;
  }
});
