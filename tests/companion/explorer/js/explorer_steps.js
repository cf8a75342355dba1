// Uses three explorers on one page as a reader would, and writes down what they show. Run by tests/test_explorer.py.
async function use(outcome) {
  const [full, small, partial] = document.querySelectorAll(".resilinet-explorer");

  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const visible = (root) => all(root, ".rx-chain").find((chain) => getComputedStyle(chain).display !== "none");
  const values = (root, kind, what = "value") =>
    Object.fromEntries(all(root, `[data-kind="${kind}"]`).map((one) => [one.dataset.scheme, Number(one.dataset[what])]));
  const bytes = (chain) =>
    Object.fromEntries(all(chain, ".rx-link.is-active").map((one) => [one.dataset.link, one.querySelector("text").textContent]));
  const read = (root) => ({
    scheme: root.querySelector(".rx-schemes :checked").value,
    failed: all(visible(root), '[aria-pressed="true"]').map((one) => one.dataset.node),
    drawings: all(root, ".rx-chain").map((chain) => [bytes(chain), all(chain, ".is-failed").length]),
    bytes: bytes(visible(root)),
    shown: all(visible(root), ".rx-link:not(.is-missing)").length,
    texts: Object.fromEntries(all(visible(root), ".rx-node").map((one) => [one.querySelector(".rx-name").textContent, one.querySelector(".rx-role").textContent])),
    now: values(root, "now"),
    expected: values(root, "expected"),
    half: { now: values(root, "now", "half"), expected: values(root, "expected", "half") },
    guesses: all(root, ".rx-row.is-guess small").map((one) => one.textContent),
    sliders: all(root, "input[type=range]").map((one) => one.getAttribute("aria-valuetext")),
    setting: all(root, "[data-setting][aria-pressed=true]").map((one) => one.dataset.setting),
    odds: root.querySelector(".rx-odds")?.textContent,
    story: root.querySelector(".rx-story").textContent,
    live: root.querySelector("[aria-live]").textContent,
    hash: location.hash,
  });
  const keep = (name, root = full) => (outcome.states[name] = read(root));
  const node = (root, name) => visible(root).querySelector(`[data-node="${name}"]`);
  const click = (element) => element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  const key = (element, pressed) =>
    !element.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true, cancelable: true }));
  const slide = (root, name, value) => {
    const slider = root.querySelector(`[data-slider="${name}"]`);
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    slider.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const visit = async (fragment) => {
    const arrived = new Promise((resolve) => window.addEventListener("hashchange", resolve, { once: true }));
    location.hash = fragment;
    await arrived;
  };

  keep("opened");
  click(node(full, "n2"));
  keep("clicked");
  click(full.querySelector(".rx-restore"));
  keep("restored");
  node(full, "n1").focus();
  outcome.focused = document.activeElement === node(full, "n1");
  outcome.prevented = { enter: key(node(full, "n1"), "Enter"), space: key(node(full, "n3"), " "), letter: key(node(full, "n2"), "a") };
  keep("keyed");
  click(full.querySelector('.rx-schemes input[value="resilinet"]'));
  keep("chosen");
  slide(full, "n1", 0.3);
  slide(full, "n3", 0.965);
  keep("slid");
  click(full.querySelector('[data-setting="hazardous"]'));
  keep("preset");
  keep("small opened", small);
  click(node(small, "n2"));
  click(node(small, "n3"));
  click(small.querySelector('.rx-schemes input[value="vanilla"]'));
  keep("small", small);
  outcome.link = small.querySelector(".rx-about a").getAttribute("href");
  keep("unmoved");
  keep("partial", partial);
  for (const fragment of ["d=moon&s=tcp&f=i,n4,x&p=0.1,0.2", "f=&p=0.1,2,0", "p=,,", "p=a,b,c", "a-heading", "%E0%A4%A", "s=dfg&p=0.5,0.25,1e-3"]) {
    await visit(fragment);
    keep(fragment);
  }

  await visit("d=resnet&s=resilinet-plus&f=z2,n1&p=0.5,0.25");
  keep("resnet");
  const select = full.querySelector("select");
  select.value = "health";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  keep("back");
  outcome.stays = document.activeElement === full.querySelector("select");

  outcome.ids = all(document, "[id]").map((one) => one.id);
  outcome.radios = [full, small].map((root) => root.querySelector(".rx-schemes input").name);
  outcome.requests = performance.getEntriesByType("resource").map((one) => one.name);
  outcome.unnamed = all(document, "button, input, select, [role=button]")
    .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.[0]?.textContent.trim()))
    .map((one) => one.outerHTML);
  outcome.fixed = all(visible(full), "[role=img]").map((one) => one.getAttribute("aria-label"));
  outcome.tables = all(document, ".rx-numbers").map((one) => one.open);
  document.body.style.width = "328px"; // a phone of 360 px, less the page's margins
  all(document, ".rx-numbers").forEach((one) => (one.open = true));
  outcome.wide = all(document, ".resilinet-explorer, .rx-panel, .rx-row, .rx-numbers").filter((one) => one.scrollWidth > one.clientWidth).length;
  outcome.standing = visible(full).classList.contains("rx-up");
}

const outcome = { errors: window.seenErrors, states: {} };
use(outcome)
  .catch((error) => outcome.errors.push(String(error.stack ?? error)))
  .finally(() => {
    const result = document.createElement("pre");
    result.id = "outcome";
    result.textContent = JSON.stringify(outcome);
    document.body.append(result);
  });
