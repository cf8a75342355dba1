// The drawing: physical nodes as buttons, hyperconnections as arrows. What is active, and how much it carries, is data.

/** One drawing of an experiment; `toggle(name)` is called when a reader fails or restores a node, unless it is null. */
function drawChain(experiment, direction, toggle) {
  const { size, box, nodes, links } = experiment.views[direction];
  const hatch = `rx-hatch-${unique()}`;
  const lines = new Map(experiment.links.map((link) => [link.key, drawLink(link, links[link.key])]));
  const boxes = new Map(experiment.nodes.map((node) => [node.name, drawNode(node, nodes[node.name], box, hatch, toggle)]));
  const root = svg("svg",
    { class: `rx-chain rx-${direction}`, viewBox: `0 0 ${size[0]} ${size[1]}`, width: size[0], height: size[1],
      role: "group", "aria-label": "Physical nodes, from the IoT device to the cloud" },
    svg("defs", {},
      svg("pattern", { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        svg("path", { d: "M0 0V7", class: "rx-hatch" }))),
    svg("g", { "aria-hidden": "true" }, ...[...lines.values()].map((line) => line.root)),
    ...[...boxes.values()].map((one) => one.root));
  return { root, update: (state, outcome, scheme) => updateChain(experiment, lines, boxes, state, outcome, scheme) };
}

function updateChain(experiment, lines, boxes, { failed }, outcome, scheme) {
  for (const { key, skip } of experiment.links) {
    const { root, label } = lines.get(key);
    const carried = outcome.bytes[key] ?? 0;
    root.classList.toggle("is-active", carried > 0);
    root.classList.toggle("is-missing", skip && scheme.skips === "never");
    label.textContent = carried ? bytes(carried) : "";
  }
  for (const node of experiment.nodes) {
    const { root, below } = boxes.get(node.name);
    const down = failed.has(node.name);
    const silent = outcome.silent.includes(node.name);
    root.classList.toggle("is-failed", down);
    root.classList.toggle("is-silent", silent);
    if (root.getAttribute("role") === "button") root.setAttribute("aria-pressed", String(down));
    below.textContent = down ? "failed" : silent ? (node.role === "cloud" ? "only guesses" : "receives nothing") : node.role;
  }
}

function drawLink({ key, skip }, { points, label, anchor }) {
  const [end, before] = [points.at(-1), points.at(-2)];
  const angle = Math.atan2(end[1] - before[1], end[0] - before[0]);
  const back = (along, aside) =>
    [end[0] - along * Math.cos(angle) - aside * Math.sin(angle), end[1] - along * Math.sin(angle) + aside * Math.cos(angle)];
  const to = (point) => point.map((value) => value.toFixed(1)).join(" ");
  const stops = [...points.slice(1, -1), back(7, 0)];
  const d = `M${to(points[0])} ${stops.length > 1 ? "C" : "L"}${stops.map(to).join(" ")}`;
  const text = svg("text", { class: "rx-bytes", x: label[0], y: label[1], "text-anchor": anchor, "dominant-baseline": "central" });
  const root = svg("g", { class: skip ? "rx-link is-skip" : "rx-link", "data-link": key },
    svg("path", { class: "rx-line", d }),
    svg("path", { class: "rx-flow", d }),
    svg("path", { class: "rx-head", d: `M${to(back(-1, 0))} L${to(back(10, 5))} L${to(back(10, -5))}Z` }),
    text);
  return { root, label: text };
}

function drawNode(node, [x, y], [width, height], hatch, toggle) {
  const shape = (grow, attributes) =>
    svg("rect", { x: x - width / 2 - grow, y: y - height / 2 - grow, width: width + 2 * grow, height: height + 2 * grow,
      rx: (node.fails ? 8 : 24) + grow, ...attributes });
  const text = (dy, css, content) =>
    svg("text", { class: css, x, y: y + dy, "text-anchor": "middle", "dominant-baseline": "central" }, content);
  const below = text(node.fails ? 11 : 4, "rx-role", node.role);
  const parts = [shape(0, { class: "rx-page" }), shape(0, { class: "rx-box" }), text(node.fails ? -9 : -13, "rx-name", node.name), below];
  if (!node.fails) {
    parts.push(text(18, "rx-fixed", "cannot fail"));
    return { root: svg("g", { class: "rx-node", role: "img", "aria-label": `${node.name}, ${node.role}: cannot fail` }, ...parts), below };
  }
  const [dx, dy] = [width / 2 - 5, height / 2 - 5];
  parts.splice(2, 0,
    shape(0, { class: "rx-shade", fill: `url(#${hatch})` }),
    svg("path", { class: "rx-cross", d: `M${x - dx} ${y - dy}L${x + dx} ${y + dy}M${x - dx} ${y + dy}L${x + dx} ${y - dy}` }));
  if (!toggle) return { root: svg("g", { class: "rx-node", role: "img", "aria-label": `${node.name}, ${node.role}` }, ...parts), below };
  // The sign on a switch: these nodes can be turned off.
  const [px, py] = [x + width / 2 - 13, y - height / 2 + 13];
  parts.push(
    svg("path", { class: "rx-power", d: `M${px} ${py - 5}V${py}M${px - 3} ${py - 3.2}A4.4 4.4 0 1 0 ${px + 3} ${py - 3.2}` }),
    shape(4, { class: "rx-ring" }));
  const press = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault(); // the space bar would scroll the page
    if (!event.repeat) toggle(node.name);
  };
  const root = svg("g",
    { class: "rx-node is-switch", role: "button", tabindex: 0, "aria-pressed": "false", "data-node": node.name,
      "aria-label": `Fail node ${node.name}, ${node.role}`, onclick: press, onkeydown: press },
    ...parts);
  return { root, below };
}
