package intake

import (
	"errors"
	"fmt"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// problem builds a coverage.Error sentence by sentence.
type problem coverage.Error

func invalid(option, zh, en string, args ...any) *problem {
	e := coverage.Errorf(coverage.Invalid, zh, en, args...)
	e.Field = option
	return (*problem)(e)
}

func refused(file, zh, en string, args ...any) *problem {
	e := coverage.Errorf(coverage.Refused, zh, en, args...)
	e.File = baseName(file)
	return (*problem)(e)
}

func (p *problem) hint(zh, en string) *problem {
	p.Hint = coverage.Text{Zh: zh, En: en}
	return p
}

func (p *problem) field(name string) *problem {
	p.Field = name
	return p
}

func (p *problem) err() error { return (*coverage.Error)(p) }

// sourceError makes an error of a row source one that a planner can act on.
func sourceError(file string, err error) error {
	if err == nil {
		return nil
	}
	var own *coverage.Error
	if errors.As(err, &own) {
		if own.File == "" {
			own.File = baseName(file)
		}
		return own
	}
	var syntax *geojson.SyntaxError
	if errors.As(err, &syntax) {
		e := &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: syntax.Chinese(), En: syntax.Error()}}
		e.File, e.Err = baseName(file), err
		e.Hint = coverage.Text{Zh: "文件没有被导入, 请从源头重新导出", En: "nothing was imported; export the file again from its source"}
		return e
	}
	var foreign *geojson.NotGeoJSONError
	if errors.As(err, &foreign) {
		e := &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: foreign.Zh, En: foreign.Text}}
		e.File, e.Err = baseName(file), err
		e.Hint = coverage.Text{Zh: foreign.HintZh, En: foreign.Hint}
		return e
	}
	return fmt.Errorf("reading %s: %w", baseName(file), err)
}
