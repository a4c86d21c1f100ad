package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"lifecircle/api"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
)

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

const clinics = `{"type":"FeatureCollection","features":[
{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[106.501,29.501]},"properties":{"name":"甲"}},
{"type":"Feature","id":"b","geometry":null,"properties":{}},
{"type":"Feature","id":"c","geometry":{"type":"Point","coordinates":[106.502,29.502]},"properties":{}}]}`

func post(c client, query, body string, headers ...string) *http.Response {
	return c.do(http.MethodPost, city+"/layers?"+query, strings.NewReader(body), append([]string{"Content-Type", "application/geo+json"}, headers...)...)
}

// An upload gives the same report as the command line, and the layer is served from then on.
func TestUpload(t *testing.T) {
	m := smallCity(t, 2)
	c := newClient(t, shelf{"city": m})
	before := c.json(city + "/collections/facilities/items")["numberMatched"].(float64)
	r := post(c, "as=facilities&service=clinic&layer=new+clinics&complete=everywhere", clinics)
	v := decode(t, r, http.StatusCreated)
	if v["layer"] != "new clinics" || v["read"] != 3.0 || v["used"] != 2.0 || v["refused"] != 1.0 || len(v["rows"].([]any)) != 1 {
		t.Errorf("report %v", v)
	}
	row := v["rows"].([]any)[0].(map[string]any)
	if row["n"] != 2.0 || row["id"] != "b" || row["reason"] != "null_geometry" || row["text"] == "" {
		t.Errorf("row %v", row)
	}
	at := r.Header.Get("Location")
	if want := city + "/layers/facilities/new%20clinics?service=clinic"; at != want {
		t.Errorf("Location %s, want %s", at, want)
	}
	shown := c.json(at)
	if shown["report"].(map[string]any)["refused"] != 1.0 || shown["rows"] != 2.0 {
		t.Errorf("layer %v", shown)
	}
	if now := c.json(city + "/collections/facilities/items")["numberMatched"].(float64); now != before+2 {
		t.Errorf("%v facilities after the upload, %v before", now, before)
	}

	again := decode(t, post(c, "as=facilities&service=clinic&layer=new+clinics", clinics), http.StatusOK)
	if again["unchanged"] != true {
		t.Errorf("the same content again: %v", again)
	}
	other := strings.Replace(clinics, "106.501", "106.511", 1)
	if p := decode(t, post(c, "as=facilities&service=clinic&layer=new+clinics", other), http.StatusConflict); p["code"] != "conflict" {
		t.Errorf("other content: %v", p)
	}
	v = decode(t, post(c, "as=facilities&service=clinic&layer=new+clinics&replace=true", other), http.StatusCreated)
	if v["version"] != 2.0 {
		t.Errorf("replaced: %v", v)
	}
	v = decode(t, post(c, "as=facilities&service=clinic&layer=strict&strict=true", clinics), http.StatusCreated)
	if v["condition_failed"] != "strict" {
		t.Errorf("strict: %v", v)
	}
}

