package wiseagent

import (
	"crypto/rand"
	"strings"
)

// The requests about the account and its team (Wise Agent API, section 3.1).

func getUser(r request) any {
	type wire struct {
		First string `json:"First"`
		Last  string `json:"Last"`
		Email string `json:"Email"`
	}
	u := r.account.user
	return []wire{{u.First, u.Last, u.Email}}
}

// user is undocumented; Wise Agent's own plugin uses it.
func user(r request) any {
	u := r.account.user
	return struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Image string `json:"image"`
	}{strings.TrimSpace(u.First + " " + u.Last), u.Email, "/images/agents/none.png"}
}

func getTeam(r request) any {
	type wire struct {
		InsideTeamID int    `json:"InsideTeamId"`
		Name         string `json:"Name"`
		Phone        string `json:"Phone"`
		Cell         string `json:"Cell"`
		Email        string `json:"Email"`
		JobTitle     string `json:"JobTitle"`
	}
	all := []wire{}
	for _, m := range r.account.user.Team {
		all = append(all, wire{m.ID, m.Name, m.Phone, m.Cell, m.Email, m.JobTitle})
	}
	return all
}

func getOutsideTeam(r request) any {
	type wire struct {
		TeamMember string `json:"TeamMember"`
		Email      string `json:"Email"`
		Cell       string `json:"Cell"`
		Phone      string `json:"Phone"`
	}
	all := []wire{}
	for _, m := range r.account.user.Outside {
		all = append(all, wire{m.Name, m.Email, m.Cell, m.Phone})
	}
	return all
}

func getPipelines(request) any {
	type wire struct {
		ID   int    `json:"ID"`
		Name string `json:"Name"`
	}
	return []wire{{1, "Buyers"}, {2, "Sellers"}}
}

func getLoginToken(request) any {
	return plain("https://www.thewiseagent.com/secure/login_secure?accesstoken=" + rand.Text())
}

func captureForms(request) any { return []struct{}{} }
