package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// Import reads a file into a layer of a project, and gives the report that the store keeps with it.
//
// Options left out keep what was declared for the layer's current version. Content that is there already writes nothing: the report is
// then the stored one (or, if the file differs in what was refused or repaired, this file's own) with Unchanged set. The same
// content under other declarations is a new version. Other content under the same key needs Replace or Append, else the
// error is of code coverage.Conflict. Append adds the file's rows to the layer's: a row that is there already counts once
// (duplicate_equal), a row whose id belongs to another feature of the layer is refused (duplicate_id).
//
// The other errors are those of Build, and the store's.
func Import(ctx context.Context, st coverage.Store, services *catalog.Services, file string, r io.Reader, o Options, p coverage.Progress) (*coverage.ImportReport, error) {
	if _, err := o.complete(services, file); err != nil { // before a stream is read
		return nil, err
	}
	f, done, err := asFile(file, r, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	defer done()
	return ImportFile(ctx, st, services, f, o, p)
}

// ImportFile does what Import does with a file that can be read again.
func ImportFile(ctx context.Context, st coverage.Store, services *catalog.Services, f *File, o Options, p coverage.Progress) (rep *coverage.ImportReport, err error) {
	r := &rooms{most: insideBytes}
	defer r.close()
	defer outsideFault(&err)
	return importFile(ctx, st, services, f, o, r, p)
}

func importFile(ctx context.Context, st coverage.Store, services *catalog.Services, f *File, o Options, r *rooms, p coverage.Progress) (*coverage.ImportReport, error) {
	o, err := o.complete(services, f.Name)
	if err != nil {
		return nil, err
	}
	if _, err := statedCRS(f.Name, &o); err != nil {
		return nil, err
	}
	layers, err := currentLayers(ctx, st, &o)
	if err != nil {
		return nil, err
	}
	current, err := findLayer(layers, &o)
	if err != nil {
		return nil, err
	}
	if err := o.findMapping(f, current); err != nil {
		return nil, err
	}
	var stale *coverage.ReportNote
	if current != nil {
		stale = o.otherMapping(current)
		o.inherit(current)
	}
	if err := o.ready(); err != nil {
		return nil, err
	}
	s := setting{beside: besideBound(layers, o.key()), rooms: r, later: current == nil}
	var units []coverage.LayerInfo
	for _, info := range layers {
		if info.Role == coverage.RoleNeighborhoods {
			units = append(units, info)
		}
	}
	if bound := besideBound(units, coverage.LayerKey{}); bound != nil {
		box := around(*bound, gridMargin)
		s.around = &box
	}
	if current != nil && o.Append {
		if s.base, err = st.Layer(ctx, current.Hash); err != nil {
			return nil, err
		}
	}
	if o.Role == coverage.RoleAttributes {
		if s.units, err = ReadUnits(ctx, st, layers); err != nil {
			return nil, err
		}
	}
	l, rep, err := build(ctx, services, f, o, s, p)
	if err == nil && isAuto(o.CRS) {
		l, rep, err = decideDatum(ctx, st, services, f, o, s, layers, l, rep, p)
	}
	if err != nil {
		return rep, err
	}
	if err := warnBeside(ctx, st, layers, l, rep); err != nil {
		return rep, err
	}
	if err := warnAlso(ctx, st, services, layers, l, rep); err != nil {
		return rep, err
	}
	if rep.CRSKnownBy != byAuto {
		if err := warnDatum(ctx, st, layers, l, rep); err != nil {
			return rep, err
		}
	}
	if err := lookAt(ctx, st, layers, l, rep); err != nil {
		return rep, err
	}
	if stale != nil {
		rep.Warnings = append(rep.Warnings, *stale)
	}
	return saveLayer(ctx, st, f.Name, current, s.base, l, rep, o.Replace)
}

// saveLayer writes a layer in the place of the current one, if there is any, or behind its rows.
func saveLayer(ctx context.Context, st coverage.Store, file string, current *coverage.LayerInfo, old, l *coverage.Layer, rep *coverage.ImportReport, replace bool) (*coverage.ImportReport, error) {
	if current == nil {
		return save(ctx, st, l, rep, 1)
	}
	if old != nil {
		l = appendTo(old, l, rep)
		warnOverlaps(l, rep)
		if l.Info.Hash == current.Hash {
			rep.Unchanged, rep.Version = true, current.Version
			return rep, nil
		}
		return save(ctx, st, l, rep, current.Version+1)
	}
	if current.Hash == l.Info.Hash && !current.Changed {
		return unchanged(ctx, st, current, rep)
	}
	if !replace && current.Hash != l.Info.Hash {
		old, err := st.Layer(ctx, current.Hash)
		if err != nil {
			return rep, err
		}
		if !sameContent(old, l) {
			rep.Hash = ""
			return rep, conflict(file, current)
		}
	}
	return save(ctx, st, l, rep, current.Version+1)
}

// gridMargin is how far around the neighborhoods grids of people are read, in metres.
const gridMargin = 5e3

// currentLayers lists the project's layers. A layer that another program edited is read back first, so that its edits are a
// version of their own and count as other content.
func currentLayers(ctx context.Context, st coverage.Store, o *Options) ([]coverage.LayerInfo, error) {
	layers, err := st.Layers(ctx)
	if err != nil {
		return nil, err
	}
	edited := slices.ContainsFunc(layers, func(i coverage.LayerInfo) bool { return i.Changed && i.Role == o.Role && i.Name == o.Name })
	if !edited {
		return layers, nil
	}
	if _, err := st.Refresh(ctx); err != nil {
		if o.Replace && coverage.CodeOf(err) == coverage.Refused {
			return layers, nil // replacing a layer is the way out of an edit that cannot be read
		}
		return nil, err
	}
	return st.Layers(ctx)
}

// findLayer finds the layer that the options speak of, nil if it is new. Facilities whose services are left out are found by name.
func findLayer(layers []coverage.LayerInfo, o *Options) (*coverage.LayerInfo, error) {
	var named []*coverage.LayerInfo
	for i := range layers {
		switch info := &layers[i]; {
		case info.LayerKey == o.key():
			return info, nil
		case info.Role == o.Role && info.Name == o.Name:
			named = append(named, info)
		}
	}
	if o.Role != coverage.RoleFacilities || len(o.Services) > 0 || o.ServiceField != "" || o.Mapping != nil {
		return nil, nil
	}
	switch len(named) {
	case 0:
		return nil, nil
	case 1:
		if named[0].Service != "" {
			o.Services = strings.Split(named[0].Service, ",")
		}
		return named[0], nil
	}
	var list []string
	for _, info := range named {
		list = append(list, info.Service)
	}
	return nil, invalid("service", "有 %d 个设施图层叫 %s", "%d facility layers are called %s", len(named), o.Name).
		hint("用 --service 指明其一: "+strings.Join(list, "、"), "say which with --service: "+strings.Join(list, ", ")).err()
}

func save(ctx context.Context, st coverage.Store, l *coverage.Layer, rep *coverage.ImportReport, version int) (*coverage.ImportReport, error) {
	rep.Hash, rep.Version = l.Info.Hash, version
	if err := st.SaveLayer(ctx, l, rep); err != nil {
		return rep, err
	}
	if rep.Hash = l.Info.Hash; l.Info.Version > 0 {
		rep.Version = l.Info.Version
	}
	return rep, nil
}

// unchanged gives the stored report, unless this file has other findings than the one it speaks of.
func unchanged(ctx context.Context, st coverage.Store, current *coverage.LayerInfo, rep *coverage.ImportReport) (*coverage.ImportReport, error) {
	stored, err := st.Report(ctx, current.Hash)
	switch {
	case err == nil && (stored.SHA256 == rep.SHA256 || sameFindings(stored, rep)):
		copied := *stored
		rep = &copied
	case err != nil && coverage.CodeOf(err) != coverage.NotFound: // a version read back from another program's edits has no report
		return rep, err
	}
	rep.Unchanged, rep.Version, rep.Hash = true, current.Version, current.Hash
	return rep, nil
}

// sameFindings reports whether two files with the same content also had the same rows refused and repaired.
func sameFindings(a, b *coverage.ImportReport) bool {
	return a.Read == b.Read && a.Used == b.Used && a.Repaired == b.Repaired && a.Refused == b.Refused && slices.Equal(a.Rows, b.Rows)
}

func conflict(file string, current *coverage.LayerInfo) error {
	e := coverage.Errorf(coverage.Conflict, "图层 %s 已存在, 内容不同(第 %d 版, %d 行)", "the layer %s exists with other content (version %d, %d rows)",
		current.Name, current.Version, current.Rows)
	e.File = baseName(file)
	e.Hint = coverage.Text{
		Zh: "--replace 替换(旧版仍保留), --append 追加, 或用 --layer 另起名称",
		En: "--replace takes its place (the old version is kept), --append adds to it, --layer NAME makes another one",
	}
	return e
}

// rowDigest is what a file says of a row: its geometry and properties, and its id where both versions found ids the same way.
func rowDigest(l *coverage.Layer, i int, withID bool) [sha256.Size]byte {
	var b []byte
	if withID {
		b = append(b, l.IDs[i]...)
	}
	b = append(b, 0)
	if g := l.Geometry(i); g != nil {
		b = geojson.AppendGeometry(b, g)
	}
	b = append(b, 0)
	return sha256.Sum256(append(b, l.Property(i)...))
}

// sameContent reports whether two layers were read from the same features, however their columns were declared.
func sameContent(a, b *coverage.Layer) bool {
	if a.Len() != b.Len() {
		return false
	}
	withID := a.Info.Declared["id-field"] == b.Info.Declared["id-field"] && a.Info.Declared["join"] == b.Info.Declared["join"]
	digests := func(l *coverage.Layer) [][sha256.Size]byte {
		out := make([][sha256.Size]byte, l.Len())
		for i := range out {
			out[i] = rowDigest(l, i, withID)
		}
		slices.SortFunc(out, func(x, y [sha256.Size]byte) int { return bytes.Compare(x[:], y[:]) })
		return out
	}
	return slices.Equal(digests(a), digests(b))
}

// far is how far from the project's other layers a layer is suspect, in metres: beyond any one country's cities, within a swap of axes.
const far = 1_500_000

// warnBeside adds findings that only the other layers can tell.
func warnBeside(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo, l *coverage.Layer, rep *coverage.ImportReport) error {
	if l.Info.Role == coverage.RoleAttributes {
		return warnUnmatched(ctx, st, layers, l, rep)
	}
	if l.Len() == 0 {
		return nil
	}
	var others []coverage.LayerInfo
	for _, info := range layers {
		// neighborhoods are held against everything else, everything else against neighborhoods
		if (info.Role == coverage.RoleNeighborhoods) != (l.Info.Role == coverage.RoleNeighborhoods) {
			others = append(others, info)
		}
	}
	bound := besideBound(others, l.Info.LayerKey)
	if bound == nil {
		return nil
	}
	around := *bound
	d := boundDistance(around, l.Info.Bound)
	if d <= far {
		return nil
	}
	what := coverage.Text{Zh: "评价单元", En: "the neighborhoods"}
	if l.Info.Role == coverage.RoleNeighborhoods {
		what = coverage.Text{Zh: "其他图层", En: "the other layers"}
	}
	en := fmt.Sprintf("the layer lies %.0f km from %s", d/1000, what.En)
	zh := fmt.Sprintf("图层距%s %.0f 公里", what.Zh, d/1000)
	b := l.Info.Bound
	swapped := orb.Bound{Min: orb.Point{b.Min[1], b.Min[0]}, Max: orb.Point{b.Max[1], b.Max[0]}}
	if math.Abs(swapped.Min[1]) <= 90 && math.Abs(swapped.Max[1]) <= 90 && boundDistance(around, swapped) <= far {
		en += "; with latitude and longitude swapped it would lie beside them: check the order of the axes"
		zh += "; 经纬度对调后则相邻, 请检查坐标顺序"
	} else {
		en += "; is it the right file, and in WGS 84 degrees?"
		zh += "; 请检查文件与坐标系"
	}
	note(rep, "far_away", zh, en)
	return nil
}

// besideBound is the box around the places of all layers but one, nil for none.
func besideBound(layers []coverage.LayerInfo, but coverage.LayerKey) *orb.Bound {
	var out *orb.Bound
	for _, info := range layers {
		if info.Rows == 0 || info.Role == coverage.RoleAttributes || info.LayerKey == but {
			continue
		}
		around := info.Bound
		if out != nil {
			around = around.Union(*out)
		}
		out = &around
	}
	return out
}

// boundDistance is the distance in metres between the places of two boxes that are nearest in degrees.
func boundDistance(a, b orb.Bound) float64 {
	var p, q orb.Point
	for k := range 2 {
		switch {
		case a.Max[k] < b.Min[k]:
			p[k], q[k] = a.Max[k], b.Min[k]
		case b.Max[k] < a.Min[k]:
			p[k], q[k] = a.Min[k], b.Max[k]
		default:
			p[k] = max(a.Min[k], b.Min[k])
			q[k] = p[k]
		}
	}
	return measure.Distance(p, q)
}

// warnUnmatched lists the ids of a table that name no neighborhood, nor a parent of one; their rows are kept.
func warnUnmatched(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo, l *coverage.Layer, rep *coverage.ImportReport) error {
	known := map[string]bool{}
	for _, info := range layers {
		if info.Role != coverage.RoleNeighborhoods {
			continue
		}
		n, err := st.Layer(ctx, info.Hash)
		if err != nil {
			return err
		}
		for i, id := range n.IDs {
			known[id] = true
			for _, c := range n.Parents {
				for _, parent := range c.Parents[i] {
					known[parent] = true
				}
			}
		}
	}
	var list []string
	for _, id := range l.IDs {
		if !known[id] {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return nil
	}
	zh, en := listed(list)
	note(rep, "unmatched", fmt.Sprintf("%d/%d 个编号在项目中没有对应的评价单元(数据保留): %s", len(list), l.Len(), zh),
		fmt.Sprintf("%d of %d ids name no neighborhood of the project (their rows are kept): %s", len(list), l.Len(), en))
	return nil
}
