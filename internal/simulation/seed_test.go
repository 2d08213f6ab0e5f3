package simulation

import "hash/fnv"

// dice draws numbers that depend on nothing but a seed and what they are for: a
// decision does not shift when another one is taken or left out.
type dice struct{ state uint64 }

func roll(seed uint64, what string) *dice {
	h := fnv.New64a()
	h.Write([]byte(what))
	return &dice{mix(seed ^ mix(h.Sum64()))}
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mix(d.state)
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below draws a number from 0 to n-1.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// chance is true with a probability.
func (d *dice) chance(p float64) bool { return d.fraction() < p }

// fraction draws a number from 0 to 1.
func (d *dice) fraction() float64 { return float64(d.next()>>11) / (1 << 53) }

func pick[T any](d *dice, from []T) T { return from[d.below(len(from))] }
