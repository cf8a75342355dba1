// Choices, bars and sliders around the drawing.

/** Schemes to choose from, as radio buttons; those of several explorers on a page must not belong together. */
function schemePicker(schemes, choose) {
  const name = `rx-scheme-${unique()}`;
  const inputs = schemes.map((scheme) =>
    html("input", { type: "radio", name, value: scheme.key, onchange: () => choose(scheme.key) }));
  const labels = schemes.map((scheme, k) =>
    html("label", { class: `rx-pill rx-of-${scheme.key}` }, inputs[k], html("span", {}, marker(scheme), scheme.name)));
  return {
    root: html("fieldset", { class: "rx-schemes" }, html("legend", {}, "Scheme"), ...labels),
    update: ({ scheme }) => inputs.forEach((input) => (input.checked = input.value === scheme)),
  };
}

/** A bar and a number for each scheme; `read(scheme)` gives the accuracy in percent, half its interval, and whether it is a guess. */
function bars(schemes, experiment, kind, explained) {
  const heading = html("p", { class: "rx-title" });
  const rows = schemes.map((scheme) => {
    const bar = html("span", { class: "rx-bar" });
    const number = html("b", { class: "rx-number", "data-kind": kind, "data-scheme": scheme.key });
    const note = html("small", { style: `left: ${experiment.guess ?? 0}%` });
    const line = experiment.guess === null ? null : html("i", { class: "rx-guess", style: `left: ${experiment.guess}%` });
    const interval = html("i", { class: "rx-interval" });
    const root = html("li", { class: `rx-row rx-of-${scheme.key}` },
      html("span", { class: "rx-who" }, marker(scheme), scheme.name),
      html("span", { class: "rx-track" }, bar, ...(line ? [line] : []), interval, note),
      number,
      ...(explained ? [html("span", { class: "rx-says" }, scheme.says)] : []));
    return { scheme: scheme.key, root, bar, interval, number, note };
  });
  const update = (chosen, title, read) => {
    heading.textContent = title;
    for (const row of rows) {
      const { accuracy, half, guess } = read(row.scheme);
      row.root.classList.toggle("is-chosen", row.scheme === chosen);
      row.root.classList.toggle("is-guess", Boolean(guess));
      row.bar.style.width = `${accuracy ?? 0}%`;
      row.interval.style.left = `${Math.max(0, accuracy - half)}%`;
      row.interval.style.width = `${Math.min(100, accuracy + half) - Math.max(0, accuracy - half)}%`;
      row.interval.hidden = !half;
      row.number.textContent = half ? `${accuracy.toFixed(1)} ± ${half.toFixed(1)} %` : percent(accuracy, 1);
      row.number.dataset.half = String(half);
      row.number.dataset.value = String(accuracy);
      row.note.textContent = guess ? "a guess" : "";
    }
  };
  return { root: html("div", { class: "rx-panel" }, heading, html("ul", {}, ...rows.map((row) => row.root))), update };
}

/** A slider for the probability of failure of each node, and Table 2's settings as buttons. */
function probabilities(experiment, change, done) {
  const buttons = experiment.settings.map((setting) =>
    html("button", { type: "button", class: "rx-button", "data-setting": setting.key,
      onclick: () => { change({ ...setting.probability }); done(); } }, setting.name));
  const sliders = failable(experiment).map((name) => {
    const value = html("output", {});
    const input = html("input", { type: "range", min: 0, max: 1, step: 0.005, "data-slider": name,
      oninput: () => change({ [name]: Number(input.value) }), onchange: done });
    const root = html("label", { class: "rx-slider" }, html("span", {}, `${name} fails with probability`), input, value);
    return { name, input, value, root };
  });
  const update = ({ failing }) => {
    const present = settingOf(experiment, failing);
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(experiment.settings[k] === present)));
    for (const { name, input, value } of sliders) {
      input.value = failing[name];
      input.setAttribute("aria-valuetext", share(failing[name]));
      input.style.setProperty("--rx-part", `${100 * failing[name]}%`);
      value.textContent = share(failing[name]);
    }
  };
  const presets = html("div", { class: "rx-presets", role: "group", "aria-label": "Failure settings of the paper" }, ...buttons);
  return {
    root: html("div", { class: "rx-panel rx-settings" }, html("p", { class: "rx-title" }, "How often does each node fail?"), presets,
      ...sliders.map((slider) => slider.root)),
    update,
  };
}
