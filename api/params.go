package api

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Bounds of a page of items.
const (
	defaultLimit = 100
	maxLimit     = 10000
	maxOffset    = 1 << 40
)

// crs84 is the only coordinate reference system spoken here: WGS 84, longitude first.
const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

// itemParams are the parameters of every items resource, besides a column's name. "run" belongs to the tables of runs only.
var itemParams = [...]string{"bbox", "bbox-crs", "crs", "datetime", "f", "limit", "offset", "run", "skipGeometry"}

// itemsQuery is what a request asks of a table.
type itemsQuery struct {
	limit, offset int
	boxes         []orb.Bound // any of them; nil: everywhere
	filters       []filter    // all of them
	skipGeometry  bool
}

// filter asks for the rows whose cell in a column is exactly this value.
type filter struct {
	column int
	value  coverage.Value
	never  bool // no cell of the column can be it
}

func (f filter) matches(row []coverage.Value) bool {
	v := row[f.column]
	return !f.never && v.Null == f.value.Null && (v.Null || (v.Int == f.value.Int && v.Text == f.value.Text))
}

// parseQuery reads the query string: broken escapes and repeated parameters are refused, for whoever wrote them
// meant something that no answer would show.
func parseQuery(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("", "查询字符串无法解析", "the query string cannot be read: %s", err)
	}
	for _, name := range sortedKeys(values) {
		if len(values[name]) > 1 {
			return nil, badParam(name, "参数重复", "the parameter is given %d times", len(values[name]))
		}
	}
	return values, nil
}

// onlyParams refuses parameters that a resource does not have.
func onlyParams(values url.Values, known ...string) error {
	for _, name := range sortedKeys(values) {
		if !slices.Contains(known, name) {
			return unknownParam(name, known)
		}
	}
	return nil
}

// plainParams is for resources without parameters but the format, which is always JSON.
func plainParams(r *http.Request, known ...string) (url.Values, error) {
	values, err := parseQuery(r)
	if err != nil {
		return nil, err
	}
	if err := onlyParams(values, append(known, "f")...); err != nil {
		return nil, err
	}
	if f, ok := values["f"]; ok && f[0] != "json" {
		return nil, badParam("f", "此处只有 json", "only json is spoken here")
	}
	return values, nil
}

// parseItems reads the parameters of an items resource with these columns.
func parseItems(values url.Values, columns []coverage.Column, ofRun bool) (itemsQuery, error) {
	q := itemsQuery{limit: defaultLimit}
	for _, name := range sortedKeys(values) {
		value := values.Get(name)
		var err error
		switch name {
		case "limit":
			q.limit, err = parseLimit(value)
		case "offset":
			q.offset, err = parseOffset(value)
		case "bbox":
			q.boxes, err = parseBBox(value)
		case "datetime":
			err = checkDatetime(value)
		case "crs", "bbox-crs":
			if value != crs84 && value != "[OGC:CRS84]" {
				err = badParam(name, "只支持 CRS84（WGS 84 经纬度）", "only %s is spoken here", crs84)
			}
		case "f":
			if value != "json" && value != "geojson" {
				err = badParam(name, "只支持 json 或 geojson", "only json or geojson is spoken here")
			}
		case "skipGeometry":
			q.skipGeometry, err = parseBool(name, value)
		case "run":
			if !ofRun {
				err = badParam(name, "此集合不属于某次评估", "this collection does not belong to a run")
			}
		default:
			column := slices.IndexFunc(columns, func(c coverage.Column) bool { return c.Name == name })
			if column < 0 {
				err = unknownParam(name, knownParams(columns, ofRun))
				break
			}
			var f filter
			f, err = parseFilter(columns[column], value)
			f.column = column
			q.filters = append(q.filters, f)
		}
		if err != nil {
			return itemsQuery{}, err
		}
	}
	return q, nil
}