// An upload is read in the CRS that the query names, and finds services by a mapping that comes with it.
func TestUploadOptions(t *testing.T) {
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	v := decode(t, post(c, "as=facilities&service=clinic&layer=g&crs=gcj02", clinics), http.StatusCreated)
	if box := v["bbox"].([]any); v["crs"] != "GCJ-02" || v["crs_known_by"] != "option" || math.Abs(box[0].(float64)-106.4971455) > 1e-6 {
		t.Errorf("report %v", v)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", "places.geojson")
	io.WriteString(part, clinics)
	part, _ = form.CreateFormFile("mapping", "own.yaml")
	io.WriteString(part, "id: own\ntitle: {zh: 自有, en: Own}\nsource: a test\ndetects: [clinic]\nrules:\n  - {id: named, services: [clinic], name: {accept: [甲]}}\n")
	form.WriteField("as", "facilities")
	form.Close()
	v = decode(t, c.do(http.MethodPost, city+"/layers", &body, "Content-Type", form.FormDataContentType()), http.StatusCreated)
	if m, ok := v["mapping"].(map[string]any); !ok || m["mapping"] != "own" || m["file"] != "own.yaml" || len(m["hash"].(string)) != 64 || m["mapped"] != 1.0 || m["unmapped"] != 1.0 || v["used"] != 1.0 || v["refused"] != 1.0 {
		t.Errorf("report %v", v)
	}
}

// gridFormats stands for formats of population grids: it keeps how a file was to be read, and reads it as GeoJSON.
type gridFormats struct{ read intake.ReadOptions }

func (g *gridFormats) Open(_ context.Context, _ *intake.File, o intake.ReadOptions) (intake.Source, error) {
	g.read = o
	return nil, nil
}
func (*gridFormats) DefaultMapping(*intake.File) (string, error) { return "", nil }
func (*gridFormats) Mapping(id string) (*catalog.Mapping, error) { return nil, errors.New(id) }

// A population grid is cut to the area that comes with it, and read as points where that is asked for.
func TestUploadOfAGrid(t *testing.T) {
	formats := &gridFormats{}
	cfg := config(t, shelf{"city": smallCity(t, 2)})
	cfg.Formats = formats
	c := client{t, api.New(cfg)}
	const people = `{"type":"Feature","id":"p","geometry":{"type":"Point","coordinates":[106.501,29.501]},"properties":{"population":3}}`
	grid := func(layer, points, area string) *http.Response {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		form.WriteField("as", "demand")
		form.WriteField("layer", layer)
		form.WriteField("cell-points", points)
		part, _ := form.CreateFormFile("clip", "area.geojson")
		io.WriteString(part, area)
		part, _ = form.CreateFormFile("file", "grid.tif")
		io.WriteString(part, people)
		form.Close()
		return c.do(http.MethodPost, city+"/layers", &body, "Content-Type", form.FormDataContentType())
	}
	decode(t, grid("grid", "true", `{"type":"Polygon","coordinates":[[[106.5,29.5],[106.52,29.5],[106.52,29.52],[106.5,29.52],[106.5,29.5]]]}`), http.StatusCreated)
	if len(formats.read.Clip) != 1 || formats.read.Clip.Bound().Max[0] != 106.52 || !formats.read.CellPoints {
		t.Errorf("read with %+v", formats.read)
	}
	decode(t, post(c, "as=demand&layer=other", people, "Content-Type", "image/tiff"), http.StatusCreated)
	if formats.read.Clip != nil || formats.read.CellPoints {
		t.Errorf("without either: %+v", formats.read)
	}
	if p := decode(t, grid("grid", "yes", `{"type":"Polygon","coordinates":[]}`), http.StatusBadRequest); p["field"] != "cell-points" {
		t.Errorf("%v", p)
	}
	if p := decode(t, grid("grid", "true", `{"type":"Point","coordinates":[106.5,29.5]}`), http.StatusUnprocessableEntity); p["file"] != "area.geojson" {
		t.Errorf("an area that is none: %v", p)
	}
	if p := decode(t, post(c, "as=demand&layer=x&clip=area.geojson", people), http.StatusBadRequest); p["field"] != "clip" {
		t.Errorf("an area by its name: %v", p)
	}
}

// Two branches of one name side by side stay apart where that is asked for.
func TestUploadKeepsDuplicates(t *testing.T) {
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	two := strings.Replace(strings.Replace(clinics, "106.502,29.502", "106.5012,29.501", 1), `"properties":{}}]`, `"properties":{"name":"甲"}}]`, 1)
	if v := decode(t, post(c, "as=facilities&service=clinic&layer=merged", two), http.StatusCreated); v["merged"] != 1.0 {
		t.Errorf("side by side: %v", v)
	}
	if v := decode(t, post(c, "as=facilities&service=clinic&layer=kept&keep-duplicates=true", two), http.StatusCreated); v["merged"] != nil || v["used"] != 2.0 {
		t.Errorf("kept: %v", v)
	}
}

// undo posts an undo of a layer of clinics.
func undo(c client, layer, query string, headers ...string) *http.Response {
	return c.do(http.MethodPost, city+"/layers/facilities/"+layer+"/undo?"+query, nil, headers...)
}

// A wrong upload is taken back from the page as from the command line: the version before is served again, and a layer that had none is gone.
func TestUndo(t *testing.T) {
	m := smallCity(t, 2)
	c := newClient(t, shelf{"city": m})
	count := func() float64 { return c.json(city + "/collections/facilities/items")["numberMatched"].(float64) }
	before := count()
	first := decode(t, post(c, "as=facilities&service=clinic&layer=new", clinics), http.StatusCreated)
	one := `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[106.501,29.501]},"properties":{}}`
	decode(t, post(c, "as=facilities&service=clinic&layer=new&replace=true", one), http.StatusCreated)
	if count() != before+1 {
		t.Fatalf("%v facilities, %v before", count(), before)
	}
	if p := decode(t, undo(c, "new", "version=1"), http.StatusConflict); p["code"] != "conflict" || p["hint_zh"] == nil {
		t.Errorf("a version that is not current: %v", p)
	}
	r := undo(c, "new", "service=clinic&version=2")
	v := decode(t, r, http.StatusOK)
	undone, now := v["undone"].(map[string]any), v["now"].(map[string]any)
	if undone["version"] != 2.0 || undone["rows"] != 1.0 || now["version"] != 3.0 || now["rows"] != 2.0 || now["hash"] != first["hash"] {
		t.Errorf("%v", v)
	}
	if at := r.Header.Get("Content-Location"); c.json(at)["version"] != 3.0 || count() != before+2 {
		t.Errorf("%s, %v facilities", at, count())
	}
	if p := decode(t, undo(c, "new", "version=2"), http.StatusConflict); p["code"] != "conflict" {
		t.Errorf("the same request a second time: %v", p)
	}
	decode(t, post(c, "as=facilities&service=kindergarten&layer=once", clinics), http.StatusCreated)
	if v := decode(t, undo(c, "once", ""), http.StatusOK); v["now"] != nil || v["undone"].(map[string]any)["version"] != 1.0 {
		t.Errorf("a layer that had no version before: %v", v)
	}
	c.problem(city+"/layers/facilities/once", http.StatusNotFound, "not_found")
	if count() != before+2 {
		t.Errorf("%v facilities are left", count())
	}
	for _, bad := range []struct {
		query, layer, field string
		status              int
	}{
		{"", "once", "", 404}, {"service=park", "new", "", 404}, {"version=0", "new", "version", 400}, {"version=x", "new", "version", 400}, {"steps=2", "new", "steps", 400},
	} {
		if p := decode(t, undo(c, bad.layer, bad.query), bad.status); bad.field != "" && p["field"] != bad.field {
			t.Errorf("%+v: %v", bad, p)
		}
	}
	decode(t, post(c, "as=facilities&service=kindergarten&layer=new", clinics), http.StatusCreated)
	if p := decode(t, undo(c, "new", ""), http.StatusBadRequest); p["field"] != "service" || !strings.Contains(p["hint"].(string), "clinic; kindergarten") {
		t.Errorf("two layers of one name: %v", p)
	}
	if r := c.do(http.MethodGet, city+"/layers/facilities/new/undo", nil); r.StatusCode != 405 || r.Header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET of an undo: %d %s", r.StatusCode, r.Header.Get("Allow"))
	}
}

