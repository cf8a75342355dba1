// The explorer itself: one state, everything else is drawn from it.

const FULL_PAGE = "explorer.html";

function start(root) {
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const small = root.hasAttribute("data-small");
  const stage = root.querySelector(".rx-stage");
  const story = html("p", { class: "rx-story" });
  const live = html("p", { class: "rx-hidden", "aria-live": "polite", role: "status" });
  let state = initial(data.experiments[0]);
  let parts = [];

  function set(change, { say = true, keep = true } = {}) {
    const before = state.experiment;
    state = { ...state, ...change };
    if (state.experiment !== before) build();
    update();
    if (keep) remember();
    if (say) announce();
  }

  function toggle(name) {
    const failed = new Set(state.failed);
    if (!failed.delete(name)) failed.add(name);
    set({ failed });
  }

  /** The page's address says what is shown; only the full explorer has the address to itself. */
  function remember() {
    if (small) return;
    try {
      history.replaceState(null, "", `#${writeFragment(state)}`);
    } catch {
      // Some viewers of notebooks forbid it; the explorer works all the same.
    }
  }

  function outcome(scheme = state.scheme) {
    return state.experiment.outcomes[scheme][scenarioOf(state.experiment, state.failed).key];
  }

  function described() {
    const scheme = data.schemes.find((one) => one.key === state.scheme);
    const { way, bytes: carried } = outcome();
    const failed = listed(failable(state.experiment).filter((name) => state.failed.has(name)));
    const total = Object.values(carried).reduce((sum, count) => sum + count, 0);
    const who = failed ? `${failed} failed.` : "No node has failed.";
    const flow = way === null
      ? "no information reaches the cloud, which can only guess at random"
      : `data flow along ${way}; together the hyperconnections carry ${bytes(total)} for one example`;
    return { who, flow: `With ${scheme.name}, ${flow}.` };
  }

  /** One sentence after the other for a screen reader. */
  function announce() {
    const { who, flow } = described();
    const said = (read) => compared(data, state.experiment).map((one) => `${one.name} ${read(one.key)}`).join(", ");
    const now = said((key) => percent(outcome(key).accuracy) + (outcome(key).guess ? ", a guess" : ""));
    const mean = said((key) => percent(expected(state.experiment, key, state.failing)));
    live.textContent = `${who} ${flow.replaceAll(" → ", " to ")} Accuracy now: ${now}.` + (small ? "" : ` Expected accuracy: ${mean}.`);
  }

  function update() {
    root.dataset.scheme = state.scheme;
    const { who, flow } = described();
    story.replaceChildren(html("b", {}, who), ` ${flow}`);
    parts.forEach((part) => part());
  }

  function build() {
    const { experiment } = state;
    const schemes = compared(data, experiment);
    const chains = ["right", "up"].map((direction) => drawChain(experiment, direction, toggle));
    const picker = schemePicker(schemes, (scheme) => set({ scheme }));
    const now = bars(schemes, experiment, "now", true);
    const restore = html("button", { type: "button", class: "rx-button rx-restore", onclick: () => set({ failed: new Set() }) }, "Restore all");
    parts = [
      ...chains.map((chain) => () => chain.update(state, outcome(), schemes.find((one) => one.key === state.scheme))),
      () => picker.update(state),
      () => {
        const failed = listed([...state.failed].sort());
        now.update(state.scheme, `Accuracy in %, ${failed ? `${failed} failed` : "no failure"}`, (scheme) => {
          const found = outcome(scheme);
          return { ...found, half: found.guess ? null : half(found.each, experiment.factors[scheme]) };
        });
        restore.setAttribute("aria-disabled", String(!state.failed.size));
      },
    ];
    const top = html("div", { class: "rx-top" }, ...(small ? [] : [dataSets()]), picker.root);
    const hint = html("p", { class: "rx-hint" }, "Click a node, or press Enter on it, to fail it or to restore it.", restore);
    const about = html("p", { class: "rx-about" }, experiment.about);
    if (experiment.guess !== null) about.append(` The dotted line is random guessing, ${percent(experiment.guess)}.`);
    const lower = html("div", { class: "rx-lower" }, now.root);
    stage.replaceChildren(top, hint, ...chains.map((chain) => chain.root), story, lower, about);
    if (small) linkToFullPage(about);
    else addSettings(schemes, lower, about);
  }

  function addSettings(schemes, lower, about) {
    const { experiment } = state;
    const mean = bars(schemes, experiment, "expected");
    const odds = html("p", { class: "rx-odds" });
    const settings = probabilities(experiment,
      (failing) => set({ failing: { ...state.failing, ...failing } }, { say: false, keep: false }),
      () => { remember(); announce(); });
    parts.push(
      () => settings.update(state),
      () => {
        const setting = settingOf(experiment, state.failing);
        mean.update(state.scheme, `Expected accuracy in %, ${setting ? setting.name : "your own setting"}`,
          (scheme) => ({ accuracy: expected(experiment, scheme, state.failing),
            half: half(expectedEach(experiment, scheme, state.failing), experiment.factors[scheme]) }));
      },
      () => {
        const failed = [...state.failed].sort();
        const which = failed.length ? `exactly ${listed(failed)} failed` : "no node failed";
        odds.textContent = `Probability of this scenario, ${which}: ${chance(probability(experiment, failed, state.failing))}.`;
      });
    settings.root.append(odds);
    lower.append(mean.root);
    lower.after(settings.root);
    about.before(copyButton());
  }

  function dataSets() {
    const options = data.experiments.map((one) => html("option", { value: one.key, selected: one === state.experiment }, one.title));
    const choose = () => {
      set(initial(data.experiments.find((one) => one.key === select.value), state.scheme));
      stage.querySelector("select").focus(); // the new one, which stands where this one stood
    };
    const select = html("select", { onchange: choose }, ...options);
    return html("label", { class: "rx-data" }, "Data set ", select);
  }

  function copyButton() {
    const said = html("span", { class: "rx-copied", role: "status" });
    const copy = async () => {
      remember();
      try {
        await navigator.clipboard.writeText(location.href);
        said.textContent = "Copied.";
      } catch {
        said.textContent = "Copy the address of this page: it describes what you see.";
      }
    };
    return html("p", { class: "rx-share" }, html("button", { type: "button", class: "rx-button", onclick: copy }, "Copy link to this state"), said);
  }

  function linkToFullPage(about) {
    const link = html("a", {}, "Explore with probabilities");
    about.append(" ", link);
    parts.push(() => (link.href = `${FULL_PAGE}#${writeFragment(state)}`));
  }

  build();
  root.append(live); // outside of what another data set replaces, or nothing would be read out
  if (!small) {
    const follow = () => {
      const read = readFragment(location.hash, data, state);
      if (read) set(read, { keep: false });
    };
    window.addEventListener("hashchange", follow);
    const read = readFragment(location.hash, data, state);
    if (read) set(read, { say: false, keep: false });
  }
  update();
  root.querySelector(".rx-numbers").open = false;
  stage.hidden = false;
  root.dataset.ready = "";
}

document.querySelectorAll(".resilinet-explorer:not([data-replay], [data-ready])").forEach(start);
