package reports

import (
	"html/template"
	"io"
	"net/url"
	"strings"

	"lifecircle/coverage/report"
)

// indexPage lists the files of a folder, one line an area.
var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>15 分钟生活圈评估报告 · 15-minute service circles</title>
<style>
body{font:16px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2126}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccd2d8;vertical-align:top}a{color:#0b4f9e;margin-right:.8em}
.mark{background:#fff4cc;padding:.3rem .6rem;margin:.3rem 0}code{font-size:.85em}
</style>
</head>
<body>
<main>
<h1>15 分钟生活圈评估报告<br><small lang="en">15-minute service circles: reports</small></h1>
<p>评估 <span lang="en">run</span> <code>{{.Run}}</code> · {{.Catalog.Zh}} · <span lang="en">{{.Catalog.En}}</span></p>
{{range .Marks}}<p class="mark">{{.Zh}}<br><span lang="en">{{.En}}</span></p>
{{end}}<table>
<thead><tr><th scope="col">范围 <span lang="en">area</span></th><th scope="col">中文</th><th scope="col" lang="en">English</th><th scope="col">数据 <span lang="en">data</span></th></tr></thead>
<tbody>
{{range .Rows}}<tr><th scope="row">{{.Name.Zh}}{{if ne .Name.Zh .Name.En}} <span lang="en">{{.Name.En}}</span>{{end}}{{if .Key}} <code>{{.Key}}</code>{{end}}</th><td>{{range .Zh}}<a href="{{.Href}}">{{.Format}}</a>{{end}}</td><td>{{range .En}}<a href="{{.Href}}">{{.Format}}</a>{{end}}</td><td>{{range .Data}}<a href="{{.Href}}">{{.Format}}</a>{{end}}</td></tr>
{{end}}</tbody>
</table>
{{range .Credits}}<p><small>{{.}}</small></p>
{{end}}</main>
</body>
</html>
`))

type indexLink struct{ Href, Format string }

type indexRow struct {
	Name         report.Text
	Key          string
	Zh, En, Data []indexLink
}

// writeIndexPage writes index.html.
func writeIndexPage(w io.Writer, index *Index, src *report.Source) error {
	page := struct {
		Run     string
		Catalog report.Text
		Marks   []report.Text
		Rows    []indexRow
		Credits []string
	}{Run: index.Run, Catalog: src.CatalogName(), Credits: src.Credits()}
	for _, m := range src.Run.Marks {
		page.Marks = append(page.Marks, m.Text)
	}
	last := ""
	for _, f := range index.Files {
		of := f.Area
		if of == "" {
			of = "results/" + f.Name.En
		}
		if of != last || len(page.Rows) == 0 {
			page.Rows = append(page.Rows, indexRow{Name: f.Name, Key: f.Area})
			last = of
		}
		row := &page.Rows[len(page.Rows)-1]
		link := indexLink{Href: href(f.Path), Format: f.Format}
		switch f.Language {
		case "zh":
			row.Zh = append(row.Zh, link)
		case "en":
			row.En = append(row.En, link)
		default:
			row.Data = append(row.Data, link)
		}
	}
	return indexPage.Execute(w, page)
}

// href writes a path as a link.
func href(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "./" + strings.Join(parts, "/")
}
