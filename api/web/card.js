// The card of a neighborhood: its score and grade, and every requirement with its share, verdict and the reason.

import { el, replace } from "./dom.js";
import { amount, denominatorName, levelName, limitText, percent, points, shareText } from "./i18n.js";
import { requirementName, tierName } from "./panel.js";

/**
 * @param data {scores, rows, gaps: the properties of these tables for this neighborhood; facilities: those that serve it, by requirement}.
 * rows and facilities are null while they are on their way
 */
export function renderCard(node, { t, run, requirement }, subject, data, act) {
  const overall = data.scores.find((s) => s.scope === "overall");
  replace(node,
    el("header.card-head", {},
      el("div", {},
        el("h2", {}, subject.name || subject.id),
        el("p.sub", {}, [levelName(t, subject.level), subject.name && subject.name !== subject.id && subject.id].filter(Boolean).join(" · "))),
      subject.level === "unit" && el("button.language", { type: "button", onclick: act.zoom }, t("zoom")),
      el("button.icon", { type: "button", title: t("close"), "aria-label": t("close"), onclick: act.close }, "×")),
    overall && scoreBlock(t, run, overall, data.scores),
    data.rows
      ? el("ol.card-rows", {}, run.requirements.map((r) => {
          const row = data.rows.find((x) => x.requirement === r.id);
          return row && requirementRow(t, run, r, row, data, requirement?.id === r.id, act);
        }))
      : el("p.hint", {}, t("loading")));
}

function scoreBlock(t, run, s, scores) {
  const known = s.score !== null;
  const even = known && points(s.score) === points(s.score_max);
  const tiers = scores.filter((x) => x.scope !== "overall" && x.score !== null);
  return el("section.score", {},
    el("div.score-line", {},
      el("strong.score-value", {}, !known ? t("no_score") : even ? t("score_points", { a: points(s.score) }) : t("score_between", { a: points(s.score), b: points(s.score_max) })),
      el(s.grade ? "span.grade" : "span.grade.none", {}, s.grade ? `${t("grade")} ${s.grade}` : t("no_grade"))),
    known && intervalBar(s.score / 100, s.score_max / 100, null, "v-score"),
    el("p.hint", { title: t("completeness_hint") }, `${t("completeness")} ${percent(s.completeness)}`,
      !s.grade && known ? ` · ${t("legend_nograde")}` : ""),
    tiers.length > 1 && el("p.hint", {}, tiers.map((x) => `${tierName(t, run, x.scope)} ${x.score_max > x.score ? `${points(x.score)}–${points(x.score_max)}` : points(x.score)}`).join(" · ")));
}

function requirementRow(t, run, r, row, data, chosen, act) {
  const denominator = denominatorName(t, row.denominator);
  const known = row.share !== null;
  const lines = [];
  if (known) {
    lines.push(t("share_of", { d: denominator, s: shareText(row.share, row.share_max) }) +
      ` · ${t("share_amount", { c: amount(t, row.demand_covered, row.denominator), t: amount(t, row.demand_total, row.denominator) })}`);
    if (row.demand_undetermined > 0) lines.push(t("undetermined_amount", { u: amount(t, row.demand_undetermined, row.denominator) }));
  }
  if (row.cause) lines.push(t.of(run.causes[row.cause]) || row.cause);
  if (row.units_judged !== null && row.units_judged !== undefined) lines.push(t("units_met", { a: row.units_met, b: row.units_judged }));
  const served = servedBy(t, data.facilities?.get(r.id) || []);
  if (served) lines.push(served);
  const gap = gapText(t, data.gaps.filter((g) => g.requirement === r.id));
  if (gap) lines.push(gap);
  const others = otherShares(row.other_shares);
  return el(chosen ? "li.card-row.chosen" : "li.card-row", {},
    el("div.card-row-head", {},
      el("button.link", { type: "button", onclick: () => act.chooseRequirement(r) }, requirementName(t, r)),
      el(`span.verdict.v-${row.verdict}`, {}, t(row.verdict))),
    known && intervalBar(row.share, row.share_max, row.pass_line, `v-${row.verdict}`),
    lines.map((l) => el("p.hint", {}, l)),
    el("details", {}, el("summary", {}, t("details")),
      el("dl", {},
        pair(t("limit"), `${tierName(t, run, r.tier)} · ${limitText(t, row.limit, row.unit)}`),
        pair(t("denominator"), denominator, r.modelled && el("span.badge.soft", {}, t("modelled"))),
        pair(t("pass_line"), percent(row.pass_line)),
        pair(t("weight"), r.variant ? t("variant") : String(r.weight) + (r.mandatory ? ` · ${t("mandatory")}` : "")),
        pair(t("source"), [r.source, r.clause].filter(Boolean).join(" · "), t.of(r.confidence_mark) && el("span.badge.soft", {}, t.of(r.confidence_mark))),
        (r.alternatives || []).map((a) => pair(t.of(a.name), [a.source, a.clause, a.confidence].filter(Boolean).join(" · "))),
        t.of(r.note) && pair("※", t.of(r.note)),
        others.length > 0 && pair(t("other_denominators"), others.map(([d, s]) => `${denominatorName(t, d)} ${s}`).join(" · ")))));
}

/** The facilities that serve most, and the nearest where that is known. */
function servedBy(t, facilities) {
  if (facilities.length === 0) return null;
  const name = (f) => f.name || f.facility_id;
  const most = [...facilities].sort((a, b) => (b.serves ?? 0) - (a.serves ?? 0) || (a.facility_id < b.facility_id ? -1 : 1));
  const nearest = facilities.filter((f) => f.nearest_m !== null).reduce((a, b) => (a && a.nearest_m <= b.nearest_m ? a : b), null);
  if (nearest && !(most[0].serves > 0)) return t("nearest", { name: name(nearest), m: Math.round(nearest.nearest_m) });
  const names = most.slice(0, 3).map(name).join(t.lang === "zh" ? "、" : ", ");
  return t(facilities.length > 3 ? "served_by_more" : "served_by", { names, n: facilities.length });
}

/** How much lies beyond the limit, and how far its farthest place has to go. */
function gapText(t, gaps) {
  if (gaps.length === 0) return null;
  const area = gaps.reduce((n, g) => n + g.area_m2, 0);
  const farthest = gaps.reduce((m, g) => Math.max(m, g.nearest_max_m ?? 0), 0);
  return t(farthest > 0 ? "gap_text" : "gap_text_none", { n: gaps.length, a: amount(t, area, "land"), m: Math.round(farthest) });
}

function pair(name, ...value) {
  return value.some(Boolean) ? [el("dt", {}, name), el("dd", {}, value)] : [];
}

/** Column other_shares: "population=0.5;households=0.4..0.6". */
function otherShares(text) {
  return (text || "").split(";").filter(Boolean).map((part) => {
    const at = part.lastIndexOf("=");
    const [low, high] = part.slice(at + 1).split("..").map(Number);
    return [part.slice(0, at), shareText(low, high ?? low)];
  });
}

/** A bar from 0 to 1: what is certain is full, what is possible hatched, the pass line a tick. */
function intervalBar(low, high, line, kind) {
  return el("div.interval", { "aria-hidden": "true" },
    el(`i.certain.${kind}`, { style: { width: `${100 * low}%` } }),
    high > low && el("i.possible", { style: { left: `${100 * low}%`, width: `${100 * (high - low)}%` } }),
    line !== null && el("i.line", { style: { left: `${100 * Math.min(1, line)}%` } }));
}
