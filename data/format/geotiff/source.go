package geotiff

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/geo/crs"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// Field is the column of the cells' values, which is what demand is read from without being told.
const Field = "population"

// Options say what is wanted of a population grid.
type Options struct {
	Area     orb.MultiPolygon // study area in WGS 84 degrees: cells that it does not meet are left out; nil: none are
	Points   bool             // cells as points in their middles, instead of polygons
	Modelled bool             // it was said that the people are a model's: Info need not ask
}

// maxCells bounds the cells that are kept.
const maxCells = 4_000_000

// Units of values: people are held in billionths while they are summed, and given in thousandths.
const (
	billionths = 1e9
	perMilli   = 1_000_000 // billionths in a thousandth
	maxPeople  = 1_000_000_000
)

// Source gives a population grid as rows of demand, one for each cell with people, from the upper left to the lower right. A cell
// that the study area meets is kept whole: scoring cuts it by neighborhoods.
//
// The cells' people in thousandths add up to the sum of the raster's values, each rounded to 10⁻⁹, over the cells that are kept,
// rounded half up: each value is rounded down, and what is missing goes to the cells that lost most, in ties to the first. A cell
// thus differs from its value by less than one thousandth.
type Source struct {
	x       *Raster
	o       Options
	read    bool
	err     error
	cells   []cell
	at      int
	n       int
	tally   tally
	crs     *crs.CRS
	area    *overlay.Outline
	locator *measure.Locator
}

// cell is a cell with people.
type cell struct {
	column, row int32
	value       int64 // billionths; later thousandths
	why         trouble
	raw         float64
}

type trouble uint8

const (
	fine trouble = iota
	negative
	tooLarge
)

// tally counts the cells that give no row.
type tally struct {
	empty, zero, outside, tiny int
	below                      float64 // the negative value that must stand for no data, 0 if there is none
	belowCells                 int
}

// NewSource makes the rows of a raster; r stays the caller's to close. Values are read when the first row is asked for.
func NewSource(x *Raster, o Options) *Source { return &Source{x: x, o: o} }

// Info says what is known of the grid: Notes tell of the cells that give no row, once all rows are read.
func (s *Source) Info() intake.SourceInfo {
	info := intake.SourceInfo{Format: "geotiff", CRS: s.x.CRS, Fields: []string{Field}, Places: true, Unchecked: true}
	note := func(n int, code, zh, en string) {
		if n > 0 {
			info.Notes = append(info.Notes, intake.Finding{Code: code, Text: coverage.Text{Zh: fmt.Sprintf(zh, n), En: fmt.Sprintf(en, n)}})
		}
	}
	if !s.read {
		return info
	}
	t := &s.tally
	kept, people := s.total()
	note(kept, "grid_sum", "%d 个有人像元, 合计 "+people+" 人 (按最大余数法取到千分位, 合计不变)",
		"%d cells with people hold "+people+" in all (thousandths by largest remainder, which keeps the sum)")
	if !s.o.Modelled {
		note(kept, "grid_modelled", "%d 个像元的人口: 栅格人口通常是模型推算的; 若是, 加上 --modelled", "%d cells with people: those of a raster are a model's as a rule; if so, say --modelled")
	}
	note(t.empty, "no_data_cells", "%d 个像元无数据", "%d cells have no data")
	note(t.zero, "zero_cells", "%d 个像元为 0, 未成为需求", "%d cells hold 0 and are no demand")
	note(t.tiny, "tiny_cells", "%d 个像元不足千分之一人, 已并入合计", "%d cells hold under a thousandth of a person, which the sum keeps")
	note(t.belowCells, "negative_no_data", "%d 个像元为 "+number(t.below)+", 文件未声明无数据值, 按无数据处理",
		"%d cells hold "+number(t.below)+", which the file does not declare as no data, and were read as such")
	note(t.outside, "outside_area", "%d 个有人像元在研究范围之外, 未读入", "%d cells with people lie outside the study area and were left out")
	return info
}

// total counts the rows that are used, and adds up their people.
func (s *Source) total() (kept int, people string) {
	sum := int64(0)
	for _, c := range s.cells {
		if c.why == fine && c.value > 0 {
			kept++
			sum += c.value
		}
	}
	return kept, milli(sum)
}

// Next gives the next cell.
func (s *Source) Next() (intake.Row, error) {
	if !s.read && s.err == nil {
		if s.err = s.collect(); s.err == nil {
			s.read = true
			s.settle()
		}
	}
	if s.err != nil {
		return intake.Row{}, s.err
	}
	for s.at < len(s.cells) {
		c := s.cells[s.at]
		s.at++
		if c.why == fine && c.value == 0 {
			continue
		}
		s.n++
		return s.rowOf(c), nil
	}
	return intake.Row{}, io.EOF
}

func (s *Source) rowOf(c cell) intake.Row {
	row := intake.Row{N: s.n, Feature: geojson.Feature{HasID: true, ID: fmt.Sprintf("r%06d-c%06d", c.row, c.column)}}
	text := milli(c.value)
	switch c.why {
	case negative:
		text = number(c.raw)
		row.Refused = &intake.Finding{Code: "bad_measure", Text: coverage.Text{Zh: Field + ": " + text + " 是负数", En: Field + ": " + text + " is negative"}}
	case tooLarge:
		text = number(c.raw)
		row.Refused = &intake.Finding{Code: "bad_measure", Text: coverage.Text{Zh: Field + ": " + text + " 过大, 不像一个像元的人口", En: Field + ": " + text + " is too large for the people of one cell"}}
	default:
		row.Feature.Geometry = s.shape(c)
	}
	row.Feature.Properties = geojson.Properties{{Key: Field, Value: geojson.Value{Kind: geojson.Number, Text: text}}}
	return row
}

