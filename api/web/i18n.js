// All words of the page, in Chinese and English. Words that belong to a catalog or a run (names of requirements, marks,
// titles) come from the server in both languages.

const words = {
  app: ["生活圈评估", "Life circle"],
  skip_to_list: ["跳到列表", "Skip to the list"],
  language: ["English", "中文"],
  language_label: ["切换语言", "Switch language"],
  project: ["项目", "Project"],
  run: ["评估", "Run"],
  latest: ["最新", "latest"],
  catalog: ["服务目录", "Catalog"],
  provisional: ["暂定", "provisional"],
  basis: ["口径", "Distance"],
  basis_radius: ["直线半径", "straight-line radius"],
  basis_path: ["步行路径", "walking path"],
  denominator: ["分母", "Share of"],
  denominator_catalog: ["按目录规定", "as the catalog says"],
  scoring: ["评分规则", "Scoring rules"],
  marks: ["须知（{n} 条）", "Please note ({n})"],
  mark_assumed_complete: ["假定数据完整", "assumed complete"],
  mark_provisional_catalog: ["目录暂定", "provisional catalog"],
  mark_parent_accepted: ["上级服务代替", "parent stands in"],
  mark_unverified_clauses: ["条文待核", "unverified clauses"],
  mark_project_defaults: ["含项目默认值", "project defaults"],
  mark_scoring_defaults: ["评分为项目默认", "our scoring rules"],
  mark_modelled_denominator: ["分母为模拟", "modelled denominator"],
  mark_modelled_placement: ["空间分布为模拟", "modelled placement"],
  mark_modelled_layer: ["含模拟数据", "modelled data"],
  mark_derived_layer: ["推导数据，非官方", "derived, not official"],
  mark_unknown_demand: ["部分需求未知", "unknown demand"],
  changed: ["以下图层在评估后有改动：{names}。请重新运行 lifecircle score。", "Changed since this run: {names}. Run lifecircle score again."],
  as_of: ["设施日期", "Facilities as of"],
  year: ["目标年", "Targets of"],
  judged: ["评价", "Judged"],
  judged_units: ["{n} 个评价单元", "{n} neighborhoods"],
  view_overall: ["综合得分", "Overall score"],
  view_requirement: ["逐项要求", "By requirement"],
  requirements: ["要求", "Requirements"],
  requirements_hint: ["选择一项要求，查看其覆盖、设施、服务范围与盲区", "Choose a requirement to see its coverage, facilities, service areas and gaps"],
  table_open: ["列表（可排序）", "Table of neighborhoods"],
  close: ["关闭", "Close"],
  minutes: ["{n} 分钟圈", "{n} min"],
  variant: ["另一读法，不计分", "another reading, not scored"],
  mandatory: ["必配", "mandatory"],
  limit: ["限值", "Limit"],
  limit_m: ["≤ {n} 米", "≤ {n} m"],
  limit_min: ["≤ {n} 分钟", "≤ {n} min"],
  limit_count: ["不少于 {n} 处", "at least {n}"],
  or: ["或", "or"],
  pass_line: ["达标线", "Pass line"],
  source: ["依据", "Source"],
  weight: ["权重", "Weight"],

  met: ["达标", "met"],
  unmet: ["未达标", "unmet"],
  not_detected: ["未检出", "not detected"],
  not_assessed: ["未评估", "not assessed"],
  legend: ["图例", "Legend"],
  legend_score: ["综合得分（已证实部分）", "Overall score (what is certain)"],
  legend_points: ["{a}–{b} 分", "{a}–{b} points"],
  legend_uncertain: ["数据不足：得分可能高出 10 分以上", "Data too thin: the score may be 10 points higher or more"],
  legend_nograde: ["可评价部分不足，不评等级", "too little could be judged: no grade"],
  legend_unknown: ["未评估：无得分", "Not assessed: no score"],
  legend_met: ["达标：覆盖率 ≥ {p}", "Met: share ≥ {p}"],
  legend_near: ["未达标：差距在达标线四分之一以内", "Unmet: within a quarter of the pass line"],
  legend_far: ["未达标：差距更大", "Unmet: further below"],
  legend_not_detected: ["未检出：图层不足以判断", "Not detected: the layers cannot tell"],
  legend_not_assessed: ["未评估：缺图层、分母或限值", "Not assessed: no layer, denominator or limit"],
  legend_facility: ["设施", "Facilities"],
  legend_service_area: ["服务范围", "Service area"],
  legend_gap: ["盲区：确定在限值之外", "Gap: certainly beyond the limit"],
  legend_gap_undetermined: ["待定：可能有未登记的设施", "Undetermined: there may be facilities that no layer shows"],
  legend_land: ["居住用地", "Residential land"],
  legend_roads: ["道路", "Roads"],

  score: ["得分", "Score"],
  score_max: ["最高可能", "At most"],
  grade: ["等级", "Grade"],
  no_grade: ["不评级", "no grade"],
  no_score: ["无得分", "no score"],
  completeness: ["可评价比例", "Completeness"],
  completeness_hint: ["有达标或未达标结论的要求所占权重", "weight of the requirements with a verdict of met or unmet"],
  name: ["名称", "Name"],
  level: ["层级", "Level"],
  level_unit: ["评价单元", "neighborhood"],
  level_community: ["社区", "community"],
  level_street: ["街道", "street"],
  level_district: ["区县", "district"],
  level_suburb: ["片区", "suburb"],
  level_city: ["城市", "city"],
  level_circle: ["生活圈", "circle"],
  overall: ["综合", "Overall"],
  score_between: ["{a}–{b} 分", "{a}–{b} points"],
  score_points: ["{a} 分", "{a} points"],
  share_of: ["覆盖{d}的 {s}", "{s} of {d}"],
  share_amount: ["{c} / {t}", "{c} of {t}"],
  undetermined_amount: ["另有 {u} 待定", "{u} more undetermined"],
  nearest: ["最近设施：{name}，{m} 米", "Nearest facility: {name}, {m} m"],
  served_by: ["服务设施：{names}", "Served by: {names}"],
  served_by_more: ["服务设施：{names} 等 {n} 处", "Served by: {names} and others, {n} in all"],
  gap_text: ["盲区 {n} 处，共 {a}；最远处距最近设施 {m} 米", "Gaps: {n}, {a} in all; the farthest place is {m} m from a facility"],
  gap_nearest: ["平均距最近设施 {m} 米", "{m} m to the nearest facility on average"],
  gap_text_none: ["盲区 {n} 处，共 {a}；没有任何此类设施", "Gaps: {n}, {a} in all; there is no such facility at all"],
  units_met: ["社区达标率 {a}/{b}", "{a} of {b} neighborhoods meet it"],
  zoom: ["定位", "Locate"],
  loading: ["正在读取…", "Loading …"],
  details: ["依据与限值", "Rule and source"],
  other_denominators: ["其他分母（仅供参考）", "Other denominators (no verdict)"],

  denominator_land: ["居住用地", "residential land"],
  denominator_population: ["人口", "population"],
  denominator_households: ["户数", "households"],
  denominator_buildings: ["建筑", "buildings"],
  denominator_count: ["应有数量", "the number asked for"],
  denominator_of: ["人口（{g}）", "population ({g})"],
  unit_people: ["{n} 人", "{n} people"],
  unit_households: ["{n} 户", "{n} households"],
  unit_buildings: ["{n} 栋", "{n} buildings"],
  unit_count: ["{n} 处", "{n}"],
  unit_other: ["{n}", "{n}"],
  unit_ha: ["{n} 公顷", "{n} ha"],
  unit_m2: ["{n} 平方米", "{n} m²"],
  modelled: ["推算值", "modelled"],


  layers: ["图层", "Layers"],
  layers_and_import: ["图层与导入", "Layers and import"],
  layers_none: ["还没有图层", "There are no layers yet"],
  layers_hint: ["选择图层查看其导入报告", "Choose a layer to see its import report"],
  column_layer: ["图层", "Layer"],
  column_role: ["类型", "Kind"],
  column_services: ["服务要素", "Services"],
  services_more: ["{names} 等 {n} 项", "{names} … {n} in all"],
  column_rows: ["行数", "Rows"],
  column_version: ["版本", "Version"],
  column_repaired_refused: ["修复 / 拒绝", "Repaired / refused"],
  role_facilities: ["设施", "Facilities"],
  role_neighborhoods: ["评价单元", "Neighborhoods"],
  role_land: ["居住用地", "Residential land"],
  role_demand: ["人口（点、格网）", "People (points or cells)"],
  role_buildings: ["建筑", "Buildings"],
  role_attributes: ["评价单元的人口等数据表", "Table of people per neighborhood"],
  role_network: ["步行网络", "Walking network"],
  import_title: ["导入图层", "Import a layer"],
  import_file: ["文件", "File"],
  import_file_hint: ["GeoJSON、CSV、XLSX、Shapefile（.zip）、GeoPackage、OSM、GeoTIFF；格式、编码、坐标系的判断会写进报告", "GeoJSON, CSV, XLSX, Shapefile (.zip), GeoPackage, OSM, GeoTIFF; the report says how it was read"],
  import_as: ["类型", "What it holds"],
  import_service: ["服务要素", "Services"],
  import_filter: ["查找服务要素", "Find a service"],
  import_mapping: ["按类别识别", "Find services by category"],
  import_mapping_none: ["不使用（每行都是所选服务）", "no (every row offers the chosen services)"],
  import_mapping_own: ["自己的映射文件…", "a mapping file of your own …"],
  "import_mapping-file": ["映射文件", "Mapping file"],
  import_mapping_file_hint: ["YAML，写法见 data/catalogs/mappings/README.md", "YAML, in the form of data/catalogs/mappings/README.md"],
  import_missing_mapping: ["请选择映射文件", "choose the mapping file"],
  import_mapping_hint: ["高德分类码、OSM 标签等；选用后不再选服务要素", "Amap codes, OSM tags and the like, instead of choosing services"],
  import_layer: ["图层名称（默认用文件名）", "Name of the layer (default: the file's)"],
  import_crs: ["坐标系", "Coordinates"],
  "import_crs-code": ["坐标系代码", "Code of the coordinates"],
  import_crs_code_example: ["如 EPSG:4545", "such as EPSG:4545"],
  crs_file: ["按文件所写，未写则 WGS 84", "as the file says, else WGS 84"],
  "crs_EPSG:4326": ["WGS 84 经纬度", "WGS 84 degrees"],
  "crs_EPSG:4490": ["CGCS2000 经纬度", "CGCS2000 degrees"],
  crs_gcj02: ["GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)"],
  crs_bd09: ["BD-09（百度）", "BD-09 (Baidu)"],
  crs_auto: ["与已有图层比对判断", "compare with the project's layers"],
  crs_other: ["其他代码…", "another code …"],
  import_complete: ["数据是否普查齐全", "Is every facility in it?"],
  import_complete_unknown: ["不清楚：没有不等于没有设施", "Not known: missing is not none"],
  import_complete_everywhere: ["全部齐全", "Yes, everywhere"],
  import_complete_area: ["只在某个范围内齐全", "Only inside an area"],
  "import_complete-area": ["齐全的范围（GeoJSON 面）", "The area (GeoJSON polygons)"],
  import_join: ["评价单元编号或名称所在列", "Column of the neighborhood's code or name"],
  import_join_example: ["如 code、社区", "such as code"],
  import_measure: ["人口等数值所在列", "Columns of people"],
  import_measure_example: ["population=人口", "population=POP"],
  import_measure_hint: ["写成 指标=列名，多个用逗号隔开，如 population=人口, population:60+=老年人口", "MEASURE=COLUMN, several with commas: population=POP, population:60+=OLD"],
  import_parent: ["街道、区县所在列", "Columns of street and district"],
  import_parent_example: ["street=街道, district=区县", "street=STREET, district=DISTRICT"],
  import_modelled: ["数值是模型推算的", "The figures come from a model"],
  import_more: ["更多选项", "More options"],
  "import_id-field": ["编号列", "Column of ids"],
  "import_name-field": ["名称列", "Column of names"],
  "import_status-field": ["状态列", "Column of the status"],
  "import_capacity-field": ["容量列", "Column of places"],
  import_clip: ["人口格网：只读此范围（GeoJSON 面）", "Population grid: only inside this area (GeoJSON polygons)"],
  import_encoding: ["文字编码（默认自动判断）", "Encoding (default: found)"],
  import_encoding_example: ["如 gb18030", "such as gb18030"],
  import_sheet: ["工作表或文件中的图层", "Sheet, or layer in the file"],
  import_attribution: ["署名", "Attribution"],
  "import_keep-duplicates": ["同名相近的设施不合并", "Keep facilities of one name side by side apart"],
  import_strict: ["严格：拒绝而不修复", "Strict: refuse instead of repairing"],
  import_mode: ["如果图层已存在", "If the layer exists"],
  import_mode_new: ["不改动，报告冲突", "leave it and say so"],
  import_mode_replace: ["替换（旧版保留，可撤销）", "replace it (the old version is kept)"],
  import_mode_append: ["追加", "add to it"],
  import_submit: ["导入", "Import"],
  import_stop: ["停止", "Stop"],
  import_running: ["正在导入…", "Importing …"],
  import_stopped: ["已停止等待；服务器可能已经收到，请看图层列表", "Stopped waiting; the server may have got it: see the list of layers"],
  import_missing_file: ["请先选择文件", "Choose a file first"],
  import_missing_area: ["请给出齐全的范围", "Give the area in which it is complete"],
  import_too_large: ["文件超过 {n} MiB，请用命令 lifecircle import 导入", "The file has more than {n} MiB: import it with the command lifecircle import"],
  import_failed: ["未导入", "Not imported"],
  conflict_hint: ["请选择“替换”或“追加”，或另起图层名称", "Choose to replace it or to add to it, or give another name"],
  at_row: ["第 {n} 行", "row {n}"],
  at_field: ["选项或列 {f}", "option or column {f}"],
  undo: ["撤销这次导入", "Take this import back"],
  undo_sure: ["再按一次，撤销第 {n} 版", "Press again to take version {n} back"],
  undone_to: ["{name}：第 {n} 版已撤销，恢复为之前的 {m} 行", "{name}: version {n} is taken back; the {m} rows before it are current again"],
  undone_gone: ["{name}：第 {n} 版已撤销；此前没有版本，图层不再生效", "{name}: version {n} is taken back; there was none before it, and the layer is gone"],
  report_of: ["导入报告：{name}", "Import report: {name}"],
  report_refused: ["文件中的问题", "What was found in the file"],
  report_none: ["此图层没有导入报告", "This layer has no import report"],
  report_unchanged: ["内容未变，未写入", "Unchanged: nothing was written"],
  report_strict: ["严格模式：有行被拒绝", "Strict: rows were refused"],
  report_read: ["读入", "read"],
  report_used: ["采用", "used"],
  report_repaired: ["修复", "repaired"],
  report_refused_count: ["拒绝", "refused"],
  report_file: ["文件", "File"],
  report_crs: ["坐标系", "Coordinates"],
  report_encoding: ["编码", "Encoding"],
  report_services: ["服务要素", "Services"],
  report_merged: ["合并的重复设施", "Duplicates merged"],
  report_look: ["初查", "First look"],
  report_look_metres: [" {m} 米", "{m} m"],
  report_look_far: ["超过 2147 公里", "over 2147 km"],
  report_look_text: ["{p}% 在评价单元内，距边界中位数{m}，研究范围外 {n} 行", "{p} % in a neighborhood, median distance to a border {m}, {n} rows beyond the study area"],
  report_mapping: ["类别映射", "Mapping"],
  report_mapped: ["{id}：{b} 个要素中映射 {a} 个，未映射 {u} 个", "{id}: {a} of {b} features mapped, {u} unmapped"],
  report_version: ["版本", "Version"],
  report_warnings: ["提示（{n} 条）", "Findings ({n})"],
  report_rows: ["逐行说明（{n} 行）", "Row by row ({n})"],
  report_more: ["还有 {n} 行", "{n} more rows"],
  row_n: ["序号", "No."],
  row_id: ["要素", "Feature"],
  row_action: ["处理", "What was done"],
  row_why: ["原因", "Why"],
  action_repaired: ["修复", "repaired"],
  action_refused: ["拒绝", "refused"],
  known: ["（{how}）", " ({how})"],
  known_option: ["按选项", "as asked"],
  known_file: ["文件写明", "the file says so"],
  known_format: ["格式规定", "by the format"],
  known_default: ["未说明，默认", "not said, by default"],
  known_auto: ["比对得出", "by comparison"],
  known_bom: ["BOM", "byte order mark"],
  known_content: ["按内容判断", "by content"],
  known_ascii: ["按内容判断", "by content"],
  accuracy_within: ["误差不超过 {m} 米", " within {m} m"],
  accuracy_unknown: ["误差未知：{why}", " accuracy not known: {why}"],

  empty_title: ["还没有评估结果", "No run yet"],
  empty_text: ["在命令行运行下面的命令后刷新此页：", "Run this command, then reload the page:"],
  no_projects: ["没有项目。用 lifecircle new 新建，再用 serve 打开。", "There is no project. Make one with lifecircle new, then serve it."],
  failed: ["读取失败", "Could not be read"],
  retry: ["重试", "Try again"],
  no_webgl: ["此浏览器不支持 WebGL，无法绘制地图；列表仍可使用。", "This browser has no WebGL, so there is no map; the table still works."],
  shortened: ["{what}较多，只显示前 {n} 个", "Only the first {n} of {what} are drawn"],
  sort_hint: ["点击表头排序", "Click a heading to sort"],
  map_label: ["地图", "Map"],
};

