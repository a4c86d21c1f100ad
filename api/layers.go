package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
)

// LayerView is a layer as the service shows it: what is known of it, and the counts of its import report.
type LayerView struct {
	coverage.LayerInfo
	BBox   []float64     `json:"bbox,omitempty"` // west, south, east, north
	Report *reportCounts `json:"report,omitempty"`
	Links  []Link        `json:"links"`
}

type reportCounts struct {
	Read     int `json:"read"`
	Used     int `json:"used"`
	Repaired int `json:"repaired"`
	Refused  int `json:"refused"`
	Warnings int `json:"warnings"`
}

func (s *server) layerList(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	infos, err := p.Layers(r.Context())
	if err != nil {
		return err
	}
	layers := []LayerView{}
	for _, info := range infos {
		v, _, err := viewLayer(r.Context(), p, info)
		if err != nil {
			return err
		}
		layers = append(layers, v)
	}
	return s.writeJSON(w, r, typeJSON, struct {
		Layers []LayerView  `json:"layers"`
		Upload *uploadTerms `json:"upload,omitempty"` // left out by a server that takes none
		Links  []Link       `json:"links"`
	}{layers, s.uploadTerms(), []Link{{p.root + "/layers", "self", typeJSON, "this document"}}})
}

// uploadTerms is what a client must know before it offers an upload.
type uploadTerms struct {
	MaxBytes int64    `json:"max_bytes"` // of a body
	Mappings []string `json:"mappings"`  // names of the mappings that the server has
}

func (s *server) uploadTerms() *uploadTerms {
	if s.ReadOnly {
		return nil
	}
	return &uploadTerms{s.MaxUploadBytes, append([]string{}, s.Mappings...)}
}

// serviceList lists the services that a layer may offer and a requirement ask for.
func (s *server) serviceList(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	list := s.Services.All()
	if list == nil {
		list = []catalog.Service{}
	}
	return s.writeJSON(w, r, typeJSON, struct {
		Services []catalog.Service `json:"services"`
		Links    []Link            `json:"links"`
	}{list, []Link{{s.base(r) + "/services", "self", typeJSON, "this document"}}})
}

// viewLayer gives a layer with its report; a layer that came from no import has none.
func viewLayer(ctx context.Context, p *project, info coverage.LayerInfo) (LayerView, *coverage.ImportReport, error) {
	v := LayerView{LayerInfo: info, Links: []Link{{layerURL(p, info.LayerKey), "item", typeJSON, "the layer and its import report"}}}
	if info.Rows > 0 && info.Role != coverage.RoleAttributes {
		v.BBox = []float64{info.Bound.Min[0], info.Bound.Min[1], info.Bound.Max[0], info.Bound.Max[1]}
	}
	report, err := p.Report(ctx, info.Hash)
	if coverage.CodeOf(err) == coverage.NotFound {
		return v, nil, nil
	}
	if err != nil {
		return v, nil, err
	}
	if report != nil {
		v.Report = &reportCounts{report.Read, report.Used, report.Repaired, report.Refused, len(report.Warnings)}
	}
	return v, report, nil
}

func layerURL(p *project, k coverage.LayerKey) string {
	at := p.root + "/layers/" + url.PathEscape(string(k.Role)) + "/" + url.PathEscape(k.Name)
	if k.Service != "" {
		at += "?service=" + url.QueryEscape(k.Service)
	}
	return at
}

// layerPage shows one layer and its whole import report. Facility layers of one name may differ in service.
func (s *server) layerPage(w http.ResponseWriter, r *http.Request) error {
	values, err := plainParams(r, "service")
	if err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	info, err := oneLayer(r, p, values)
	if err != nil {
		return err
	}
	v, report, err := viewLayer(r.Context(), p, info)
	if err != nil {
		return err
	}
	v.Links = []Link{
		{layerURL(p, v.LayerKey), "self", typeJSON, "this document"},
		{p.root + "/layers", "collection", typeJSON, "layers"},
	}
	return s.writeJSON(w, r, typeJSON, struct {
		LayerView
		Report *coverage.ImportReport `json:"report,omitempty"`
	}{v, report})
}

