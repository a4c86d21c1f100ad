package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// importDoc is the document of import --json.
type importDoc struct {
	Layer      string
	Role       string
	Services   []string
	Source     string
	SHA256     string
	Format     string
	CRS        string
	CRSKnownBy string `json:"crs_known_by"`
	Read       int
	Used       int
	Repaired   int
	Refused    int
	Rows       []struct {
		N, Line      int
		ID           string
		Action       string
		Reason, Text string
		TextZh       string `json:"text_zh"`
	}
	Warnings  []struct{ Code, Text string }
	BBox      []float64
	Unchanged bool
	Version   int
	Hash      string
	Error     *errorDoc
}

type errorDoc struct {
	Code, Text, File, Field string
	TextZh                  string `json:"text_zh"`
	Row                     int
	Hint                    struct{ Zh, En string }
}

// Every row of a file is accounted for, by number, id and reason.
func TestImportReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "p.gpkg")
	run(t, "new", project).must(exitDone)
	file := write(t, filepath.Join(dir, "clinics.geojson"), `{"type":"FeatureCollection","features":[
{"type":"Feature","id":"a","properties":{"name":"甲"},"geometry":{"type":"Point","coordinates":[106.5,29.5]}},
{"type":"Feature","id":"b","properties":{},"geometry":null},
{"type":"Feature","id":"c","properties":{},"geometry":{"type":"Polygon","coordinates":[[[106.5,29.5],[106.51,29.5],[106.51,29.51],[106.5,29.5]]]}},
{"type":"Feature","id":"d","properties":{},"geometry":{"type":"Point","coordinates":[29.5,106.5]}}]}`)
	var doc importDoc
	r := run(t, "import", project, file, "--as", "facilities", "--service", "clinic", "--json", "--quiet").must(exitDone)
	if r.stderr != "" {
		t.Errorf("--quiet says %q", r.stderr)
	}
	r.json(&doc)
	if doc.Layer != "clinics" || doc.Role != "facilities" || doc.Source != "clinics.geojson" || doc.Format != "geojson" || doc.CRS != "EPSG:4326" || doc.CRSKnownBy != "format" ||
		len(doc.SHA256) != 64 || len(doc.Hash) != 64 || doc.Version != 1 || doc.Unchanged || len(doc.BBox) != 4 || doc.Error != nil {
		t.Errorf("%+v", doc)
	}
	if doc.Read != 4 || doc.Read != doc.Used+doc.Repaired+doc.Refused || doc.Refused != 2 || len(doc.Rows) != doc.Repaired+doc.Refused {
		t.Errorf("counts do not add up: %+v", doc)
	}
	for _, row := range doc.Rows {
		if row.N == 0 || row.Line == 0 || row.ID == "" || row.Action == "" || row.Reason == "" || row.Text == "" || row.TextZh == "" {
			t.Errorf("row %+v", row)
		}
	}
	if doc.Rows[0].N != 2 || doc.Rows[0].ID != "b" {
		t.Errorf("first row %+v, want feature 2 (b)", doc.Rows[0])
	}
	run(t, "import", project, file, "--as", "facilities", "--service", "clinic", "--layer", "text", "--lang", "en").must(exitDone).says("read 4, used 2, repaired 0, refused 2", "feature 2 (b): refused", "feature 4 (d): refused")
	run(t, "import", project, file, "--as", "facilities", "--service", "clinic", "--layer", "zh", "--lang", "zh").must(exitDone).says("读入 4，采用 2，修复 0，拒绝 2", "第 2 个要素")
	run(t, "layers", project, "show", "clinics", "--lang", "en").must(exitDone).says("feature 4 (d): refused")
}

// The same file again changes no byte of any table, and says so with the stored report.
func TestImportTwice(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	c.score(t, project).must(exitDone)
	before := tables(t, project)
	for _, args := range [][]string{
		{"communities.geojson", "--as", "neighborhoods", "--id-field", "code", "--parent", "street=street"},
		{"communities.geojson", "--as", "neighborhoods"}, // options left out keep what was declared
		{"clinics.geojson", "--as", "facilities"},
		{"clinics.geojson", "--as", "facilities", "--service", "clinic", "--append"},
		{"people.geojson", "--as", "demand"},
		{"land.geojson", "--as", "land", "--replace"},
	} {
		var doc importDoc
		run(t, append([]string{"import", project, filepath.Join(dir, args[0]), "--json"}, args[1:]...)...).must(exitDone).json(&doc)
		if !doc.Unchanged || doc.Version != 1 {
			t.Errorf("%v: unchanged %v, version %d", args, doc.Unchanged, doc.Version)
		}
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("tables changed: %s", d)
	}
}