export const languages = ["zh", "en"];

/** Translator for a language: t("key", {name: value}). */
export function translator(lang) {
  const i = lang === "zh" ? 0 : 1;
  const t = (key, values = {}) => {
    const text = words[key] ? words[key][i] : key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  };
  t.lang = lang;
  t.has = (key) => key in words;
  /** Picks from a text of the server, {zh, en}. */
  t.of = (text) => (text ? (lang === "zh" ? text.zh || text.en : text.en || text.zh) || "" : "");
  return t;
}

/** The language asked for in the address, else the browser's. */
export function chooseLanguage(asked) {
  if (languages.includes(asked)) return asked;
  return (navigator.languages || [navigator.language]).some((l) => /^zh/i.test(l)) ? "zh" : "en";
}

/** 0.79999 is 79.9 %, never 80 %: a share just below a line must not look as if it were on it. */
export function percent(share) {
  if (share <= 0) return "0%";
  const tenths = Math.floor(share * 1000 + 1e-9);
  if (tenths === 0) return "<0.1%";
  return tenths % 10 === 0 ? `${tenths / 10}%` : `${(tenths / 10).toFixed(1)}%`;
}

export function shareText(share, shareMax) {
  if (share === null || share === undefined) return "–";
  const a = percent(share);
  const b = percent(shareMax ?? share);
  return a === b ? a : `${a.replace("%", "")}–${b}`;
}

