package trend

import (
	"fmt"
	"strings"

	"lifecircle/coverage"
)

// Previous finds the run to hold a run against, if nobody says: of the earlier runs by the same catalog (runs come oldest first) the only one, or the
// only one with the same parameters. Errors: NotFound if there is none; Invalid, naming them, if there are several.
func Previous(runs []coverage.RunInfo, run coverage.RunInfo) (coverage.RunInfo, error) {
	var all, alike []coverage.RunInfo
	for _, r := range runs {
		if r.Hash == run.Hash {
			break
		}
		if r.Catalog != run.Catalog {
			continue
		}
		all = append(all, r)
		if r.Params == run.Params {
			alike = append(alike, r)
		}
	}
	hint := coverage.Text{Zh: "用 --against 指定；评估见 lifecircle runs", En: "name one with --against; the runs are listed by: lifecircle runs"}
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(alike) == 1:
		return alike[0], nil
	case len(all) == 0:
		return coverage.RunInfo{}, &coverage.Error{Code: coverage.NotFound, Hint: hint, Text: coverage.Text{
			Zh: fmt.Sprintf("评估 %.12s 之前没有用目录 %s 的评估", run.Hash, run.Catalog), En: fmt.Sprintf("there is no run by catalog %[2]s before %.12[1]s", run.Hash, run.Catalog)}}
	}
	if len(alike) > 0 {
		all = alike
	}
	var names []string
	for _, r := range all {
		names = append(names, fmt.Sprintf("%.12s (%s)", r.Hash, r.Created))
	}
	return coverage.RunInfo{}, &coverage.Error{Code: coverage.Invalid, Field: "--against", Hint: hint, Text: coverage.Text{
		Zh: fmt.Sprintf("评估 %.12s 之前有多次用目录 %s 的评估：%s", run.Hash, run.Catalog, strings.Join(names, "、")),
		En: fmt.Sprintf("there are several runs by catalog %s before %.12s: %s", run.Catalog, run.Hash, strings.Join(names, ", "))}}
}
