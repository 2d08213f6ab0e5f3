package catalog

import "testing"

func TestBegins(t *testing.T) {
	for _, tt := range []struct {
		text, word string
		want       bool
	}{
		{"GET /orders/{id}", "ord", true},
		{"GET /orders/{id}", "get", true},
		{"GET /orders/{id}", "id", true},
		{"GET /orders", "rders", false},
		{"getOrderByID", "order", true},
		{"getOrderByID", "id", true},
		{"getOrderByID", "rder", false},
		{"reorder Order", "order", true},
		{"", "a", false},
		{"Äpfel", "äpf", true},
		{"İx order", "order", true},
		{"HTTPServer", "server", false},
	} {
		if got := begins(tt.text, tt.word); got != tt.want {
			t.Errorf("begins(%q, %q) = %v", tt.text, tt.word, got)
		}
	}
}
