// A live run again: the drawing, a play button and a slider over its recording.

function replay(root) {
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const stage = root.querySelector(".rx-stage");
  const chains = ["right", "up"].map((direction) => drawChain(data, direction, null));
  const live = html("p", { class: "rx-hidden", role: "status" });
  const numbers = html("dl", { class: "rx-facts" });
  const slider = html("input", { type: "range", min: 0, max: data.steps.length - 1, value: 0, "aria-label": "Time of the recording",
    oninput: () => { pause(); show(); } });
  const button = html("button", { type: "button", class: "rx-button", onclick: () => (timer ? pause() : play()) }, "Play");
  let timer = null;

  function show() {
    const { at, failed, bytes, answers, accuracy } = data.steps[slider.value];
    const facts = { Time: `${at.toFixed(2)} s`, Failed: listed(failed) || "none", "Answers in the last second": answers, "Correct among these": percent(accuracy, 1) };
    numbers.replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, String(value))]));
    chains.forEach((chain) => chain.update({ failed: new Set(failed) }, { bytes, silent: [] }, { skips: data.skips }));
    slider.setAttribute("aria-valuetext", `${facts.Time}, failed: ${facts.Failed}`);
    slider.style.setProperty("--rx-part", `${(100 * slider.value) / slider.max}%`);
    const said = `Failed: ${facts.Failed}`;
    if (timer && live.textContent !== said) live.textContent = said;
  }

  function play() {
    if (slider.value === slider.max) slider.value = 0;
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) pause();
    }, 1000 * data.step);
    button.textContent = "Pause";
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }

  stage.replaceChildren(html("div", { class: "rx-player" }, button, slider), ...chains.map((chain) => chain.root), numbers);
  root.append(live);
  root.dataset.scheme = data.scheme;
  show();
  stage.hidden = false;
  root.dataset.ready = "";
}

document.querySelectorAll(".resilinet-explorer[data-replay]:not([data-ready])").forEach(replay);
