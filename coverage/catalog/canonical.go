package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
)

// Canonical is the catalog as a file of one line, with every default written out. Files that differ in comments, order of
// keys, spacing, aliases of services, words for marks or defaults given or left out have the same canonical form; the order
// of requirements, tiers and alternatives is content and stays. It is JSON, and as such a YAML file that [Parse] reads back to
// the same catalog.
func (c *Catalog) Canonical() []byte {
	var w canonicalWriter
	w.open('{')
	w.string("id", c.ID)
	w.text("title", c.Title)
	w.bool("provisional", c.Provisional)
	w.text("note", c.Note)
	w.string("source", c.Source)
	w.string("attribution", c.Attribution)
	if len(c.OwnServices) > 0 {
		w.key("services").open('[')
		for _, service := range c.OwnServices {
			w.item().open('{')
			w.string("key", service.Key)
			w.text("name", service.Name)
			w.strings("aliases", service.Aliases)
			w.strings("parents", service.Parents)
			w.close('}')
		}
		w.close(']')
	}
	w.key("tiers").open('[')
	for _, tier := range c.Tiers {
		w.item().open('{')
		w.string("id", tier.ID)
		w.number("minutes", Ppm(tier.Minutes)*One)
		w.text("name", tier.Name)
		w.close('}')
	}
	w.close(']')
	w.number("pass_line", c.PassLine)
	w.string("denominator", c.Denominator)
	w.key("grades").open('[')
	for _, grade := range c.Grades {
		w.item().open('{')
		w.string("name", grade.Name)
		w.number("min", grade.Min)
		w.close('}')
	}
	w.close(']')
	if c.CapUnmetMandatory == "" {
		w.string("cap_unmet_mandatory", "none")
	}
	w.string("cap_unmet_mandatory", c.CapUnmetMandatory)
	w.number("completeness_floor", c.CompletenessFloor)
	w.string("scoring_source", c.ScoringSource)
	w.string("scoring_confidence", string(c.ScoringConfidence))
	w.key("requirements").open('[')
	for i := range c.Requirements {
		w.item().requirement(&c.Requirements[i])
	}
	w.close(']')
	w.close('}')
	return append(w.out, '\n')
}

// Hash is the SHA-256 of the canonical form in hex.
func (c *Catalog) Hash() string {
	sum := sha256.Sum256(c.Canonical())
	return hex.EncodeToString(sum[:])
}

func (w *canonicalWriter) requirement(r *Requirement) {
	w.open('{')
	w.string("id", r.ID)
	w.text("name", r.Name)
	w.string("tier", r.Tier)
	w.string("class", r.Class)
	w.bool("mandatory", r.Mandatory)
	if r.VariantOf == "" { // a variant is not scored
		w.number("weight", r.Weight)
	}
	if r.Count != nil {
		w.key("count").open('{')
		w.string("service", r.Count.Service)
		w.number("min", Ppm(r.Count.Min)*One)
		w.string("per", r.Count.Per)
		w.areas(r.Count.MinArea, r.Count.MaxArea, r.Count.AreaKind)
		w.close('}')
	} else {
		w.key("any_of").open('[')
		for _, a := range r.AnyOf {
			w.item().open('{')
			w.string("service", a.Service)
			limit, _ := a.Limit.MarshalJSON() // cannot fail
			w.key("limit").raw(string(limit))
			w.areas(a.MinArea, a.MaxArea, a.AreaKind)
			w.cited(a.Source, a.Clause, a.Confidence)
			w.close('}')
		}
		w.close(']')
	}
	w.string("variant_of", r.VariantOf)
	w.strings("applies_to", r.AppliesTo)
	if r.Count == nil {
		w.string("denominator", r.Denominator)
		if r.PassLineSet {
			w.number("pass_line", r.PassLine)
		}
		if len(r.Targets) > 0 {
			w.key("targets").open('{')
			for _, target := range r.Targets {
				w.number(strconv.Itoa(target.Year), target.Share)
			}
			w.close('}')
		}
	}
	if q := r.Quota; q != nil {
		w.key("quota").open('{')
		w.string("supply", q.Supply)
		w.string("per", q.PerCount.String()+" "+q.Measure)
		w.number("min", q.Min)
		w.cited(q.Source, q.Clause, q.Confidence)
		w.close('}')
	}
	w.cited(r.Source, r.Clause, r.Confidence)
	w.text("note", r.Note)
	w.close('}')
}

// canonicalWriter writes JSON without spaces. Empty texts and lists are left out.
type canonicalWriter struct{ out []byte }

func (w *canonicalWriter) raw(s string)    { w.out = append(w.out, s...) }
func (w *canonicalWriter) open(b byte)     { w.out = append(w.out, b) }
func (w *canonicalWriter) close(b byte)    { w.out = append(w.out, b) }
func (w *canonicalWriter) quoted(s string) { w.out = appendQuoted(w.out, s) }

// item begins an element of a list or a member of an object.
func (w *canonicalWriter) item() *canonicalWriter {
	if last := w.out[len(w.out)-1]; last != '{' && last != '[' {
		w.out = append(w.out, ',')
	}
	return w
}

func (w *canonicalWriter) key(name string) *canonicalWriter {
	w.item().quoted(name)
	w.out = append(w.out, ':')
	return w
}

func (w *canonicalWriter) string(name, value string) {
	if value != "" {
		w.key(name).quoted(value)
	}
}

func (w *canonicalWriter) number(name string, value Ppm) { w.key(name).raw(value.String()) }
func (w *canonicalWriter) bool(name string, value bool)  { w.key(name).raw(strconv.FormatBool(value)) }

func (w *canonicalWriter) text(name string, value Text) {
	if value == (Text{}) {
		return
	}
	w.key(name).open('{')
	w.string("zh", value.Zh)
	w.string("en", value.En)
	w.close('}')
}

func (w *canonicalWriter) strings(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.key(name).open('[')
	for _, value := range values {
		w.item().quoted(value)
	}
	w.close(']')
}

func (w *canonicalWriter) areas(least, most Area, kind string) {
	if least > 0 {
		w.number("min_area_m2", Ppm(least))
	}
	if most > 0 {
		w.number("max_area_m2", Ppm(most))
	}
	w.string("area_kind", kind)
}

func (w *canonicalWriter) cited(source, clause string, mark Confidence) {
	w.string("source", source)
	w.string("clause", clause)
	w.string("confidence", string(mark))
}

// appendQuoted writes a string that JSON and YAML read alike: everything that a YAML reader might take for a line break, a
// control character or a byte order mark is escaped.
func appendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			hex := strconv.FormatInt(int64(r), 16)
			out = append(out, `\u`+strings.Repeat("0", 4-len(hex))+hex...)
		default:
			out = append(out, string(r)...)
		}
	}
	return append(out, '"')
}
