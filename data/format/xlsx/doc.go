// Package xlsx reads and writes Office Open XML workbooks (ECMA-376, .xlsx). WriteReport writes a report: a sheet for each table.
//
// The reader takes a sheet of an Office Open XML workbook (ECMA-376, .xlsx) as a stream of rows: it chooses the sheet, finds the
// header row below titles, and gives cells as the text that a planner sees where the text matters: codes of twelve digits whole,
// dates as 2024-05-01, codes that a number format pads with zeros padded; other numbers as they are stored, to the fifteen
// digits that a spreadsheet shows. Places are found as in text tables (package table).
//
// A cell merged down the rows is read in each of them if it is text; a number is not, since it would be counted several times.
// Files are not trusted: parts, rows, columns, and what they unpack to are bounded before memory is taken.
package xlsx
