package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/ledger"
	"lifecircle/data/format/ledgerbook"
	"lifecircle/data/store"
)

type ledgerCmd struct {
	List   ledgerListCmd   `cmd:"" help:"List findings, or the yearly project list. 查看台账、年度项目清单"`
	Set    ledgerSetCmd    `cmd:"" help:"Write who is in charge, until when, a note; accept a finding. 填写"`
	Export ledgerExportCmd `cmd:"" help:"Write the ledger as a workbook (XLSX) or CSV to be filled in. 导出待填"`
	Import ledgerImportCmd `cmd:"" help:"Bring a filled-in ledger home: what changed, what was refused. 回收"`
}

func (ledgerCmd) Help() string {
	return `Every requirement that a neighborhood does not meet (未达标), or of which the layers cannot tell (未检出), is a finding with an id, NEIGHBORHOOD/REQUIREMENT. Its state follows from the runs: open 未关闭, closed 已关闭 by the run that finds it met, reopened 重新出现; accepted 已接受 is what a person says, with a reason. A ledger follows the runs of one catalog with the same parameters (--as-of and --year aside); --run chooses another than the latest's.

    lifecircle ledger list   city.gpkg --list --limit 20
    lifecircle ledger set    city.gpkg 500103001001/clinic-15 --owner 区卫健委 --due 2027-06-30
    lifecircle ledger export city.gpkg -o 台账.xlsx
    lifecircle ledger import city.gpkg 台账.xlsx --dry-run`
}

// ledgerFilter chooses findings.
type ledgerFilter struct {
	State        []string `sep:"," placeholder:"S" help:"Only these states: open, closed, reopened, accepted. 状态"`
	Requirement  string   `placeholder:"R" help:"Only of this requirement. 要求"`
	Neighborhood string   `placeholder:"ID" help:"Only of this neighborhood, by id or name. 评价单元"`
	Owner        *string  `placeholder:"NAME" help:"Only of this owner; empty: those without one. 责任单位"`
	Class        string   `enum:"basic,quality,special," default:"" placeholder:"CLASS" help:"Only of this class: basic, quality, special. 类别"`
	ProjectList  bool     `name:"list" help:"The yearly project list: what is open or reopened, basic requirements first, then by the people who would gain. 年度项目清单"`
	Limit        int      `default:"0" help:"How many; 0 = all. 条数"`
	Run_         string   `name:"run" placeholder:"HASH" help:"The ledger of this run's catalog and parameters, by its hash or a prefix (default: of the latest run). 评估"`
}

func (c *ledgerFilter) check() error {
	if c.Limit < 0 {
		return notNegative("--limit")
	}
	for _, s := range c.State {
		if !slices.Contains(ledger.States, ledger.State(s)) {
			return &coverage.Error{Code: coverage.Invalid, Field: "--state", Text: coverage.Text{Zh: "没有状态“" + s + "”", En: fmt.Sprintf("there is no state %q", s)},
				Hint: coverage.Text{Zh: "open 未关闭、closed 已关闭、reopened 重新出现、accepted 已接受", En: "open, closed, reopened, accepted"}}
		}
	}
	return nil
}

// of gives the findings that are asked for, in their order. NotFound if there is no such requirement or neighborhood: an empty list would say that all is well.
func (c *ledgerFilter) of(a *app, p *store.Project, l *ledger.Ledger) ([]ledger.Finding, error) {
	if err := c.known(a, p, l); err != nil {
		return nil, err
	}
	out := []ledger.Finding{}
	for i := range l.Findings {
		f := &l.Findings[i]
		if (len(c.State) == 0 || slices.Contains(c.State, string(f.State))) && (c.Requirement == "" || f.Requirement == c.Requirement) &&
			(c.Neighborhood == "" || f.SubjectID == c.Neighborhood || f.Subject == c.Neighborhood) && (c.Owner == nil || f.Owner == strings.Join(strings.Fields(*c.Owner), " ")) &&
			(c.Class == "" || f.Class == c.Class) {
			out = append(out, *f)
		}
	}
	switch {
	case c.ProjectList && len(c.State) == 0:
		out = append([]ledger.Finding{}, ledger.ProjectList(out)...)
	case c.ProjectList:
		ledger.SortAsProjects(out)
	}
	if c.Limit > 0 && len(out) > c.Limit {
		out = out[:c.Limit]
	}
	return out, nil
}