// Other content under a name that is taken is refused until the user says whether it replaces or adds.
func TestImportConflict(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	before := tables(t, project)
	more := []feature{{point(106.515, 29.512), []property{{"id", `"c3"`}, {"beds", `5`}}}}
	file := write(t, filepath.Join(dir, "other", "clinics.geojson"), collection(more))
	args := []string{"import", project, file, "--as", "facilities", "--service", "clinic", "--json"}
	var doc importDoc
	r := run(t, args...).must(exitUsage)
	r.json(&doc)
	if doc.Error == nil || doc.Error.Code != "conflict" || doc.Error.File != "clinics.geojson" || doc.Error.Hint.En == "" || doc.Error.TextZh == "" {
		t.Errorf("error %+v", doc.Error)
	}
	r.says("--replace", "--append", "--layer")
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("tables changed: %s", d)
	}
	run(t, append(args, "--append")...).must(exitDone).json(&doc)
	if doc.Version != 2 {
		t.Errorf("appended: version %d", doc.Version)
	}
	var layers layersDoc
	run(t, "layers", project, "show", "clinics", "--json").must(exitDone).json(&layers)
	if layers.Layers[0].Rows != 3 || layers.Layers[0].Version != 2 {
		t.Errorf("%+v", layers.Layers[0])
	}
	run(t, append(args, "--replace")...).must(exitDone)
	run(t, "layers", project, "show", "clinics", "--json").must(exitDone).json(&layers)
	if layers.Layers[0].Rows != 1 {
		t.Errorf("%+v", layers.Layers[0])
	}
	run(t, append(args, "--replace", "--append")...).must(exitUsage)
}

