package bridge_test

import (
	"fmt"
	"strings"
	"testing"

	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// Mojo often has a person several times. Numbers that are added to each at the same moment don't take one field in Wise Agent one after
// the other: the fields take what they can, and a note has the rest.
func TestEditsOfOnePersonInSeveralContactsAllArrive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		st := &stage{town: newTown(t, s, mojobox.Config{}), ids: make(map[string]string), whole: make(map[string]*theirs)}
		st.before("contact A\nfirst: Ann\nlast: Lee\nemail: ann@example.com\nmobile: (520) 555-0143\n", "pushed none")
		const contacts = 6
		for i := range contacts {
			st.step(wordsOf(fmt.Sprintf(`send %d name="Ann Lee" email=ann@example.com`, 70+i)), "")
		}
		for i := range contacts {
			st.step(wordsOf(fmt.Sprintf("edit @%d 1 home - -> 520555017%d", 70+i, i)), "")
		}
		st.settle()
		after := st.wiseAfter()
		for i := range contacts {
			if number := fmt.Sprintf("(520) 555-017%d", i); strings.Count(after, number) != 1 {
				t.Errorf("%s is %d times in Wise Agent, want once:\n%s", number, strings.Count(after, number), after)
			}
		}
	})
}
