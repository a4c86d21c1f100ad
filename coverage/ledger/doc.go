// Package ledger keeps the ledger (台账) of a project: every requirement that a neighborhood does not meet, or of which the layers
// cannot tell, is a finding. What a finding is follows from the runs and is not stored; people add who is in charge, until when, a
// note, and that a finding is accepted and why.
//
// A ledger follows one series: the runs of one catalog with the same parameters, as_of and year aside. Scoring by scoring, in the order
// in which the project was scored:
//
//   - unmet or not detected: the finding is there (open), with the figures of that run;
//   - met: it is closed by that run; found again later, it is reopened;
//   - not assessed, or no longer judged (the neighborhood or the requirement is gone): unknown is not none, so it stays as it was, and
//     Now says so.
//
// A finding that is open or reopened and was accepted shows accepted. An acceptance does not outlive a closing: found again, the finding is
// reopened, with the old reason beside it.
package ledger
