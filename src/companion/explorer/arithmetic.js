// Probabilities, expected accuracies, and the state in the page's address. Nothing here touches the page.

const failable = (experiment) => experiment.nodes.filter((node) => node.fails).map((node) => node.name);

/** The schemes that an experiment compares; the paper shows ResiliNet+ in some only. */
const compared = (data, experiment) => data.schemes.filter((scheme) => scheme.key in experiment.outcomes);

/** How probable it is that exactly `failed` have failed; nodes fail independently with the probabilities `failing`. */
const probability = (experiment, failed, failing) =>
  failable(experiment).reduce((p, node) => p * (failed.includes(node) ? failing[node] : 1 - failing[node]), 1);

/** The sum over scenarios of probability times accuracy; null where a scenario has no accuracy. */
function expected(experiment, scheme, failing) {
  let sum = 0;
  for (const { key, failed } of experiment.scenarios) {
    const { accuracy } = experiment.outcomes[scheme][key];
    if (accuracy === null) return null;
    sum += probability(experiment, failed, failing) * accuracy;
  }
  return sum;
}

/** The scenario in which exactly the nodes of the set `failed` have failed. */
const scenarioOf = (experiment, failed) =>
  experiment.scenarios.find((one) => one.failed.length === failed.size && one.failed.every((name) => failed.has(name)));

/** The failure setting of Table 2 that has these probabilities, if any. */
const settingOf = (experiment, failing) =>
  experiment.settings.find((one) => failable(experiment).every((node) => one.probability[node] === failing[node]));

/** Half the width of the 95 % interval of a mean over seeds; null where there are too few. */
function half(values, factor) {
  if (factor === null) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return factor * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** The expected accuracy of each seed, as `expected` has that of their mean. */
function expectedEach(experiment, scheme, failing) {
  const { outcomes, scenarios } = experiment;
  return outcomes[scheme][scenarios[0].key].each.map((_, seed) =>
    scenarios.reduce((sum, { key, failed }) => sum + probability(experiment, failed, failing) * outcomes[scheme][key].each[seed], 0));
}

/** What is shown first, and again when another data set is chosen: one failure, the setting Normal. */
function initial(experiment, wish = "resilinet") {
  const scheme = wish in experiment.outcomes ? wish : Object.keys(experiment.outcomes)[0];
  const setting = experiment.settings.find((one) => one.key === "normal") ?? experiment.settings[0];
  return { experiment, scheme, failed: new Set(experiment.opens), failing: { ...setting.probability } };
}

/** A state as an address fragment, such as d=health&s=resilinet&f=n1,n3&p=0.08,0.04,0.01. */
function writeFragment({ experiment, scheme, failed, failing }) {
  const nodes = failable(experiment);
  const named = nodes.filter((node) => failed.has(node));
  return `d=${experiment.key}&s=${scheme}&f=${named}&p=${nodes.map((node) => failing[node])}`;
}

/** The state that a fragment describes; what it leaves out or says wrongly stays as it is. Null: it says nothing. */
function readFragment(fragment, data, state) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  if (!["d", "s", "f", "p"].some((name) => said.has(name))) return null;
  const experiment = data.experiments.find((one) => one.key === said.get("d")) ?? state.experiment;
  const read = experiment === state.experiment ? { ...state } : initial(experiment, state.scheme);
  if (Object.hasOwn(experiment.outcomes, said.get("s"))) read.scheme = said.get("s");
  const nodes = failable(experiment);
  if (said.has("f")) {
    const named = said.get("f").split(",");
    read.failed = new Set(nodes.filter((node) => named.includes(node)));
  }
  const values = (said.get("p") ?? "").split(",").map((text) => (/^[\d.]/.test(text) ? Number(text) : NaN));
  if (values.length === nodes.length && values.every((value) => value >= 0 && value <= 1)) {
    read.failing = Object.fromEntries(nodes.map((node, k) => [node, values[k]]));
  }
  return read;
}
