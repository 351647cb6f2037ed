package world

import (
	"strings"

	"mandate/internal/mandate"
)

// The words that organisations are named with: 100 of all letters, 40 trades and 25 towns make 100,000 names.
var (
	firsts = strings.Fields(`Acorn Alder Amber Anchor Badger Beacon Birch Blue Canyon Cedar Clover Copper Delta Dolphin Dune Eagle
		Ember Elm Evergreen Falcon Fern Fjord Forest Garnet Glacier Granite Green Harbour Hazel Heron Horizon Indigo Iris Iron Ivy
		Jade Juniper Jasmine Jubilee Kestrel Keystone Kingfisher Kite Lantern Larch Lark Lighthouse Maple Marble Meadow Mill Nautilus
		Nettle Nightingale Northern Oak Opal Orchard Otter Panther Pebble Pine Prairie Quarry Quartz Quill Quince Raven Ridge River
		Rowan Saffron Sandpiper Sierra Silver Swift Tamarack Thistle Timber Tulip Umber Unicorn Union Upland Valley Velvet Vine
		Vista Walnut Willow Windmill Wren Xenia Yarrow Yew Yonder Zenith Zephyr Zinnia Zodiac`)
	trades = strings.Fields(`Architects Bakery Bookshop Brewery Builders Carpentry Clinic College Consulting Couriers Dairy Dental
		Electric Engineering Farm Fashion Florists Foods Foundry Furniture Garage Gardens Hotel Insurance Joinery Laboratory Laundry
		Legal Logistics Media Optics Pharmacy Plumbing Press School Shipping Sports Surveyors Tailors Tours`)
	towns = strings.Fields(`Aarhus Antwerp Basel Bergen Bordeaux Bristol Dublin Ghent Graz Köln Leeds Lisbon Lyon Malmö Milano Oslo
		Porto Riga Rotterdam Sevilla Tallinn Toronto Turku Utrecht Zürich`)
	crafts = strings.Fields(`Networks Telecom Systems Services Cloud Connect Partners Digital Support Infrastructure`)
	works  = strings.Fields(`Cabling Installations Wiring Integration Automation`)
)

// The names of people.
var (
	given = strings.Fields(`Aaron Ada Alice Amir Anna Ben Bruno Carla Chen Clara Daniel Dora Elena Emil Eva Farid Finn Greta Hana
		Henrik Ida Ines Ivan Jonas Julia Kai Lars Lena Leo Lucia Malik Mara Maria Milan Nadia Nina Noah Olga Oscar Paula Pedro
		Quentin Rosa Ruth Samir Sofia Tariq Tessa Uma Victor Wanda Xenia Yara Zoe`)
	family = strings.Fields(`Abbott Ahmed Andersen Bauer Becker Berg Costa Dahl Dubois Eriksen Fischer Fontaine Garcia Greco Haas
		Hansen Hughes Ibrahim Jansen Jones Keller Khan Kowalski Larsen Lindqvist Marin Martin Meyer Moreau Murphy Nagy Novak Okafor
		Olsen Patel Peters Quinn Rossi Ruiz Santos Schmidt Silva Smith Suzuki Tanaka Taylor Ueda Vargas Visser Walker Weber Wolf
		Yilmaz Young Zeller Zhang`)
)

// customerName is what the i-th customer is called. Neighbours have nothing in common.
func customerName(i int) string {
	i = i * 61_813 % (len(firsts) * len(trades) * len(towns))
	return firsts[i/(len(trades)*len(towns))] + " " + trades[i/len(towns)%len(trades)] + " " + towns[i%len(towns)]
}

// of takes the i-th of a list, as if by chance.
func of(list []string, i int) string { return list[uint32(i+1)*2_654_435_761>>8%uint32(len(list))] }

// domain is where an organisation gets its mail.
func domain(name string) string {
	return strings.NewReplacer(" ", "-", "ö", "oe", "ü", "ue").Replace(mandate.SortName(name)) + ".example"
}
