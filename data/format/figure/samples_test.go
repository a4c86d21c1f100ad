package figure_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage/report"
)

func tx(zh, en string) report.Text { return report.Text{Zh: zh, En: en} }

func same(s string) report.Text { return report.Text{Zh: s, En: s} }

// hostile are names that other people's files have had, or could have.
var hostile = []string{
	"<script>alert(1)</script>", `"><svg onload=alert(1)>`, "Barrio 'de' \"San\" José & Co.", strings.Repeat("很长的社区名称", 29)[:600], strings.Repeat("Llanfairpwllgwyngyll", 10),
	"مجاورة المدينة القديمة الشمالية", "שכונת הדקל", "กรุงเทพมหานคร อมรรัตนโกสินทร์", "नई दिल्ली नगरपालिका", strings.Repeat("Z̵̢̧̛̺͖̖̘̞̱̓́͑̀̌͝", 8), "👨‍👩‍👧‍👦🏘️🇨🇳🇪🇸👍🏽", "a\x00b\x1b[31mc\u202eevil\u2066x", "﷽﷽﷽", "\xff\xfe broken", "  ", "=cmd|' /C calc'!A0",
}

// town is a base of n × m blocks whose borders waver, its parents' border down the middle.
func town(n, m int, names func(i int) string) *report.Base {
	const lon, lat, step = 106.5, 29.5, 0.004
	corner := func(x, y int) orb.Point {
		k := float64((x*7919+y*104729)%97) / 97
		return orb.Point{lon + step*(float64(x)+0.5*(k-0.5)), lat + step*0.9*(float64(y)+0.5*(math.Mod(k*31, 1)-0.5))}
	}
	// A side wavers in the same way whichever shape walks it.
	side := func(a, b orb.Point) []orb.Point {
		turned := a[0] > b[0] || (a[0] == b[0] && a[1] > b[1])
		if turned {
			a, b = b, a
		}
		var out []orb.Point
		for i := range 40 {
			t := float64(i) / 40
			w := 0.00012 * math.Sin(t*12*math.Pi) * math.Sin(t*math.Pi)
			out = append(out, orb.Point{a[0] + t*(b[0]-a[0]) - w*(b[1]-a[1])/step, a[1] + t*(b[1]-a[1]) + w*(b[0]-a[0])/step})
		}
		out = append(out, b)
		if turned {
			for i, k := 0, len(out)-1; i < k; i, k = i+1, k-1 {
				out[i], out[k] = out[k], out[i]
			}
		}
		return out[:len(out)-1]
	}
	ring := func(x0, y0, x1, y1 int) orb.Ring {
		var r orb.Ring
		for x := x0; x < x1; x++ {
			r = append(r, side(corner(x, y0), corner(x+1, y0))...)
		}
		for y := y0; y < y1; y++ {
			r = append(r, side(corner(x1, y), corner(x1, y+1))...)
		}
		for x := x1; x > x0; x-- {
			r = append(r, side(corner(x, y1), corner(x-1, y1))...)
		}
		for y := y1; y > y0; y-- {
			r = append(r, side(corner(x0, y), corner(x0, y-1))...)
		}
		return append(r, r[0])
	}
	b := &report.Base{}
	for y := range m {
		for x := range n {
			i := y*n + x
			b.Shapes = append(b.Shapes, report.Shape{ID: fmt.Sprintf("u%03d", i), Name: names(i), Geometry: orb.MultiPolygon{{ring(x, y, x+1, y+1)}}})
		}
	}
	half := (n + 1) / 2
	b.Borders = []orb.MultiPolygon{{{ring(0, 0, half, m)}}}
	if half < n {
		b.Borders = append(b.Borders, orb.MultiPolygon{{ring(half, 0, n, m)}})
	}
	b.Bound = b.Borders[0].Bound()
	for _, m := range b.Borders {
		b.Bound = b.Bound.Union(m.Bound())
	}
	return b
}

var scoreLegend = []report.Legend{
	{Tone: report.ToneScore4, Words: tx("80–100 分", "80–100 points")}, {Tone: report.ToneScore3, Words: tx("60–80 分", "60–80 points")}, {Tone: report.ToneScore2, Words: tx("40–60 分", "40–60 points")},
	{Tone: report.ToneScore1, Words: tx("20–40 分", "20–40 points")}, {Tone: report.ToneScore0, Words: tx("0–20 分", "0–20 points")},
	{Tone: report.ToneNotAssessed, Words: tx("未评估：无图层、分母或限值", "Not assessed: no layer, denominator or limit")}, {Tone: report.ToneScore2, Hatch: true, Words: tx("得分为区间：图层不足以判断", "Score is an interval: layers too thin")},
}

var verdictLegend = []report.Legend{
	{Tone: report.ToneMet, Words: tx("达标", "Met")}, {Tone: report.ToneNear, Words: tx("未达标，已达标准的四分之三", "Unmet, at least three quarters of the line")}, {Tone: report.ToneFar, Words: tx("未达标", "Unmet")},
	{Tone: report.ToneNotDetected, Words: tx("未检出", "Not detected")}, {Tone: report.ToneNotAssessed, Words: tx("未评估", "Not assessed")},
}

