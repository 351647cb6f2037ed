package rule

// FewBearers is how many bearers of a tag are few here. The tests' worlds are small: they have tags that more bear, too.
const FewBearers = 4

func init() { fewBearers = FewBearers }