func (s *Source) shape(c cell) orb.Geometry {
	if s.o.Points {
		return s.x.Middle(int(c.column), int(c.row))
	}
	return s.x.Cell(int(c.column), int(c.row))
}

// collect reads the values of all cells that the study area meets.
func (s *Source) collect() error {
	if s.x.CRS == "" {
		return refused("文件没有给出坐标系", "the file names no CRS", "写入编号: gdal_translate -a_srs EPSG:4326 (确实为 WGS 84 时)",
			"write it into the file: gdal_translate -a_srs EPSG:4326, if it is WGS 84")
	}
	w, err := s.window()
	if err != nil {
		return err
	}
	return s.x.Rows(w, func(row int, values []float64) error {
		for k, v := range values {
			c := cell{column: int32(w.Left + k), row: int32(row), raw: v}
			switch {
			case s.x.IsNoData(v):
				s.tally.empty++
				continue
			case s.undeclared(v):
				s.tally.belowCells++
				continue
			case v == 0:
				s.tally.zero++
				continue
			}
			if !s.inArea(c) {
				s.tally.outside++
				continue
			}
			switch {
			case v < 0:
				c.why = negative
			case v > maxPeople:
				c.why = tooLarge
			default:
				c.value = int64(math.Round(v * billionths))
			}
			if len(s.cells) == maxCells {
				return refused(fmt.Sprintf("有人像元超过 %d 个", maxCells), fmt.Sprintf("more than %d cells have people", maxCells),
					"用研究范围裁剪, 或先用 gdalwarp -cutline 裁剪", "cut it to the study area, here or with gdalwarp -cutline")
			}
			s.cells = append(s.cells, c)
		}
		return nil
	})
}

// undeclared reports whether a value stands for no data in a file that declares none: the first negative whole number (−9999,
// −99999, −200, −3.4·10³⁸ …), which no number of people is.
func (s *Source) undeclared(v float64) bool {
	if s.x.NoData != nil || v > -1 || v != math.Trunc(v) {
		return false
	}
	if s.tally.below == 0 {
		s.tally.below = v
	}
	return v == s.tally.below
}

// window gives the cells around the study area, and prepares the question whether it meets a cell.
func (s *Source) window() (Window, error) {
	if s.o.Area == nil {
		return s.x.All(), nil
	}
	s.area = overlay.NewOutline(s.o.Area)
	s.locator = measure.NewLocator(s.o.Area)
	system, err := crs.Parse(s.x.CRS)
	if err != nil {
		return Window{}, refused("坐标系 "+s.x.CRS+" 不支持", "the CRS "+s.x.CRS+" is not read", "转换: gdalwarp -t_srs EPSG:4326 (合计会略变)", "convert it: gdalwarp -t_srs EPSG:4326, which changes the sum a little")
	}
	if s.crs = &system; !system.Identity() {
		return s.x.All(), nil
	}
	b := s.o.Area.Bound()
	columns := func(lon float64) int { return clampInt(math.Floor((lon-s.x.Origin[0])/s.x.Scale[0]), s.x.Width) }
	rows := func(lat float64) int { return clampInt(math.Floor((s.x.Origin[1]-lat)/s.x.Scale[1]), s.x.Height) }
	// one more on each side, since a quotient may be rounded across a border
	return s.x.within(Window{columns(b.Min[0]) - 1, rows(b.Max[1]) - 1, columns(b.Max[0]) + 2, rows(b.Min[1]) + 2}), nil
}

func clampInt(v float64, most int) int { return int(max(-2, min(v, float64(most)+2))) }

// inArea reports whether the study area meets a cell, or holds its point.
func (s *Source) inArea(c cell) bool {
	if s.o.Area == nil {
		return true
	}
	g, err := s.crs.Geometry(s.shape(c))
	if err != nil {
		return false
	}
	if p, ok := g.(orb.Point); ok {
		return s.locator.Locate(p) != measure.Outside
	}
	b := g.Bound()
	if !b.Intersects(s.area.Bound()) {
		return false
	}
	return s.locator.Locate(b.Center()) == measure.Inside || s.area.Meets(overlay.NewOutline(g))
}

// settle turns billionths into thousandths without changing the sum.
func (s *Source) settle() {
	var high, low, carry uint64
	order := make([]int32, 0, len(s.cells))
	for i := range s.cells {
		if s.cells[i].why == fine {
			low, carry = bits.Add64(low, uint64(s.cells[i].value), 0)
			high += carry
			order = append(order, int32(i))
		}
	}
	low, carry = bits.Add64(low, perMilli/2, 0)
	high += carry
	sum, _ := bits.Div64(high, low, perMilli) // high < perMilli: 4 million cells of 10¹⁸
	rest := make([]int32, len(s.cells))
	for _, i := range order {
		c := &s.cells[i]
		rest[i] = int32(c.value % perMilli)
		c.value /= perMilli
		sum -= uint64(c.value)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(rest[b], rest[a]), cmp.Compare(a, b)) })
	for _, i := range order[:sum] {
		s.cells[i].value++
	}
	for _, i := range order {
		if s.cells[i].value == 0 {
			s.tally.tiny++
		}
	}
}

// milli writes thousandths as a decimal.
func milli(n int64) string {
	text := fmt.Sprintf("%d.%03d", n/1000, n%1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

var _ intake.Source = (*Source)(nil)
