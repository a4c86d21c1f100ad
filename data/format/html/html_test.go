package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
	page "lifecircle/data/format/html"
)

func tx(zh, en string) report.Text { return report.Text{Zh: zh, En: en} }

func same(s string) report.Text { return report.Text{Zh: s, En: s} }

// hostile are names that other people's files have had, or could have.
var hostile = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</style><script>alert(2)</script>", "</title>&lt;b&gt;'quoted'", strings.Repeat("很长的社区名称", 29)[:600], strings.Repeat("Llanfairpwllgwyngyll", 10),
	"مجاورة المدينة القديمة", "กรุงเทพมหานคร อมรรัตนโกสินทร์", "नई दिल्ली", strings.Repeat("Z̵̢̧̛̺͖̖̘̞̱̓́͑̀̌͝", 8), "👨‍👩‍👧‍👦🏘️🇨🇳", "a\x00b\x1b[31mc\u202eevil", "\xff\xfe broken", "", "=cmd|' /C calc'!A0",
}

// block is a neighborhood of a made town, n to a row.
func block(i, n int) orb.MultiPolygon {
	x, y := 106.5+0.004*float64(i%n), 29.5+0.004*float64(i/n)
	var r orb.Ring
	for k := range 80 { // sides of twenty places each
		t, a := float64(k%20)/20*0.004, float64(k%2)*0.00003
		r = append(r, [4]orb.Point{{x + t, y + a}, {x + 0.004 + a, y + t}, {x + 0.004 - t, y + 0.004 + a}, {x + a, y + 0.004 - t}}[k/20])
	}
	return orb.MultiPolygon{{append(r, r[0])}}
}

var notes = []report.Text{tx("分母：常住人口；口径：半径；目录：某目录（暂定）；可信度：A* 转引、C 项目默认。", "Denominator: population; basis: radius; catalog: a catalog (provisional); confidence: A* restated, C project default."), tx("假定数据完整", "Assumed complete")}

var verdicts = []report.Tone{report.ToneMet, report.ToneFar, report.ToneNear, report.ToneNotDetected, report.ToneNotAssessed, report.ToneMet, report.ToneMet}

