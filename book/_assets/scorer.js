// How search ranks what it finds: first chapters whose title has the words that were asked for, then other chapters, last pages
// that only list, which mention every term.
const LISTS = ["genindex", "glossary", "references", "verdicts", "environment", "api"];
const ASKED = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();

var Scorer = {
  score: ([page, title, , , score]) =>
    score + (title.toLowerCase().includes(ASKED) ? 50 : 0) - (LISTS.includes(page) ? 100 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