// known looks a requirement and a neighborhood up, in the ledger and in its latest run.
func (c *ledgerFilter) known(a *app, p *store.Project, l *ledger.Ledger) error {
	requirement, neighborhood := c.Requirement == "", c.Neighborhood == ""
	for i := range l.Findings {
		f := &l.Findings[i]
		requirement = requirement || f.Requirement == c.Requirement
		neighborhood = neighborhood || f.SubjectID == c.Neighborhood || f.Subject == c.Neighborhood
	}
	if requirement && neighborhood {
		return nil
	}
	run, err := p.Run(a.ctx, l.Run.Hash)
	if err != nil {
		return err
	}
	if !requirement && run.Catalog.Requirement(c.Requirement) == nil {
		return &coverage.Error{Code: coverage.NotFound, Field: "--requirement", Text: coverage.Text{Zh: "目录中没有要求“" + c.Requirement + "”", En: fmt.Sprintf("the catalog has no requirement %q", c.Requirement)},
			Hint: coverage.Text{Zh: "见 lifecircle catalog show", En: "see: lifecircle catalog show"}}
	}
	if !neighborhood && !slices.ContainsFunc(run.Subjects, func(s coverage.Subject) bool {
		return s.IsUnit() && (s.ID == c.Neighborhood || s.Name == c.Neighborhood)
	}) {
		return &coverage.Error{Code: coverage.NotFound, Field: "--neighborhood", Text: coverage.Text{Zh: "没有评价单元“" + c.Neighborhood + "”", En: fmt.Sprintf("there is no neighborhood %q", c.Neighborhood)},
			Hint: coverage.Text{Zh: "评价单元见 lifecircle export --layer scores", En: "see the ids in: lifecircle export --layer scores"}}
	}
	return nil
}

// ledger reads a ledger; a project without a run says how to make one.
func (a *app) ledger(p *store.Project, run string) (*ledger.Ledger, error) {
	l, err := ledger.Read(a.ctx, p, run)
	if err != nil && run == "" && coverage.CodeOf(err) == coverage.NotFound {
		_, err = a.run(p, "")
	}
	return l, err
}

type ledgerListCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	ledgerFilter
	History bool `help:"With all that people wrote, and when. 历次填写"`
}

func (ledgerListCmd) Help() string {
	return `people is who would surely gain: those beyond the limit under the requirement's own measure of people, else under population; with undetermined ones up to people_max. – where nobody counted people.

    lifecircle ledger list city.gpkg --state open,reopened --requirement clinic-15
    lifecircle ledger list city.gpkg --list --class basic --limit 20       # 年度项目清单
    lifecircle ledger list city.gpkg --owner 区卫健委 --json`
}

// counted are the findings of a ledger by state.
type counted struct {
	Open     int `json:"open"`
	Closed   int `json:"closed"`
	Reopened int `json:"reopened"`
	Accepted int `json:"accepted"`
}

func countStates(findings []ledger.Finding) (n counted) {
	for i := range findings {
		switch findings[i].State {
		case ledger.Open:
			n.Open++
		case ledger.Closed:
			n.Closed++
		case ledger.Reopened:
			n.Reopened++
		case ledger.Accepted:
			n.Accepted++
		}
	}
	return n
}

func (c ledgerListCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		l, err := a.ledger(p, c.Run_)
		if err != nil {
			return err
		}
		findings, err := c.of(a, p, l)
		if err != nil {
			return err
		}
		if !c.History {
			for i := range findings {
				findings[i].History = nil
			}
		}
		if a.JSON {
			return a.print(struct {
				Series   ledger.Series    `json:"series"`
				Run      string           `json:"run"`
				Scorings []ledger.Scoring `json:"scorings"`
				Marks    []coverage.Mark  `json:"marks"`
				Counts   counted          `json:"counts"`
				Findings []ledger.Finding `json:"findings"`
			}{l.Series, l.Run.Hash, l.Scorings, l.Run.Marks, countStates(l.Findings), findings})
		}
		return c.print(a, l, findings)
	})
}

