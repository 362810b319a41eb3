package bridge

import "sync"

// newsLimit is of how many contacts a worker is told one by one. When there are more it looks at everything.
const newsLimit = 1024

// news is where a worker has to look: in a burst it would otherwise look through all that waits again for each event that comes.
type news struct {
	mu       sync.Mutex
	all      bool
	contacts map[string]bool // by their keys
}

// add adds a contact, or everything when the key is "".
func (n *news) add(contactKey string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case contactKey == "" || len(n.contacts) >= newsLimit:
		n.all, n.contacts = true, nil
	case !n.all:
		if n.contacts == nil {
			n.contacts = make(map[string]bool)
		}
		n.contacts[contactKey] = true
	}
}

// take takes what was added since the last time; contacts is empty when it is everything.
func (n *news) take() (all bool, contacts map[string]bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all, contacts = n.all, n.contacts
	n.all, n.contacts = false, nil
	return all, contacts
}
