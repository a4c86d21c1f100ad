// The map: the project's own land and streets, the neighborhoods in the colours of a view, and for a chosen requirement its
// facilities, their service areas and the gaps. Nothing comes from another server; names are HTML, for there is no glyph server.

import { el } from "./dom.js";
import { boxOf, labelPoint } from "./geometry.js";
import { coverageClass, hatch, ink, ramp, scoreClass, unknown, verdictColour } from "./palette.js";
import { points, shareText } from "./i18n.js";

const none = { type: "FeatureCollection", features: [] };
const maxLabels = 600;

const style = {
  version: 8,
  sources: {},
  layers: [{ id: "background", type: "background", paint: { "background-color": "#f3f4f2" } }],
};

const layers = [
  { id: "units", source: "units", type: "fill", paint: { "fill-color": ["get", "colour"], "fill-opacity": ["get", "opacity"] } },
  { id: "units-hatch", source: "units", type: "fill", filter: ["==", ["get", "hatched"], true], paint: { "fill-pattern": "uncertain", "fill-opacity": ["get", "hatchOpacity"] } },
  { id: "land", source: "land", type: "fill", paint: { "fill-color": ink.land, "fill-opacity": 0.14 } },
  {
    id: "roads", source: "roads", type: "line", layout: { "line-join": "round" },
    paint: { "line-color": ink.road, "line-opacity": 0.55, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.3, 14, 0.9, 17, 3] },
  },
  { id: "units-line", source: "units", type: "line", layout: { "line-join": "round" }, paint: { "line-color": ink.border, "line-width": 0.9 } },
  { id: "areas", source: "areas", type: "fill", paint: { "fill-color": ink.serviceArea, "fill-opacity": 0.1 } },
  { id: "areas-line", source: "areas", type: "line", paint: { "line-color": ink.serviceArea, "line-width": 1.2, "line-dasharray": [3, 2] } },
  { id: "gaps", source: "gaps", type: "fill", filter: ["==", ["get", "state"], "uncovered"], paint: { "fill-color": ink.gap, "fill-opacity": 0.12 } },
  { id: "gaps-undetermined", source: "gaps", type: "fill", filter: ["==", ["get", "state"], "undetermined"], paint: { "fill-pattern": "undetermined" } },
  { id: "gaps-line", source: "gaps", type: "line", filter: ["==", ["get", "state"], "uncovered"], paint: { "line-color": ink.gap, "line-width": 1.1 } },
  { id: "chosen", source: "units", type: "line", filter: ["==", ["get", "id"], ""], layout: { "line-join": "round" }, paint: { "line-color": ink.chosen, "line-width": 3 } },
  { id: "facility-areas", source: "facilities", type: "fill", filter: ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]], paint: { "fill-color": ink.facility, "fill-opacity": 0.55 } },
  {
    id: "facility-points", source: "facilities", type: "circle", filter: ["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]],
    paint: {
      "circle-color": ink.facility, "circle-stroke-color": "#fff", "circle-stroke-width": 1,
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2.2, 14, 4.5, 17, 7],
    },
  },
];

/** Which map layers each switch of the legend shows. */
const groups = {
  roads: ["roads"],
  land: ["land"],
  facilities: ["facility-areas", "facility-points"],
  areas: ["areas", "areas-line"],
  gaps: ["gaps", "gaps-undetermined", "gaps-line"],
};

export class MapView {
  /**
   * @param {HTMLElement} container
   * @param {(id: string) => void} onChoose told the neighborhood that was clicked
   * @param {(source: string, properties: object) => string} describe words for a facility or gap under the pointer
   */
  constructor(container, onChoose, describe) {
    const maplibre = window.maplibregl;
    maplibre.setWorkerUrl(new URL("map/vendor/maplibre-gl/maplibre-gl-csp-worker.js", document.baseURI).href);
    this.onChoose = onChoose;
    this.describe = describe;
    this.units = [];
    this.labels = [];
    this.map = new maplibre.Map({
      container, style, attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: 0,
      renderWorldCopies: false, maxZoom: 19, canvasContextAttributes: { preserveDrawingBuffer: true },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new maplibre.ScaleControl({ unit: "metric" }), "bottom-right");
    this.ready = new Promise((resolve) => this.map.once("load", resolve)).then(() => this.#prepare());
  }

  #prepare() {
    const { map } = this;
    map.addImage("uncertain", hatch("#3b4249", 8, 1.1));
    map.addImage("undetermined", hatch(ink.undetermined, 8, 1.7));
    for (const source of ["land", "roads", "units", "areas", "gaps", "facilities"]) map.addSource(source, { type: "geojson", data: none, tolerance: 0.2 });
    for (const layer of layers) map.addLayer(layer);
    map.on("click", (event) => {
      const [hit] = map.queryRenderedFeatures(event.point, { layers: ["units"] });
      if (hit) this.onChoose(hit.properties.id);
    });
    map.on("mouseenter", "units", () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", "units", () => (map.getCanvas().style.cursor = ""));
    map.on("moveend", () => this.#cullLabels());
    this.#hover();
    map.on("movestart", (event) => (this.moved ||= !!event.originalEvent));
    map.on("resize", () => (this.moved ? this.#cullLabels() : this.fit()));
  }

  /** Says what lies under the pointer. */
  #hover() {
    const popup = new window.maplibregl.Popup({ closeButton: false, closeOnClick: false, offset: 10, className: "tip", focusAfterOpen: false });
    const sources = ["facility-points", "facility-areas", "gaps", "gaps-undetermined"];
    this.map.on("mousemove", (event) => {
      const [hit] = this.map.queryRenderedFeatures(event.point, { layers: sources });
      if (!hit) return popup.remove();
      popup.setLngLat(event.lngLat).setText(this.describe(hit.source, hit.properties)).addTo(this.map);
    });
    this.map.on("mouseout", () => popup.remove());
  }

  set(source, features) {
    this.map.getSource(source).setData({ type: "FeatureCollection", features });
  }

  setAttribution(text) {
    if (this.attribution) this.map.removeControl(this.attribution);
    this.attribution = new window.maplibregl.AttributionControl({ compact: false, customAttribution: text ? [escapeHTML(text)] : [] });
    this.map.addControl(this.attribution, "bottom-right");
  }

  show(group, visible) {
    for (const id of groups[group]) this.map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
  }

  /** Takes the neighborhoods: {id, name, geometry}. */
  setUnits(units) {
    this.moved = false; // by hand; until then the whole city stays in view
    this.units = units.map((u) => ({ ...u, ...labelPoint(u.geometry) })).sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1));
    this.box = boxOf(units);
    this.fit();
  }

  fit(animate = false) {
    if (this.box) this.map.fitBounds(this.box, { padding: 24, duration: animate ? 600 : 0 });
  }

  /** Colours by overall score: rows by neighborhood id. */
  paintScores(rows) {
    this.#paint((u) => {
      const row = rows.get(u.id);
      if (!row || row.score === null) return { colour: unknown, opacity: 0.75, hatched: false, hatchOpacity: 0, note: "" };
      const note = row.score_max > row.score ? `${points(row.score)}–${points(row.score_max)}` : points(row.score);
      return {
        colour: ramp[scoreClass(row.score)], opacity: 0.78, hatched: row.score_max - row.score >= 10, hatchOpacity: 0.8,
        note: row.grade ? `${note} ${row.grade}` : note,
      };
    });
  }

