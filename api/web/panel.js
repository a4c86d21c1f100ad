// The left panel: which project and run, what the run says of itself, and the requirements.

import { el, replace } from "./dom.js";
import { denominatorName, limitText } from "./i18n.js";

const verdicts = ["met", "unmet", "not_detected", "not_assessed"];

export function renderPanel(node, state, act) {
  const { t, run } = state;
  replace(node, header(state, act), run && facts(state), run && views(state, act), run && requirementList(state, act));
}

function header({ t, project, title, projects, runs, run, layersOpen, writable }, act) {
  const choice = (label, options, chosen, onchange) =>
    options.length > 1 &&
    el("label.choice", {}, el("span", {}, label), el("select", { onchange: (e) => onchange(e.target.value) },
      options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
  return el("header", {},
    el("div.title", {},
      el("h1", {}, title || t("app")),
      el("button.language", { type: "button", "aria-label": t("language_label"), onclick: act.switchLanguage }, t("language"))),
    el("p.sub", {}, t("app")),
    choice(t("project"), projects.map((p) => [p.id, p.title]), project, act.openProject),
    run && choice(t("run"), runs.map((r) => [r.run, runName(t, r)]).reverse(), run.run, act.openRun),
    project && el("p.layers-open", {}, el("button.tab", { type: "button", "aria-expanded": String(layersOpen), "aria-controls": "layers", onclick: act.openLayers }, t(writable ? "layers_and_import" : "layers"))));
}

function runName(t, r) {
  return [r.run.slice(0, 8), r.params.assume_complete && t("mark_assumed_complete"), r.latest && t("latest"), r.catalog].filter(Boolean).join(" · ");
}

function facts({ t, run, units }) {
  const p = run.params;
  const row = (name, ...value) => [el("dt", {}, name), el("dd", {}, value)];
  return el("section.facts", {},
    el("dl", {},
      row(t("catalog"), t.of(run.title) || run.catalog, run.provisional && el("span.badge", {}, t("provisional"))),
      row(t("basis"), t(`basis_${p.basis}`)),
      row(t("denominator"), p.denominator ? denominatorName(t, p.denominator) : t("denominator_catalog")),
      p.as_of && row(t("as_of"), p.as_of),
      p.year && row(t("year"), String(p.year)),
      row(t("judged"), t("judged_units", { n: units.length })),
      t.of(run.scoring_mark) && row(t("scoring"), el("span.badge.soft", {}, t.of(run.scoring_mark)))),
    run.changed_since_run?.length > 0 && el("p.warning", {}, t("changed", { names: run.changed_since_run.join(t.lang === "zh" ? "、" : ", ") })),
    run.marks?.length > 0 && el("details.marks", {}, el("summary", {}, t("marks", { n: run.marks.length }), el("span.chips", {}, chips(t, run.marks))), el("ul", {}, run.marks.map((m) => el("li", {}, t.of(m.text))))));
}

/** The marks in two words each, so that none is out of sight while the full texts are folded. */
function chips(t, marks) {
  return [...new Set(marks.map((m) => m.code))].filter((code) => t.has(`mark_${code}`)).map((code) => el(code === "assumed_complete" ? "span.badge" : "span.badge.soft", {}, t(`mark_${code}`)));
}

function views({ t, requirement }, act) {
  const tab = (key, on, onclick) => el("button.tab", { type: "button", "aria-pressed": String(on), onclick }, t(key));
  return el("div.views", {},
    tab("view_overall", !requirement, () => act.chooseRequirement(null)),
    tab("view_requirement", !!requirement, () => act.chooseRequirement(act.lastRequirement())),
    el("button.tab.plain", { type: "button", onclick: act.openTable }, t("table_open")));
}

function requirementList({ t, run, requirement }, act) {
  return el("section.requirements", {},
    el("h2", {}, t("requirements")),
    el("p.hint", {}, t("requirements_hint")),
    el("ol", {}, run.requirements.map((r) => requirementItem(t, run, r, requirement, act))),
    el("p.key", {}, verdicts.map((v) => el("span", {}, el(`i.key-swatch.v-${v}`), t(v)))));
}

function requirementItem(t, run, r, chosen, act) {
  const total = verdicts.reduce((n, v) => n + r.counts[v], 0);
  const counted = verdicts.filter((v) => r.counts[v] > 0);
  return el("li", {},
    el("button.requirement", { type: "button", "aria-pressed": String(chosen?.id === r.id), onclick: () => act.chooseRequirement(r) },
      el("span.requirement-name", {}, requirementName(t, r),
        r.variant && el("span.badge.soft", {}, t("variant")),
        t.of(r.confidence_mark) && el("span.badge.soft", {}, t.of(r.confidence_mark))),
      el("span.requirement-rule", {}, [tierName(t, run, r.tier), limitText(t, r.limit, r.unit)].filter(Boolean).join(" · ")),
      el("span.bar", { "aria-hidden": "true" }, counted.map((v) => el(`i.v-${v}`, { style: { width: `${(100 * r.counts[v]) / total}%` } }))),
      el("span.counts", {}, counted.map((v) => `${t(v)} ${r.counts[v]}`).join(" · "))));
}

/** What a requirement is called: its own name, else that of its services. */
export function requirementName(t, r) {
  return t.of(r.name) || r.service_names.map((n, i) => t.of(n) || r.service.split("|")[i]).join(t.lang === "zh" ? "或" : " or ");
}

export function tierName(t, run, id) {
  const tier = (run.tiers || []).find((x) => x.id === id);
  return tier ? t.of(tier.name) || t("minutes", { n: tier.minutes }) : id;
}

