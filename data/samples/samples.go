package samples

import (
	"compress/gzip"
	"embed"
	"io"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
)

// Where the sample comes from. Attribution must stand wherever the data is shown.
const (
	Attribution = "© OpenStreetMap contributors, ODbL 1.0"
	License     = "https://opendatacommons.org/licenses/odbl/1-0/"
	Date        = "2017-09-21"
)

//go:embed athens
var files embed.FS

// Layer is a layer of the sample, to be imported like a user's file.
type Layer struct {
	File    string         // name of the GeoJSON file, e.g. clinic.geojson
	Title   catalog.Text   // what it is
	Note    catalog.Text   // what a reader must know of it; may be empty
	Options intake.Options // role, services, columns, attribution … as a user would give them
}

// Open gives the layer's GeoJSON (unpacked).
func (l Layer) Open() (io.ReadCloser, error) {
	packed, err := files.Open("athens/" + l.File + ".gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		packed.Close()
		return nil, err
	}
	return z, nil
}

// Name is the sample's name in both languages.
func Name() catalog.Text {
	return catalog.Text{Zh: "雅典南部（示例）", En: "South Athens (sample)"}
}

// ReadMe gives the description of the sample's origin, licence and derivation (Markdown, English).
func ReadMe() string {
	b, err := files.ReadFile("athens/README.md")
	if err != nil {
		return ""
	}
	return string(b)
}

// Athens gives the layers of the sample in the order in which they are to be imported.
func Athens() []Layer {
	layers := []Layer{
		{
			File:  "neighborhoods.geojson",
			Title: catalog.Text{Zh: "评价单元（地名点的泰森多边形）", En: "neighborhoods (cells of named places)"},
			Note: catalog.Text{Zh: "由 OpenStreetMap 地名点推导的泰森多边形，不是官方边界；中文和罗马字地名为本项目所拟",
				En: "Voronoi cells of named OpenStreetMap places, no official boundaries; romanised and Chinese names are ours"},
			Options: intake.Options{Role: coverage.RoleNeighborhoods, Level: "community",
				Parents: []intake.ParentSpec{{Level: "town", Field: "town"}},
				Derived: "地名点的泰森多边形，居住用地不足 0.3 平方公里者并入相邻单元 / Voronoi cells of named places, joined where residential land is under 0.3 km²"},
		},
		{
			File:    "land.geojson",
			Title:   catalog.Text{Zh: "居住用地", En: "residential land"},
			Note:    catalog.Text{Zh: "OpenStreetMap 中 landuse=residential 的 280 个面", En: "the 280 polygons with landuse=residential"},
			Options: intake.Options{Role: coverage.RoleLand},
		},
		{
			File:  "population.geojson",
			Title: catalog.Text{Zh: "人口（模拟）", En: "population (modelled)"},
			Note: catalog.Text{Zh: "模拟数据：居住用地内每公顷 100 人，50 米格点，每点 25 人；不是普查人口",
				En: "modelled, not counted: 100 people per hectare of residential land, 25 at each point of a 50 m lattice"},
			Options: intake.Options{Role: coverage.RoleDemand, Modelled: true,
				Measures: []intake.MeasureSpec{{Name: "population", Field: "population"}},
				Derived:  "居住用地内每公顷 100 人，50 米格点 / 100 people per hectare of residential land on a 50 m lattice"},
		},
		{
			File:  "buildings.geojson",
			Title: catalog.Text{Zh: "建筑", En: "buildings"},
			Note: catalog.Text{Zh: "建筑基底转为点并附面积；各处测绘程度不一，不宜据此推算人口",
				En: "footprints as points with their area; mapped unevenly from place to place: no ground for estimates of people"},
			Options: intake.Options{Role: coverage.RoleBuildings, AreaField: "area_m2",
				Derived: "建筑基底转为点并附面积，各处测绘程度不一 / footprints as points on them, with their area; mapped unevenly"},
		},
		{
			File:    "roads.geojson",
			Title:   catalog.Text{Zh: "道路", En: "roads and paths"},
			Note:    catalog.Text{Zh: "保留给步行网络；class 为 OpenStreetMap 的 highway 值", En: "kept for the walking network; class is OpenStreetMap's highway"},
			Options: intake.Options{Role: coverage.RoleNetwork},
		},
		facility("kindergarten", catalog.Text{Zh: "幼儿园", En: "kindergartens"}, catalog.Text{}),
		facility("primary_school", catalog.Text{Zh: "小学", En: "schools"},
			catalog.Text{Zh: "OpenStreetMap 只标“学校”，未区分小学和中学", En: "OpenStreetMap says school, not which ones are primary schools"}),
		facility("clinic", catalog.Text{Zh: "医疗", En: "clinics, doctors, hospitals"}, catalog.Text{}),
		facility("shop_pharmacy", catalog.Text{Zh: "药店", En: "pharmacies"}, catalog.Text{}),
		facility("culture", catalog.Text{Zh: "文化设施", En: "libraries, community centres, theatres"}, catalog.Text{}),
		facility("sports", catalog.Text{Zh: "体育设施", En: "pitches, sports centres, stadiums, tracks, fitness stations"},
			catalog.Text{Zh: "未区分公共与会员制场地", En: "public and members' grounds are not told apart"}),
		facility("park", catalog.Text{Zh: "公园（≥ 5,000 m²）", En: "parks of at least 5,000 m²"},
			catalog.Text{Zh: "以面要素的边界计距离", En: "polygons: a park counts from its edge"}),
		facility("pocket_park", catalog.Text{Zh: "口袋公园（< 5,000 m²）", En: "parks under 5,000 m²"},
			catalog.Text{Zh: "面积下限由各服务目录判定", En: "a catalog's own least size judges the smallest"}),
		facility("community_service", catalog.Text{Zh: "政务服务（市政厅）", En: "town halls"}, catalog.Text{}),
		facility("elderly_care", catalog.Text{Zh: "养老服务（未细分）", En: "social facilities, as elderly care"},
			catalog.Text{Zh: "数据无法区分服务站与食堂，只作为上级要素“养老服务”", En: "the extract cannot tell stations from canteens: only the parent service"}),
		facility("ev_charger", catalog.Text{Zh: "充电设施（数据中没有）", En: "charging stations (the extract has none)"},
			catalog.Text{Zh: "空图层：数据可以包含充电站而没有，结论因此是“未检出”而非“未评估”", En: "an empty layer: the extract could hold some and does not, so that the verdict is not detected, not: not assessed"}),
	}
	for i := range layers {
		layers[i].Options.Attribution = Attribution
	}
	return layers
}

func facility(service string, title, note catalog.Text) Layer {
	return Layer{File: service + ".geojson", Title: title, Note: note,
		Options: intake.Options{Role: coverage.RoleFacilities, Services: []string{service}}}
}
