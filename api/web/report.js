// The report of an import, in words: what was read and how, what became of each row that was not taken as it was.

import { el } from "./dom.js";

const maxRows = 200; // that are listed; the whole report is at the layer's address

/** @param {(key: string) => string} serviceName */
export function renderReport(t, r, serviceName) {
  const text = (o) => (t.lang === "zh" && o.text_zh ? o.text_zh : o.text);
  const pair = (name, ...value) => (value.some(Boolean) ? [el("dt", {}, name), el("dd", {}, value)] : []);
  const known = (how) => (how && t.has(`known_${how}`) ? t("known", { how: t(`known_${how}`) }) : "");
  return el("article.report", {},
    el("h3", {}, r.hash ? t("report_of", { name: r.layer }) : t("report_refused")),
    r.unchanged && el("p.done", {}, t("report_unchanged")),
    r.condition_failed && el("p.warning", {}, t("report_strict")),
    el("ul.counts-row", {}, ["read", "used", "repaired", "refused"].map((k) => el(`li.count-${k}`, {}, el("b", {}, String(r[k] ?? 0)), el("span", {}, t(k === "refused" ? "report_refused_count" : `report_${k}`))))),
    el("dl", {},
      pair(t("report_file"), [r.source, r.source_layer && `[${r.source_layer}]`, r.format].filter(Boolean).join(" · ")),
      pair(t("report_crs"), r.crs && `${r.crs}${t.of(r.crs_name) && t.of(r.crs_name) !== r.crs ? ` ${t.of(r.crs_name)}` : ""}`, known(r.crs_known_by), accuracy(t, r.crs_accuracy)),
      pair(t("report_encoding"), r.encoding && `${r.encoding}`, r.encoding && known(r.encoding_known_by)),
      pair(t("report_services"), (r.services || []).map(serviceName).join(t.lang === "zh" ? "、" : ", ")),
      pair(t("report_merged"), r.merged && String(r.merged)),
      pair(t("report_look"), r.first_look && look(t, r.first_look)),
      pair(t("report_mapping"), r.mapping && t("report_mapped", { id: r.mapping.mapping, a: r.mapping.mapped, b: r.mapping.features, u: r.mapping.unmapped })),
      pair(t("report_version"), r.hash && String(r.version))),
    r.warnings?.length > 0 && el("section", {}, el("h4", {}, t("report_warnings", { n: r.warnings.length })), el("ul.warnings", {}, r.warnings.map((w) => el("li.warning", {}, text(w), el("code", {}, w.code))))),
    r.rows?.length > 0 && el("section", {}, el("h4", {}, t("report_rows", { n: r.rows.length })),
      el("div.scroll", { tabindex: "0", role: "region", "aria-label": t("report_rows", { n: r.rows.length }) }, el("table", {},
        el("thead", {}, el("tr", {}, ["n", "id", "action", "why"].map((k) => el("th", { scope: "col" }, t(`row_${k}`))))),
        el("tbody", {}, r.rows.slice(0, maxRows).map((row) => el("tr", {},
          el("td.number", {}, String(row.n ?? "")),
          el("th", { scope: "row" }, [row.id, row.name].filter(Boolean).join(" ")),
          el("td", {}, t(`action_${row.action}`)),
          el("td.why", {}, text(row), el("code", {}, row.reason))))))),
      r.rows.length > maxRows && el("p.hint", {}, t("report_more", { n: r.rows.length - maxRows }))));
}

function accuracy(t, a) {
  if (!a) return "";
  if (a.metres === null) return t("accuracy_unknown", { why: t.of(a.text) });
  return a.metres > 0 ? t("accuracy_within", { m: a.metres }) : "";
}

function look(t, l) {
  return t("report_look_text", { p: (100 * l.share).toFixed(1), m: l.median_m >= 2147483.647 ? t("report_look_far") : t("report_look_metres", { m: Math.round(l.median_m) }), n: l.outside });
}
