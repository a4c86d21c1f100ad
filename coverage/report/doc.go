// Package report is the model of what is handed in about a city, a district or a street: 一张图, 一张表, 一张清单. It knows
// neither files nor colours on paper: package data/format/* draws its figures and writes its documents.
//
// Build makes a Report of a run for one Area: sections of paragraphs, tables and figures, every text in Chinese and English. A
// table carries numbers, not words, so that a workbook can calculate with them; a figure carries the table behind it. Every
// figure states denominator, basis, catalog and confidence, and what is assumed. The same run and ledger give the same report: nothing in
// it hangs on a clock, threads or the order of inputs.
package report
