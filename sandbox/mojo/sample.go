package mojo

import (
	"fmt"
	"strings"
)

// Sample returns the accounts that "make run" starts with. Who signs in with
// what:
//
//	Ruiz Realty Group    PIN 482913  dana   dana-sandbox    owner
//	                                 sam    sam-sandbox     super_user
//	                                 uma    uma-sandbox     user
//	                                 lito   lito-sandbox    lite_user
//	                                 dex    dex-sandbox     dialing_rep (refused by the service)
//	Fresh Start Homes    PIN 310577  fran   fran-sandbox    owner, no groups yet
//	Long & Winding       PIN 620448  lena   lena-sandbox    owner, groups with very long names
//	Closed Doors Realty  PIN 774120  cora   cora-sandbox    owner of a suspended account
func Sample() []Account {
	return []Account{
		{ID: "8812", Name: "Ruiz Realty Group", PIN: "482913", Agents: []Agent{
			{31, "dana", "dana-sandbox", "Dana Ruiz", "dana@example.com", "owner"},
			{32, "sam", "sam-sandbox", "Sam Okafor", "sam@example.com", "super_user"},
			{33, "uma", "uma-sandbox", "Uma Lindqvist", "uma@example.com", "user"},
			{34, "lito", "lito-sandbox", "Lito Bautista", "lito@example.com", "lite_user"},
			{35, "dex", "dex-sandbox", "Dex Marlowe", "dex@example.com", "dialing_rep"},
		}},
		{ID: "8840", Name: "Fresh Start Homes", PIN: "310577", Agents: []Agent{
			{41, "fran", "fran-sandbox", "Fran Delacroix", "fran@example.org", "owner"},
		}},
		{ID: "8851", Name: "Long & Winding Properties of Greater Southern Arizona", PIN: "620448", Agents: []Agent{
			{51, "lena", "lena-sandbox", "Lena van der Berg-Castellanos", "lena@example.org", "owner"},
		}},
		{ID: "8867", Name: "Closed Doors Realty", PIN: "774120", Suspended: true, Agents: []Agent{
			{61, "cora", "cora-sandbox", "Cora Whitfield", "cora@example.org", "owner"},
		}},
	}
}

// AddSample adds the accounts of [Sample] with groups and a few contacts.
func (s *Server) AddSample() {
	for _, a := range Sample() {
		s.AddAccount(a)
	}
	hot := s.AddGroup("8812", "Hot Lead")
	s.MarkLead("8812", hot)
	expired := s.AddGroup("8812", "Expireds")
	s.MarkLead("8812", expired)
	s.AddGroup("8812", "FSBO")
	sphere := s.AddGroup("8812", "Sphere of influence")
	s.AddGroup("8812", "Open house sign-ins")
	for i, c := range sampleContacts() {
		groups := []int64{hot, expired, sphere}[i%3 : i%3+1]
		if i%5 == 0 {
			groups = []int64{hot, sphere}
		}
		s.AddContact("8812", c, groups...)
	}
	s.AddGroup("8851", strings.TrimSpace(strings.Repeat("Homeowners who asked for a valuation at the spring fair ", 4)))
	s.AddGroup("8851", "Übergrößenträgerversicherungsvertreterempfehlungen"+strings.Repeat("-und-noch-mehr", 8))
	long := s.AddGroup("8851", "Buyers / relocating from California, Oregon, Washington / looking for 4+ bedrooms, pool, north side")
	s.AddContact("8851", sampleContacts()[2], long)
}

// sampleContacts invents a few people.
func sampleContacts() []Contact {
	names := []string{"Ann Lee", "José Ibarra", "Maeve O'Brien", "Pieter van der Berg", "Tom & Linda Hale", "Priya Raman",
		"Walter Nakai", "Grace Okonkwo-Stein", "Cactus Wren Holdings LLC", "Sofía Ruelas", "Ed Zimmer", "Noor Haddad"}
	streets := []string{"E Speedway Blvd", "N Campbell Ave", "W Ina Rd", "S Craycroft Rd"}
	contacts := make([]Contact, len(names))
	for i, name := range names {
		c := Contact{
			FullName: name, Address: fmt.Sprintf("%d %s", 1204+37*i, streets[i%len(streets)]),
			City: "Tucson", State: "AZ", Zip: fmt.Sprintf("857%02d", 10+i),
			Media: []Media{{MediaMobile, fmt.Sprintf("52055501%02d", 20+i)}},
		}
		if i%3 == 0 {
			c.Media = append(c.Media, Media{MediaHome, fmt.Sprintf("52055501%02d", 60+i)})
		}
		if i%4 != 3 {
			c.Media = append(c.Media, Media{MediaEmail, fmt.Sprintf("person%d@example.com", i+1)})
		}
		if i%2 == 0 {
			c.Notes = []Note{{Contents: "Asked for a call back after the weekend.", Author: "Dana Ruiz"}}
		}
		contacts[i] = c
	}
	return contacts
}