// What cannot be used is refused as a whole: exit 3, file and place named, and the project is as it was.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	before := tables(t, project)
	facilities := []string{"--as", "facilities", "--service", "clinic"}
	for _, x := range []struct {
		name, file, content string
		options             []string
		words               []string
	}{
		{"broken JSON", "x.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[106.5,29.5]}},`, facilities, []string{"x.geojson", "line 1"}},
		{"broken after the features", "x.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[106.5,29.5]}}]`, facilities, []string{"x.geojson", "line 1"}},
		{"JSON, but not GeoJSON", "x.json", `{"name":"not a map"}`, facilities, []string{"x.json", "FeatureCollection"}},
		{"empty file", "x.geojson", ``, facilities, []string{"x.geojson", "empty"}},
		{"no usable feature", "x.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]}`, facilities, []string{"x.geojson", "usable"}},
		{"points as land", "x.geojson", `{"type":"Point","coordinates":[106.5,29.5]}`, []string{"--as", "land"}, []string{"x.geojson", "Point"}},
		{"unknown CRS in the file", "x.geojson", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::27700"}},"features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[106.5,29.5]}}]}`, facilities, []string{"x.geojson", "27700", "4326"}},
		{"unknown CRS by option", "x.geojson", `{"type":"Point","coordinates":[106.5,29.5]}`, append([]string{"--crs", "EPSG:9999"}, facilities...), []string{"9999"}},
		{"missing measure field", "x.geojson", collection(c.people), []string{"--as", "demand", "--measure", "population=POP"}, []string{"x.geojson", "POP", "population"}},
		{"missing id field", "x.geojson", collection(c.communities), []string{"--as", "neighborhoods", "--id-field", "nope"}, []string{"x.geojson", "nope", "code"}},
		{"missing column of a table", "x.csv", "code,n\n1,2\n", []string{"--as", "attributes", "--join", "code", "--measure", "population=POP"}, []string{"x.csv", "POP", "code, n"}},
		{"a table without coordinates", "x.csv", "name,address\na,b\n", facilities, []string{"x.csv", "lon/lat", "name, address"}},
		{"a plane that nobody names", "x.csv", "x,y\n35650000.5,3270000\n", facilities, []string{"x.csv", "3° zone 35", "--crs"}},
		{"a datum without consent", "x.csv", "x,y\n35650000.5,3270000\n", append([]string{"--crs", "EPSG:2359"}, facilities...), []string{"x.csv", "--accept-error METRES"}},
		{"auto with nothing to compare with", "x.csv", "lon,lat\n106.5,29.5\n", append([]string{"--crs", "auto"}, facilities...), []string{"x.csv", "gcj02"}},
		{"a damaged workbook", "x.xlsx", "PK\x03\x04 ", []string{"--as", "attributes", "--join", "code", "--measure", "population=POP"}, []string{"x.xlsx", "damaged"}},
		{"a page of the web", "x.geojson", "<html></html>", facilities, []string{"x.geojson"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), x.file), x.content)
			run(t, append([]string{"import", project, file, "--lang", "en"}, x.options...)...).must(exitRefused).says(x.words...)
			var doc importDoc
			run(t, append([]string{"import", project, file, "--json"}, x.options...)...).must(exitRefused).json(&doc)
			if doc.Error == nil || doc.Error.Code != "refused" || doc.Error.Text == "" || doc.Error.TextZh == "" {
				t.Errorf("error %+v", doc.Error)
			}
		})
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("tables changed: %s", d)
	}
}

// A surveyed area with a broken part is refused: it would promise completeness where nobody looked.
func TestImportBrokenArea(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	area := write(t, filepath.Join(dir, "area.geojson"), `{"type":"Point","coordinates":[106.5,29.5]}`)
	args := []string{"import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic", "--lang", "en"}
	run(t, append(args, "--complete="+area)...).must(exitRefused).says("area.geojson")
	run(t, append(args, "--complete=none.geojson")...).must(exitUsage).says("none.geojson", "no such file")
	run(t, append(args, "--complete", area)...).must(exitUsage).says("--complete=AREA.geojson", "Try: lifecircle import --help")
	run(t, "import", project, "--complete", filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic").must(exitDone)
}

// A layer can come down a pipe, if it is given a name.
func TestImportStandardInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "p.gpkg")
	run(t, "new", project).must(exitDone)
	in := collection(newTown().clinics)
	runIn(t, t.Context(), in, "import", project, "-", "--as", "facilities", "--service", "clinic", "--lang", "en").must(exitUsage).says("--layer")
	runIn(t, t.Context(), in, "import", project, "-", "--as", "facilities", "--service", "clinic", "--layer", "piped").must(exitDone).says("piped")
	runIn(t, t.Context(), "lon,lat\n106.5,29.5\n", "import", project, "-", "--as", "facilities", "--service", "clinic", "--layer", "table", "--lang", "en").must(exitDone).says("format csv")
}

// A mapping finds services by categories: a shipped one by its name, or a planner's own. The report counts rules and what was passed over.
func TestImportByMapping(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "p.gpkg")
	run(t, "new", project).must(exitDone)
	pois := write(t, filepath.Join(dir, "pois.csv"), "id,name,typecode,location\n1,某幼儿园,141204,\"106.57,29.55\"\n2,某加油站,10100,\"106.58,29.56\"\n")
	r := run(t, "import", project, pois, "--as", "facilities", "--mapping", "amap", "--crs", "gcj02", "--lang", "en").must(exitDone)
	r.says("mapping amap: 2 features, mapped 1, unmapped 1  (SHA-256 ", "→ kindergarten", "010100", "CRS GCJ-02 (option", "typecode_zeros")
	run(t, "import", project, pois, "--as", "facilities", "--lang", "en").must(exitDone).says("unchanged") // the mapping stays declared
	own := write(t, filepath.Join(dir, "own.yaml"), "id: own\ntitle: {zh: 自有, en: Own}\nsource: a test\ndetects: [ev_charger]\nrules:\n  - {id: petrol, service: ev_charger, when: {typecode: \"010*\"}}\n")
	run(t, "import", project, pois, "--as", "facilities", "--mapping", own, "--layer", "own", "--lang", "en").must(exitDone).says("mapped 1", "petrol → ev_charger", "(own.yaml, SHA-256 ")
	run(t, "import", project, pois, "--as", "facilities", "--layer", "own", "--lang", "en").must(exitUsage).says("--mapping", "own")
	run(t, "import", project, pois, "--as", "facilities", "--mapping", "nothing", "--lang", "en").must(exitUsage).says("amap, osm")
	broken := write(t, filepath.Join(dir, "broken.yaml"), "id: own\nrules: []\n")
	run(t, "import", project, pois, "--as", "facilities", "--mapping", broken, "--lang", "en").must(exitRefused).says("broken.yaml:")
	run(t, "import", project, pois, "--as", "facilities", "--mapping", "amap", "--service", "clinic", "--lang", "en").must(exitUsage).says("mapping")
}

// One command makes a project of an extract: everything that it has, and words for what it has not.
func TestImportExtract(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "p.gpkg")
	extract := write(t, filepath.Join(dir, "town.osm"), `<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="29.5" lon="106.5"/><node id="2" lat="29.5" lon="106.51"/><node id="3" lat="29.51" lon="106.51"/><node id="4" lat="29.51" lon="106.5"/>
<node id="5" lat="29.505" lon="106.505"><tag k="amenity" v="kindergarten"/><tag k="name" v="甲"/></node>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="landuse" v="residential"/></way>
<way id="2"><nd ref="1"/><nd ref="3"/><tag k="highway" v="footway"/></way></osm>`)
	run(t, "import", project, extract, "--as", "osm", "--service", "clinic", "--lang", "en").must(exitUsage).says("--as osm takes")
	r := run(t, "import", project, extract, "--as", "osm", "--lang", "en").must(exitDone)
	r.says("made "+project, "facilities: by the mapping osm", "town: read 1, used 1", "landuse=residential", "walking network", "import neighborhoods from another file")
	before := tables(t, project)
	run(t, "import", project, extract, "--as", "osm", "--lang", "en").must(exitDone).says("unchanged")
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("tables changed: %s", d)
	}
	none := write(t, filepath.Join(dir, "none.osm"), `<osm version="0.6"><node id="1" lat="29.5" lon="106.5"/></osm>`)
	for _, file := range []string{none, write(t, filepath.Join(dir, "not.osm"), "no map")} {
		other := filepath.Join(dir, "other.gpkg")
		run(t, "import", other, file, "--as", "osm", "--lang", "en").must(exitRefused).says(filepath.Base(file))
		if _, err := os.Stat(other); err == nil {
			t.Errorf("%s: a project was made of nothing", file)
		}
	}
}

// What is no project is never written to.
func TestNotAProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	geo := write(t, filepath.Join(dir, "a.geojson"), `{"type":"FeatureCollection","features":[]}`)
	empty := write(t, filepath.Join(dir, "empty.gpkg"), "")
	for _, x := range []struct {
		name, path, word string
		code             int
	}{
		{"missing", filepath.Join(dir, "none.gpkg"), "lifecircle new", exitUsage},
		{"another file", geo, "no GeoPackage", exitRefused},
		{"empty", empty, "no GeoPackage", exitRefused},
		{"folder", dir, "is a folder", exitUsage},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, args := range [][]string{{"score", x.path}, {"layers", x.path}, {"runs", x.path}, {"gaps", x.path}, {"explain", x.path, "--neighborhood", "1"}, {"export", x.path, "--layer", "scores"},
				{"copy", x.path, filepath.Join(dir, "copy.gpkg")}, {"import", x.path, geo, "--as", "land"}} {
				run(t, append(args, "--lang", "en")...).must(x.code).says(x.word)
			}
		})
	}
	if read(t, geo) != `{"type":"FeatureCollection","features":[]}` || read(t, empty) != "" {
		t.Error("a file that is no project was written to")
	}
	if _, err := os.Stat(filepath.Join(dir, "none.gpkg")); err == nil {
		t.Error("a missing project was made")
	}
	run(t, "import", filepath.Join(dir, "none.gpkg"), filepath.Join(dir, "nofile.geojson"), "--as", "land", "--lang", "en").must(exitUsage).says("nofile.geojson: no such file")
	run(t, "serve", geo, "--lang", "en").must(exitRefused).says("no GeoPackage")
	run(t, "serve", filepath.Join(dir, "none.gpkg"), "--lang", "en").must(exitUsage).says("no such file")
}