func (c ledgerListCmd) print(a *app, l *ledger.Ledger, findings []ledger.Finding) error {
	t := grid{head: []string{a.in("编号", "finding"), a.in("评价单元", "neighborhood"), a.in("要求", "requirement"), a.in("类别", "class"), a.in("结论", "verdict"), a.in("受益人数", "people"), a.in("状态", "state"),
		a.in("责任单位", "owner"), a.in("期限", "due"), a.in("备注", "note")}, right: map[int]bool{5: true}}
	for i := range findings {
		f := &findings[i]
		note := f.Note
		if f.State == ledger.Accepted {
			note = strings.Trim(f.Reason+"; "+f.Note, "; ")
		}
		if f.Now != f.Verdict && f.State != ledger.Closed {
			note = strings.Trim(a.in("最新：", "now: ")+a.verdict(f.Now)+"; "+note, "; ")
		}
		if c.History {
			for _, e := range f.History {
				note += fmt.Sprintf("\n%s %s = %s  %s", e.At, e.Field, strings.ReplaceAll(e.Value, "\n", " "), strings.TrimSpace(e.Who+" "+e.Source))
			}
		} else {
			note = strings.ReplaceAll(note, "\n", " ")
		}
		t.add(f.ID, f.Subject, f.Name.In(a.Lang), a.class(f.Class), a.verdict(f.Verdict), people(f), a.state(f), f.Owner, f.Due, note)
	}
	if err := t.print(a.stdout); err != nil {
		return err
	}
	n := countStates(l.Findings)
	a.say("台账（目录 %s，%d 次评估）：未关闭 %d，重新出现 %d，已接受 %d，已关闭 %d；列出 %d 条", "ledger of catalog %s, scored %d times: %d open, %d reopened, %d accepted, %d closed; %d listed",
		l.Series.Catalog, len(l.Scorings), n.Open, n.Reopened, n.Accepted, n.Closed, len(findings))
	for _, m := range l.Run.Marks {
		a.say("! %s", "! %s", m.Text.In(a.Lang))
	}
	return nil
}

// people writes who would gain: a number, or an interval where the layers cannot tell.
func people(f *ledger.Finding) string {
	switch {
	case f.People.Null:
		return "–"
	case f.People.Int != f.PeopleMax.Int:
		return fmt.Sprintf("%.0f–%.0f", float64(f.People.Int)/1000, float64(f.PeopleMax.Int)/1000)
	}
	return fmt.Sprintf("%.0f", float64(f.People.Int)/1000)
}

func (a *app) class(key string) string {
	return catalog.ClassName(key).In(a.Lang)
}

func (a *app) verdict(key string) string {
	return a.in(map[string]string{"met": "达标", "unmet": "未达标", "not_detected": "未检出", "not_assessed": "未评估", ledger.Absent: "不再评价"}[key], strings.ReplaceAll(key, "_", " "))
}

func (a *app) state(f *ledger.Finding) string {
	word := f.State.Name().In(a.Lang)
	if f.State == ledger.Closed {
		word += fmt.Sprintf(a.in("（评估 %.8s）", " (run %.8s)"), f.ClosedBy)
	}
	return word
}

type ledgerSetCmd struct {
	Project  string   `arg:"" help:"Project file. 项目文件"`
	IDs      []string `arg:"" name:"id" help:"Findings, NEIGHBORHOOD/REQUIREMENT. 编号"`
	Owner    *string  `placeholder:"NAME" help:"Who is in charge; empty takes it away. 责任单位"`
	Due      *string  `placeholder:"DATE" help:"Until when, e.g. 2027-06-30; empty takes it away. 期限"`
	Note     *string  `placeholder:"TEXT" help:"A note; empty takes it away. 备注"`
	Accept   *string  `xor:"acceptance" placeholder:"REASON" help:"Accept the finding, with the reason. 接受并说明理由"`
	Withdraw bool     `xor:"acceptance" aliases:"reopen" help:"Take an acceptance back; also --reopen. 撤回接受"`
	Who      string   `placeholder:"NAME" help:"Who writes this, for the record. 填写人"`
	Run_     string   `name:"run" placeholder:"HASH" help:"The ledger of this run's catalog and parameters (default: of the latest run). 评估"`
}

