package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// demoDir holds the project that demo made, for all tests of this file: it takes seconds.
var demoOnce = sync.OnceValues(func() (demoRun, error) {
	dir, err := os.MkdirTemp("", "lifecircle-test-")
	if err != nil {
		return demoRun{}, err
	}
	d := demoRun{project: filepath.Join(dir, "athens.gpkg")}
	var out, words bytes.Buffer
	d.code = Run(context.Background(), []string{"demo", "--no-serve", "--json", "--project", d.project, "--lang", "en"}, nil, &out, &words)
	d.stdout, d.stderr = out.String(), words.String()
	return d, nil
})

type demoRun struct {
	project, stdout, stderr string
	code                    int
}

func TestMain(m *testing.M) {
	code := m.Run()
	if d, err := demoOnce(); err == nil && d.project != "" {
		os.RemoveAll(filepath.Dir(d.project))
	}
	os.Exit(code)
}

func theDemo(t *testing.T) demoRun {
	t.Helper()
	d, err := demoOnce()
	if err != nil {
		t.Fatal(err)
	}
	if d.code != exitDone {
		t.Fatalf("demo: exit %d\n%s", d.code, d.stderr)
	}
	return d
}

// The embedded city: 18 neighborhoods, scored as they are and assuming complete data; what is certain is never taken back.
func TestDemo(t *testing.T) {
	t.Parallel()
	d := theDemo(t)
	var doc struct {
		Project         string
		Neighborhoods   []neighborhood
		Certain         totals `json:"certain"`
		AssumedComplete totals `json:"assumed_complete"`
	}
	result{t: t, args: []string{"demo"}, stdout: d.stdout}.json(&doc)
	if doc.Project != d.project || len(doc.Neighborhoods) != 18 {
		t.Errorf("project %s, %d neighborhoods", doc.Project, len(doc.Neighborhoods))
	}
	c, a := doc.Certain, doc.AssumedComplete
	if c.Met != a.Met || c.Unmet > a.Unmet || a.NotDetected != 0 || c.NotAssessed != a.NotAssessed || c.Met+c.Unmet+c.NotDetected+c.NotAssessed != 18*9 || len(c.Run) != 64 || c.Run == a.Run {
		t.Errorf("certain %+v, assumed complete %+v: the assumption decides what was not detected, and nothing else", c, a)
	}
	if !slices.IsSortedFunc(doc.Neighborhoods, func(x, y neighborhood) int { return strings.Compare(x.ID, y.ID) }) {
		t.Error("neighborhoods are not sorted by id")
	}
	for _, n := range doc.Neighborhoods {
		if n.ID == "" || n.Name == "" || n.Score == "" || n.Score != n.ScoreMax || n.Grade == nil {
			t.Errorf("%+v: complete data leave no interval and no doubt", n)
		}
	}
	for _, word := range []string{"import neighborhoods.geojson", "import ev_charger.geojson", "scored as it is", "scored assuming complete data"} {
		if !strings.Contains(d.stderr, word) {
			t.Errorf("the progress does not say %q", word)
		}
	}
	var runs struct {
		Runs []struct {
			Run    string
			Latest bool
		}
	}
	run(t, "runs", d.project, "--json").must(exitDone).json(&runs)
	if len(runs.Runs) != 2 || runs.Runs[0].Run != c.Run || runs.Runs[1].Run != a.Run || !runs.Runs[1].Latest {
		t.Errorf("runs %+v", runs.Runs)
	}
	run(t, "demo", "--no-serve", "--project", d.project, "--lang", "en").must(exitUsage).says("exists already")
}

type totals struct {
	Run string `json:"run"`
	counts
}

// Each demo's explanation adds up, on a real city and for every neighborhood and parent.
func TestDemoExplained(t *testing.T) {
	t.Parallel()
	d := theDemo(t)
	var doc struct{ Rows []map[string]any }
	run(t, "export", d.project, "--layer", "scores", "--json").must(exitDone).json(&doc)
	for _, row := range doc.Rows {
		if row["scope"] != "overall" {
			continue
		}
		id := row["neighborhood_id"].(string)
		if level := row["level"].(string); level != unitLevel {
			id = level + "=" + id
		}
		var e explained
		run(t, "explain", d.project, "--neighborhood", id, "--json").must(exitDone).json(&e)
		e.rederive(t)
	}
}

