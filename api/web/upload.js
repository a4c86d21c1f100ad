// Layers of a project, and the form that imports one. The form is made once and only its words change with the language, so that a chosen
// file is not lost; a server that is read-only has no form.

import { el, replace } from "./dom.js";
import { renderReport } from "./report.js";

const roles = ["facilities", "neighborhoods", "land", "demand", "buildings", "attributes", "network"];
/** The choice of a mapping file of one's own: no mapping has such a name. */
const own = " own";

const systems = ["", "EPSG:4326", "EPSG:4490", "gcj02", "bd09", "auto", "other"];

/** What tells a layer of facilities from others of its name; undefined where nothing is known of it. */
const keyOf = (layer) => (layer.role === "facilities" ? layer.service : undefined);

export class LayersView {
  /**
   * @param {HTMLElement} node where it is shown
   * @param {{changed: () => Promise<void>, close: () => void}} act told when a layer has changed
   */
  constructor(node, act) {
    this.node = node;
    this.act = act;
    this.words = []; // [node, key, attribute]
    this.shown = null; // {report} or {problem}, and the layer that it is of
    this.busy = null; // AbortController of an upload
    this.head = el("h2", { id: "layers-title", tabindex: "-1" });
    this.list = el("div.scroll");
    this.answer = el("section.answer", { "aria-live": "polite", tabindex: "-1" });
    this.form = this.#makeForm();
    node.setAttribute("aria-labelledby", "layers-title");
    replace(node,
      el("div.card-head", {}, this.head, el("button.icon", { type: "button", onclick: () => act.close() }, "×")),
      el("div.layers-body", {}, el("div.layers-main", {}, this.list, this.answer), this.form));
  }

  /** Opens for a project; services and layers are as the server has them. */
  async open(t, client, services) {
    this.client = client;
    this.services = services;
    this.shown = null;
    this.layers = [];
    this.terms = null;
    this.#fillServices();
    this.render(t);
    this.head.focus();
    await this.refresh();
  }

  async refresh() {
    const { client } = this;
    const { layers, upload } = await client.get("layers");
    if (client !== this.client) return;
    this.layers = layers.map((l) => ({ ...l, service: l.service ?? "" }));
    this.terms = upload || null;
    const chosen = this.mapping.value;
    replace(this.mapping, this.mapping.firstChild, (upload?.mappings || []).map((id) => el("option", { value: id }, id)), this.ownMapping);
    this.mapping.value = chosen;
    this.render(this.t);
  }

  /** Puts everything into a language. */
  render(t) {
    this.t = t;
    this.head.textContent = t(this.terms ? "layers_and_import" : "layers");
    this.node.querySelector(".icon").setAttribute("aria-label", t("close"));
    for (const [node, key, attribute] of this.words) attribute ? node.setAttribute(attribute, t(key)) : (node.textContent = t(key));
    for (const [node, service] of this.serviceWords || []) node.textContent = t.of(service.name);
    this.form.hidden = !this.terms;
    this.#fit();
    this.#renderList();
    this.#renderAnswer();
  }

  // The list