// oneLayer finds the layer of a request's path, told by ?service= from others of its name.
func oneLayer(r *http.Request, p *project, values url.Values) (found coverage.LayerInfo, err error) {
	role, err := pathParam(r, "role")
	if err != nil {
		return found, err
	}
	name, err := pathParam(r, "name")
	if err != nil {
		return found, err
	}
	infos, err := p.Layers(r.Context())
	if err != nil {
		return found, err
	}
	var services []string
	for _, info := range infos {
		if string(info.Role) == role && info.Name == name && (!values.Has("service") || info.Service == values.Get("service")) {
			found, services = info, append(services, info.Service)
		}
	}
	switch len(services) {
	case 0:
		e := coverage.Errorf(coverage.NotFound, "没有 %s 图层“%s”", "there is no layer %[2]q of role %[1]s", role, name)
		e.Hint = coverage.Text{Zh: "见 layers 列表", En: "see the list of layers"}
		return found, e
	case 1:
		return found, nil
	}
	e := badParam("service", "多个图层同名，请加 ?service=", "%d layers have this name: add ?service=", len(services)).(*coverage.Error)
	e.Hint = coverage.Text{Zh: "可选：" + strings.Join(services, "；"), En: "one of: " + strings.Join(services, "; ")}
	return found, e
}

