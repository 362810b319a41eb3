// Package heap sets how much garbage a program lets lie.
package heap

// Ballast is memory that nobody touches, so that it takes address space and no RAM. While a program holds it, the collector waits for
// 32 MB of garbage:
//
//	defer runtime.KeepAlive(heap.Ballast())
//
// What the service holds is so little that it would otherwise collect several times a second while hooks come, and each time some of
// them wait two milliseconds longer. Unlike a higher GOGC it doesn't let the garbage grow with what is held.
func Ballast() []byte { return make([]byte, 32<<20) }
