// Command amounts measures lifecircle as a user runs it, and writes the table of speed and memory in the README:
//
//	go run ./cmd/lifecircle/amounts
//	go run ./cmd/lifecircle/amounts -peers PEERS -python python3 -write README.md
//	go run ./cmd/lifecircle/amounts -part imports -write README.md
//
// It builds the program, makes its inputs (seeded: the same files every time) and runs whole processes: import, score from a
// project file to a saved run, export. Time is that of the clock around the process; memory is the operating system's figure for
// its peak; and it is told how much of the processors went to other processes meanwhile.
package main