// undo takes the last change of a layer back, as `lifecircle layers undo`: the version before is current again, as a new version; a layer
// that had none is left out. Undoing again goes one change further back, so a request that may be sent twice names the version that it
// means (?version=N): if another is current, the answer is 409 and nothing is changed.
func (s *server) undo(w http.ResponseWriter, r *http.Request) error {
	if err := s.writable(); err != nil {
		return err
	}
	values, err := plainParams(r, "service", "version")
	if err != nil {
		return err
	}
	version := 0
	if text := values.Get("version"); values.Has("version") {
		if version, err = strconv.Atoi(text); err != nil || version < 1 {
			return badParam("version", "写成从 1 起的版本号", "write the number of a version, from 1, not %q", text)
		}
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	lock := s.uploadLock(p.id) // an import compares with the version before, as this does
	lock.Lock()
	defer lock.Unlock()
	info, err := oneLayer(r, p, values)
	if err != nil {
		return err
	}
	if version > 0 && info.Version != version {
		e := coverage.Errorf(coverage.Conflict, "图层 %s 现为第 %d 版, 不是第 %d 版", "the layer %s is at version %d now, not %d", info.Name, info.Version, version)
		e.Hint = coverage.Text{Zh: "已有其他更改；查看图层后再决定", En: "somebody else changed it: look at the layer again, then decide"}
		return e
	}
	undone, now, err := p.UndoLayer(r.Context(), info.LayerKey)
	if err != nil {
		return err
	}
	answer := struct {
		Undone LayerView  `json:"undone"`
		Now    *LayerView `json:"now,omitempty"` // left out where the layer has no version any more
	}{}
	if answer.Undone, _, err = viewLayer(r.Context(), p, undone); err != nil {
		return err
	}
	answer.Undone.Links = []Link{{p.root + "/layers", "collection", typeJSON, "layers"}} // it has no address any more
	if now != nil {
		v, _, err := viewLayer(r.Context(), p, *now)
		if err != nil {
			return err
		}
		answer.Now = &v
		w.Header().Set("Content-Location", layerURL(p, now.LayerKey))
	}
	body, err := marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", typeJSON)
	w.Write(body)
	return nil
}

// writable refuses whatever would change a project, on a read-only server.
func (s *server) writable() error {
	if !s.ReadOnly {
		return nil
	}
	return &httpError{status: http.StatusForbidden, text: coverage.Text{Zh: "此服务为只读", En: "this server is read-only"}}
}

// uploadParams are the options of an import, named as on the command line.
var uploadParams = [...]string{
	"as", "layer", "name", "service", "complete", "measure", "parent", "level",
	"id-field", "name-field", "status-field", "capacity-field", "area-field", "floor-area-field", "floors-field", "opened-field",
	"closed-field", "service-field", "kind-field", "join",
	"modelled", "crs", "accept-error", "encoding", "delimiter", "source-layer", "sheet", "header", "x-field", "y-field", "location-field", "wkt-field", "mapping",
	"cell-points", "replace", "append", "strict", "keep-duplicates", "attribution", "derived", "f",
}

// boolParams are true or false.
var boolParams = [...]string{"modelled", "cell-points", "replace", "append", "strict", "keep-duplicates"}

// formFiles are the files that a form may hold beside its fields.
var formFiles = [...]string{"file", "complete", "clip", "mapping"}

// manyParams may be given several times.
var manyParams = [...]string{"service", "measure", "parent"}

// upload imports the body as a layer and answers with the import report: 201 if a version was written, 200 if the same content was
// there. The body is the file itself, or a form with the parts "file" and, for --complete=AREA, "complete", for --clip=AREA "clip", and for a
// mapping of one's own "mapping"; the form's fields are options like those of the query.
func (s *server) upload(w http.ResponseWriter, r *http.Request) error {
	if err := s.writable(); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	r.Body = wholeBody{http.MaxBytesReader(w, r.Body, s.MaxUploadBytes)}
	up, err := s.readUpload(r)
	if err != nil {
		return tooLarge(err, s.MaxUploadBytes)
	}
	defer up.close()
	o, err := uploadOptions(up.values)
	if err != nil {
		return err
	}
	o.Formats = s.Formats
	if err := s.uploadMapping(up, &o); err != nil {
		return tooLarge(err, s.MaxUploadBytes)
	}
	if a := up.complete; a.file != nil {
		area, err := intake.ReadArea(a.file, a.name)
		if err != nil {
			return tooLarge(err, s.MaxUploadBytes)
		}
		o.Complete = &intake.Complete{Area: area, Source: a.name}
	}
	if a := up.clip; a.file != nil {
		if o.Read.Clip, err = intake.ReadArea(a.file, a.name); err != nil {
			return tooLarge(err, s.MaxUploadBytes)
		}
	}
	if up.fileName == "" && o.Name == "" {
		return badParam("layer", "请给图层命名", "say what the layer shall be called: a body has no file name")
	}

	// One import at a time: each compares with the version before.
	lock := s.uploadLock(p.id)
	lock.Lock()
	defer lock.Unlock()
	up.file.Name = fileName(up.fileName, o)
	report, err := intake.ImportFile(r.Context(), p.Store, s.Services, up.file, o, nil)
	if err != nil {
		if report != nil {
			err = &refusal{err, report}
		}
		return tooLarge(err, s.MaxUploadBytes)
	}
	answer := struct {
		*coverage.ImportReport
		Condition string `json:"condition_failed,omitempty"` // "strict": rows were refused, and strict was asked for
	}{ImportReport: report}
	if o.Strict && report.Refused > 0 {
		answer.Condition = "strict"
	}
	w.Header().Set("Location", layerURL(p, coverage.LayerKey{
		Role: report.Role, Service: s.serviceKey(o.Services), Name: report.Layer,
	}))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", typeJSON)
	if !report.Unchanged {
		w.WriteHeader(http.StatusCreated)
	}
	body, err := marshal(answer)
	if err != nil {
		return err
	}
	w.Write(body)
	return nil
}

// serviceKey is the service part of a layer's key: the keys of what was asked for, sorted.
func (s *server) serviceKey(words []string) string {
	var keys []string
	for _, word := range words {
		if key, ok := s.Services.Resolve(word); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ",")
}

func (s *server) uploadLock(project string) *sync.Mutex {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uploads[project] == nil {
		s.uploads[project] = new(sync.Mutex)
	}
	return s.uploads[project]
}

// uploaded is a body taken apart.
type uploaded struct {
	values   url.Values
	file     *intake.File
	fileName string   // empty for a body without a form
	complete formFile // where the layer is complete
	clip     formFile // where the cells of a population grid are read
	mapping  formFile // how its facilities are found
	closers  []func() error
}

// formFile is a file of a form beside the one that is imported; its zero value was not sent.
type formFile struct {
	file io.Reader
	name string
}

func (u *uploaded) close() {
	for _, c := range u.closers {
		c()
	}
}

// fileTypes are what a body may be. A browser or curl may not know better than application/octet-stream.
var fileTypes = [...]string{
	"application/geo+json", "application/json", "application/geo+json-seq", "application/x-ndjson", "application/jsonl",
	"application/octet-stream", "text/csv", "text/tab-separated-values", "text/plain",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip", "application/x-zip-compressed",
	"image/tiff", "application/geopackage+sqlite3", "application/vnd.sqlite3", "application/x-sqlite3",
	"application/xml", "text/xml", "application/x-protobuf", "application/vnd.openstreetmap.data+xml", "application/gzip", "application/x-gzip", "application/x-bzip2",
}

func (s *server) readUpload(r *http.Request) (*uploaded, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("", "查询字符串无法解析", "the query string cannot be read: %s", err)
	}
	u := &uploaded{values: values}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case mediaType == "multipart/form-data":
		return u, u.readForm(r)
	case err != nil || !slices.Contains(fileTypes[:], mediaType):
		return nil, &httpError{
			status: http.StatusUnsupportedMediaType,
			text:   coverage.Text{Zh: "不支持的媒体类型", En: "the body is not of a type that can be read"},
			hint: coverage.Text{
				Zh: "Content-Type 用 application/geo+json、text/csv、application/octet-stream 或 multipart/form-data",
				En: "send Content-Type application/geo+json, text/csv, application/octet-stream or multipart/form-data",
			},
		}
	}
	// The whole body is here before anything waits for it: over a slow line it would keep everybody else's uploads from their turn.
	file, done, err := intake.Spool("", r.Body, 0)
	if err != nil {
		return nil, err
	}
	u.file, u.closers = file, append(u.closers, done)
	return u, nil
}