  #renderList() {
    const { t } = this;
    if (this.layers.length === 0) return replace(this.list, el("p.hint", {}, t("layers_none")));
    const row = (l) => el("tr", {},
      el("th", { scope: "row" }, el("button.link", { type: "button", onclick: () => this.#showLayer(l) }, l.name)),
      el("td", {}, t(`role_${l.role}`)),
      el("td.services", {}, this.#serviceNames(l.services || [])),
      el("td.number", {}, String(l.rows)),
      el("td.number", {}, String(l.version)),
      el("td.number", {}, l.report ? `${l.report.repaired} / ${l.report.refused}` : "–"));
    replace(this.list, el("table", {}, el("caption", {}, t("layers_hint")),
      el("thead", {}, el("tr", {}, ["layer", "role", "services", "rows", "version", "repaired_refused"].map((k) => el(["rows", "version", "repaired_refused"].includes(k) ? "th.number" : "th", { scope: "col" }, t(`column_${k}`))))),
      el("tbody", {}, this.layers.map(row))));
  }

  /** An extract lists some dozens: the report names them all. */
  #serviceNames(keys) {
    const { t } = this;
    const names = keys.slice(0, 4).map((s) => this.#serviceName(s)).join(t.lang === "zh" ? "、" : ", ");
    return keys.length > 4 ? t("services_more", { names, n: keys.length }) : names;
  }

  #serviceName(key) {
    const s = (this.services || []).find((x) => x.key === key);
    return s ? this.t.of(s.name) : key;
  }

  async #showLayer(layer) {
    const mine = (this.shown = { layer });
    try {
      const path = `layers/${encodeURIComponent(layer.role)}/${encodeURIComponent(layer.name)}`;
      const { report, version } = await this.client.get(path, { service: keyOf(layer) });
      if (this.shown !== mine) return;
      this.shown = { layer: { ...layer, version }, report: report || null };
    } catch (problem) {
      if (this.shown === mine) this.shown = { problem };
    }
    this.#renderAnswer();
    this.answer.focus();
  }

  // What an import answers

  #renderAnswer() {
    const { t, shown } = this;
    if (!shown) return replace(this.answer);
    if (shown.problem) return replace(this.answer, this.#problem(shown.problem));
    if (shown.undone) return replace(this.answer, el("p.done", {}, t(shown.now ? "undone_to" : "undone_gone", { name: shown.undone.name, n: shown.undone.version, m: shown.now?.rows })));
    if (shown.report === undefined) return;
    replace(this.answer,
      shown.report ? renderReport(t, shown.report, (key) => this.#serviceName(key)) : el("p.hint", {}, t("report_none")),
      this.terms && !shown.report?.unchanged && this.#undoButton(shown.layer));
  }

  #problem(problem) {
    const { t } = this;
    const b = problem.body || {};
    const where = [b.file, b.row && t("at_row", { n: b.row }), b.field && t("at_field", { f: b.field })].filter(Boolean).join(" · ");
    return el("div.warning", { role: "alert" },
      el("h3", {}, t("import_failed")),
      el("p", {}, (t.lang === "zh" ? b.detail_zh || b.detail : b.detail) || problem.message),
      where && el("p.hint", {}, where),
      // the server speaks of the command's options: the form has its own words for the one that everybody meets
      el("p", {}, b.code === "conflict" ? t("conflict_hint") : (t.lang === "zh" ? b.hint_zh || b.hint : b.hint) || ""),
      b.report?.rows?.length > 0 && renderReport(t, b.report, (key) => this.#serviceName(key)));
  }

  /** Undoing asks once more: the first press says what will happen. */
  #undoButton(layer) {
    const { t } = this;
    const button = el("button.tab", { type: "button", onclick: () => (button.dataset.sure ? this.#undo(layer) : ask()) }, t("undo"));
    const ask = () => {
      button.dataset.sure = "true";
      button.textContent = t("undo_sure", { n: layer.version });
    };
    return el("p.undo", {}, button);
  }

  async #undo(layer) {
    try {
      this.shown = await this.client.post(`layers/${encodeURIComponent(layer.role)}/${encodeURIComponent(layer.name)}/undo`, null, { service: keyOf(layer), version: layer.version });
    } catch (problem) {
      this.shown = { problem };
    }
    await this.#changed();
  }

  async #changed() {
    await this.refresh();
    this.answer.focus();
    await this.act.changed();
  }

  // The form

  #word(node, key, attribute) {
    this.words.push([node, key, attribute]);
    return node;
  }

  /** A labelled control; roles are those of the layers that have it. */
  #field(key, control, forRoles, hint) {
    control.id = `import-${key}`;
    control.name = key;
    const parts = [this.#word(el("label", { for: control.id }), `import_${key}`), control];
    if (hint) {
      control.setAttribute("aria-describedby", `${control.id}-hint`);
      parts.push(this.#word(el("span.hint", { id: `${control.id}-hint` }), hint));
    }
    return el("div.field", { "data-roles": forRoles }, parts);
  }

  #choice(key, values, forRoles) {
    return el("fieldset.field", { "data-roles": forRoles }, this.#word(el("legend"), `import_${key}`),
      values.map((v, i) => el("label.option", {}, el("input", { type: "radio", name: key, value: v, checked: i === 0, onchange: () => this.#fit() }), this.#word(el("span"), `import_${key}_${v}`))));
  }

  #check(key, forRoles) {
    return el("label.option.field", { "data-roles": forRoles }, el("input", { type: "checkbox", name: key, value: "true" }), this.#word(el("span"), `import_${key}`));
  }

  #makeForm() {
    const text = (placeholder) => {
      const input = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
      return placeholder ? this.#word(input, placeholder, "placeholder") : input;
    };
    this.file = el("input", { type: "file", required: true, onchange: () => this.#fit() });
    this.layer = text();
    this.role = el("select", { onchange: () => this.#fit() }, roles.map((r) => this.#word(el("option", { value: r }), `role_${r}`)));
    this.mapping = el("select", { onchange: () => this.#fit() }, this.#word(el("option", { value: "" }), "import_mapping_none"));
    this.ownMapping = this.#word(el("option", { value: own }), "import_mapping_own");
    this.mappingFile = this.#field("mapping-file", el("input", { type: "file", accept: ".yaml,.yml" }), "facilities", "import_mapping_file_hint");
    this.crs = el("select", { onchange: () => this.#fit() }, systems.map((s) => this.#word(el("option", { value: s }), `crs_${s || "file"}`)));
    this.otherCRS = this.#field("crs-code", text("import_crs_code_example"), "");
    this.filter = el("input", { type: "search", autocomplete: "off", oninput: () => this.#filterServices() });
    this.boxes = el("div.boxes");
    this.serviceSet = el("fieldset.field", { "data-roles": "facilities" }, this.#word(el("legend"), "import_service"),
      this.#word(this.filter, "import_filter", "aria-label"), this.#word(this.boxes, "import_service", "aria-label"));
    this.#word(this.filter, "import_filter", "placeholder");
    this.boxes.setAttribute("role", "group");
    this.area = this.#field("complete-area", el("input", { type: "file", accept: ".geojson,.json" }), "facilities");
    this.submit = el("button.tab.go", { type: "submit" });
    this.stop = this.#word(el("button.tab", { type: "button", hidden: true, onclick: () => this.busy?.abort() }), "import_stop");
    this.progress = el("p.hint", { role: "status" });
    const form = el("form.import", { novalidate: true, onsubmit: (e) => { e.preventDefault(); this.#send(); } },
      this.#word(el("h3"), "import_title"),
      this.#field("file", this.file, "", "import_file_hint"),
      this.#field("as", this.role, ""),
      this.serviceSet,
      this.#field("mapping", this.mapping, "facilities", "import_mapping_hint"),
      this.mappingFile,
      this.#field("layer", this.layer, ""),
      this.#field("crs", this.crs, "neighborhoods facilities land demand buildings network"),
      this.otherCRS,
      this.#choice("complete", ["unknown", "everywhere", "area"], "facilities"),
      this.area,
      this.#field("join", text("import_join_example"), "attributes"),
      this.#field("measure", text("import_measure_example"), "neighborhoods demand buildings attributes", "import_measure_hint"),
      this.#field("parent", text("import_parent_example"), "neighborhoods attributes"),
      this.#check("modelled", "neighborhoods demand buildings attributes"),
      el("details.field", {}, this.#word(el("summary"), "import_more"),
        this.#field("id-field", text(), "neighborhoods facilities land demand buildings network"),
        this.#field("name-field", text(), "neighborhoods facilities land demand buildings attributes network"),
        this.#field("status-field", text(), "facilities"),
        this.#field("capacity-field", text(), "facilities"),
        this.#field("clip", el("input", { type: "file", accept: ".geojson,.json" }), "demand"),
        this.#field("encoding", text("import_encoding_example"), ""),
        this.#field("sheet", text(), ""),
        this.#field("attribution", text(), ""),
        this.#check("keep-duplicates", "facilities"),
        this.#check("strict", "")),
      this.#choice("mode", ["new", "replace", "append"], ""),
      el("p.buttons", {}, this.#word(this.submit, "import_submit"), this.stop),
      this.progress);
    return form;
  }

  #fillServices() {
    const chosen = new Set(this.#chosenServices());
    this.serviceWords = [];
    this.serviceRows = this.services.map((s) => {
      const word = el("span");
      this.serviceWords.push([word, s]);
      return { service: s, row: el("label.option", {}, el("input", { type: "checkbox", value: s.key, checked: chosen.has(s.key), onchange: () => this.#fit() }), word) };
    });
    replace(this.boxes, this.serviceRows.map((r) => r.row));
  }

  #filterServices() {
    const asked = this.filter.value.trim().toLowerCase();
    for (const { service: s, row } of this.serviceRows || []) {
      const words = [s.key, s.name.zh, s.name.en, ...(s.aliases || [])].join("\n").toLowerCase();
      row.hidden = asked !== "" && !words.includes(asked) && !row.firstChild.checked;
    }
  }

  #chosenServices() {
    return [...this.boxes.querySelectorAll("input:checked")].map((i) => i.value);
  }

  #mode(name) {
    return this.form.querySelector(`[name="${name}"]:checked`).value;
  }

  /** Shows what the chosen role has. */
  #fit() {
    const role = this.role.value;
    for (const node of this.form.querySelectorAll("[data-roles]")) {
      const of = node.dataset.roles;
      node.hidden = of !== "" && !of.split(" ").includes(role);
    }
    this.otherCRS.hidden = this.crs.value !== "other" || role === "attributes";
    this.area.hidden = role !== "facilities" || this.#mode("complete") !== "area";
    this.mappingFile.hidden = role !== "facilities" || this.mapping.value !== own;
    this.serviceSet.disabled = this.mapping.value !== "";
    if (this.file.files[0] && !this.layer.value) this.layer.placeholder = this.file.files[0].name.replace(/\.(zip|gz|bz2|txt|geojson|json|geojsonl|ndjson|jsonl|csv|tsv|xlsx|shp|gpkg|tiff?|osm|pbf)$/i, "").replace(/\.osm$/i, "");
    this.#filterServices();
  }

  /** The form as the service wants it; a word that says what is missing instead. */
  #body() {
    const role = this.role.value;
    const file = this.file.files[0];
    if (!file) return "import_missing_file";
    if (file.size > this.terms.max_bytes) return "import_too_large";
    const body = new FormData();
    body.append("as", role);
    for (const input of this.form.querySelectorAll("input[type=text]")) {
      const value = input.value.trim();
      if (!value || input.closest("[hidden]")) continue;
      if (input.name === "crs-code") body.append("crs", value);
      else if (["measure", "parent"].includes(input.name)) for (const part of value.split(/[,，;；\n]/)) part.trim() && body.append(input.name, part.trim().replace(/\s*[=＝]\s*/, "="));
      else body.append(input.name, value);
    }
    for (const input of this.form.querySelectorAll(".import > label input[type=checkbox], details input[type=checkbox]")) {
      if (input.checked && !input.closest("[hidden]")) body.append(input.name, "true");
    }
    if (role !== "attributes" && !["", "other"].includes(this.crs.value)) body.append("crs", this.crs.value);
    if (role === "facilities") {
      const mapping = this.mappingFile.querySelector("input").files[0];
      if (this.mapping.value === own && !mapping) return "import_missing_mapping";
      if (this.mapping.value === own) body.append("mapping", mapping);
      else if (this.mapping.value) body.append("mapping", this.mapping.value);
      else for (const key of this.#chosenServices()) body.append("service", key);
      const complete = this.#mode("complete");
      const area = this.area.querySelector("input").files[0];
      if (complete === "everywhere") body.append("complete", "everywhere");
      if (complete === "area" && !area) return "import_missing_area";
      if (complete === "area") body.append("complete", area);
    }
    const clip = this.form.querySelector("[name=clip]");
    if (role === "demand" && clip.files[0]) body.append("clip", clip.files[0]);
    const mode = this.#mode("mode");
    if (mode !== "new") body.append(mode, "true");
    body.append("file", file);
    return body;
  }

  async #send() {
    const { t } = this;
    if (this.busy) return;
    const body = this.#body();
    if (typeof body === "string") {
      this.progress.textContent = t(body, { n: Math.floor(this.terms.max_bytes / 2 ** 20) });
      ({ import_missing_area: this.area, import_missing_mapping: this.mappingFile }[body]?.querySelector("input") ?? this.file).focus();
      return;
    }
    this.busy = new AbortController();
    this.submit.disabled = true;
    this.stop.hidden = false;
    this.progress.textContent = t("import_running");
    const { client } = this;
    try {
      const report = await client.post("layers", body, {}, this.busy.signal);
      this.shown = { report, layer: { role: report.role, name: report.layer, version: report.version, service: body.getAll("service").sort().join(",") || undefined } };
      this.progress.textContent = "";
    } catch (problem) {
      this.shown = problem.name === "AbortError" ? null : { problem };
      this.progress.textContent = problem.name === "AbortError" ? this.t("import_stopped") : "";
    } finally {
      this.busy = null;
      this.submit.disabled = false;
      this.stop.hidden = true;
    }
    if (client === this.client) await this.#changed();
  }
}