func (ledgerSetCmd) Help() string {
	return `All of the findings are set, or none. What is set is kept with its time; ledger list --history shows it. An acceptance changes no verdict and no score, and ends when the finding is closed.

    lifecircle ledger set city.gpkg 500103001001/clinic-15 --owner 区卫健委 --due 2027-06-30 --note 已立项
    lifecircle ledger set city.gpkg 500103001001/park-15 --accept 山地无用地 --who 张工
    lifecircle ledger set city.gpkg 500103001001/park-15 --withdraw`
}

func (c ledgerSetCmd) Run(a *app) error {
	if c.Owner == nil && c.Due == nil && c.Note == nil && c.Accept == nil && !c.Withdraw {
		return &coverage.Error{Code: coverage.Invalid, Text: coverage.Text{Zh: "没有要写的内容", En: "there is nothing to write"},
			Hint: coverage.Text{Zh: "用 --owner、--due、--note、--accept 或 --withdraw", En: "use --owner, --due, --note, --accept or --withdraw"}}
	}
	return a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
		l, err := a.ledger(p, c.Run_)
		if err != nil {
			return err
		}
		ids := slices.Clone(c.IDs)
		slices.Sort(ids)
		var edits []ledger.Edit
		for _, id := range slices.Compact(ids) {
			edits = append(edits, ledger.Edit{Finding: id, Owner: c.Owner, Due: c.Due, Note: c.Note, Accept: c.Accept, Withdraw: c.Withdraw})
		}
		changes, entries, err := l.Set(edits)
		if err != nil {
			return optionOf(err)
		}
		if err := sign(entries, c.Who, ""); err != nil {
			return err
		}
		if err := l.Save(a.ctx, p, entries); err != nil {
			return err
		}
		if a.JSON {
			return a.print(map[string]any{"changes": changesOrNone(changes), "written": len(entries) > 0})
		}
		return a.printChanges(changes)
	})
}

// optionOf names the option in which a value stands.
func optionOf(err error) error {
	var e *coverage.Error
	if errors.As(err, &e) {
		if option := map[string]string{"owner": "--owner", "due": "--due", "note": "--note", "reason": "--accept", "state": "--accept"}[e.Field]; option != "" {
			e.Field = option
		}
	}
	return err
}

// sign says who wrote entries and where they come from.
func sign(entries []ledger.Entry, who, source string) error {
	who = strings.Join(strings.Fields(who), " ")
	if len([]rune(who)) > 200 {
		return &coverage.Error{Code: coverage.Invalid, Field: "--who", Text: coverage.Text{Zh: "太长，至多 200 个字", En: "is too long, 200 characters at most"}}
	}
	for i := range entries {
		entries[i].Who, entries[i].Source = strings.ToValidUTF8(who, "\ufffd"), strings.ToValidUTF8(source, "\ufffd")
	}
	return nil
}

func changesOrNone(changes []ledger.Change) []ledger.Change {
	if changes == nil {
		return []ledger.Change{}
	}
	return changes
}

func (a *app) printChanges(changes []ledger.Change) error {
	for _, c := range changes {
		row := ""
		if c.Row > 0 {
			row = fmt.Sprintf(a.in("第 %d 行 ", "row %d "), c.Row)
		}
		if _, err := fmt.Fprintf(a.stdout, "%s%s %s: %s → %s\n", row, c.Finding, a.field(c.Field), quoted(c.Old), quoted(c.New)); err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		a.say("没有变化", "nothing changed")
	}
	return nil
}

func quoted(s string) string { return "“" + strings.ReplaceAll(s, "\n", " ") + "”" }

// field is what a column of the ledger is called.
func (a *app) field(key string) string {
	if i := slices.IndexFunc(ledger.Columns, func(c ledger.Column) bool { return c.Key == key }); i >= 0 {
		return ledger.Columns[i].Name.In(a.Lang)
	}
	return key
}

type ledgerExportCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	Output  string `short:"o" required:"" placeholder:"FILE" help:"File to write, .xlsx or .csv; - is standard output. 输出文件"`
	Format  string `enum:"xlsx,csv," default:"" placeholder:"xlsx|csv" help:"Default: by the file's extension, else xlsx. 格式"`
	ledgerFilter
}

func (ledgerExportCmd) Help() string {
	return `A workbook to be filled in and brought home with ledger import: columns with yellow headers may be filled in (state, owner, due, note, reason), the others follow from the runs. Rows may be sorted, filtered and removed. The same ledger gives the same bytes.

    lifecircle ledger export city.gpkg -o 台账.xlsx
    lifecircle ledger export city.gpkg -o 年度项目清单.xlsx --list --limit 50
    lifecircle ledger export city.gpkg -o 台账.csv --owner 区卫健委`
}

func (c ledgerExportCmd) format() string {
	switch {
	case c.Format != "":
		return c.Format
	case strings.EqualFold(filepath.Ext(c.Output), ".csv"):
		return "csv"
	}
	return "xlsx"
}

func (c ledgerExportCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		l, err := a.ledger(p, c.Run_)
		if err != nil {
			return err
		}
		findings, err := c.of(a, p, l)
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			if c.format() == "csv" {
				return ledgerbook.WriteCSV(w, l, findings)
			}
			return ledgerbook.WriteXLSX(w, l, findings)
		}
		if c.Output == "-" {
			return write(a.stdout)
		}
		if same(c.Project, c.Output) {
			return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(c.Output), Text: coverage.Text{Zh: "这是项目文件本身", En: "this is the project file itself"},
				Hint: coverage.Text{Zh: "请换一个输出文件", En: "name another file to write"}}
		}
		if err := a.writeFile(c.Output, write); err != nil {
			return err
		}
		if a.JSON {
			return a.print(map[string]any{"file": c.Output, "format": c.format(), "findings": len(findings), "run": l.Run.Hash})
		}
		a.say("台账：%[1]d 条 → %[2]s；填好后：lifecircle ledger import %[3]s %[2]s", "ledger: %[1]d findings → %[2]s; when it is filled in: lifecircle ledger import %[3]s %[2]s", len(findings), c.Output, c.Project)
		return nil
	})
}

type ledgerImportCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	File    string `arg:"" help:"Filled-in ledger, XLSX or CSV. 填好的台账"`
	DryRun  bool   `help:"Say what would change, and write nothing. 只检查"`
	Strict  bool   `help:"Exit with 4 if a row or cell was refused. 严格"`
	Who     string `placeholder:"NAME" help:"Who filled it in, for the record. 填写人"`
	Run_    string `name:"run" placeholder:"HASH" help:"The ledger of this run's catalog and parameters (default: of the latest run). 评估"`
}

func (ledgerImportCmd) Help() string {
	return `Every row is compared with what was handed out: what somebody changed is taken over; what the project changed since stays. Reported are all changes (old → new) and all that was refused, with row, column, reason and what to do: rows of findings that there are not, changed columns that follow from the runs, duplicate rows, bad dates, rows of another project or ledger. Dates may be 2026-05-01, 2026/5/1, 2026年5月1日, or cells with a date. All changes are written at once or none.

Exit code 3: no row could be used, nothing was written. 退出码 3：没有可用的行，未写入。

    lifecircle ledger import city.gpkg 台账.xlsx --dry-run
    lifecircle ledger import city.gpkg 台账.xlsx --who 区卫健委`
}

// ledgerImport is the document of ledger import.
type ledgerImport struct {
	File    string   `json:"file"`
	Run     string   `json:"run"`
	DryRun  bool     `json:"dry_run"`
	Written bool     `json:"written"`
	Ignored []string `json:"ignored_columns"`
	*ledger.Report
	Error *errorBody `json:"error,omitempty"`
}