// town makes a report of n neighborhoods by k requirements with every kind of block and plot.
func town(n, k int, name func(i int) string) *report.Report {
	wide := 1
	for wide*wide < n {
		wide++
	}
	base := &report.Base{}
	for i := range n {
		base.Shapes = append(base.Shapes, report.Shape{ID: fmt.Sprintf("u%05d", i), Name: name(i), Geometry: block(i, wide)})
	}
	if n > 4 {
		base.Borders = []orb.MultiPolygon{{{{{106.5, 29.5}, {106.51, 29.5}, {106.51, 29.51}, {106.5, 29.51}, {106.5, 29.5}}}}}
	}
	legend := []report.Legend{{Tone: report.ToneMet, Words: tx("达标", "met")}, {Tone: report.ToneFar, Words: tx("未达标", "unmet")}, {Tone: report.ToneNotDetected, Hatch: true, Words: tx("未检出", "not detected")}}
	credits := []string{"© OpenStreetMap contributors, ODbL 1.0"}
	tones := func(shift int) []report.Tone {
		out := make([]report.Tone, n)
		for i := range out {
			out[i] = verdicts[(i*5+i/7+shift)%len(verdicts)]
		}
		return out
	}
	city := &report.Map{Base: base, Fill: tones(0), Labels: n <= 80, Legend: legend, Credits: credits}
	for i := range min(n, 500) {
		r := block(i, wide)[0][0]
		city.Overlays = append(city.Overlays, report.Overlay{Geometry: orb.MultiPolygon{{append(r[10:40:40], r[10])}}, Tone: report.ToneGap})
	}
	panels := &report.Multiples{Legend: legend, Credits: credits}
	matrix := &report.Table{Key: "matrix", Caption: tx("评价单元与要求对照表", "Neighborhoods by requirements"), Notes: notes, Columns: []report.Column{{Key: "name", Title: tx("评价单元", "neighborhood"), Width: 24},
		{Key: "score", Title: tx("得分", "score"), Kind: report.KindScore, Scale: 9, Decimals: 1}, {Key: "people", Title: tx("人口", "people"), Kind: report.KindNumber, Scale: 3}, {Key: "share", Title: tx("完整度", "completeness"), Kind: report.KindPercent, Scale: 6}}}
	for r := range k {
		panels.Maps = append(panels.Maps, &report.Map{Base: base, Small: true, Fill: tones(r), Title: tx(fmt.Sprintf("要求 %d：社区卫生服务站", r+1), fmt.Sprintf("Requirement %d: clinic", r+1))})
		c := report.Column{Key: fmt.Sprintf("r%d", r), Title: tx(fmt.Sprintf("卫生服务站 %d", r+1), fmt.Sprintf("Health station %d", r+1)), Kind: report.KindVerdict}
		if r < 4 {
			c.Group = tx("五分钟圈", "5-minute tier")
		}
		matrix.Columns = append(matrix.Columns, c)
	}
	bars := &report.Bars{Full: 100_000_000_000, Scale: 9, Unit: tx("得分", "score"), Lines: []report.Line{{At: 60_000_000_000, Words: same("C")}, {At: 85_000_000_000, Words: same("B")}}}
	intervals := &report.Intervals{Legend: legend}
	for i := range n {
		score := int64(i*7919%100_000) * 1_000_000
		row := []report.Cell{{Text: same(name(i))}, {Num: score, Tone: report.ToneScore0 + report.Tone(score/20_000_000_001)}, {Num: int64(i) * 1_234_567}, {Num: 999_999, Null: i%9 == 8}}
		for r := range k {
			tone := verdicts[(i*5+i/7+r)%len(verdicts)]
			row = append(row, report.Cell{Text: tx(fmt.Sprintf("未 %d%%", (i+r)%100), fmt.Sprintf("unmet %d%%", (i+r)%100)), Tone: tone})
		}
		matrix.Rows = append(matrix.Rows, row)
		if i < 30 {
			bars.Rows = append(bars.Rows, report.Bar{Label: same(name(i)), Value: score, Max: min(100_000_000_000, score+5_000_000_000), Null: i == 3, Tone: report.ToneScore2, Words: same(fmt.Sprintf("%d", score/1e9))})
			intervals.Rows = append(intervals.Rows, report.Interval{Label: same(name(i)), Covered: int64(i) * 30_000, Undetermined: 50_000, Uncovered: 950_000 - int64(i)*30_000, PassLine: 800_000, Tone: verdicts[i%5], Words: same("30%")})
		}
	}
	ranked := &report.Table{Key: "scores", Caption: tx("得分", "Scores"), PageRows: 40, Columns: matrix.Columns[:3], Rows: matrix.Rows}
	behind := &report.Table{Key: "distribution", Caption: tx("得分分布", "Distribution"), Columns: []report.Column{{Key: "class", Title: tx("得分", "score")}, {Key: "n", Title: tx("单元", "neighborhoods"), Kind: report.KindNumber}}, Rows: [][]report.Cell{{{Text: same("0–20")}, {Num: int64(n)}}}}
	desc := tx("地图按结论着色。", "Neighborhoods are coloured by verdict.")
	return &report.Report{
		Area: report.Area{Name: same(name(0))}, Title: tx(name(1)+" 15 分钟生活圈评估报告", "15-minute service circles: "+name(1)),
		Facts: []report.Fact{{Key: "area", Name: tx("范围", "area"), Value: same(name(2))}, {Key: "run", Name: tx("评估", "run"), Value: same("0123456789ab")}},
		Marks: []coverage.Mark{{Code: "assumed_complete", Text: tx("假定数据完整：图层里没有的设施视为不存在", "assumed complete: what a layer does not hold is taken as not there")}, {Code: "x", Text: same(name(3))}},
		Sections: []report.Section{
			{Key: "overview", Title: tx("概况", "Overview"), Blocks: []report.Block{&report.Paragraph{Text: tx("共若干评价单元。", "Some neighborhoods.")}, &report.Paragraph{Text: same(name(4)), Mark: true}, &report.Paragraph{Text: tx("第二条说明。", "A second mark."), Mark: true}, ranked}},
			{Key: "maps", Title: tx("地图", "Maps"), Blocks: []report.Block{&report.Figure{Key: "map", Caption: tx("总图", "Overall map"), Desc: desc, Notes: notes, Plot: city, Table: "matrix"},
				&report.Figure{Key: "panels", Caption: tx("各项要求", "By requirement"), Desc: desc, Notes: notes, Plot: panels, Table: "wide"}}},
			{Key: "charts", Title: tx("图表", "Charts"), Blocks: []report.Block{&report.Figure{Key: "bars", Caption: tx("排名", "Ranking"), Desc: desc, Plot: bars, Table: "scores"}, &report.Figure{Key: "intervals", Caption: tx("区间", "Intervals"), Desc: desc, Plot: intervals, Table: "scores"},
				&report.Figure{Key: "histogram", Caption: same(name(5)), Desc: same(name(0)), Plot: &report.Histogram{Bins: []report.Bin{{Words: same("0–20"), Count: n, Tone: report.ToneScore0}}, Unit: tx("得分", "score"), Counts: tx("单元", "neighborhoods")}, Data: behind}}},
			{Key: "matrix", Title: tx("对照表", "Matrix"), Blocks: []report.Block{matrix, &report.Table{Key: "wide", Caption: tx("宽表", "The wide table"), SheetOnly: true}}},
			{Key: "none", Title: tx("空章", "Nothing"), Blocks: nil},
			{Key: "empty", Title: same(name(0)), Blocks: []report.Block{&report.Table{Key: "empty", Caption: tx("空表", "Empty"), Columns: matrix.Columns[:2]}, &report.Figure{Key: "void", Caption: tx("空图", "Void"), Plot: &report.Map{Base: &report.Base{}}},
				&report.Figure{Key: "void", Caption: tx("空图", "Void"), Plot: &report.Bars{}}, &report.Table{Key: "empty", Caption: tx("无列", "No columns")}}},
		},
		Credits: append(credits, name(1)),
	}
}

