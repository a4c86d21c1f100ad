// The table of neighborhoods or of their parents: what the map says, for the keyboard, the screen reader and the eye that wants to sort.

import { el, replace } from "./dom.js";
import { levelName, percent, points } from "./i18n.js";

const columns = [
  { key: "neighborhood", title: "name", text: (r) => r.neighborhood || r.neighborhood_id },
  { key: "score", title: "score", number: true, text: (r) => (r.score === null ? "–" : points(r.score)) },
  { key: "score_max", title: "score_max", number: true, text: (r) => (r.score_max === null ? "–" : points(r.score_max)) },
  { key: "grade", title: "grade", text: (r, t) => r.grade || t("no_grade") },
  { key: "completeness", title: "completeness", number: true, text: (r) => percent(r.completeness) },
  { key: "met", title: "met", number: true },
  { key: "unmet", title: "unmet", number: true },
  { key: "not_detected", title: "not_detected", number: true },
  { key: "not_assessed", title: "not_assessed", number: true },
];

/** @param view {level, sort: {key, down}, rows} */
export function renderTable(node, { t, run }, view, act) {
  const { key, down } = view.sort;
  const column = columns.find((c) => c.key === key);
  const value = (r) => (column.number ? r[key] : column.text(r, t));
  const rows = view.rows && [...view.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === y) return a.neighborhood_id < b.neighborhood_id ? -1 : 1;
    if (x === null) return 1; // what is unknown stands last, whichever way
    if (y === null) return -1;
    const order = column.number ? x - y : String(x).localeCompare(String(y), t.lang);
    return down ? -order : order;
  });
  const heading = (c) => {
    const on = c.key === key;
    return el(c.number ? "th.number" : "th", { scope: "col", "aria-sort": on ? (down ? "descending" : "ascending") : null },
      el("button", { type: "button", onclick: () => act.sort({ key: c.key, down: on ? !down : !!c.number }) }, t(c.title), el("span", { "aria-hidden": "true" }, on ? (down ? " ▾" : " ▴") : "")));
  };
  const scrolled = node.querySelector(".scroll")?.scrollTop ?? 0;
  replace(node,
    el("header.card-head", {},
      el("h2", {}, t("table_open")),
      run.levels.length > 1 && el("label.choice", {}, el("span", {}, t("level")), el("select", { onchange: (e) => act.level(e.target.value) },
        run.levels.map((l) => el("option", { value: l, selected: l === view.level }, levelName(t, l))))),
      el("button.icon", { type: "button", title: t("close"), "aria-label": t("close"), onclick: act.close }, "×")),
    el("div.scroll", {}, !rows ? el("p.hint", {}, t("loading")) :
      el("table", {},
        el("caption", {}, t("sort_hint")),
        el("thead", {}, el("tr", {}, columns.map(heading))),
        el("tbody", {}, rows.map((r) => el("tr", {}, columns.map((c, i) => i === 0
          ? el("th", { scope: "row" }, el("button.link", { type: "button", onclick: () => act.open(r) }, c.text(r, t)))
          : el(c.number ? "td.number" : "td", {}, c.text ? c.text(r, t) : String(r[c.key])))))))));
  node.querySelector(".scroll").scrollTop = scrolled;
}
