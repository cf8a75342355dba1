// Elements of the page, and how numbers are written.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** A number of its own on this page. The script may stand on it several times, so that the count is the page's. */
const unique = () => (window.resilinetExplorerParts = (window.resilinetExplorerParts ?? 0) + 1);

const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const percent = (value, digits = 2) => (value === null ? "n/a" : `${value.toFixed(digits)} %`);

/** A probability as a percentage of as many digits as it needs. */
const share = (value) => `${Number((100 * value).toFixed(2))} %`;

/** A probability that may be tiny. */
const chance = (value) => (value > 0 && value < 0.0001 ? "less than 0.01 %" : percent(100 * value));

const bytes = (count) => (count < 100000 ? `${count.toLocaleString("en")} B` : `${Math.round(count / 1000).toLocaleString("en")} kB`);

/** "n1", "n1 and n2", "n1, n2 and n3". */
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** What stands for a scheme where colour is not seen: Matplotlib's markers, as in the book's figures. */
const MARKERS = {
  s: "M2 2H10V10H2Z",
  "^": "M6 1L11 10.5H1Z",
  o: "M6 1.2A4.8 4.8 0 1 1 5.99 1.2Z",
  P: "M4 1H8V4H11V8H8V11H4V8H1V4H4Z",
};

const marker = (scheme) =>
  svg("svg", { class: "rx-marker", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
    svg("path", { d: MARKERS[scheme.marker] ?? MARKERS.o }));