// Undoing is guarded as uploading is.
func TestUndoGuards(t *testing.T) {
	m := smallCity(t, 2)
	cfg := config(t, shelf{"city": m})
	cfg.UploadsPerMin = 3
	c := client{t, api.New(cfg)}
	if r := undo(c, "clinics", "", "Sec-Fetch-Site", "cross-site"); r.StatusCode != 403 {
		t.Errorf("another site undoes: %d", r.StatusCode)
	}
	if r := undo(c, "clinics", "", "Origin", "https://evil.example"); r.StatusCode != 403 {
		t.Errorf("another origin undoes: %d", r.StatusCode)
	}
	last := 0
	for range 5 {
		last = undo(c, "nowhere", "").StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("five at once, three allowed: %d", last)
	}
	layers := len(m.current)
	cfg.ReadOnly = true
	if r := undo(client{t, api.New(cfg)}, "clinics", ""); r.StatusCode != 403 || len(m.current) != layers {
		t.Errorf("a read-only server undoes: %d", r.StatusCode)
	}
}

func TestUploadForm(t *testing.T) {
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("as", "facilities")
	part, _ := form.CreateFormFile("complete", "area.geojson")
	io.WriteString(part, `{"type":"Polygon","coordinates":[[[106.5,29.5],[106.52,29.5],[106.52,29.52],[106.5,29.52],[106.5,29.5]]]}`)
	part, _ = form.CreateFormFile("file", "诊所 2025.geojson")
	io.WriteString(part, clinics)
	form.WriteField("service", "clinic")
	form.Close()
	r := c.do(http.MethodPost, city+"/layers", &body, "Content-Type", form.FormDataContentType())
	v := decode(t, r, http.StatusCreated)
	if v["layer"] != "诊所 2025" || v["source"] != "诊所 2025.geojson" {
		t.Errorf("report %v", v)
	}
	shown := c.json(r.Header.Get("Location"))
	if survey := fmt.Sprint(shown["surveys"]); !strings.Contains(survey, "polygon") {
		t.Errorf("surveys %s", survey)
	}
}

