package coverage

import (
	"strings"

	"lifecircle/coverage/catalog"
)

// hasCause tells whether a cause column holds a code.
func hasCause(cause, code string) bool {
	for c := range strings.SplitSeq(cause, ";") {
		if c == code || strings.HasPrefix(c, code+":") {
			return true
		}
	}
	return false
}

// CauseTexts gives the words of a cause column's codes, one text a code, in order.
func CauseTexts(cause string, services *catalog.Services) []Text {
	if cause == "" {
		return nil
	}
	var out []Text
	for c := range strings.SplitSeq(cause, ";") {
		code, service, _ := strings.Cut(c, ":")
		name := services.Name(service)
		switch code {
		case causeNoLayer:
			out = append(out, say("没有图层列出该服务：请导入", "no layer lists the service: import one"))
		case causeParentOnly:
			out = append(out, say("图层分不清该服务与其上级服务：请导入细分图层，或用 --accept-parent 以上级代替", "the layer cannot tell this service from its parent: import a finer layer, or let the parent stand in with --accept-parent"))
		case causeNoLimit:
			out = append(out, say("目录在此口径下没有限值", "the catalog has no limit on this basis"))
		case causeNoDenominator:
			out = append(out, say("缺少分母的数据：请导入该人口、建筑或居住用地", "the denominator's layer or measure is missing: import it"))
		case causeNoDemand:
			out = append(out, say("分母下没有需求", "there is no demand under the denominator"))
		case causeNotApplicable:
			out = append(out, say("该要求不适用于此类生活圈", "the requirement is for other kinds of circle"))
		case causeNoLevel:
			out = append(out, say("评价单元没有所计数的上级", "the neighborhood belongs to no unit of the level that is counted"))
		case causeNotSurveyed:
			out = append(out, say("图层未声明完整：没有检出不等于没有", "the layers are not known to be complete here: not detected is not none"))
		case causeMissing:
			out = append(out, say("没有图层可判断“"+name.Zh+"”，其余部分待定", "no layer can tell of "+name.En+": what is not covered stays undetermined"))
		case causeLeftOut:
			out = append(out, say("“"+name.Zh+"”没有图层，未计入", name.En+" has no layer and is left out"))
		case causeParentAccept:
			out = append(out, say("以上级服务“"+name.Zh+"”代替", "the parent service "+name.En+" stands in"))
		case causeAssumed:
			out = append(out, say("假定数据完整", "assumed complete"))
		case causeSizeUnknown:
			out = append(out, say("部分设施规模未知，已计入", "facilities of unknown size were counted"))
		case causeModelled:
			out = append(out, say("分母为模拟数据", "the denominator is modelled"))
		default:
			out = append(out, say(c, c))
		}
	}
	return out
}

// say makes a text.
func say(zh, en string) Text { return Text{Zh: zh, En: en} }