  /** Colours by the coverage of one requirement. */
  paintCoverage(rows) {
    this.#paint((u) => {
      const row = rows.get(u.id);
      const kind = row ? coverageClass(row) : "not_assessed";
      return { colour: verdictColour[kind], opacity: 0.5, hatched: kind === "not_detected", hatchOpacity: 0.35, note: row && row.share !== null ? shareText(row.share, row.share_max) : "" };
    });
  }

  #paint(look) {
    const features = [];
    const labels = [];
    for (const u of this.units) {
      const { note, ...paint } = look(u);
      features.push({ type: "Feature", geometry: u.geometry, properties: { id: u.id, ...paint } });
      labels.push({ place: u.place, name: u.name || u.id, note });
    }
    this.set("units", features);
    this.#label(labels);
  }

  #label(labels) {
    for (const l of this.labels) l.marker.remove();
    this.labels = labels.slice(0, maxLabels).map((l) => {
      const note = l.note && el("span.label-note", {}, l.note);
      const node = el("div.label", { "aria-hidden": "true" }, el("span.label-name", {}, l.name), note);
      const marker = new window.maplibregl.Marker({ element: node, anchor: "center" }).setLngLat(l.place).addTo(this.map);
      return { marker, node, note, place: l.place };
    });
    this.#cullLabels();
  }

  /** Writes name and value where they lie over no other label, else the value alone, else nothing. The largest neighborhoods choose first. */
  #cullLabels() {
    const taken = [];
    const { width, height } = this.map.getContainer().getBoundingClientRect();
    for (const l of this.labels) {
      if (!l.sizes) {
        l.node.classList.remove("compact", "hidden");
        l.sizes = [["", l.node.offsetWidth, l.node.offsetHeight]];
        if (l.note) l.sizes.push(["compact", l.note.firstChild ? textWidth(l.note.textContent) : 0, l.note.offsetHeight]);
      }
      const { x, y } = this.map.project(l.place);
      const onMap = x > 0 && y > 0 && x < width && y < height;
      const fits = onMap && l.sizes.find(([, w, h]) => {
        const box = [x - w / 2 - 2, y - h / 2, x + w / 2 + 2, y + h / 2];
        if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) return false;
        taken.push(box);
        return true;
      });
      l.node.classList.toggle("hidden", !fits);
      l.node.classList.toggle("compact", !!fits && fits[0] === "compact");
    }
  }

  /** Outlines a neighborhood, and brings it into view if it is not, or if asked to. */
  choose(id, zoom = false) {
    this.map.setFilter("chosen", ["==", ["get", "id"], id ?? ""]);
    const unit = this.units.find((u) => u.id === id);
    if (!unit) return;
    this.map.resize(); // the card beside it may just have opened
    const [w, s, e, n] = boxOf([unit]);
    const seen = this.map.getBounds();
    const visible = w >= seen.getWest() && e <= seen.getEast() && s >= seen.getSouth() && n <= seen.getNorth();
    if (zoom) this.moved = true;
    if (zoom || !visible) this.map.fitBounds([w, s, e, n], { padding: 60, maxZoom: zoom ? 16 : this.map.getZoom(), duration: 500 });
  }
}

/** MapLibre takes attributions as HTML; ours are texts of layers. */
function escapeHTML(text) {
  const node = document.createElement("span");
  node.textContent = text;
  return node.innerHTML;
}

const ruler = document.createElement("canvas").getContext("2d");

/** Width of a label's value in pixels. */
function textWidth(text) {
  ruler.font = "700 12px system-ui, sans-serif";
  return ruler.measureText(text).width;
}