/** Points with one decimal, as the command line prints them. */
export function points(score) {
  return score.toFixed(1);
}

export function denominatorName(t, denominator) {
  if (t.has(`denominator_${denominator}`)) return t(`denominator_${denominator}`);
  if (denominator.startsWith("population:")) return t("denominator_of", { g: denominator.slice(11) });
  return denominator;
}

/** An amount in the denominator's unit. */
export function amount(t, n, denominator) {
  const format = (v, digits = 0) => v.toLocaleString(t.lang === "zh" ? "zh-CN" : "en", { maximumFractionDigits: digits });
  if (denominator === "land") {
    return n >= 10000 ? t("unit_ha", { n: format(n / 10000, 1) }) : t("unit_m2", { n: format(n) });
  }
  const unit = denominator.startsWith("population") ? "people" : ["households", "buildings", "count"].includes(denominator) ? denominator : "other";
  return t(`unit_${unit}`, { n: format(n) });
}

export function limitText(t, limit, unit) {
  const key = { m: "limit_m", min: "limit_min", count: "limit_count" }[unit] || "limit_m";
  return (limit || "").split("|").filter((v) => v !== "").map((n) => t(key, { n })).join(` ${t("or")} `);
}

export function levelName(t, level) {
  return t.has(`level_${level}`) ? t(`level_${level}`) : level;
}
