package report

// Area is what a report is about: the whole city, or one parent (a district, a street).
type Area struct {
	Level string // "" for the whole city, else the parent's level
	ID    string // of the parent
	Name  Text
}
