// Package samples holds a real city that is part of the program: South Athens, from OpenStreetMap of
// 2017-09-21, as the layers that a planner would bring. The demo imports them as it would import
// anybody's files.
//
// The layers are made by the command in generate from a public source (go generate ./data/samples);
// athens/README.md says what was derived, from what and under which licence.
package samples

//go:generate go run ./generate
