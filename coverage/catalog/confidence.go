package catalog

import "strings"

// Confidence says how well a figure is known. A result that rests on B or C says so and never claims conformity with a
// national standard.
type Confidence string

const (
	Official       Confidence = "A"  // read in an official page, a standard's own record or a paper
	Restated       Confidence = "A*" // read only in somebody's restatement of the standard
	Unverified     Confidence = "B"  // widely known, not checked against the printed text
	ProjectDefault Confidence = "C"  // no official figure: this project's or the user's own choice
)

// ParseConfidence reads a mark (A, A*, B, C) or its word (official, restated, unverified, project-default). ok is false for
// anything else.
func ParseConfidence(s string) (c Confidence, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "a", "official":
		return Official, true
	case "a*", "restated":
		return Restated, true
	case "b", "unverified":
		return Unverified, true
	case "c", "project-default", "project default":
		return ProjectDefault, true
	}
	return "", false
}

// Mark is what the interface shows beside a figure. It is empty for an official figure, which needs no warning.
func (c Confidence) Mark() Text {
	switch c {
	case Official:
		return Text{}
	case Restated:
		return Text{Zh: "转引", En: "restated"}
	case Unverified:
		return Text{Zh: "待核", En: "unverified"}
	default:
		return Text{Zh: "项目默认", En: "project default"}
	}
}

// Rank orders confidences: 0 is the strongest, 3 the weakest. An unknown mark is as weak as C.
func (c Confidence) Rank() int {
	switch c {
	case Official:
		return 0
	case Restated:
		return 1
	case Unverified:
		return 2
	default:
		return 3
	}
}

// Weakest is the least certain of the given marks, A if there are none.
func Weakest(marks ...Confidence) Confidence {
	weakest := Official
	for _, mark := range marks {
		if mark.Rank() > weakest.Rank() {
			weakest = mark
		}
	}
	return weakest
}
