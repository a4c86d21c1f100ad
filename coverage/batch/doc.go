// Package batch scores many areas by one plan: districts that are projects or lists of layers, or one city cut by a level of parents. The
// plan is read and checked as a whole before anything runs; every area then gets a project file of its own, is scored there and leaves its
// tables in a folder that appears whole or not at all. Areas that are finished are known again by a fingerprint of everything that their
// results hang on, so that a batch that was killed goes on where it was and ends in the same bytes; parts of it may be done elsewhere
// ([Shard]) and merged ([Merge]).
//
// The package reads and writes no format: files, project files, catalogs and reports come by the interface [Outside]. See README.md beside
// it for the plan, what a cut may claim, and how to run on Slurm and Kubernetes.
package batch
