// The map page: reads the address, asks the service, and keeps panel, map, legend, table and card in step.

import { Problem, Project, getJSON } from "./client.js";
import { el, replace } from "./dom.js";
import { amount, chooseLanguage, translator } from "./i18n.js";
import { MapView } from "./mapview.js";
import { renderCard } from "./card.js";
import { renderLegend } from "./legend.js";
import { renderPanel } from "./panel.js";
import { renderTable } from "./table.js";
import { LayersView } from "./upload.js";

const baseMapLimit = 20000; // features of land, and of roads, that are drawn at most
const notThere = new Set(["under_construction", "planned", "closed"]); // facilities that do not count
const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);

const state = {
  t: translator(chooseLanguage(address.get("lang"))),
  projects: [], project: null, title: "", runs: [], run: null,
  units: [], scores: new Map(), // neighborhoods of the run, and their overall scores by id
  requirement: null, lastRequirement: null, coverage: null,
  facilities: null, chosen: null, card: null, table: null,
  shown: { facilities: true, areas: true, gaps: true, land: true, roads: true },
  land: 0, roads: 0,
  layersOpen: false, writable: false, // whether the server takes uploads
};
let services = null; // that layers may offer, read once
let layersView = null;
let client = null;
let view = null; // the map, null without WebGL
let step = 0; // counts what was asked for, so that a late answer to an old question is not shown

const act = {
  switchLanguage() {
    state.t = translator(state.t.lang === "zh" ? "en" : "zh");
    render();
  },
  openProject: (id) => openProject(id),
  openRun: (hash) => openRun(hash),
  chooseRequirement: (r) => chooseRequirement(r),
  openLayers: () => (state.layersOpen ? closeLayers() : openLayers()),
  lastRequirement: () => state.lastRequirement || state.run.requirements[0] || null,
  openTable() {
    state.table = state.table ? null : { level: "unit", sort: { key: "score", down: false }, rows: unitRows() };
    render();
  },
};

start().catch(fail);

async function start() {
  try {
    view = new MapView($("map"), (id) => chooseSubject({ id, level: "unit" }).catch(fail), describe);
    await view.ready;
  } catch (error) {
    console.warn(error);
    view = null;
    $("map").hidden = true;
    notice(state.t("no_webgl"));
  }
  window.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    if (state.layersOpen) closeLayers();
    else if (state.chosen) closeCard();
    else if (state.table) act.openTable();
  });
  state.projects = (await getJSON("projects")).projects;
  render();
  if (state.projects.length === 0) return notice(state.t("no_projects"));
  const asked = address.get("project");
  await openProject(state.projects.some((p) => p.id === asked) ? asked : state.projects[0].id, address.get("run"));
  if (address.get("layers")) await openLayers();
  const requirement = state.run?.requirements.find((r) => r.id === address.get("requirement"));
  if (requirement) await chooseRequirement(requirement);
  if (address.get("table") && state.run) act.openTable();
  if (state.units.some((u) => u.id === address.get("neighborhood"))) await chooseSubject({ id: address.get("neighborhood"), level: "unit" });
  document.body.dataset.ready = "true";
}

async function openProject(id, run = null) {
  const mine = ++step;
  client = new Project(id);
  Object.assign(state, { project: id, title: state.projects.find((p) => p.id === id)?.title || id, run: null, runs: [], units: [], facilities: null, land: 0, roads: 0 });
  state.layersOpen = false;
  clearRun();
  render();
  const [{ runs }, { upload }] = await Promise.all([client.get("runs"), client.get("layers")]);
  if (mine !== step) return;
  state.runs = runs;
  state.writable = !!upload;
  baseMap(client).catch(fail);
  if (runs.length === 0) return render();
  const asked = run && runs.find((r) => r.run.startsWith(run));
  await openRun((asked || runs.find((r) => r.latest) || runs[runs.length - 1]).run);
}

function clearRun() {
  Object.assign(state, { requirement: null, lastRequirement: null, coverage: null, chosen: null, card: null, table: null });
  if (view) for (const source of ["units", "areas", "gaps", "facilities"]) view.set(source, []);
}

/** Land and roads of the project, as the ground of the map. */
async function baseMap(mine) {
  if (!view) return;
  for (const [source, collection] of [["land", "land"], ["roads", "network"]]) {
    const { features, matched } = await mine.features(collection, {}, baseMapLimit);
    if (mine !== client) return;
    view.set(source, features);
    state[source] = features.length;
    if (matched > features.length) console.info(state.t("shortened", { what: source, n: features.length }));
    legend();
  }
}