func (c ledgerImportCmd) Run(a *app) error {
	mode := store.ReadWrite
	if c.DryRun {
		mode = store.ReadOnly
	}
	return a.open(c.Project, mode, func(p *store.Project) error {
		l, err := a.ledger(p, c.Run_)
		if err != nil {
			return err
		}
		sheet, err := readLedger(c.File)
		if err != nil {
			return err
		}
		report, entries, err := l.Import(a.ctx, sheet.Rows, func(ctx context.Context, n int) (*ledger.Ledger, error) { return ledger.ReadAt(ctx, p, l.Run.Hash, n) })
		if report == nil {
			return err
		}
		var e *coverage.Error
		if errors.As(err, &e) {
			e.File = filepath.Base(c.File)
		}
		doc := ledgerImport{File: c.File, Run: l.Run.Hash, DryRun: c.DryRun, Ignored: sheet.Ignored, Report: report}
		if err == nil && !c.DryRun {
			if err := sign(entries, c.Who, filepath.Base(c.File)); err != nil {
				return err
			}
			if err := l.Save(a.ctx, p, entries); err != nil {
				return err
			}
			doc.Written = len(entries) > 0
		}
		switch {
		case err != nil && a.JSON:
			body := errorJSON(err)
			doc.Error = &body
			if e := a.print(doc); e != nil {
				return e
			}
			fmt.Fprintln(a.stderr, "lifecircle:", inert(a.words(err)))
			return said{err}
		case a.JSON:
			err = a.print(doc)
		default:
			if e := c.print(a, &doc); e != nil {
				return e
			}
		}
		if err == nil && c.Strict && len(report.Refusals) > 0 {
			return coverage.Errorf(coverage.Condition, "%[1]d 处被拒绝（--strict）", "%[1]d rows or cells were refused (--strict)", len(report.Refusals))
		}
		return err
	})
}

// mostListed is how many lines of a kind are printed; --json has all.
const mostListed = 200

func (c ledgerImportCmd) print(a *app, doc *ledgerImport) error {
	changes := doc.Changes
	if len(changes) > mostListed {
		changes = changes[:mostListed]
	}
	if err := a.printChanges(changes); err != nil {
		return err
	}
	for i, r := range doc.Refusals {
		if i == mostListed {
			break
		}
		where := fmt.Sprintf(a.in("第 %d 行", "row %d"), r.Row)
		if r.Column != "" {
			where += fmt.Sprintf(a.in(" 列“%s”", " column %q"), a.field(r.Column))
		}
		if _, err := fmt.Fprintf(a.stdout, a.in("%s 拒绝 %s（%s）：%s；%s\n", "%s refused %s (%s): %s; %s\n"), where, r.Finding, r.Code, r.Text.In(a.Lang), r.Hint.In(a.Lang)); err != nil {
			return err
		}
	}
	if more := max(0, len(doc.Changes)-mostListed) + max(0, len(doc.Refusals)-mostListed); more > 0 {
		fmt.Fprintf(a.stdout, a.in("…还有 %d 条（--json 全部列出）\n", "… and %d more (all with --json)\n"), more)
	}
	for _, column := range doc.Ignored {
		a.say("列“%s”不认识，未读入", "the column %q is not known and was not read", column)
	}
	_, err := fmt.Fprintf(a.stdout, a.in("%s：%d 行，改动 %d，未变 %d，重复 %d，拒绝 %d；台账中另有 %d 条不在文件里，保持不变\n",
		"%s: %d rows, %d changed, %d unchanged, %d repeated, %d refused; %d findings of the ledger are not in the file and stay as they are\n"),
		filepath.Base(doc.File), doc.Rows, doc.Changed, doc.Unchanged, doc.Repeated, doc.Refused, doc.Missing)
	if c.DryRun {
		a.say("只检查，未写入（--dry-run）", "nothing was written (--dry-run)")
	}
	return err
}

func readLedger(path string) (*ledgerbook.Sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fileError(path, err)
	}
	if !stat.Mode().IsRegular() {
		return nil, &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Text: coverage.Text{Zh: "不是文件", En: "is no regular file"}, Hint: coverage.Text{Zh: "请给出填好的 .xlsx 或 .csv", En: "name the .xlsx or .csv that was filled in"}}
	}
	return ledgerbook.Read(f, stat.Size(), filepath.Base(path))
}
