package diff

import "slices"

// Bounds of the search for what two texts have in common.
const (
	deepest   = 32  // how often lines that stand once between others are looked for
	mostEdits = 256 // in one gap between these
)

// pair is a line that both texts have, by its index in each.
type pair struct{ old, new int }

// span is a part of each text.
type span struct{ old, oldEnd, new, newEnd int }

// matcher finds what two texts have in common, in order.
type matcher struct {
	old, new []int // lines, as numbers
	pairs    []pair
}

// between matches what is in a span: how it begins and ends, and then by the
// lines that are in it once in each text, which seldom mislead.
func (m *matcher) between(s span, depth int) {
	for s.old < s.oldEnd && s.new < s.newEnd && m.old[s.old] == m.new[s.new] {
		m.pairs = append(m.pairs, pair{s.old, s.new})
		s.old, s.new = s.old+1, s.new+1
	}
	tail := 0
	for s.old < s.oldEnd && s.new < s.newEnd && m.old[s.oldEnd-1] == m.new[s.newEnd-1] {
		tail++
		s.oldEnd, s.newEnd = s.oldEnd-1, s.newEnd-1
	}
	if s.old < s.oldEnd && s.new < s.newEnd {
		var anchors []pair
		if depth > 0 {
			anchors = m.anchors(s)
		}
		if len(anchors) == 0 {
			m.shortest(s)
		} else {
			at := s
			for _, a := range anchors {
				m.between(span{at.old, a.old, at.new, a.new}, depth-1)
				m.pairs = append(m.pairs, a)
				at.old, at.new = a.old+1, a.new+1
			}
			m.between(at, depth-1)
		}
	}
	for i := range tail {
		m.pairs = append(m.pairs, pair{s.oldEnd + i, s.newEnd + i})
	}
}

// anchors are the lines that stand once in each part of a span: the most of them
// that are in the same order in both.
func (m *matcher) anchors(s span) []pair {
	type place struct{ olds, news, new int }
	places := map[int]*place{}
	for _, line := range m.old[s.old:s.oldEnd] {
		if places[line] == nil {
			places[line] = &place{}
		}
		places[line].olds++
	}
	for j := s.new; j < s.newEnd; j++ {
		if p := places[m.new[j]]; p != nil {
			p.news, p.new = p.news+1, j
		}
	}
	// Patience: ends[n] is the lowest that a chain of n+1 pairs ends with.
	var all []pair
	var ends, before []int
	for i := s.old; i < s.oldEnd; i++ {
		p := places[m.old[i]]
		if p.olds != 1 || p.news != 1 {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, p.new, func(end, new int) int { return all[end].new - new })
		last := -1
		if n > 0 {
			last = ends[n-1]
		}
		all, before = append(all, pair{i, p.new}), append(before, last)
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = len(all) - 1
	}
	if len(ends) == 0 {
		return nil
	}
	out := make([]pair, len(ends))
	for i, at := len(ends)-1, ends[len(ends)-1]; i >= 0; i, at = i-1, before[at] {
		out[i] = all[at]
	}
	return out
}

// shortest matches a span by the fewest lines to take out and put in, after
// Myers; nothing, if that is too many.
func (m *matcher) shortest(s span) {
	n, k := s.oldEnd-s.old, s.newEnd-s.new
	most := min(n+k, mostEdits)
	reach := make([]int, 2*most+3) // by diagonal: how far into the old text
	zero := most + 1
	var trace [][]int
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach))
		for diagonal := -d; diagonal <= d; diagonal += 2 {
			x := reach[zero+diagonal-1] + 1
			if diagonal == -d || diagonal != d && reach[zero+diagonal-1] < reach[zero+diagonal+1] {
				x = reach[zero+diagonal+1]
			}
			y := x - diagonal
			for x < n && y < k && m.old[s.old+x] == m.new[s.new+y] {
				x, y = x+1, y+1
			}
			if reach[zero+diagonal] = x; x >= n && y >= k {
				m.follow(s, trace)
				return
			}
		}
	}
}

// follow goes back on the way that was found, and keeps the pairs that are on it.
func (m *matcher) follow(s span, trace [][]int) {
	x, y := s.oldEnd-s.old, s.newEnd-s.new
	first := len(m.pairs)
	for d := len(trace) - 1; d >= 0; d-- {
		reach, zero := trace[d], len(trace[d])/2
		diagonal := x - y
		from := diagonal - 1
		if diagonal == -d || diagonal != d && reach[zero+diagonal-1] < reach[zero+diagonal+1] {
			from = diagonal + 1
		}
		oldX := reach[zero+from]
		oldY := oldX - from
		if d == 0 {
			oldX, oldY = 0, 0
		}
		for x > oldX && y > oldY {
			x, y = x-1, y-1
			m.pairs = append(m.pairs, pair{s.old + x, s.new + y})
		}
		x, y = oldX, oldY
	}
	slices.Reverse(m.pairs[first:])
}
