// Package heap sets how much garbage a program lets lie.
package heap

// spare is how many bytes of garbage may lie before they are collected, at least.
const spare = 32 << 20

// ballast is memory that nobody touches: it takes address space, not RAM.
var ballast []byte

// Spare makes the collector wait for 32 MB of garbage. What the service holds is so little that it would otherwise collect several
// times a second while hooks come, and each time some of them wait two milliseconds longer. Unlike a higher GOGC it doesn't let the
// garbage grow with what is held.
func Spare() { ballast = make([]byte, spare) }