var credits = []string{"© OpenStreetMap contributors, ODbL 1.0", "GHS-POP R2023A, European Commission, CC BY 4.0", "某区民政局 2025 年社区边界"}

func fill(n int, tones ...report.Tone) []report.Tone {
	out := make([]report.Tone, n)
	for i := range out {
		out[i] = tones[(i*i+3*i/2)%len(tones)]
	}
	return out
}

var scores = []report.Tone{report.ToneScore4, report.ToneScore3, report.ToneScore2, report.ToneScore1, report.ToneScore0, report.ToneNotAssessed, report.ToneScore3}

var verdicts = []report.Tone{report.ToneMet, report.ToneFar, report.ToneMet, report.ToneNear, report.ToneNotDetected, report.ToneNotAssessed}

func plainName(i int) string {
	return []string{"江北嘴社区", "石马河街道玉带山社区", "观音桥", "Puerto Canteras", "大石坝", "五里店"}[i%6]
}

func figureOf(p report.Plot) *report.Figure {
	return &report.Figure{Key: "f", Caption: tx("江北区社区综合得分分布图", "Scores of the neighborhoods of Jiangbei"), Desc: tx("每个社区按得分着色。", "Each neighborhood is coloured by its score."), Plot: p}
}

// square is a box of metres' size around a place.
func square(lon, lat, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{lon, lat}, {lon + size, lat}, {lon + size, lat + size}, {lon, lat + size}, {lon, lat}}}}
}

func cityMap(b *report.Base) *report.Map {
	m := &report.Map{Base: b, Fill: fill(len(b.Shapes), scores...), Hatch: make([]bool, len(b.Shapes)), Labels: true, Legend: scoreLegend, Credits: credits}
	for i := range m.Hatch {
		m.Hatch[i] = i%5 == 2
	}
	return m
}

func gapMap(b *report.Base) *report.Map {
	m := &report.Map{Base: b, Fill: fill(len(b.Shapes), report.ToneNone), Labels: true, Credits: credits,
		Legend: []report.Legend{{Tone: report.ToneGap, Words: tx("盲区：确在限值之外", "Gap: certainly beyond the limit")}, {Tone: report.ToneUndetermined, Words: tx("不能确定", "Undetermined")}}}
	for i := range 60 {
		t := report.ToneGap
		if i%3 == 0 {
			t = report.ToneUndetermined
		}
		x := b.Bound.Min[0] + (b.Bound.Max[0]-b.Bound.Min[0])*float64(i*37%60)/60
		y := b.Bound.Min[1] + (b.Bound.Max[1]-b.Bound.Min[1])*float64(i*23%60)/60
		m.Overlays = append(m.Overlays, report.Overlay{Geometry: square(x, y, 0.0000001+0.0001*float64(i%17)), Tone: t})
	}
	return m
}

func multiples(b *report.Base, n int) *report.Multiples {
	p := &report.Multiples{Legend: verdictLegend, Credits: credits}
	for i := range n {
		m := &report.Map{Base: b, Small: true, Fill: fill(len(b.Shapes), append(verdicts[i%6:], verdicts[:i%6]...)...), Title: tx(fmt.Sprintf("%d 社区卫生服务中心（15 分钟）", i+1), fmt.Sprintf("%d Community health centre, 15 min", i+1))}
		if i == 1 {
			m.Title = tx("幼儿园或托育机构、社区食堂或老年助餐点（五分钟圈）任一", "Kindergarten or nursery, community canteen or meal point for the elderly, any of them (5 min)")
		}
		p.Maps = append(p.Maps, m)
	}
	return p
}

func ranking(n int, name func(i int) string) *report.Bars {
	b := &report.Bars{Full: 10000, Scale: 2, Unit: tx("综合得分（分）", "score (points)"),
		Lines:  []report.Line{{At: 6000, Words: tx("合格 60", "pass 60")}, {At: 8500, Words: tx("优良 85", "good 85")}, {At: 9000, Words: tx("示范 90", "model 90")}},
		Legend: []report.Legend{{Tone: report.ToneScore4, Words: tx("80–100 分", "80–100 points")}, {Tone: report.ToneScore1, Hatch: true, Words: tx("斜线：图层不足，至多如此", "hatched: layers too thin, at most so")}}}
	for i := range n {
		v := int64(9700 - i*9000/max(n, 1))
		r := report.Bar{Label: same(name(i)), Value: v, Max: min(10000, v+int64(i%4)*400), Tone: scores[min(4, int(4-v/2001))], Words: tx(fmt.Sprintf("%d.%02d 分", v/100, v%100), fmt.Sprintf("%d.%02d", v/100, v%100))}
		if i%9 == 7 {
			r = report.Bar{Label: r.Label, Null: true}
		}
		b.Rows = append(b.Rows, r)
	}
	return b
}