// filterNames are the columns that a query can name: all but those that a parameter hides.
func filterNames(columns []coverage.Column) []string {
	var names []string
	for _, c := range columns {
		if !slices.Contains(itemParams[:], c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// knownParams are all names that a query may hold.
func knownParams(columns []coverage.Column, ofRun bool) []string {
	names := filterNames(columns)
	for _, name := range itemParams {
		if name != "run" || ofRun {
			names = append(names, name)
		}
	}
	return names
}

// parseLimit takes more than the maximum as the maximum (/req/core/fc-limit-response-1).
func parseLimit(value string) (int, error) {
	if value != "" && strings.Trim(value, "0123456789") == "" && strings.Trim(value, "0") != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n > maxLimit {
			return maxLimit, nil
		}
		return n, nil
	}
	return 0, badParam("limit", "须为正整数", "%q is not a whole number of 1 or more", value)
}

func parseOffset(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil || n > maxOffset {
		return 0, badParam("offset", "须为非负整数", "%q is not a whole number of 0 or more", value)
	}
	return int(n), nil
}

func parseBool(name, value string) (bool, error) {
	switch value {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, badParam(name, "须为 true 或 false", "%q is neither true nor false", value)
}

// parseBBox reads west,south,east,north, or six numbers with heights, which flat features ignore. A box whose west lies
// east of its east crosses the antimeridian and becomes two.
func parseBBox(value string) ([]orb.Bound, error) {
	parts := strings.Split(value, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return nil, badParam("bbox", "须为 4 个或 6 个数", "4 or 6 numbers are needed, not %d", len(parts))
	}
	n := make([]float64, len(parts))
	for i, part := range parts {
		part = strings.TrimSpace(part)
		f, err := strconv.ParseFloat(part, 64)
		if err != nil || math.IsInf(f, 0) || strings.Trim(part, "0123456789+-.eE") != "" { // no NaN, hexadecimals, underscores
			return nil, badParam("bbox", "不是数字", "%q is not a number", part)
		}
		n[i] = f
	}
	w, s, e, north := n[0], n[1], n[len(n)/2], n[len(n)/2+1]
	switch {
	case len(n) == 6 && n[2] > n[5]:
		return nil, badParam("bbox", "最低高度大于最高高度", "the lowest height is above the highest")
	case math.Abs(w) > 180 || math.Abs(e) > 180 || math.Abs(s) > 90 || math.Abs(north) > 90:
		return nil, badParam("bbox", "超出经纬度范围（经度 ±180，纬度 ±90）", "beyond longitude ±180 or latitude ±90: the order is west,south,east,north")
	case s > north:
		return nil, badParam("bbox", "南界高于北界", "its south lies north of its north: the order is west,south,east,north")
	case w > e:
		return []orb.Bound{{Min: orb.Point{w, s}, Max: orb.Point{180, north}}, {Min: orb.Point{-180, s}, Max: orb.Point{e, north}}}, nil
	}
	return []orb.Bound{{Min: orb.Point{w, s}, Max: orb.Point{e, north}}}, nil
}

// checkDatetime reads a time or an interval (RFC 3339, open ends as .. or nothing). No feature here has a time, and features
// without one match every time (/req/core/fc-time-response C).
func checkDatetime(value string) error {
	bad := badParam("datetime", "须为 RFC 3339 时间或区间", "%q is neither an RFC 3339 time nor an interval of two", value)
	from, to, interval := strings.Cut(value, "/")
	start, okStart := parseTime(from)
	end, okEnd := parseTime(to)
	switch {
	case !interval:
		if !okStart || start.IsZero() {
			return bad
		}
	case !okStart || !okEnd || (start.IsZero() && end.IsZero()):
		return bad
	case !start.IsZero() && !end.IsZero() && end.Before(start):
		return badParam("datetime", "区间的终点早于起点", "the interval ends before it begins")
	}
	return nil
}

// parseTime gives the zero time for an open end.
func parseTime(s string) (t time.Time, ok bool) {
	if s == "" || s == ".." {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	return t, err == nil
}

// parseFilter reads a cell's value as tables print it; 0.5 and 0.5000000 are the same decimal, and nothing is the unknown.
func parseFilter(c coverage.Column, value string) (filter, error) {
	if value == "" {
		return filter{value: coverage.Value{Null: true}}, nil
	}
	switch c.Type {
	case coverage.TextColumn:
		return filter{value: coverage.Value{Text: value}}, nil
	case coverage.BooleanColumn:
		b, err := parseBool(c.Name, value)
		if b {
			return filter{value: coverage.Value{Int: 1}}, err
		}
		return filter{}, err
	}
	decimals := 0
	if c.Type == coverage.DecimalColumn {
		decimals = c.Decimals
	}
	return parseNumber(c, value, decimals)
}

// parseNumber reads a number of a column with so many decimals, exactly; programs write small ones with an exponent (1e-7).
func parseNumber(c coverage.Column, value string, decimals int) (filter, error) {
	mantissa, power, scaled := strings.Cut(strings.ToLower(value), "e")
	exponent, err := strconv.Atoi(power)
	if !scaled {
		exponent, err = 0, nil
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	digits = whole + fraction
	if (err != nil && !errors.Is(err, strconv.ErrRange)) || strings.Trim(digits, "0123456789") != "" || whole == "" || (point && fraction == "") {
		return filter{}, badParam(c.Name, "须为数字", "%q is not a decimal number", value)
	}
	significant := strings.TrimRight(digits, "0")
	if strings.Trim(significant, "0") == "" {
		return filter{}, nil
	}
	if err != nil || exponent > 1000 || exponent < -1000 {
		return filter{never: true}, nil
	}
	zeros := exponent - len(fraction) + len(digits) - len(significant) + decimals // to write after the significant digits
	switch {
	case zeros < 0 && c.Type == coverage.IntegerColumn:
		return filter{}, badParam(c.Name, "须为整数", "%q is not a whole number", value)
	case zeros < 0 || zeros > 18:
		return filter{never: true}, nil
	}
	n, err := strconv.ParseInt(significant+strings.Repeat("0", zeros), 10, 64)
	if err != nil {
		return filter{never: true}, nil
	}
	if negative {
		n = -n
	}
	return filter{value: coverage.Value{Int: n}}, nil
}

func badParam(name, zh, en string, args ...any) error {
	e := coverage.Errorf(coverage.Invalid, "%s", en, args...)
	e.Text.Zh, e.Field = zh, name
	return e
}

func unknownParam(name string, known []string) error {
	known = slices.Clone(known)
	slices.Sort(known)
	e := coverage.Errorf(coverage.Invalid, "没有参数 %s", "there is no parameter %s", name)
	e.Field = name
	e.Hint = coverage.Text{Zh: "可用：" + strings.Join(known, "、"), En: "there are: " + strings.Join(known, ", ")}
	return e
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
