// How search ranks what it finds: chapters come before pages that only list, which mention every term.
const LISTS = ["genindex", "glossary", "references", "verdicts", "environment", "api"];

var Scorer = {
  score: ([page, , , , score]) => (LISTS.includes(page) ? score - 100 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
