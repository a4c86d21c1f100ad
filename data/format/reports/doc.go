// Package reports writes the reports of a run into a folder: a document for each area, format and language, the result tables of the
// whole run, and an index of all. The documents' own packages know how; this one knows which, under what names, that a file is there
// whole or not at all, and that a folder that is not finished does not look so.
//
//	DIR/index.html, index.json             what there is
//	DIR/city/report.zh.html …              the whole city
//	DIR/district/500103/report.zh.xlsx …   each parent, by level and id
//	DIR/results/scores.csv …               the tables of design.md §8
//
// The same run and ledger give the same files, byte for byte, at any number of threads; PDF printed by Chromium hangs on its version too.
package reports
