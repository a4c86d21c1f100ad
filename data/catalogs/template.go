package catalogs

import (
	"strings"

	"lifecircle/coverage/catalog"
)

// The sheets of the template, by the names that a planner sees.
const (
	sheetHelp         = "说明 Read me"
	sheetCatalog      = "目录 Catalog"
	sheetTiers        = "圈层 Tiers"
	sheetGrades       = "等级 Grades"
	sheetServices     = "自有服务 Own services"
	sheetRequirements = "要求 Requirements"
	sheetExample      = "示例 Example"
	sheetWords        = "词表 Lists"
)

// cellKind is what a column of the template holds.
type cellKind uint8

const (
	textCell   cellKind = iota
	numberCell          // a plain decimal
	yesCell             // 是 or 否
	wordCell            // one of Words, or of the parser's own
	listCell            // texts with separators between them
	serviceCell
)

// templateColumn is a column of a sheet, or a row of the sheet of single values.
type templateColumn struct {
	key    string // unique in the sheet; also what the column is called in English
	zh     string
	kind   cellKind
	words  [][2]string // wordCell: as the planner writes it, as the catalog does
	help   catalog.Text
	width  float64
	repeat bool // requirements: belongs to each alternative, not to the requirement as a whole
}

// header is the column's title: Chinese above English.
func (c *templateColumn) header() string { return c.zh + "\n" + c.key }

// is reports whether a title that somebody may have changed names the column: both names, or either, whatever the blanks.
func (c *templateColumn) is(title string) bool {
	title = plainTitle(title)
	return title == plainTitle(c.zh+c.key) || title == plainTitle(c.zh) || title == plainTitle(c.key)
}

func plainTitle(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n_*", r) || r == '\u3000' }), ""))
}

func help(zh, en string) catalog.Text { return catalog.Text{Zh: zh, En: en} }

var (
	confidenceWords = [][2]string{{"A", "A"}, {"A*", "A*"}, {"B", "B"}, {"C", "C"}}
	areaKindWords   = [][2]string{{"用地面积", "land"}, {"建筑面积", "floor"}}
	measureWords    = [][2]string{{"居住用地", "land"}, {"人口", "population"}, {"户数", "households"}, {"建筑", "buildings"}}
	levelWords      = [][2]string{{"单元", "unit"}, {"社区", "community"}, {"街道", "street"}, {"区县", "district"}}
	classWords      = [][2]string{{"基础保障", "basic"}, {"品质提升", "quality"}, {"特色引导", "special"}}
)

// catalogItems are the single values about a catalog, one a row.
var catalogItems = []templateColumn{
	{key: "id", zh: "编号", help: help("必填。字母、汉字、数字和 - _ .，如 yuzhong-2026", "Required. Letters, digits, - _ . such as yuzhong-2026")},
	{key: "title_zh", zh: "名称(中文)", help: help("如 渝中区服务目录", "Title in Chinese")},
	{key: "title_en", zh: "名称(英文)", help: help("可不填", "Title in English")},
	{key: "provisional", zh: "暂定", kind: yesCell, help: help("是：尚未正式发布，所有结果都会注明", "Yes: not final; every output says so")},
	{key: "source", zh: "来源", help: help("文件名称和文号", "The document")},
	{key: "attribution", zh: "署名", help: help("引用数据时须注明的单位", "Who must be named")},
	{key: "note_zh", zh: "说明(中文)"},
	{key: "note_en", zh: "说明(英文)"},
	{key: "pass_line", zh: "达标线", kind: numberCell, help: help("各要求未写时采用，0–1 的小数，默认 0.8", "Of requirements without their own, 0–1, default 0.8")},
	{key: "denominator", zh: "分母", kind: wordCell, words: measureWords, help: help("覆盖率的分母：居住用地(默认)、人口、户数、建筑，或度量名如 population:60+", "What shares are of: land (default), population, households, buildings, or a measure such as population:60+")},
	{key: "cap_unmet_mandatory", zh: "必配未达标的最高等级", help: help("等级名，或 none；默认 C", "A grade's name, or none; default C")},
	{key: "completeness_floor", zh: "完整度下限", kind: numberCell, help: help("低于此不评等级，0–1，默认 0.6", "Below it there is no grade, 0–1, default 0.6")},
	{key: "scoring_source", zh: "评分依据", help: help("达标线、等级等数字的来源", "Source of pass line, grades and so on")},
	{key: "scoring_confidence", zh: "评分可信度", kind: wordCell, words: confidenceWords},
}

var tierColumns = []templateColumn{
	{key: "id", zh: "圈层", help: help("必填，如 5、15、5-10", "Required, such as 5, 15, 5-10"), width: 12},
	{key: "minutes", zh: "步行分钟", kind: numberCell, help: help("必填，整数", "Required, whole minutes on foot"), width: 12},
	{key: "name_zh", zh: "名称(中文)", width: 24},
	{key: "name_en", zh: "名称(英文)", width: 24},
}

var gradeColumns = []templateColumn{
	{key: "name", zh: "等级", help: help("由高到低；不填则为 A 90、B 75、C 60、D 0", "Best first; if empty A 90, B 75, C 60, D 0"), width: 12},
	{key: "min", zh: "起评分", kind: numberCell, help: help("最后一级为 0", "The last is 0"), width: 12},
}

