package report

import (
	"context"
	"fmt"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/ledger"
)

// AddLedger reads the ledger of the run's series, as it was when the run was last scored; what people wrote is that of now.
func (s *Source) AddLedger(ctx context.Context, st ledger.Store) error {
	l, err := ledger.Read(ctx, st, s.Run.Hash)
	if err != nil {
		return err
	}
	n := 0
	for i := range l.Scorings {
		if l.Scorings[i].Run == s.Run.Hash {
			n = i + 1
		}
	}
	if n > 0 && n < len(l.Scorings) {
		if l, err = ledger.ReadAt(ctx, st, s.Run.Hash, n); err != nil {
			return err
		}
	}
	s.Ledger = l
	return nil
}

var stateTones = map[ledger.State]Tone{ledger.Open: ToneFar, ledger.Reopened: ToneFar, ledger.Accepted: ToneNotAssessed, ledger.Closed: ToneMet}

// findingsOf gives the findings of an area.
func (s *Source) findingsOf(p *part) []ledger.Finding {
	rows, n := s.Run.RowIDs(), len(s.Run.Requirements)
	in := make(map[string]bool, len(p.units)*n)
	ids := map[string]bool{}
	for _, u := range p.units {
		ids[s.Run.Subjects[u].ID] = true
		for k := range s.Run.Requirements {
			in[rows[u]+"/"+s.Run.Requirements[k].ID] = true
		}
	}
	judged := map[string]bool{} // neighborhoods of the run: those of others have gone
	for i := range s.Run.Subjects {
		if s.Run.Subjects[i].IsUnit() {
			judged[s.Run.Subjects[i].ID] = true
		}
	}
	var out []ledger.Finding
	for _, f := range s.Ledger.Findings {
		switch {
		case in[f.ID], ids[f.SubjectID] && f.Now == ledger.Absent, p.subject < 0 && !judged[f.SubjectID]:
			out = append(out, f)
		}
	}
	return out
}

// ledgerSection is 一张清单: the yearly list of projects, and the whole ledger.
func (s *Source) ledgerSection(p *part) Section {
	sec := Section{Key: "ledger", Title: Text{Zh: "问题台账与年度项目清单", En: "Ledger and yearly project list"}}
	findings := s.findingsOf(p)
	n := map[ledger.State]int{}
	for i := range findings {
		n[findings[i].State]++
	}
	sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{
		Zh: fmt.Sprintf("台账记录每个评价单元未达标或未检出的每项要求：未关闭 %s，重新出现 %s，已接受 %s，已关闭 %s。重新评估达标才关闭；“未评估”不算关闭。",
			count(n[ledger.Open]), count(n[ledger.Reopened]), count(n[ledger.Accepted]), count(n[ledger.Closed])),
		En: fmt.Sprintf("The ledger holds every requirement that a neighborhood does not meet, or of which the layers cannot tell: %s open, %s reopened, %s accepted, %s closed. A finding closes when a new run finds the requirement met; “not assessed” closes nothing.",
			count(n[ledger.Open]), count(n[ledger.Reopened]), count(n[ledger.Accepted]), count(n[ledger.Closed])),
	}})
	projects := ledger.ProjectList(findings)
	list := s.findingTable("projects", Text{Zh: "年度项目清单", En: "Yearly project list"}, projects)
	list.PageRows = pageUnits
	list.Notes = append(list.Notes, Text{
		Zh: "次序：基础保障、品质提升、特色引导，同类按可受益人数，再按人数上限。“可受益人数”为当前未覆盖的人口，上限另含待定人口；没有人口数据的为空。",
		En: "Order: basic, quality, special; within a class by the people who would gain, then by those who might. The former are the people surely uncovered now (0 where the layers cannot tell), the latter include those undetermined; empty where nobody was counted.",
	})
	ledgerColumns := []Column{{Key: "order", Title: Text{Zh: "序号", En: "no."}, Kind: KindNumber}}
	list.Columns = append(ledgerColumns, list.Columns...)
	for i := range list.Rows {
		list.Rows[i] = append([]Cell{number(int64(i + 1))}, list.Rows[i]...)
	}
	all := s.findingTable("ledger", Text{Zh: "台账（全部）", En: "Ledger (all findings)"}, findings)
	all.SheetOnly = true
	sec.Blocks = append(sec.Blocks, list, paged(list, "order", "neighborhood", "requirement", "class", "verdict", "share", "people", "people_max", "state", "owner", "due"), all)
	return sec
}

