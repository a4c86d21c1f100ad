// Command generate makes the layers of the embedded sample city from an extract of
// OpenStreetMap that lies in a Go module of somebody else:
//
//	go generate ./data/samples
//
// It reads names.csv and mapping.csv in the folder where it is run, and writes the folder
// athens. The same source gives the same bytes, on any machine. What it makes of the
// source is told in athens/README.md.
package main