// What cannot be read is refused as a whole, with the reason, and changes nothing.
func TestUploadRefused(t *testing.T) {
	m := smallCity(t, 2)
	cfg := config(t, shelf{"city": m})
	cfg.MaxUploadBytes = 4096
	c := client{t, api.New(cfg)}
	layers := len(m.current)
	large := `{"type":"FeatureCollection","features":[` + strings.Repeat(`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}},`, 100) + `]}`
	for _, bad := range []struct {
		name, query, body string
		status            int
		code              string
	}{
		{"broken JSON", "as=facilities&service=clinic&layer=x", clinics[:60], 422, "refused"},
		{"no GeoJSON", "as=facilities&service=clinic&layer=x", `{"a":1}`, 422, "refused"},
		{"empty", "as=facilities&service=clinic&layer=x", "", 422, "refused"},
		{"none usable", "as=facilities&service=clinic&layer=x", `{"type":"Feature","geometry":null,"properties":{}}`, 422, "refused"},
		{"unknown CRS", "as=facilities&service=clinic&layer=x&crs=EPSG:27700", clinics, 422, "refused"},
		{"no consent", "as=facilities&service=clinic&layer=x&crs=EPSG:4610", clinics, 422, "refused"},
		{"bad consent", "as=facilities&service=clinic&layer=x&crs=EPSG:4610&accept-error=much", clinics, 400, "invalid"},
		{"bad header", "as=facilities&service=clinic&layer=x&header=0", clinics, 400, "invalid"},
		{"sheet and layer", "as=facilities&service=clinic&layer=x&sheet=a&source-layer=a", clinics, 400, "invalid"},
		{"no such mapping", "as=facilities&mapping=amap&layer=x", clinics, 400, "invalid"},
		{"no role", "service=clinic&layer=x", clinics, 400, "invalid"},
		{"unknown role", "as=things&layer=x", clinics, 400, "invalid"},
		{"no name", "as=facilities&service=clinic", clinics, 400, "invalid"},
		{"unknown service", "as=facilities&service=clinix&layer=x", clinics, 400, "invalid"},
		{"unknown option", "as=facilities&service=clinic&layer=x&colour=red", clinics, 400, "invalid"},
		{"option twice", "as=facilities&as=land&service=clinic&layer=x", clinics, 400, "invalid"},
		{"bad flag", "as=facilities&service=clinic&layer=x&replace=yes", clinics, 400, "invalid"},
		{"bad measure", "as=demand&measure=population&layer=x", clinics, 400, "invalid"},
		{"bad survey", "as=facilities&service=clinic&layer=x&complete=area.geojson", clinics, 400, "invalid"},
		{"too large", "as=facilities&service=clinic&layer=x", large, 413, "request_entity_too_large"},
	} {
		p := decode(t, post(c, bad.query, bad.body), bad.status)
		if p["code"] != bad.code || p["detail"] == nil || p["detail_zh"] == nil {
			t.Errorf("%s: %v", bad.name, p)
		}
		if bad.name == "none usable" && p["report"].(map[string]any)["refused"] != 1.0 {
			t.Errorf("%s: no report of the row: %v", bad.name, p)
		}
	}
	if len(m.current) != layers {
		t.Error("a refused upload was written")
	}
	if r := post(c, "as=facilities&service=clinic&layer=x", clinics, "Content-Type", "image/png"); r.StatusCode != 415 {
		t.Errorf("a picture: %d", r.StatusCode)
	}
	if r := post(c, "as=facilities&service=clinic&layer=x", clinics, "Content-Type", "multipart/form-data; boundary=x"); r.StatusCode != 400 {
		t.Errorf("a broken form: %d", r.StatusCode)
	}
	if r := c.do(http.MethodPost, "http://example.com/projects/nowhere/layers?as=land&layer=x", strings.NewReader(clinics), "Content-Type", "application/geo+json"); r.StatusCode != 404 {
		t.Errorf("no such project: %d", r.StatusCode)
	}
}

