package osm

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// xmlFile reads OSM XML, over and over.
type xmlFile struct {
	open   func() (io.Reader, error) // from the beginning, decompressed
	bound  orb.Bound
	bounds bool
}

// scan calls the visitor for every element. Elements that an editor marked as deleted are passed over.
func (f *xmlFile) scan(ctx context.Context, v visitor) error {
	r, err := f.open()
	if err != nil {
		return err
	}
	limit := &tokenLimit{r: r}
	s := xmlScanner{d: xml.NewDecoder(limit), limit: limit, file: f, v: v}
	err = s.document(ctx)
	var own *coverage.Error
	var mine *visitError
	switch {
	case errors.As(err, &mine):
		return mine.err
	case err == nil || errors.As(err, &own) || ctx.Err() != nil:
		return err
	case !isDataError(err):
		return err
	}
	line, _ := s.d.InputPos()
	e := coverage.Errorf(coverage.Refused, "第 %d 行: 不是有效的 OSM XML", "line %d: not valid OSM XML", line)
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		e.Text.En += ": " + syntax.Msg
	} else {
		e.Text.En += ": " + err.Error()
	}
	e.Err = err
	e.Hint = coverage.Text{Zh: "文件可能没有下载完整, 请重新获取", En: "it may not have been downloaded completely; get it again"}
	return e
}

type xmlScanner struct {
	d     *xml.Decoder
	limit *tokenLimit
	file  *xmlFile
	v     visitor
	e     element
	gone  bool // the element is marked as deleted
}

// Bounds of one element. The API allows 2,000 nodes of a way, 32,000 members of a relation and texts of 255 characters.
const (
	maxToken = 16 << 20 // bytes between two tokens
	maxParts = 1 << 20  // tags, nodes or members
)

// tokenLimit stops a text that would have to be held in memory as a whole.
type tokenLimit struct {
	r io.Reader
	n int
}

