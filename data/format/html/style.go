package html

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

// base is the look of a page: that of a printed report, tables with three rules.
const base = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:180mm;padding:0 5mm;font:10.5pt/1.7 var(--serif);color:#1c2328;background:#fff;overflow-wrap:anywhere}
h1,h2,dt,caption,figcaption,table,.note,.mark,.marks,nav,footer,summary,.other,.skip{font-family:var(--sans)}
a{color:#0b4f9e}
a:focus-visible,summary:focus-visible,.wide:focus-visible{outline:2px solid #0b4f9e;outline-offset:2px}
.skip{position:absolute;left:-999em}
.skip:focus{left:1em;top:1em;background:#fff;padding:.4em 1em;z-index:1}
.other{text-align:right;margin:1em 0 0;font-size:9.5pt}
h1{font-size:24pt;line-height:1.35;margin:1.2em 0 .8em;padding-bottom:.5em;border-bottom:2.5pt solid #17375e;color:#17375e;text-wrap:balance}
h2{font-size:15pt;line-height:1.4;margin:2.2em 0 .8em;color:#17375e;border-bottom:.75pt solid #9fb2c8;padding-bottom:.2em}
p{margin:.6em 0;text-align:justify}
dl{margin:1.5em 0;border-top:1.2pt solid #1c2328;border-bottom:1.2pt solid #1c2328}
dl div{display:flex;border-bottom:.4pt solid #c9d0d6;padding:.32em 0}
dl div:last-child{border:0}
dt{flex:0 0 42mm;color:#4a545c;font-size:9.5pt;padding-right:4mm}
dt::first-letter{text-transform:uppercase}
dd{margin:0;flex:1;min-width:0}
.mark,.marks{background:#fff4cc;border-left:3pt solid #b58900;padding:.5em .9em;font-size:9.5pt;line-height:1.6}
.mark{margin:.8em 0}
.mark p{margin:.15em 0;text-align:left}
.marks{margin:1.5em 0}
.marks ul{margin:0;padding-left:1.3em}
.lead{margin:0;font-weight:bold}
nav ol,nav ul{list-style:none;margin:0;padding:0}
nav>ol>li{margin:.5em 0 0;font-weight:bold;font-size:10.5pt}
nav ul{padding-left:2em}
nav ul li{font-weight:normal;font-size:9pt;line-height:1.6;margin:.1em 0}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
figure{margin:1.6em 0}
figure svg{display:block;width:100%;height:auto;max-width:170mm;margin:0 auto}
figcaption,caption{font-weight:bold;font-size:9.5pt;line-height:1.5;text-align:center;text-wrap:balance;color:#1c2328}
figcaption{margin:.7em 0 .3em}
caption{caption-side:top;margin-bottom:.4em}
.note{font-size:8pt;line-height:1.55;color:#4a545c;margin:.35em 0;text-align:left}
.data{margin-top:0}
summary{font-size:8.5pt;cursor:pointer;color:#0b4f9e}
.wide{overflow-x:auto;margin:1.4em 0 .4em}
.t{margin:0 auto;table-layout:fixed;border-collapse:collapse;font-size:8pt;line-height:1.4;border-top:1.2pt solid #1c2328;border-bottom:1.2pt solid #1c2328}
.t thead{border-bottom:.7pt solid #1c2328}
.t th,.t td{padding:.28em 1.2mm;text-align:left;vertical-align:middle;font-variant-numeric:tabular-nums;border-bottom:.3pt solid #d5dadf}
.t thead th{font-weight:bold;text-align:center;vertical-align:bottom;background:#eef2f6}
.t thead th[scope=colgroup]{border-bottom:.5pt solid #8a949c}
.t tbody th{font-weight:normal}
.small{font-size:7pt}
.small th,.small td{padding:.26em .8mm}
.t .none{text-align:center;color:#4a545c}
footer{margin:3em 0 2em;border-top:.75pt solid #9fb2c8;padding-top:.6em;font-size:8pt;line-height:1.55;color:#4a545c}
@media screen{html{background:#e9ecef}body{padding:8mm 10mm;max-width:190mm;margin:8mm auto;box-shadow:0 0 4mm #0002}}
@media screen and (max-width:190mm){body{margin:0 auto;padding:4mm 4vw;box-shadow:none}.t{min-width:130mm}figure{overflow-x:auto}figure svg{min-width:120mm}h1{font-size:19pt}dl div{display:block}}
@media print{
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{max-width:none;padding:0}
.skip,.other,details,.data{display:none}
a{color:inherit;text-decoration:none}
h1{margin-top:26mm}
nav,main{break-before:page}
h2,caption,.lead{break-after:avoid}
h2{margin-top:1.6em}
nav h2,section:first-child h2{margin-top:0}
figure,.mark,.marks,.short,tr,dl div{break-inside:avoid}
thead{break-after:avoid}
tbody tr:nth-child(-n+3),tbody tr:last-child{break-before:avoid}
table+.note,.wide+.note{break-before:avoid}
figure{margin:1.1em 0}
p{orphans:2;widows:2}
.wide{overflow:visible;margin-top:1em}
.t thead{display:table-header-group}
}
`

// styles gives the style sheet of a page: what stands above, the tones, the widths of columns that occur, and what every sheet of paper says.
func (p *page) styles() string {
	var b strings.Builder
	sans := `"Source Han Sans SC","Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei","PingFang SC","Hiragino Sans GB",SimHei,Arial,sans-serif`
	serif := `"Source Han Serif SC","Noto Serif CJK SC","Noto Serif SC","Songti SC",SimSun,serif`
	if p.lang != "zh" {
		sans, serif = `Arial,"Liberation Sans",`+sans, `Georgia,"Times New Roman","Liberation Serif",`+serif
	}
	fmt.Fprintf(&b, "\n:root{--sans:%s;--serif:%s}", sans, serif)
	b.WriteString(base)
	for t := report.ToneNone + 1; t <= report.ToneMark; t++ {
		fmt.Fprintf(&b, ".x%d{background-color:#%s", t, t.Hex())
		if t.Dark() {
			b.WriteString(";color:#fff")
		}
		if t.Hatched() {
			line := "#8a6aa355"
			if t.Dark() {
				line = "#ffffff33"
			}
			fmt.Fprintf(&b, ";background-image:repeating-linear-gradient(135deg,%s 0 .8px,transparent .8px 5px)", line)
		}
		b.WriteString("}\n")
	}
	for n := 1; n <= 40; n++ {
		fmt.Fprintf(&b, ".r%[1]d tbody>tr>:nth-child(%[1]d){text-align:right}.c%[1]d tbody>tr>:nth-child(%[1]d){text-align:center}\n", n)
	}
	for _, w := range slices.Sorted(maps.Keys(p.widths)) {
		fmt.Fprintf(&b, ".w%d{width:%d.%d%%}\n", w, w/10, w%10)
	}
	b.WriteString("@page{size:A4;margin:20mm 20mm 22mm;\n")
	face := "font:7.5pt/1.35 " + sans + ";color:#4a545c;white-space:pre-line;"
	fmt.Fprintf(&b, "@top-left{content:%s;%swidth:80%%;text-align:left;vertical-align:bottom;padding-bottom:4mm}\n", quoted(figure.Fit(figure.Clean(p.in(p.r.Title)), 265, false, 13000)), face)
	if marks := p.marks(); marks != "" {
		fmt.Fprintf(&b, "@bottom-left{content:%s;%swidth:80%%;text-align:left;vertical-align:top;padding-top:3mm}\n", quoted(marks), face)
	}
	fmt.Fprintf(&b, "@bottom-right{content:counter(page) \" / \" counter(pages);%stext-align:right;vertical-align:top;padding-top:3mm}}\n", face)
	return b.String()
}

// marks are what every sheet of paper says.
func (p *page) marks() string { return strings.Join(pages.Marks(p.r, p.lang, 265, 13000, 3), "\n") }

// quoted writes a string of a style sheet: everything but letters, digits and Chinese as its code, so that nothing can end the string or the sheet.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\00000A `)
		case (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') || r == ' ' || r == '.' || r == ',' || (r >= 0x3000 && r < 0xa000):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\%06X `, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