// Bytes of a form that are kept in memory; the rest is kept in temporary files.
const uploadMemory = 8 << 20

func (u *uploaded) readForm(r *http.Request) error {
	if err := r.ParseMultipartForm(uploadMemory); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return badParam("", "表单无法解析", "the form cannot be read: %s", err)
	}
	u.closers = append(u.closers, r.MultipartForm.RemoveAll)
	for name, values := range r.MultipartForm.Value {
		u.values[name] = append(u.values[name], values...)
	}
	for _, name := range sortedKeys(r.MultipartForm.File) {
		parts := r.MultipartForm.File[name]
		if !slices.Contains(formFiles[:], name) || len(parts) != 1 {
			return badParam(name, "表单只能有 file、complete、clip、mapping 文件各一个", "a form has one file called file, and at most one each called complete, clip and mapping")
		}
		f, err := parts[0].Open()
		if err != nil {
			return err
		}
		u.closers = append(u.closers, f.Close)
		switch name {
		case "file":
			u.file, u.fileName = intake.NewFile(parts[0].Filename, "", f, parts[0].Size), parts[0].Filename
		case "complete":
			u.complete = formFile{f, parts[0].Filename}
		case "clip":
			u.clip = formFile{f, parts[0].Filename}
		case "mapping":
			u.mapping = formFile{f, parts[0].Filename}
		}
	}
	if u.file == nil {
		return badParam("file", "表单中没有 file 文件", "the form has no file called file")
	}
	return nil
}

// maxMappingBytes bounds a mapping of one's own.
const maxMappingBytes = 1 << 20

// uploadMapping settles the mapping: a shipped one by its name, or one that was sent with the file.
func (s *server) uploadMapping(u *uploaded, o *intake.Options) error {
	name := u.values.Get("mapping")
	switch {
	case u.mapping.file != nil:
		src, err := io.ReadAll(io.LimitReader(u.mapping.file, maxMappingBytes+1))
		if err != nil {
			return err
		}
		m, _, err := catalog.ParseMapping(src, u.mapping.name, s.Services)
		if err != nil {
			return &coverage.Error{Code: coverage.Refused, Err: err, Text: coverage.Text{Zh: err.Error(), En: err.Error()}}
		}
		o.Mapping = intake.NewOwnMapper(m, u.mapping.name)
	case name == "":
	case s.Formats == nil:
		return badParam("mapping", "此服务没有自带的映射", "this server has no mappings of its own")
	default:
		m, err := s.Formats.Mapping(name)
		if err != nil {
			return badParam("mapping", "没有这个映射", "%s", err)
		}
		o.Mapping = intake.NewMapper(m)
	}
	return nil
}