func TestUploadGuards(t *testing.T) {
	m := smallCity(t, 2)
	cfg := config(t, shelf{"city": m})
	cfg.UploadsPerMin = 3
	c := client{t, api.New(cfg)}
	if r := post(c, "as=land&layer=x", clinics, "Sec-Fetch-Site", "cross-site"); r.StatusCode != 403 {
		t.Errorf("another site uploads: %d", r.StatusCode)
	}
	if r := post(c, "as=land&layer=x", clinics, "Origin", "https://evil.example"); r.StatusCode != 403 {
		t.Errorf("another origin uploads: %d", r.StatusCode)
	}
	last := 0
	for range 5 {
		last = post(c, "as=land", "").StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("five uploads at once, three allowed: %d", last)
	}
	cfg.ReadOnly = true
	if r := post(client{t, api.New(cfg)}, "as=facilities&service=clinic&layer=x", clinics); r.StatusCode != 403 {
		t.Errorf("a read-only server takes an upload: %d", r.StatusCode)
	}
	cfg.ReadOnly, cfg.HostNames = false, []string{"localhost"}
	if r := post(client{t, api.New(cfg)}, "as=facilities&service=clinic&layer=x", clinics); r.StatusCode != 403 {
		t.Errorf("an upload under another host name: %d", r.StatusCode)
	}
}

// A page whose host name was pointed at the planner's own machine counts as ours for the browser (DNS rebinding): the name tells.
func TestUploadByForeignName(t *testing.T) {
	server := httptest.NewServer(newClient(t, shelf{"city": smallCity(t, 2)}).h)
	defer server.Close()
	for host, want := range map[string]int{
		"evil.example": 403, "evil.example:80": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
		"127.0.0.1:8080": 200, "localhost:8080": 200, "LOCALHOST": 200, "[::1]:8080": 200, "192.168.1.5": 200,
	} {
		r, _ := http.NewRequest(http.MethodPost, server.URL+"/projects/city/layers?as=facilities&service=clinic&layer=x", strings.NewReader(clinics))
		r.Host = host
		r.Header.Set("Content-Type", "application/geo+json")
		r.Header.Set("Origin", "http://"+host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if (want == http.StatusForbidden) != (got.StatusCode == http.StatusForbidden) || got.StatusCode >= 500 {
			t.Errorf("called %s: %d, want %d", host, got.StatusCode, want)
		}
	}
}

// An upload that breaks off on the line is the client's to repeat, not our fault, and leaves nothing behind.
func TestUploadBrokenOff(t *testing.T) {
	m := smallCity(t, 2)
	layers := len(m.current)
	server := httptest.NewServer(newClient(t, shelf{"city": m}).h)
	defer server.Close()
	for name, body := range map[string]string{
		"no such chunk length": "FFFFFFFFFFFFFFFFF\r\n", "half a chunk": "40\r\n" + clinics[:20],
	} {
		line, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(line, "POST /projects/city/layers?as=facilities&service=clinic&layer=x HTTP/1.1\r\nHost: localhost\r\n"+
			"Content-Type: application/geo+json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%s", body)
		line.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(line)
		line.Close()
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) {
			t.Errorf("%s: %.60s", name, answer)
		}
	}
	if len(m.current) != layers {
		t.Error("half an upload was written")
	}
}

