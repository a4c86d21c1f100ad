// Package html writes a report as one page that needs nothing else: no script, no other file, no network. It is read on a
// screen, by a screen reader, and printed on A4 as the report that is handed in: cover, contents, numbered figures and tables.
//
// What other people's files call a place is text and never markup; a policy in the page forbids scripts and anything from elsewhere.
// The same report gives the same bytes.
package html