func plain(i int) string {
	return []string{"江北嘴社区", "石马河街道玉带山社区", "Puerto Canteras"}[i%3]
}

func odd(i int) string { return hostile[i%len(hostile)] }

func write(t testing.TB, r *report.Report, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := (page.Options{Other: "report.other.html"}).Write(&b, r, lang); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// All that a page says as text: without its style sheet and tags.
func textOf(s string) string {
	s = s[strings.Index(s, "</style>"):]
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, "\n"))
}

// Figures and tables are numbered in the order in which they stand, and what a page leaves out it says.
func TestPageSaysWhatItHas(t *testing.T) {
	r := town(50, 6, plain)
	zh, en := write(t, r, "zh"), write(t, r, "en")
	for _, want := range []string{"图 1　总图", "图 2　各项要求", "图 5　Puerto Canteras", "表 1　得分", "表 2　评价单元与要求对照表", "一、概况", "六、", "注：分母：常住人口", "只列前 40 行，共 50 行；其余 10 行", "宽表", "没有数据行", "本章没有内容", "无数据可绘",
		"审图号：", "假定数据完整：图层里没有的设施视为不存在", "60,494", "99%", "–", "© OpenStreetMap contributors, ODbL 1.0", "五分钟圈", "English"} {
		if !strings.Contains(textOf(zh), want) && !strings.Contains(strings.ReplaceAll(textOf(zh), "\n", ""), want) {
			t.Errorf("the Chinese page does not say %q", want)
		}
	}
	for _, want := range []string{"Figure 1  Overall map", "Table 2  Neighborhoods by requirements", "1. Overview", "Note: Denominator: population", "The first 40 of 50 rows are listed; the other 10 stand in the workbook", "The wide table", "no rows",
		"There is nothing in this chapter.", "Nothing to show", "Map approval no.:", "assumed complete", "5-minute tier", "中文"} {
		if s := textOf(en); !strings.Contains(s, want) && !strings.Contains(strings.ReplaceAll(s, "\n", ""), want) {
			t.Errorf("the English page does not say %q", want)
		}
	}
	if !strings.Contains(zh, `<html lang="zh-CN">`) || !strings.Contains(en, `<html lang="en">`) || !strings.Contains(en, `href="report.other.html" hreflang="zh-CN"`) {
		t.Error("languages are not said")
	}
	if strings.Count(zh, `class="mark"`) != 1 {
		t.Error("marks that follow each other do not share a box")
	}
	var b bytes.Buffer
	if err := page.Write(&b, r, "zh"); err != nil || strings.Contains(b.String(), "hreflang") {
		t.Errorf("a link to a page that is not there: %v", err)
	}
}

// Every row of a table is in the page, each with its figures as the report shows them, also where the table is broken into parts.
func TestTablesAreComplete(t *testing.T) {
	r := town(30, 24, plain)
	s := write(t, r, "zh")
	for _, i := range []int{0, 7, 29} {
		matrix := r.Sections[3].Blocks[0].(*report.Table)
		for c, cell := range matrix.Rows[i] {
			if want := matrix.Columns[c].Show(cell, "zh"); !strings.Contains(s, ">"+want+"</td>") && !strings.Contains(s, ">"+want+"</th>") {
				t.Errorf("row %d, column %d: %q is missing", i, c, want)
			}
		}
	}
	parts := regexp.MustCompile(`(?s)<caption>表 2.*?</table>`).FindAllString(s, -1)
	cells := 0
	for _, p := range parts {
		rows := strings.Count(p, "<tr>") - 2 // grouped headings have two lines, others one
		if !strings.Contains(p, "colgroup\"") {
			rows++
		}
		if rows != 30 {
			t.Errorf("a part has %d rows", rows)
		}
		cells += strings.Count(p, "<td")
	}
	if want := 30 * 27; cells != want || len(parts) < 2 {
		t.Errorf("%d parts have %d cells, not %d", len(parts), cells, want)
	}
}