// Somebody uploads over a slow line: the others need not wait for the end of it.
func TestSlowUploadHoldsNobodyUp(t *testing.T) {
	server := httptest.NewServer(newClient(t, shelf{"city": smallCity(t, 2)}).h)
	defer server.Close()
	upload := func(name string, body io.Reader) (int, error) {
		r, err := http.Post(server.URL+"/projects/city/layers?as=facilities&service=clinic&layer="+name, "application/geo+json", body)
		if err != nil {
			return 0, err
		}
		return r.StatusCode, r.Body.Close()
	}
	line, slow := io.Pipe()
	done := make(chan int, 1)
	go func() {
		status, _ := upload("slow", line)
		done <- status
	}()
	io.WriteString(slow, clinics[:40])
	quick := make(chan int, 1)
	go func() {
		status, _ := upload("quick", strings.NewReader(clinics))
		quick <- status
	}()
	select {
	case status := <-quick:
		if status != http.StatusCreated {
			t.Errorf("the quick upload: %d", status)
		}
	case <-time.After(10 * time.Second):
		t.Error("the quick upload waits for the slow one")
	}
	io.WriteString(slow, clinics[40:])
	slow.Close()
	if status := <-done; status != http.StatusCreated {
		t.Errorf("the slow upload: %d", status)
	}
}

// A body that does not fit in memory's share goes through a file, and comes out the same.
func TestLargeUpload(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("TMPDIR", directory)
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	v := decode(t, post(c, "as=facilities&service=clinic&layer=large", clinics+strings.Repeat(" ", 9<<20)), http.StatusCreated)
	if v["read"] != 3.0 || v["used"] != 2.0 {
		t.Errorf("report %v", v)
	}
	if left, _ := os.ReadDir(directory); len(left) != 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
}

// Two people upload at the same time: each gets a report of its own layer, and nothing is lost.
func TestConcurrentUploads(t *testing.T) {
	m := smallCity(t, 2)
	c := newClient(t, shelf{"city": m})
	before := len(m.current)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			v := decode(t, post(c, fmt.Sprintf("as=facilities&service=clinic&layer=l%d", i), clinics), http.StatusCreated)
			if v["layer"] != fmt.Sprintf("l%d", i) {
				t.Errorf("layer %v", v["layer"])
			}
			c.json(city + "/collections/facilities/items?limit=3")
		})
	}
	wait.Wait()
	if len(m.current) != before+8 {
		t.Errorf("%d layers, want %d", len(m.current), before+8)
	}
}

// brokenFormats stands for a format whose reader has a fault.
type brokenFormats struct{ gridFormats }

func (*brokenFormats) Open(context.Context, *intake.File, intake.ReadOptions) (intake.Source, error) {
	return brokenSource{}, nil
}

type brokenSource struct{}

func (brokenSource) Next() (intake.Row, error) { panic("secret: a fault of the reader") }
func (brokenSource) Info() intake.SourceInfo   { return intake.SourceInfo{} }

// A file that a reader panics on fails its own upload; everybody else is served on.
func TestReaderPanics(t *testing.T) {
	var log strings.Builder
	cfg := config(t, shelf{"city": smallCity(t, 2)})
	cfg.Formats, cfg.Logger = &brokenFormats{}, textLogger(&log)
	c := client{t, api.New(cfg)}
	p := decode(t, c.do(http.MethodPost, city+"/layers?as=facilities&service=clinic&layer=x", strings.NewReader("a,b"), "Content-Type", "text/csv"), http.StatusInternalServerError)
	if p["code"] != "internal" || strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("the upload gives %v", p)
	}
	if !strings.Contains(log.String(), "a fault of the reader") || !strings.Contains(log.String(), "brokenSource.Next") {
		t.Errorf("the log does not say where: %s", log.String())
	}
	c.json(city + "/collections")
}