var serviceColumns = []templateColumn{
	{key: "key", zh: "要素代码", help: help("必填，小写英文和下划线", "Required, small letters and underscores"), width: 20},
	{key: "zh", zh: "中文名", width: 24},
	{key: "en", zh: "英文名", width: 24},
	{key: "parents", zh: "上级要素", kind: listCell, help: help("属于哪些更宽的要素，用分号隔开", "Wider services, separated by semicolons"), width: 24},
	{key: "aliases", zh: "别名", kind: listCell, help: help("用分号隔开", "Separated by semicolons"), width: 32},
}

var requirementColumns = []templateColumn{
	{key: "id", zh: "要求编号", help: help("可不填：由要素和圈层组成。几种设施任一即可时，连续几行写同一编号", "May be empty: services and tier. Where any of several services will do, rows in succession have the same id"), width: 16},
	{key: "name_zh", zh: "名称(中文)", help: help("可不填：取要素名", "May be empty: the services' names"), width: 20},
	{key: "name_en", zh: "名称(英文)", width: 20},
	{key: "tier", zh: "圈层", help: help("必填，须在“圈层”表中", "Required, one of the sheet Tiers"), width: 8},
	{key: "class", zh: "类别", kind: wordCell, words: classWords, help: help("默认 基础保障", "Default: basic"), width: 12},
	{key: "mandatory", zh: "必配", kind: yesCell, help: help("是/否，也可写 ▲/△；默认 否", "Yes or no, or ▲/△; default no"), width: 8},
	{key: "weight", zh: "权重", kind: numberCell, help: help("默认 1；0 表示不计分", "Default 1; 0 is not scored"), width: 8},
	{key: "service", zh: "服务要素", kind: serviceCell, help: help("必填，中文名、英文名或代码，见“词表”", "Required: a name or key of the sheet Lists"), width: 20, repeat: true},
	{key: "radius_m", zh: "半径(米)", kind: numberCell, help: help("直线距离；只写数字", "Straight line, metres; the number alone"), width: 10, repeat: true},
	{key: "path_m", zh: "路程(米)", kind: numberCell, help: help("步行路程", "Along walkable ways, metres"), width: 10, repeat: true},
	{key: "minutes", zh: "时间(分钟)", kind: numberCell, help: help("步行时间", "On foot"), width: 10, repeat: true},
	{key: "count_min", zh: "最少数量", kind: numberCell, help: help("只要求数量、不看距离时填写，并填“每级”", "To ask for a number of facilities instead of a distance; then per is needed"), width: 10},
	{key: "per", zh: "每级", kind: wordCell, words: levelWords, help: help("数量按哪一级算：单元、社区、街道、区县", "The level that the number is for: unit, community, street, district"), width: 10},
	{key: "min_area_m2", zh: "最小面积(平方米)", kind: numberCell, help: help("含", "Inclusive"), width: 12, repeat: true},
	{key: "max_area_m2", zh: "最大面积(平方米)", kind: numberCell, help: help("不含", "Exclusive"), width: 12, repeat: true},
	{key: "area_kind", zh: "面积类型", kind: wordCell, words: areaKindWords, width: 12, repeat: true},
	{key: "alt_source", zh: "本行来源", help: help("同一要求各行来源不同时填写", "Where the rows of a requirement have sources of their own"), width: 20, repeat: true},
	{key: "alt_clause", zh: "本行条款", width: 16, repeat: true},
	{key: "alt_confidence", zh: "本行可信度", kind: wordCell, words: confidenceWords, width: 10, repeat: true},
	{key: "denominator", zh: "分母", kind: wordCell, words: measureWords, help: help("默认取目录的", "Default: the catalog's"), width: 14},
	{key: "pass_line", zh: "达标线", kind: numberCell, help: help("0–1 的小数，默认取目录的", "0–1, default: the catalog's"), width: 8},
	{key: "targets", zh: "分年目标", kind: textCell, help: help("如 2025=0.7; 2027=0.85", "Such as 2025=0.7; 2027=0.85"), width: 20},
	{key: "applies_to", zh: "适用类型", kind: listCell, help: help("生活圈类型，用分号隔开；空为全部", "Kinds of circle, separated by semicolons; empty: all"), width: 16},
	{key: "variant_of", zh: "另一口径", help: help("是哪一条要求的另一种读法：并列报告，不计分", "The requirement that this is another reading of: reported, not scored"), width: 14},
	{key: "quota_supply", zh: "配额内容", help: help("如 places(托位)、beds、area_m2", "Such as places, beds, area_m2"), width: 12},
	{key: "quota_per", zh: "配额基数", help: help("如 1000 population", "Such as 1000 population"), width: 16},
	{key: "quota_min", zh: "配额下限", kind: numberCell, width: 10},
	{key: "quota_source", zh: "配额来源", width: 16},
	{key: "quota_clause", zh: "配额条款", width: 12},
	{key: "quota_confidence", zh: "配额可信度", kind: wordCell, words: confidenceWords, width: 10},
	{key: "source", zh: "来源", help: help("文件名称", "The document"), width: 24},
	{key: "clause", zh: "条款", width: 16},
	{key: "confidence", zh: "可信度", kind: wordCell, words: confidenceWords, help: help("A 原文 A* 转引 B 待核 C 项目默认", "A official, A* restated, B unverified, C project default"), width: 8},
	{key: "note_zh", zh: "备注(中文)", width: 30},
	{key: "note_en", zh: "备注(英文)", width: 30},
}

// columnOf is the column of a key.
func columnOf(columns []templateColumn, key string) *templateColumn {
	for i := range columns {
		if columns[i].key == key {
			return &columns[i]
		}
	}
	return nil
}