// uploadOptions reads the options of an import.
func uploadOptions(values url.Values) (intake.Options, error) {
	var o intake.Options
	if err := onlyParams(values, uploadParams[:]...); err != nil {
		return o, err
	}
	for _, name := range sortedKeys(values) {
		if len(values[name]) > 1 && !slices.Contains(manyParams[:], name) {
			return o, badParam(name, "参数重复", "the parameter is given %d times", len(values[name]))
		}
	}
	if values.Get("as") == "" {
		return o, badParam("as", "请说明图层类型", "say what the layer is: neighborhoods, facilities, demand, land, buildings, attributes or network")
	}
	if values.Has("layer") && values.Has("name") {
		return o, badParam("name", "name 与 layer 含义相同，只用一个", "name and layer mean the same: give one of them")
	}
	o.Role = coverage.Role(values.Get("as"))
	o.Name = values.Get("layer") + values.Get("name")
	for _, list := range values["service"] {
		for _, word := range strings.Split(list, ",") {
			if word = strings.TrimSpace(word); word != "" {
				o.Services = append(o.Services, word)
			}
		}
	}
	for _, f := range []struct {
		name string
		to   *string
	}{
		{"id-field", &o.IDField}, {"name-field", &o.NameField}, {"status-field", &o.StatusField}, {"capacity-field", &o.CapacityField},
		{"area-field", &o.AreaField}, {"floor-area-field", &o.FloorAreaField}, {"floors-field", &o.FloorsField},
		{"opened-field", &o.OpenedField}, {"closed-field", &o.ClosedField}, {"service-field", &o.ServiceField},
		{"kind-field", &o.KindField}, {"join", &o.JoinField}, {"level", &o.Level}, {"crs", &o.CRS},
		{"attribution", &o.Attribution}, {"derived", &o.Derived}, {"encoding", &o.Read.Encoding}, {"delimiter", &o.Read.Delimiter},
		{"source-layer", &o.Read.Layer}, {"x-field", &o.Read.X}, {"y-field", &o.Read.Y}, {"location-field", &o.Read.Location}, {"wkt-field", &o.Read.WKT},
	} {
		*f.to = values.Get(f.name)
	}
	if values.Has("sheet") {
		if values.Has("source-layer") {
			return o, badParam("sheet", "sheet 与 source-layer 含义相同，只用一个", "sheet and source-layer mean the same: give one of them")
		}
		o.Read.Layer = values.Get("sheet")
	}
	if text := values.Get("header"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, badParam("header", "写成从 1 起的行号", "write the number of a row, from 1, not %q", text)
		}
		o.Read.Header = n
	}
	if text := values.Get("accept-error"); text != "" {
		metres, err := strconv.ParseFloat(text, 64)
		if err != nil || !(metres > 0 && metres <= 1e4) {
			return o, badParam("accept-error", "写成 0 到 10000 之间的米数", "write metres, more than 0 and at most 10000, not %q", text)
		}
		o.AcceptError = metres
	}
	for _, f := range []struct {
		name string
		to   *bool
	}{{"modelled", &o.Modelled}, {"cell-points", &o.Read.CellPoints}, {"replace", &o.Replace}, {"append", &o.Append}, {"strict", &o.Strict}, {"keep-duplicates", &o.KeepDuplicates}} {
		if value, given := values[f.name]; given {
			var err error
			if *f.to, err = parseBool(f.name, value[0]); err != nil {
				return o, err
			}
		}
	}
	for _, pair := range values["measure"] {
		name, field, ok := strings.Cut(pair, "=")
		if !ok || name == "" || field == "" {
			return o, badParam("measure", "写成 名称=字段", "write NAME=FIELD, not %q", pair)
		}
		o.Measures = append(o.Measures, intake.MeasureSpec{Name: name, Field: field})
	}
	for _, pair := range values["parent"] {
		level, field, ok := strings.Cut(pair, "=")
		if !ok || level == "" || field == "" {
			return o, badParam("parent", "写成 层级=字段", "write LEVEL=FIELD, not %q", pair)
		}
		o.Parents = append(o.Parents, intake.ParentSpec{Level: level, Field: field})
	}
	switch values.Get("complete") {
	case "":
	case "true", "everywhere":
		o.Complete = &intake.Complete{Everywhere: true}
	case "unknown":
		o.Complete = &intake.Complete{Unknown: true}
	default:
		return o, badParam("complete", "写 everywhere、unknown，或在表单中用 complete 文件给出范围",
			"write everywhere or unknown, or send the area as the form's file called complete")
	}
	return o, nil
}

// fileName is the name of the upload in its report: the file's own, else the layer's.
func fileName(name string, o intake.Options) string {
	switch {
	case name != "":
		return name
	case o.Role == coverage.RoleAttributes:
		return o.Name + ".csv"
	}
	return o.Name + ".geojson"
}

// wholeBody tells a body that broke on its way, which is the client's or the line's fault, from one that cannot be read here.
type wholeBody struct{ io.ReadCloser }

func (b wholeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var large *http.MaxBytesError
	if err == nil || err == io.EOF || errors.As(err, &large) {
		return n, err
	}
	return n, &httpError{
		status: http.StatusBadRequest,
		text:   coverage.Text{Zh: "上传中断或不完整，未写入任何内容", En: "the upload broke off or is garbled, nothing was written"},
		hint:   coverage.Text{Zh: "请重新上传", En: "upload it again"},
	}
}

// tooLarge tells an upload that hit the bound from one that is broken.
func tooLarge(err error, bound int64) error {
	var large *http.MaxBytesError
	if !errors.As(err, &large) {
		return err
	}
	e := &httpError{status: http.StatusRequestEntityTooLarge}
	e.text = coverage.Errorf(coverage.Invalid, "上传超过 %d MiB", "the upload has more than %d MiB", bound>>20).Text
	e.hint = coverage.Text{Zh: "用 lifecircle import 导入大文件", En: "import large files with lifecircle import"}
	return e
}