// The numbers of the embedded city stand in testdata. They change only with the definitions, and then in the open:
// go test ./cmd/lifecircle -run Golden -update.
func TestGolden(t *testing.T) {
	t.Parallel()
	d := theDemo(t)
	var sums strings.Builder
	for _, table := range resultTables {
		text := run(t, "export", d.project, "--layer", table).must(exitDone).stdout
		fmt.Fprintf(&sums, "%x  %s.csv  %d rows\n", sha256.Sum256([]byte(text)), table, strings.Count(text, "\r\n")-1)
		if table == "scores" || table == "coverage" || table == "matrix" {
			golden(t, "athens-"+table+".csv.golden", text)
		}
	}
	golden(t, "athens-checksums.golden", sums.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with -update", err)
	}
	if string(want) == got {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	shown := 0
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y && shown < 5 {
			shown++
			t.Errorf("%s line %d\nwas %s\nis  %s", name, i+1, x, y)
		}
	}
}

// lines hands out what a running command prints.
type lines struct {
	*bufio.Scanner
	*io.PipeWriter
}

func newLines() lines {
	r, w := io.Pipe()
	return lines{bufio.NewScanner(r), w}
}

// server is a command that serves.
type server struct {
	address string
	printed string     // until the address, and after stop everything
	stop    func() int // gives the exit code
}

// serving starts a command that serves, and waits for the address that it prints.
func serving(t *testing.T, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := newLines()
	var words bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, args, nil, out, &words)
		out.Close()
	}()
	t.Cleanup(cancel)
	s := &server{}
	for s.address == "" && out.Scan() {
		s.printed += out.Text() + "\n"
		if _, rest, ok := strings.Cut(out.Text(), "http://"); ok {
			host, _, _ := strings.Cut(rest, "/map")
			s.address = "http://" + strings.Trim(host, `",`)
		}
	}
	if s.address == "" {
		t.Fatalf("lifecircle %s: exit %d without an address\n%s%s", strings.Join(args, " "), <-code, s.printed, words.String())
	}
	rest := make(chan string, 1)
	go func() {
		var b strings.Builder
		for out.Scan() {
			b.WriteString(out.Text() + "\n")
		}
		rest <- b.String()
	}()
	s.stop = func() int {
		cancel()
		select {
		case c := <-code:
			s.printed += <-rest
			return c
		case <-time.After(20 * time.Second):
			t.Error("the server does not stop")
			return -1
		}
	}
	return s
}

func get(t *testing.T, url string, v any) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", url, r.Status, err, clip(string(body)))
	}
	if v != nil {
		if err := json.Unmarshal(body, v); err != nil {
			t.Fatalf("%s: %v", url, err)
		}
	}
	return string(body)
}