// A page links to what it has, ids are its own, and nothing runs, whatever places are called.
func TestPageIsInert(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		for name, of := range map[string]func(int) string{"plain": plain, "hostile": odd} {
			s := write(t, town(40, 5, of), lang)
			ids := map[string]bool{}
			for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(s, -1) {
				if ids[m[1]] {
					t.Errorf("%s: id %q twice", name, m[1])
				}
				ids[m[1]] = true
			}
			for _, m := range regexp.MustCompile(` (?:href|aria-labelledby)="([^"]*)"`).FindAllStringSubmatch(s, -1) {
				for _, target := range strings.Fields(m[1]) {
					if target = strings.TrimPrefix(target, "#"); !ids[target] && target != "report.other.html" {
						t.Errorf("%s: nothing is called %q", name, target)
					}
				}
			}
			tags := map[string]bool{}
			for _, m := range regexp.MustCompile(`<([a-zA-Z!]+)`).FindAllStringSubmatch(s, -1) {
				tags[strings.ToLower(m[1])] = true
			}
			for _, bad := range []string{"script", "img", "link", "iframe", "object", "form", "b"} {
				if tags[bad] {
					t.Errorf("%s: element %s", name, bad)
				}
			}
			for _, bad := range []string{"\x00", "\x1b", "\u202e", "javascript:", "url(http", "@import"} {
				if strings.Contains(s, bad) {
					t.Errorf("%s: %q", name, bad)
				}
			}
			if strings.Count(s, "<style>") != 1 || strings.Count(s, "</style>") != 1 || strings.Contains(s, " style=") {
				t.Errorf("%s: more than one style sheet", name)
			}
			css := s[strings.Index(s, "<style>")+7 : strings.Index(s, "</style>")]
			sum := sha256.Sum256([]byte(css))
			if !strings.Contains(s, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.Contains(s, "default-src 'none'") {
				t.Errorf("%s: the policy does not admit the style sheet, or too much", name)
			}
			if again := write(t, town(40, 5, of), lang); again != s {
				t.Errorf("%s: the same report gives other bytes", name)
			}
		}
	}
}

// Headings of every table say what they head, and every table and figure has a caption.
func TestPageIsAccessible(t *testing.T) {
	s := write(t, town(12, 5, plain), "en")
	for _, table := range regexp.MustCompile(`(?s)<table.*?</table>`).FindAllString(s, -1) {
		if !strings.Contains(table, "<caption>") || (strings.Contains(table, "<th>") || strings.Contains(table, "<th ")) && strings.Count(table, "<th ") != strings.Count(table, `scope="`) {
			t.Errorf("no caption, or headings without a scope: %.300s", table)
		}
	}
	for _, f := range regexp.MustCompile(`(?s)<figure.*?</figure>`).FindAllString(s, -1) {
		for _, want := range []string{"<figcaption>", `role="img"`, "<title "} {
			if !strings.Contains(f, want) {
				t.Errorf("no %s: %.200s", want, f)
			}
		}
	}
	last := 0
	for _, m := range regexp.MustCompile(`<h(\d)`).FindAllStringSubmatch(s, -1) {
		if level := int(m[1][0] - '0'); level > last+1 {
			t.Errorf("a heading of level %d under one of %d", level, last)
		} else {
			last = level
		}
	}
	for _, want := range []string{"<header>", "<nav ", "<main ", "<footer>", `class="skip" href="#main"`} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s", want)
		}
	}
}

// The page of a district stays small, that of the largest city can still be opened.
func TestPageIsBounded(t *testing.T) {
	for _, c := range []struct{ n, k, most int }{{300, 20, 5_000_000}, {11270, 20, 16_000_000}} {
		if c.n > 1000 && testing.Short() {
			continue
		}
		s := write(t, town(c.n, c.k, plain), "zh")
		t.Logf("%d × %d: %d bytes", c.n, c.k, len(s))
		if len(s) > c.most {
			t.Errorf("%d × %d: %d bytes", c.n, c.k, len(s))
		}
		if n := strings.Count(s, "<tr>"); n > 20_000 {
			t.Errorf("%d rows", n)
		}
	}
}

type broken struct{}

var errBroken = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// A full disk is said.
func TestWriteSaysErrors(t *testing.T) {
	if err := page.Write(broken{}, town(2, 1, plain), "zh"); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{30, 300, 11270} {
		r := town(n, 20, plain)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = len(write(b, r, "zh"))
			}
			b.ReportMetric(float64(size), "html-bytes")
		})
	}
}

// A verdict's colour is in the style sheet, also one that is new in the report.
func TestEveryToneHasALook(t *testing.T) {
	s := write(t, town(1, 1, plain), "zh")
	for tone := report.ToneNone + 1; tone.Hex() != ""; tone++ {
		if !strings.Contains(s, fmt.Sprintf(".x%d{background-color:#%s", tone, tone.Hex())) {
			t.Errorf("tone %d has no look", tone)
		}
		if tone == report.ToneMark {
			break
		}
	}
}
