// Package figure lays the figures of a report out on paper. Draw makes a Drawing of a report.Plot: areas and words at whole
// hundredths of a millimetre, so that the same figure is the same bytes wherever it is drawn. SVG writes a drawing as an inline
// picture, PNG rasters it; writers of other formats (PDF) draw its items themselves.
package figure