// The README's first command, from nothing to a served map, on a random port.
func TestDemoServes(t *testing.T) {
	t.Parallel()
	project := filepath.Join(t.TempDir(), "demo.gpkg")
	srv := serving(t, "demo", "--addr", "127.0.0.1:0", "--project", project, "--lang", "en")
	for _, word := range []string{"neighborhood", "score_max", "grade", "completeness", "worst requirements", "Glyfada 格利法扎", "OpenStreetMap is no survey", "certain", "without the assumption",
		"nursery-5 not assessed (18 neighborhoods)", "--service SERVICE --complete", "largest gaps", project, "ODbL", srv.address} {
		if !strings.Contains(srv.printed, word) {
			t.Errorf("the demo does not print %q:\n%s", word, srv.printed)
		}
	}
	if !strings.Contains(get(t, srv.address+"/map", nil), "<html") {
		t.Error("no map page")
	}
	var projects struct{ Projects []struct{ ID string } }
	get(t, srv.address+"/projects", &projects)
	if len(projects.Projects) != 1 || projects.Projects[0].ID != "demo" {
		t.Fatalf("%+v", projects)
	}
	for name, want := range map[string]int{"neighborhoods": 18, "matrix": 18, "scores": 75, "facilities": 10, "gaps": 10} {
		var items struct {
			Type           string
			NumberMatched  int `json:"numberMatched"`
			NumberReturned int `json:"numberReturned"`
			Features       []struct{ Properties map[string]any }
		}
		get(t, srv.address+"/projects/demo/collections/"+name+"/items?limit=10", &items)
		if items.Type != "FeatureCollection" || items.NumberReturned != 10 || len(items.Features) != 10 || items.NumberMatched < want {
			t.Errorf("%s: %d of %d", name, items.NumberReturned, items.NumberMatched)
		}
	}
	if code := srv.stop(); code != exitDone {
		t.Errorf("a stopped server ends with %d", code)
	}
	if _, err := http.Get(srv.address + "/projects"); err == nil {
		t.Error("the server still answers")
	}
	left, _ := filepath.Glob(project + "-*")
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	run(t, "runs", project).must(exitDone)
}

// A port that is taken stops serve with a clear error; the demo takes another one.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	project := newTown().build(t, t.TempDir())
	run(t, "serve", project, "--addr", at, "--lang", "en").must(exitFault).says(at, "--addr")
	run(t, "serve", project, "--addr", "8080", "--lang", "en").must(exitUsage).says("127.0.0.1:8080")
	srv := serving(t, "demo", "--addr", at, "--project", filepath.Join(t.TempDir(), "d.gpkg"), "--lang", "en")
	if srv.address == "http://"+at {
		t.Errorf("served on %s, which is taken", at)
	}
	get(t, srv.address+"/projects", nil)
	if code := srv.stop(); code != exitDone {
		t.Errorf("exit %d", code)
	}
}

// grid2x2 is a GeoTIFF of two by two cells of a hundredth of a degree, in 32-bit floating point, WGS 84.
func grid2x2(west, north float64, people [4]float32) []byte {
	var b []byte
	put := func(v ...any) {
		for _, x := range v {
			b, _ = binary.Append(b, binary.LittleEndian, x)
		}
	}
	put([]byte("II*\x00"), uint32(8+16)) // the four cells, then the directory
	put(people[:])
	const entries = 12
	after := uint32(8 + 16 + 2 + 12*entries + 4)
	short := func(tag, v uint16) { put(tag, uint16(3), uint32(1), v, uint16(0)) }
	long := func(tag uint16, v uint32) { put(tag, uint16(4), uint32(1), v) }
	put(uint16(entries))
	short(256, 2) // width, length, bits, compression, photometric
	short(257, 2)
	short(258, 32)
	short(259, 1)
	short(262, 1)
	long(273, 8)  // where the strip begins
	short(278, 2) // its rows
	long(279, 16) // its bytes
	short(339, 3) // floating point
	put(uint16(33550), uint16(12), uint32(3), after)
	put(uint16(33922), uint16(12), uint32(6), after+24)
	put(uint16(34735), uint16(3), uint32(16), after+72)
	put(uint32(0), 0.01, 0.01, 0.0, 0.0, 0.0, 0.0, west, north, 0.0)
	put([]uint16{1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326})
	return b
}

