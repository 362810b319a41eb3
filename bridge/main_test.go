package bridge_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain lets more tests go on side by side than there are processors, unless the command line says how many: they mostly wait, for
// a database or for a partner that is slow on purpose.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // it is there, and takes a number
	}
	os.Exit(m.Run())
}