async function openRun(hash) {
  const mine = ++step;
  clearRun();
  const [run, { features }] = await Promise.all([
    client.get(`runs/${hash}`),
    client.features("scores", { run: hash, level: "unit", scope: "overall" }),
  ]);
  if (mine !== step) return;
  state.run = run;
  state.units = features.filter((f) => f.geometry).map((f) => ({ id: f.properties.neighborhood_id, name: f.properties.neighborhood, geometry: f.geometry }));
  state.scores = new Map(features.map((f) => [f.properties.neighborhood_id, f.properties]));
  view?.setUnits(state.units);
  view?.setAttribution(run.attribution);
  view?.paintScores(state.scores);
  render();
}

async function openLayers() {
  layersView ||= new LayersView($("layers"), { changed: layersChanged, close: closeLayers });
  state.layersOpen = true;
  $("layers").hidden = false;
  services ||= (await getJSON("services")).services;
  render();
  await layersView.open(state.t, client, services);
}

function closeLayers() {
  state.layersOpen = false;
  render();
  document.querySelector("#panel .layers-open button")?.focus();
}

/** A layer was imported or taken back: the ground of the map, the facilities and what the run says of its inputs are read anew. */
async function layersChanged() {
  state.facilities = null;
  const mine = client;
  await baseMap(mine);
  if (mine !== client || !state.run) return;
  const run = await client.get(`runs/${state.run.run}`);
  if (mine !== client || run.run !== state.run?.run) return;
  state.run.changed_since_run = run.changed_since_run;
  render();
}

async function chooseRequirement(requirement) {
  const mine = ++step;
  state.requirement = requirement;
  if (requirement) state.lastRequirement = requirement;
  render();
  if (!requirement) {
    state.coverage = null;
    if (view) {
      for (const source of ["areas", "gaps", "facilities"]) view.set(source, []);
      view.paintScores(state.scores);
    }
    return;
  }
  const of = { run: state.run.run, requirement: requirement.id };
  const [coverage, gaps, areas, facilities] = await Promise.all([
    client.features("coverage", { ...of, level: "unit", skipGeometry: true }),
    client.features("gaps", of, 20000),
    client.features("service_areas", of),
    facilitiesOfProject(),
  ]);
  if (mine !== step) return;
  state.coverage = new Map(coverage.features.map((f) => [f.properties.neighborhood_id, f.properties]));
  if (view) {
    view.paintCoverage(state.coverage);
    view.set("gaps", gaps.features);
    view.set("areas", areas.features.filter((f) => f.geometry));
    const accepted = new Set(requirement.accepts);
    view.set("facilities", facilities.filter(({ properties: p }) => !notThere.has(p.status) && (p.services || "").split(",").some((s) => accepted.has(s))));
  }
  render();
}

/** What the map says of a facility or a gap under the pointer. */
function describe(source, p) {
  const { t } = state;
  if (source === "facilities") return p.name || p.id;
  const parts = [t(p.state === "uncovered" ? "legend_gap" : "legend_gap_undetermined"), amount(t, p.area_m2, "land")];
  if (p.people !== null && p.people !== undefined) parts.push(amount(t, p.people, p.denominator));
  if (p.nearest_m) parts.push(t("gap_nearest", { m: Math.round(p.nearest_m) }));
  return parts.join(" · ");
}

/** All facilities, read once: a facility may offer several services, and a requirement accept several. */
async function facilitiesOfProject() {
  state.facilities ||= client.features("facilities", {}, 100000).then((r) => r.features);
  return state.facilities;
}

function unitRows() {
  return [...state.scores.values()];
}

async function tableLevel(level) {
  state.table = { ...state.table, level, rows: level === "unit" ? unitRows() : null };
  render();
  if (state.table.rows) return;
  const { features } = await client.features("scores", { run: state.run.run, level, scope: "overall", skipGeometry: true });
  if (state.table?.level !== level) return;
  state.table.rows = features.map((f) => f.properties);
  render();
}

