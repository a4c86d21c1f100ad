package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lifecircle/coverage/catalog"
)

const sharedList = `
services:
  - {key: clinic, zh: 社区医疗站, en: Community clinic}
  - {key: clinic_station, zh: 社区卫生服务站, en: Community health station, parent: clinic}
  - {key: clinic_center, zh: 社区卫生服务中心, en: Community health center, parent: clinic}
  - {key: kindergarten, zh: 幼儿园, en: Kindergarten}
  - {key: park, zh: 公园绿地, en: Park}
  - {key: pocket_park, zh: 口袋公园, en: Pocket park}
  - {key: elderly_care, zh: 养老服务设施, en: Elderly care}
  - {key: elderly_station, zh: 养老服务站, en: Elderly service station, parent: elderly_care}
  - {key: ev_charger, zh: 充电设施, en: EV charging station, aliases: [charger, 充电桩]}
`

func sharedServices(t testing.TB) *catalog.Services {
	t.Helper()
	services, err := catalog.ParseServices([]byte(sharedList), "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return services
}

func mustParse(t testing.TB, src string) *catalog.Catalog {
	t.Helper()
	c, findings, err := catalog.Parse([]byte(src), "test.yaml", sharedServices(t))
	if err != nil {
		t.Fatalf("%v\nall findings: %v", err, findings)
	}
	return c
}

// sameContent compares what a catalog says, not where it stands in a file.
var sameContent = cmp.Options{cmpopts.IgnoreFields(catalog.Requirement{}, "Line"), cmpopts.IgnoreFields(catalog.Catalog{}, "Services")}