func intervals(n int, name func(i int) string) *report.Intervals {
	p := &report.Intervals{Legend: []report.Legend{{Tone: report.ToneCovered, Words: tx("已覆盖", "covered")}, {Tone: report.ToneUndetermined, Words: tx("不能确定", "undetermined")}, {Tone: report.ToneGap, Words: tx("未覆盖", "uncovered")}}}
	for i := range n {
		c := int64(i*137%100) * 9000
		u := int64(i%4) * 25000
		r := report.Interval{Label: same(name(i)), Covered: c, Undetermined: u, Uncovered: 1e6 - c - u, PassLine: 800000, Tone: verdicts[i%6], Words: tx(fmt.Sprintf("%d%%–%d%%", c/10000, (c+u)/10000), "")}
		if i%7 == 6 {
			r = report.Interval{Label: r.Label, Null: true, Words: tx("未评估：没有该类设施图层", "not assessed: no layer lists the service"), Tone: report.ToneNotAssessed}
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

func histogram(n int) *report.Histogram {
	h := &report.Histogram{Unit: tx("综合得分（分）", "score (points)"), Counts: tx("社区数（个）", "neighborhoods")}
	for i := range n {
		h.Bins = append(h.Bins, report.Bin{Words: same(fmt.Sprintf("%d–%d", i*100/n, (i+1)*100/n)), Count: (i*i*7)%23 + i*300*(i%2), Tone: scores[min(4, 4-i*5/n)]})
	}
	return h
}

// samples has every kind of plot: as it should be, hostile, and empty.
func samples() map[string]*report.Figure {
	odd := func(i int) string { return hostile[i%len(hostile)] }
	city := town(6, 5, plainName)
	tiny := town(3, 2, plainName)
	tiny.Shapes = append(tiny.Shapes, report.Shape{ID: "dot", Name: "点", Geometry: square(106.506, 29.5035, 1e-7)}, report.Shape{ID: "none", Name: "无"})
	one := &report.Base{Shapes: []report.Shape{{ID: "u", Name: "唯一社区", Geometry: square(106.5, 29.5, 0.01)}}}
	flat := &report.Base{Shapes: []report.Shape{{ID: "u", Name: "一点", Geometry: orb.MultiPolygon{{{{106.5, 29.5}, {106.5, 29.5}, {106.5, 29.5}, {106.5, 29.5}}}}}}}
	wild := &report.Base{Shapes: []report.Shape{{ID: "u", Name: "x", Geometry: orb.MultiPolygon{{{{math.NaN(), 29.5}, {106.5, math.Inf(1)}, {106.6, 29.6}, {math.NaN(), 29.5}}}}}, {ID: "v", Name: "好", Geometry: square(106.5, 29.5, 0.01)}}}
	unknown := cityMap(city)
	unknown.Fill = fill(len(city.Shapes), report.ToneNotAssessed)
	hostileMap := cityMap(town(5, 5, odd))
	hostileMap.Legend = append([]report.Legend{{Tone: report.ToneScore0, Words: same(hostile[4])}, {Tone: report.ToneScore1, Words: same(hostile[0])}}, scoreLegend...)
	hostileMap.Credits = hostile
	hostileFigure := figureOf(hostileMap)
	hostileFigure.Caption, hostileFigure.Desc = same(hostile[0]), same(hostile[1])
	m := multiples(town(4, 4, odd), 5)
	for i, panel := range m.Maps {
		panel.Title = same(hostile[i])
	}
	wide := town(12, 3, plainName)
	marked := ranking(12, odd)
	for i := range 7 {
		marked.Lines = append(marked.Lines, report.Line{At: int64(6000 + i*130), Words: same(hostile[i])})
	}
	return map[string]*report.Figure{
		"map": figureOf(cityMap(city)), "map_wide": figureOf(cityMap(wide)), "map_tall": figureOf(cityMap(town(3, 8, plainName))), "map_gaps": figureOf(gapMap(city)), "map_hostile": hostileFigure, "map_unknown": figureOf(unknown),
		"map_dot": figureOf(cityMap(tiny)), "map_one": figureOf(cityMap(one)), "map_flat": figureOf(cityMap(flat)), "map_wild": figureOf(cityMap(wild)), "map_empty": figureOf(&report.Map{Base: &report.Base{}}),
		"multiples": figureOf(multiples(city, 18)), "multiples_hostile": figureOf(m), "multiples_wide": figureOf(multiples(wide, 3)), "multiples_empty": figureOf(&report.Multiples{}), "multiples_many": figureOf(multiples(tiny, 200)),
		"bars": figureOf(ranking(20, plainName)), "bars_hostile": figureOf(marked), "bars_many": figureOf(ranking(300, plainName)), "bars_empty": figureOf(&report.Bars{}), "bars_zero": figureOf(&report.Bars{Rows: []report.Bar{{Label: same("零")}}}),
		"intervals": figureOf(intervals(20, plainName)), "intervals_hostile": figureOf(intervals(16, odd)), "intervals_empty": figureOf(&report.Intervals{}),
		"histogram": figureOf(histogram(10)), "histogram_many": figureOf(histogram(60)), "histogram_zero": figureOf(&report.Histogram{Bins: []report.Bin{{Words: same("0–20")}}}), "histogram_empty": figureOf(&report.Histogram{}),
		"nothing": figureOf(nil),
	}
}