func (l *tokenLimit) Read(p []byte) (int, error) {
	if l.n > maxToken {
		return 0, errors.New("a part longer than 16 MiB")
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}

func (s *xmlScanner) token() (xml.Token, error) {
	s.limit.n = 0
	return s.d.Token()
}

// skip passes over the rest of an element.
func (s *xmlScanner) skip() error {
	for depth := 1; depth > 0; {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > 100 {
				return errors.New("elements nested deeper than 100")
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// document reads the root and what is in it.
func (s *xmlScanner) document(ctx context.Context) error {
	root := false
	for n := 0; ; n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		t, err := s.token()
		if err == io.EOF && root {
			return nil
		}
		if err == io.EOF {
			return refused("文件中没有数据", "there is no data in the file")
		}
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case !root && name == "osm":
			root = true
		case !root && name == "osmChange":
			return refusedHint("这是 OSM 变更文件, 不是数据", "this is a file of changes to OSM, not of data", "请用 .osm 或 .osm.pbf", "give the .osm or .osm.pbf")
		case !root:
			return refused("这不是 OSM 数据: 根元素是 "+printable(name), "this is no OSM data: its root is "+printable(name))
		case name == "node":
			err = s.element(start, Node, s.v.node)
		case name == "way":
			err = s.element(start, Way, s.v.way)
		case name == "relation":
			err = s.element(start, Relation, s.v.relation)
		case name == "bounds":
			s.readBounds(start)
			err = s.skip()
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}

func (s *xmlScanner) readBounds(start xml.StartElement) {
	side := map[string]int64{}
	for _, a := range start.Attr {
		if n, err := nanodegrees(a.Value); err == nil {
			side[a.Name.Local] = n
		}
	}
	if len(side) >= 4 && side["minlon"] < side["maxlon"] && side["minlat"] < side["maxlat"] {
		s.file.bounds = true
		s.file.bound = orb.Bound{Min: place{side["minlon"], side["minlat"]}.point(), Max: place{side["maxlon"], side["maxlat"]}.point()}
	}
}

// element reads a node, way or relation to its end.
func (s *xmlScanner) element(start xml.StartElement, kind Kind, call func(*element) error) error {
	if call == nil {
		return s.skip()
	}
	s.e = element{tags: s.e.tags[:0], refs: s.e.refs[:0], members: s.e.members[:0], at: nowhere}
	s.gone = false
	if err := s.attributes(start, kind); err != nil {
		return err
	}
	for {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if s.gone {
				return nil
			}
			if err := call(&s.e); err != nil {
				return &visitError{err}
			}
			return nil
		case xml.StartElement:
			if err := s.child(t, kind); err != nil {
				return err
			}
			if len(s.e.tags)+len(s.e.refs)+len(s.e.members) > maxParts {
				return fmt.Errorf("%s/%d has more than %d tags, nodes or members", kind, s.e.id, maxParts)
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	}
}

func (s *xmlScanner) attributes(start xml.StartElement, kind Kind) (err error) {
	var lon, lat string
	named := false
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "id":
			named = true
			if s.e.id, err = number(a.Value, "id"); err != nil {
				return err
			}
		case "version":
			s.e.version, _ = strconv.ParseInt(a.Value, 10, 64) // of use only where an id stands twice
		case "lon":
			lon = a.Value
		case "lat":
			lat = a.Value
		case "visible":
			s.gone = s.gone || a.Value == "false"
		case "action":
			s.gone = s.gone || a.Value == "delete"
		}
	}
	if !named {
		return fmt.Errorf("a %s without an id", kind)
	}
	if kind != Node || s.gone {
		return nil
	}
	if lon == "" || lat == "" {
		return fmt.Errorf("the node %d has no lon and lat", s.e.id)
	}
	if s.e.at.lon, err = nanodegrees(lon); err != nil {
		return err
	}
	s.e.at.lat, err = nanodegrees(lat)
	return err
}

// child reads a tag, nd or member.
func (s *xmlScanner) child(start xml.StartElement, kind Kind) (err error) {
	value := func(name string) string {
		for _, a := range start.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	switch name := start.Name.Local; {
	case name == "tag":
		s.e.tags = append(s.e.tags, Tag{value("k"), value("v")})
	case name == "nd" && kind == Way:
		var ref int64
		ref, err = number(value("ref"), "ref")
		s.e.refs = append(s.e.refs, ref)
	case name == "member" && kind == Relation:
		m := member{role: value("role")}
		switch word := value("type"); word {
		case "node", "way", "relation":
			m.ref.Kind = map[string]Kind{"node": Node, "way": Way, "relation": Relation}[word]
		default:
			return fmt.Errorf("a member of an unknown type: %s", printable(word))
		}
		m.ref.ID, err = number(value("ref"), "ref")
		s.e.members = append(s.e.members, m)
	}
	return err
}

func number(text, what string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number: %s", what, printable(text))
	}
	return n, nil
}

// nanodegrees reads a decimal as billionths; digits beyond the ninth place are rounded half up. What cannot be a coordinate is kept out of
// range, so that the feature is refused and not the file.
func nanodegrees(text string) (int64, error) {
	rest := strings.TrimSpace(text)
	minus := strings.HasPrefix(rest, "-")
	if minus || strings.HasPrefix(rest, "+") {
		rest = rest[1:]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64) // 1e-05, as some programs write it
		if err != nil || f != f {
			return 0, fmt.Errorf("a coordinate that is no number: %s", printable(text))
		}
		if f > 1000 || f < -1000 {
			return nowhere.lon, nil
		}
		return nanodegrees(strconv.FormatFloat(f, 'f', 9, 64))
	}
	if whole = strings.TrimLeft(whole, "0"); len(whole) > 3 {
		return nowhere.lon, nil
	}
	up := len(fraction) > 9 && fraction[9] >= '5'
	fraction = (fraction + "000000000")[:9]
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, err
	}
	if up {
		n++
	}
	if minus {
		n = -n
	}
	return n, nil
}
