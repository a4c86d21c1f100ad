// The legend: every class in words, and switches for what is drawn over the neighborhoods.

import { el, replace } from "./dom.js";
import { ink, ramp, unknown, verdictColour } from "./palette.js";
import { percent } from "./i18n.js";

export function renderLegend(node, { t, requirement, shown, onShow, hasLand, hasRoads }) {
  const rows = requirement ? coverageRows(t, requirement) : scoreRows(t);
  const switches = [];
  if (requirement) {
    switches.push(["facilities", t("legend_facility"), swatch("dot", ink.facility)]);
    if (requirement.unit !== "count") switches.push(["areas", t("legend_service_area"), swatch("dashed", ink.serviceArea)]);
    switches.push(["gaps", t("legend_gap"), swatch("outline", ink.gap)]);
  }
  if (hasLand) switches.push(["land", t("legend_land"), swatch("fill", `${ink.land}33`)]);
  if (hasRoads) switches.push(["roads", t("legend_roads"), swatch("line", ink.road)]);
  const list = el("ul", {}, rows.map(([mark, text]) => el("li", {}, mark, el("span", {}, text))));
  const over = switches.map(([key, text, mark]) => {
    const box = el("input", { type: "checkbox", checked: shown[key], onchange: (e) => onShow(key, e.target.checked) });
    return [
      el("li", {}, el("label", {}, box, mark, el("span", {}, text))),
      key === "gaps" && el("li.sub", {}, swatch("hatch", ink.undetermined), el("span", {}, t("legend_gap_undetermined"))),
    ];
  });
  node.setAttribute("aria-label", t("legend"));
  const open = node.querySelector("details")?.open ?? window.innerWidth > 760;
  replace(node, el("details", { open }, el("summary", {}, t("legend")), requirement ? null : el("p", {}, t("legend_score")), list, el("ul.switches", {}, over)));
}

function scoreRows(t) {
  const rows = ramp.map((colour, i) => [swatch("fill", colour), t("legend_points", { a: i * 20, b: (i + 1) * 20 })]).reverse();
  rows.push([swatch("hatch", "#3b4249"), t("legend_uncertain")], [swatch("fill", unknown), t("legend_unknown")]);
  return rows;
}

function coverageRows(t, requirement) {
  return [
    [swatch("fill", verdictColour.met), t("legend_met", { p: percent(requirement.pass_line) })],
    [swatch("fill", verdictColour.near), t("legend_near")],
    [swatch("fill", verdictColour.far), t("legend_far")],
    [swatch("hatch", "#3b4249", verdictColour.not_detected), t("legend_not_detected")],
    [swatch("fill", verdictColour.not_assessed), t("legend_not_assessed")],
  ];
}

/** A little picture of how something is drawn. */
function swatch(kind, colour, back = "#fff") {
  const styles = {
    fill: { background: colour },
    dot: { background: colour, borderRadius: "50%", width: "0.65rem", height: "0.65rem", margin: "0 0.3rem", border: "1px solid #fff" },
    line: { borderTop: `2px solid ${colour}`, height: "0", borderWidth: "2px 0 0 0" },
    outline: { background: `${colour}29`, border: `2px solid ${colour}` },
    dashed: { background: `${colour}1a`, border: `1.5px dashed ${colour}` },
    hatch: { background: `repeating-linear-gradient(135deg, ${colour} 0 1.2px, ${back} 1.2px 4.5px)` },
  };
  return el("i.swatch", { "aria-hidden": "true", style: styles[kind] });
}
