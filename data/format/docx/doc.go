// Package docx writes a report as a chapter of a 城市体检 document for Word, WPS and LibreOffice: cover, contents, numbered chapters,
// figures as pictures with words for who cannot see them, numbered tables whose headings repeat on every page, wide ones on pages across.
//
// Numbers, contents and references are fields, with what they say now in them: whoever pastes the chapter into a larger document has
// them counted on there. What other people's files call a place is text and never markup, field or formula. The same report gives the
// same bytes: parts stand in one order and nothing in them says when they were made.
package docx