async function chooseSubject({ id, level, name }) {
  const unit = state.units.find((u) => u.id === id);
  state.chosen = { id, level, name: name ?? unit?.name };
  state.card = { scores: level === "unit" ? [state.scores.get(id)] : [], rows: null, gaps: [], facilities: null };
  render();
  view?.choose(level === "unit" ? id : null);
  $("card").focus({ preventScroll: true });
  const mine = state.chosen;
  const of = { run: state.run.run, neighborhood_id: id, skipGeometry: true };
  const [scores, rows, gaps] = await Promise.all([
    client.features("scores", { ...of, level }),
    client.features("coverage", { ...of, level }),
    level === "unit" ? client.features("gaps", { ...of, state: "uncovered" }) : { features: [] },
  ]);
  if (state.chosen !== mine) return;
  const properties = (page) => page.features.map((f) => f.properties);
  state.card = { scores: properties(scores), rows: properties(rows), gaps: properties(gaps), facilities: null };
  render();
  // Which facilities serve is worked out anew, which takes a moment: the card does not wait for it.
  const explained = await client.get(`runs/${state.run.run}/explain`, { neighborhood: level === "unit" ? id : `${level}=${id}` });
  if (state.chosen !== mine) return;
  state.card.facilities = new Map(explained.requirements.map((r) => [r.requirement, r.facilities]));
  render();
}

function closeCard() {
  state.chosen = state.card = null;
  view?.choose(null);
  render();
}

function render() {
  const { t, run } = state;
  document.documentElement.lang = t.lang;
  document.title = [state.title, t("app")].filter(Boolean).join(" – ");
  document.querySelector(".skip").textContent = t("skip_to_list");
  $("map").setAttribute("aria-label", t("map_label"));
  renderPanel($("panel"), state, act);
  if (!run && state.project && state.runs.length === 0) empty();
  legend();
  $("table").hidden = !state.table;
  if (state.table) {
    renderTable($("table"), state, state.table, {
      sort: (sort) => { state.table.sort = sort; render(); },
      level: (level) => tableLevel(level).catch(fail),
      open: (row) => chooseSubject({ id: row.neighborhood_id, level: row.level, name: row.neighborhood }).catch(fail),
      close: act.openTable,
    });
  }
  $("layers").hidden = !state.layersOpen;
  if (state.layersOpen && layersView?.client) layersView.render(t);
  $("card").hidden = !state.chosen;
  $("stage").classList.toggle("with-card", !!state.chosen);
  if (state.chosen) {
    renderCard($("card"), state, state.chosen, state.card, {
      close: closeCard,
      zoom: () => view?.choose(state.chosen.id, true),
      chooseRequirement: (r) => chooseRequirement(r).catch(fail),
    });
  }
  remember();
}

function legend() {
  $("legend").hidden = !state.run || !view;
  if ($("legend").hidden) return;
  renderLegend($("legend"), {
    t: state.t, requirement: state.requirement, shown: state.shown, hasLand: state.land > 0, hasRoads: state.roads > 0,
    onShow(key, on) {
      state.shown[key] = on;
      view.show(key, on);
    },
  });
}

function empty() {
  const { t } = state;
  $("panel").append(el("section.empty", {}, el("h2", {}, t("empty_title")), el("p", {}, t("empty_text")),
    el("pre", {}, `lifecircle score ${state.project}.gpkg --catalog chongqing-15min`)));
}

/** Keeps the address in step, so that what is seen can be sent to somebody. */
function remember() {
  const q = new URLSearchParams();
  const put = (k, v) => v && q.set(k, v);
  put("project", state.project);
  put("run", state.run && !state.run.latest && state.run.run.slice(0, 12));
  put("requirement", state.requirement?.id);
  put("neighborhood", state.chosen?.level === "unit" && state.chosen.id);
  put("lang", state.t.lang);
  if (state.project) history.replaceState(null, "", `${location.pathname}?${q}`);
}

function notice(text, button) {
  $("notice").hidden = !text;
  replace($("notice"), text, button, el("button.icon", { type: "button", "aria-label": state.t("close"), onclick: () => notice("") }, "×"));
}

function fail(error) {
  console.error(error);
  const why = error instanceof Problem ? error.in(state.t.lang) : error.message;
  notice(`${state.t("failed")}: ${why}`, el("button", { type: "button", onclick: () => location.reload() }, state.t("retry")));
  document.body.dataset.ready = "failed";
}

for (const name of ["openProject", "openRun", "chooseRequirement", "openLayers"]) {
  const inner = act[name];
  act[name] = (...args) => Promise.resolve(inner(...args)).catch(fail);
}
window.addEventListener("unhandledrejection", (e) => fail(e.reason));
