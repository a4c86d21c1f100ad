package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Service is one thing that people must reach (服务要素).
type Service struct {
	Key     string   `json:"key"`
	Name    Text     `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	Parents []string `json:"parents,omitempty"` // keys of the wider services that this one is a kind of
}

// Services is the list of all services that a catalog, a layer or a user may name. It is immutable; a nil *Services is an
// empty list.
type Services struct {
	list     []Service
	byKey    map[string]int    // place in list
	byWord   map[string]string // folded key, name or alias → key
	children map[string][]string
	merge    map[string]int // key → MergeMetres, where the list says it
}

// DefaultMergeMetres is how far apart, at most, two records of one name are of one facility, where the list of services does not say less.
const DefaultMergeMetres = 50

// ParseServices reads a list of services from YAML: {services: [{key, zh, en, parent | parents, aliases, merge_m}, …]}. Keys, names and
// aliases must be unambiguous, parents known and free of cycles; else the error is an *[Error] with every finding.
func ParseServices(src []byte, file string) (*Services, error) {
	p := newParser(file)
	root, ok := p.open(src)
	var services *Services
	if ok {
		if o, ok := p.object(root, "", "services"); ok {
			own := p.services(o, "merge_m")
			services = p.extend(nil, own)
			services.merge = p.mergeMetres(own)
			if len(own) == 0 && !hasErrors(p.findings) {
				p.report(SeverityError, o.node, "services", "no_services", "没有服务要素", "the list holds no services", "", "")
			}
		}
	}
	if findings := p.finish(); hasErrors(findings) {
		return nil, &Error{File: file, Findings: findings}
	}
	return services, nil
}

// Resolve finds the key of a service by its key, Chinese or English name or an alias, whatever the case and with spaces or
// hyphens for underscores.
func (s *Services) Resolve(word string) (key string, ok bool) {
	if s == nil {
		return "", false
	}
	key, ok = s.byWord[foldWord(word)]
	return key, ok
}

// Get is the service of a key.
func (s *Services) Get(key string) (service Service, ok bool) {
	if s == nil {
		return Service{}, false
	}
	i, ok := s.byKey[key]
	if !ok {
		return Service{}, false
	}
	return s.list[i], true
}

// Name is the name of a key, the key itself if it is unknown.
func (s *Services) Name(key string) Text {
	if service, ok := s.Get(key); ok {
		return service.Name
	}
	return Text{Zh: key, En: key}
}

// All is the whole list in the order of the file.
func (s *Services) All() []Service {
	if s == nil {
		return nil
	}
	return slices.Clone(s.list)
}

// Keys are all keys in the order of the file.
func (s *Services) Keys() []string {
	if s == nil {
		return nil
	}
	keys := make([]string, len(s.list))
	for i, service := range s.list {
		keys[i] = service.Key
	}
	return keys
}

// Ancestors are the services that a facility of key also satisfies: parents, then theirs, each once, key excluded.
func (s *Services) Ancestors(key string) []string {
	return s.closure(key, s.parentsOf)
}

// Children are the services whose parent is key, in the order of the file.
func (s *Services) Children(key string) []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.children[key])
}

// Descendants are the services whose facilities also satisfy key: children, then theirs, each once, key excluded.
func (s *Services) Descendants(key string) []string { return s.closure(key, s.Children) }

// Satisfies reports whether a facility that offers one service fulfils a demand for another: the same or an ancestor.
func (s *Services) Satisfies(offered, asked string) bool {
	return offered == asked || slices.Contains(s.Ancestors(offered), asked)
}

// MergeMetres is how far apart, at most, two records of one name are taken for one facility of a service. Bus stops come in pairs, one on either
// side of a street: there it is less than a street's width. It says how layers are read, not how they are judged, and is no part of Hash.
func (s *Services) MergeMetres(key string) int {
	if s != nil {
		if n, said := s.merge[key]; said {
			return n
		}
	}
	return DefaultMergeMetres
}

// Suggest is the word of the list (a key, name or alias as it is written there) that a misspelt one probably meant, empty if
// none is near.
func (s *Services) Suggest(misspelt string) string {
	if s == nil {
		return ""
	}
	var words []string
	for _, service := range s.list {
		words = append(words, service.Key)
	}
	for _, service := range s.list {
		words = append(words, service.words()[1:]...)
	}
	return nearest(misspelt, words)
}

// Hash is the SHA-256 of the list's canonical form in hex. Parents decide which facilities count, so a run records it.
func (s *Services) Hash() string {
	src, _ := json.Marshal(s.All()) // plain strings: cannot fail
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

// closure walks breadth first from key, so that the nearer relatives come first and a service reached twice is listed once.
func (s *Services) closure(key string, next func(string) []string) []string {
	var found []string
	seen := map[string]bool{key: true}
	for queue := slices.Clone(next(key)); len(queue) > 0; queue = queue[1:] {
		if k := queue[0]; !seen[k] {
			seen[k] = true
			found = append(found, k)
			queue = append(queue, next(k)...)
		}
	}
	return found
}

// words are all words that stand for the service, its key first.
func (s Service) words() []string {
	words := []string{s.Key}
	for _, word := range append([]string{s.Name.Zh, s.Name.En}, s.Aliases...) {
		if word != "" {
			words = append(words, word)
		}
	}
	return words
}

// ownService is a service read from a file, with its place there.
type ownService struct {
	Service
	at object
}

// services reads the list under "services" of an object. more are keys that a service may have beside those of a catalog's own.
func (p *parser) services(o object, more ...string) []ownService {
	var own []ownService
	for i, node := range p.bounded(o, "services", maxServices) {
		at, ok := p.object(node, fmt.Sprintf("services[%d]", i), append([]string{"key", "zh", "en", "name", "parent", "parents", "aliases"}, more...)...)
		if !ok {
			continue
		}
		service := Service{Key: p.identifier(at, "key"), Name: p.text(at, "name")}
		if _, has := at.fields["key"]; !has {
			p.missing(at, "key")
		}
		if zh := p.string(at, "zh"); zh != "" {
			service.Name.Zh = zh
		}
		if en := p.string(at, "en"); en != "" {
			service.Name.En = en
		}
		if service.Name == (Text{}) {
			service.Name = Text{Zh: service.Key, En: service.Key}
		}
		service.Aliases = p.strings(at, "aliases")
		service.Parents = p.strings(at, "parents")
		if parent := p.string(at, "parent"); parent != "" && !slices.Contains(service.Parents, parent) {
			service.Parents = append([]string{parent}, service.Parents...)
		}
		if service.Key == "" {
			continue // already found fault with
		}
		own = append(own, ownService{service, at})
	}
	return own
}

// mergeMetres reads merge_m of the services that have it.
func (p *parser) mergeMetres(own []ownService) map[string]int {
	merge := map[string]int{}
	for _, service := range own {
		if service.at.has("merge_m") {
			if n, ok := p.integer(service.at, "merge_m", 0, DefaultMergeMetres); ok {
				merge[service.Key] = n
			}
		}
	}
	return merge
}

// extend is base with own services added. Every word must stand for one service.
func (p *parser) extend(base *Services, own []ownService) *Services {
	s := &Services{byKey: map[string]int{}, byWord: map[string]string{}, children: map[string][]string{}}
	if base != nil {
		s.merge = base.merge
		s.list = slices.Clone(base.list)
		for i, service := range base.list {
			s.byKey[service.Key] = i
			for _, word := range service.words() {
				s.byWord[foldWord(word)] = service.Key
			}
		}
	}
	first := len(s.list)
	for _, service := range own {
		for i, word := range service.words() {
			folded := foldWord(word)
			if other, taken := s.byWord[folded]; taken && (i == 0 || other != service.Key) {
				p.report(SeverityError, service.at.node, service.at.path, "duplicate_service",
					fmt.Sprintf("「%s」已是服务要素 %s 的键、名称或别名", word, other),
					fmt.Sprintf("%q already stands for the service %s", word, other),
					"换一个键、名称或别名", "choose another key, name or alias")
				continue
			}
			s.byWord[folded] = service.Key
		}
		if _, taken := s.byKey[service.Key]; !taken {
			s.byKey[service.Key] = len(s.list)
			s.list = append(s.list, service.Service)
		}
	}
	for _, service := range own {
		i := s.byKey[service.Key]
		if i < first {
			continue // a second definition of a shared service: already found fault with
		}
		var parents []string
		for _, word := range service.Parents {
			parent, ok := s.Resolve(word)
			switch {
			case !ok:
				p.unknownService(s, service.at.at("parent", "parents"), service.at.path+".parent", word)
			case !slices.Contains(parents, parent):
				parents = append(parents, parent)
			}
		}
		s.list[i].Parents = parents
	}
	for _, service := range s.list {
		for _, parent := range service.Parents {
			s.children[parent] = append(s.children[parent], service.Key)
		}
	}
	for _, service := range own {
		if s.inCycle(service.Key) {
			p.report(SeverityError, service.at.at("parent", "parents"), service.at.path+".parent", "service_cycle",
				fmt.Sprintf("服务要素 %s 是自身的上级", service.Key), fmt.Sprintf("the service %s is its own ancestor", service.Key),
				"删去其中一个上级", "remove one of the parents")
		}
	}
	return s
}

func (s *Services) parentsOf(key string) []string {
	service, _ := s.Get(key)
	return service.Parents
}

// inCycle reports whether key is reached again from its own parents.
func (s *Services) inCycle(key string) bool {
	chain := append([]string{key}, s.Ancestors(key)...)
	return slices.ContainsFunc(chain, func(k string) bool { return slices.Contains(s.parentsOf(k), key) })
}

func (p *parser) unknownService(s *Services, node *yaml.Node, path, word string) {
	hintZh, hintEn := "lifecircle catalog list 列出全部服务要素；自有要素写在目录的 services 中",
		"see the list of services, or define your own under services: in this file"
	if near := s.Suggest(word); near != "" {
		hintZh, hintEn = fmt.Sprintf("是否为 %s?", near), fmt.Sprintf("did you mean %s?", near)
	}
	p.report(SeverityError, node, path, "unknown_service",
		fmt.Sprintf("没有服务要素「%s」", word), fmt.Sprintf("no service is called %q", word), hintZh, hintEn)
}

// foldWord makes spellings of one word equal: case, and spaces or hyphens for underscores.
func foldWord(word string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(word)))
}

// nearest is the word with the fewest changed letters, at most a third of the misspelt word's; the first among equals.
func nearest(misspelt string, words []string) string {
	target := []rune(foldWord(misspelt))
	if len(target) > 40 || len(words) > 1000 { // no typing slip, and dear to compare
		return ""
	}
	best, bestDistance := "", max(1, len(target)/3)+1
	for _, word := range words {
		candidate := []rune(foldWord(word))
		if abs(len(candidate)-len(target)) >= bestDistance || (len(target) < 2 && len(candidate) < 2) {
			continue
		}
		if d := editDistance(target, candidate); d < bestDistance && d < max(len(target), len(candidate)) {
			best, bestDistance = word, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbor (optimal string alignment).
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func abs(n int) int { return max(n, -n) }
