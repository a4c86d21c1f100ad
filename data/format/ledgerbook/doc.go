// Package ledgerbook writes a ledger (台账) as a workbook (.xlsx) or CSV that a bureau fills in, and reads what comes home. What the cells mean is said by package
// coverage/ledger; here they get their form.
//
// The workbook's words are Chinese and English side by side, so that the same ledger gives the same bytes in every language. Cells that may be filled in are
// white, the others shaded; states are chosen from a list. Texts are texts: none is run as a formula, in CSV by an apostrophe before it, which reading takes away.
package ledgerbook