// A population grid goes in through the page's own address as through the command, cut to the area that comes with it, and an upload is taken
// back by the same way: the command sees what the service did.
func TestServeUploadsAndUndo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "city.gpkg")
	run(t, "new", project).must(exitDone)
	srv := serving(t, "serve", project, "--addr", "127.0.0.1:0")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("as", "demand")
	form.WriteField("cell-points", "true")
	part, _ := form.CreateFormFile("clip", "area.geojson")
	io.WriteString(part, box(106.5, 29.48, 106.509, 29.5))
	part, _ = form.CreateFormFile("file", "people.tif")
	part.Write(grid2x2(106.5, 29.5, [4]float32{1.5, 10, 2.25, 20}))
	form.Close()
	send := func(path, kind string, body io.Reader, status int, v any) {
		t.Helper()
		r, err := http.Post(srv.address+"/projects/city/layers"+path, kind, body)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		if r.StatusCode != status || json.Unmarshal(b, v) != nil {
			t.Fatalf("%s: %s %s", path, r.Status, clip(string(b)))
		}
	}
	var report struct {
		Format string
		Used   int
	}
	send("", form.FormDataContentType(), &body, http.StatusCreated, &report)
	var items struct {
		Features []struct {
			Geometry   struct{ Type string }
			Properties map[string]any
		}
	}
	get(t, srv.address+"/projects/city/collections/demand/items", &items)
	sum := 0.0
	for _, f := range items.Features {
		n, _ := f.Properties["population"].(float64)
		sum += n
	}
	if report.Format != "geotiff" || report.Used != 2 || len(items.Features) != 2 || items.Features[0].Geometry.Type != "Point" || sum != 3.75 {
		t.Errorf("%+v, %v people in %+v", report, sum, items)
	}
	var undone struct {
		Undone struct{ Rows int }
		Now    *struct{}
	}
	send("/demand/people/undo?version=1", "", nil, http.StatusOK, &undone)
	if undone.Undone.Rows != 2 || undone.Now != nil {
		t.Errorf("%+v", undone)
	}
	srv.stop()
	run(t, "layers", project, "--json").must(exitDone).says(`"layers": []`)
}

// serve tells its address as JSON, serves a folder of projects, and with --read-only takes no uploads.
func TestServe(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	c.score(t, project).must(exitDone)
	run(t, "new", filepath.Join(dir, "other.gpkg")).must(exitDone)
	srv := serving(t, "serve", dir, "--addr", "127.0.0.1:0", "--read-only", "--json")
	if !strings.Contains(srv.printed, `"address"`) {
		t.Errorf("printed %q", srv.printed)
	}
	var projects struct{ Projects []struct{ ID string } }
	get(t, srv.address+"/projects", &projects)
	if len(projects.Projects) != 2 || projects.Projects[0].ID != "other" || projects.Projects[1].ID != "town" {
		t.Errorf("%+v", projects)
	}
	var items struct {
		Features []struct{ Properties map[string]any }
	}
	get(t, srv.address+"/projects/town/collections/matrix/items", &items)
	if len(items.Features) != 2 || items.Features[0].Properties["neighborhood"] != "=1+1 上清寺" {
		t.Errorf("%+v", items)
	}
	r, err := http.Post(srv.address+"/projects/town/layers?as=land", "application/geo+json", strings.NewReader(collection(c.land)))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode < 400 || r.StatusCode >= 500 {
		t.Errorf("an upload to a read-only server: %s", r.Status)
	}
	if code := srv.stop(); code != exitDone {
		t.Errorf("exit %d", code)
	}
}

// Ctrl+C between the demo's two runs ends with 130, and the project holds the first.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	project := filepath.Join(t.TempDir(), "d.gpkg")
	ctx, cancel := context.WithCancel(context.Background())
	words := &trigger{word: "scored as it is", pull: cancel}
	var out bytes.Buffer
	if code := Run(ctx, []string{"demo", "--no-serve", "--project", project, "--lang", "en"}, nil, &out, words); code != exitInterrupted {
		t.Fatalf("exit %d: %s", code, words.b.String())
	}
	var runs struct{ Runs []struct{ Run string } }
	run(t, "runs", project, "--json").must(exitDone).json(&runs)
	if len(runs.Runs) != 1 {
		t.Errorf("%d runs", len(runs.Runs))
	}
	run(t, "score", project, "--accept-parent", "--assume-complete").must(exitDone)
}

// trigger pulls when a word was written.
type trigger struct {
	b    bytes.Buffer
	word string
	pull func()
}

func (w *trigger) Write(p []byte) (int, error) {
	n, err := w.b.Write(p)
	if strings.Contains(w.b.String(), w.word) {
		w.pull()
	}
	return n, err
}
