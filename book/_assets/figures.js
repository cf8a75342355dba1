// Lets a reader enlarge the figures of a page in a dialog: by a click on the figure, or by the button on it.
// The browser's own <dialog> keeps the focus inside, closes on Escape and hands the focus back.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const figures = document.querySelectorAll('.bd-article :is(figure, .cell_output) img[src$=".svg"]');
  if (!figures.length) return;

  const dialog = element("dialog", { className: "enlarged" });
  const view = element("div", { className: "view", tabIndex: 0 });
  const caption = element("p");
  const tools = element("div", { className: "tools" });
  const smaller = button("Smaller", () => zoom(1 / 1.5));
  const larger = button("Larger", () => zoom(1.5));
  tools.append(smaller, larger, button("Close", () => dialog.close()));
  dialog.append(tools, view, caption);
  document.body.append(dialog);

  let scale = 1;
  let image = null;

  for (const figure of figures) {
    const frame = element("span", { className: "enlargeable" });
    const name = figure.closest("figure")?.querySelector(".caption-number")?.textContent.trim();
    figure.replaceWith(frame);
    frame.append(figure, button("⤢", () => open(figure), `Enlarge ${name || "the figure"}`));
    figure.addEventListener("click", () => open(figure));
  }

  // A click beside the dialog's box is one on the dialog itself.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+") zoom(1.5);
    if (event.key === "-") zoom(1 / 1.5);
  });

  function open(figure) {
    const words = figure.closest("figure")?.querySelector("figcaption p")?.cloneNode(true);
    words?.querySelectorAll("a.headerlink").forEach((link) => link.remove());
    caption.textContent = words?.textContent ?? "";
    image = element("img", { src: figure.src, alt: figure.alt });
    view.replaceChildren(image);
    dialog.setAttribute("aria-label", caption.textContent || "Figure");
    view.setAttribute("aria-label", "Enlarged figure; scroll to move");
    view.setAttribute("role", "group");
    dialog.showModal();
    // A phone shows a figure no larger than the page did, so that there it begins magnified.
    scale = 1;
    zoom(innerWidth < 600 ? 1.5 ** 2 : 1);
  }

  function zoom(factor) {
    const middle = [0, 1].map((axis) => {
      const [at, seen, all] = axis
        ? [view.scrollTop, view.clientHeight, view.scrollHeight]
        : [view.scrollLeft, view.clientWidth, view.scrollWidth];
      return (at + seen / 2) / all;
    });
    scale = Math.min(Math.max(scale * factor, 1), 1.5 ** 5);
    image.style.width = image.style.height = `${100 * scale}%`;
    view.scrollTo(
      middle[0] * view.scrollWidth - view.clientWidth / 2,
      middle[1] * view.scrollHeight - view.clientHeight / 2,
    );
    // A disabled button would lose the focus; this one only says that it does nothing.
    smaller.setAttribute("aria-disabled", String(scale < 1.01));
    larger.setAttribute("aria-disabled", String(scale > 7));
  }

  function button(text, act, label = text) {
    const made = element("button", { type: "button", textContent: text, title: label });
    if (label !== text) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  function element(name, properties = {}) {
    return Object.assign(document.createElement(name), properties);
  }
});