// findingTable lists findings.
func (s *Source) findingTable(key string, caption Text, findings []ledger.Finding) *Table {
	var all []int64
	for i := range findings {
		all = append(all, findings[i].PassLine.Int/1000)
	}
	lines := lineDigits(all...)
	t := &Table{Key: key, Caption: caption, Notes: s.rests(s.scored()), Columns: []Column{
		{Key: "finding", Title: Text{Zh: "编号", En: "finding"}, Width: 24}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 20},
		{Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}, Width: 20}, {Key: "class", Title: Text{Zh: "类别", En: "class"}},
		{Key: "verdict", Title: Text{Zh: "结论", En: "verdict"}, Kind: KindVerdict}, {Key: "share", Title: Text{Zh: "覆盖率", En: "share"}, Kind: KindPercent, Scale: 9, Decimals: 1},
		{Key: "share_max", Title: Text{Zh: "最高可能", En: "at most"}, Kind: KindPercent, Scale: 9, Decimals: 1}, {Key: "pass_line", Title: Text{Zh: "达标线", En: "pass line"}, Kind: KindPercent, Scale: 9, Decimals: lines},
		{Key: "people", Title: Text{Zh: "可受益人数", En: "people who would gain"}, Kind: KindNumber, Scale: 3}, {Key: "people_max", Title: Text{Zh: "人数上限", En: "at most"}, Kind: KindNumber, Scale: 3},
		{Key: "state", Title: Text{Zh: "状态", En: "state"}, Kind: KindVerdict}, {Key: "first_run", Title: Text{Zh: "首次发现", En: "first run"}}, {Key: "last_run", Title: Text{Zh: "最近发现", En: "last run"}},
		{Key: "closed_by", Title: Text{Zh: "关闭的评估", En: "closed by"}}, {Key: "owner", Title: Text{Zh: "责任单位", En: "owner"}}, {Key: "due", Title: Text{Zh: "完成时限", En: "due"}},
		{Key: "note", Title: Text{Zh: "备注", En: "note"}, Width: 30}, {Key: "reason", Title: Text{Zh: "接受理由", En: "reason of acceptance"}, Width: 20},
	}}
	fixed := func(d coverage.Decimal) Cell { return Cell{Num: d.Int, Null: d.Null} }
	under := func(d, line coverage.Decimal) Cell {
		return Cell{Num: d.Int, Null: d.Null, Exact: below(d.Int, line.Int, 9, true)}
	}
	for i := range findings {
		f := &findings[i]
		verdict := verdictCell(coverage.Unmet, ToneFar)
		if f.Verdict == coverage.NotDetected.String() {
			verdict = verdictCell(coverage.NotDetected, ToneNotDetected)
		}
		name := plain(f.Subject)
		if f.Subject == "" {
			name = plain(f.SubjectID)
		}
		t.Rows = append(t.Rows, []Cell{plain(f.ID), name, text(f.Name), text(catalog.ClassName(f.Class)), verdict, under(f.Share, f.PassLine), under(f.ShareMax, f.PassLine), fixed(f.PassLine), fixed(f.People), fixed(f.PeopleMax),
			{Text: f.State.Name(), Tone: stateTones[f.State]}, plain(short(f.FirstRun)), plain(short(f.LastRun)), plain(short(f.ClosedBy)), plain(f.Owner), plain(f.Due), plain(f.Note), plain(f.Reason)})
	}
	return t
}
